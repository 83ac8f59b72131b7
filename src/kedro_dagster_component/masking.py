"""Secrets taken out of plain data and of text. `***` stands where one was.

Three rules, at any depth:

- under `credentials` only a name (a string) stays; inline credentials are dropped with their key;
- a value under a key that names a secret (`password`, `api_key`, `auth_token`, ...) is masked as a whole, whatever
  it holds; `true`, `false` and nothing are no secrets;
- in every other text, user info and query of a URL and the value behind `password=` and the like are masked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

MASK = "***"

_CREDENTIALS = "credentials"
_ANYWHERE = frozenset(
    {
        *("password", "passwd", "passphrase", "passcode", "pwd", "secret", "secrets", "credential", "credentials"),
        *("apikey", "accesskey", "privatekey", "secretkey", "accountkey", "authorization", "bearer"),
    }
)
"""Words that make a key a secret wherever they stand in it."""
_AT_THE_END = frozenset({"token", "tokens", "auth", "sas", "cookie", "jwt", "pat"})
"""Words that make a key a secret as its last one: `auth_token`, but not `token_pattern` or `auth_method`."""
_NO_SECRET = frozenset({"max_tokens", "min_tokens", "num_tokens", "n_tokens", "stop_tokens", "special_tokens"})
_MAPPINGS = frozenset({"partition_mapping", "partition_mappings"})
"""Keys of dataset configuration below which a key is the name of a dataset, a dimension or a partition."""
_KEYS_OF = frozenset(
    {
        *(
            "api",
            "access",
            "private",
            "secret",
            "account",
            "encryption",
            "signing",
            "shared",
            "master",
            "ssh",
            "client",
        ),
        *("storage", "subscription", "service", "sas", "auth", "session", "deploy"),
    }
)
"""Words before `key`: `private_key`, but not `primary_key`."""
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)(?P<rest>[^\s'\"<>]+)")
_USER_AND_PASSWORD = re.compile(r"[^:/?#@]*:(?!\d+(?:[/?#]|$))")
"""A start that cannot be a host and its port, so an `@` further on ends user info, even behind a slash."""
_ASSIGNMENT = re.compile(
    r"(?P<key>\b[\w-]*(?:password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|account[_-]?key|sig)\s*=\s*)"
    r"(?P<value>[^\s;&,'\"]+)",
    re.IGNORECASE,
)
_KEY_AND_VALUE = re.compile(
    r"(?P<key>\"[^\"]*\"|'[^']*'|[^\s\"'{}\[\],#:]+)(?P<colon>\s*:\s+)(?P<value>\"[^\"]*\"|'[^']*'|[^\s{\[&*,][^,}\]]*)"
)
"""A key and its scalar value on a line of YAML, block or flow."""
_KEY_AND_BRACKET = re.compile(r"(?P<key>\"[^\"]*\"|'[^']*'|[^\s\"'{}\[\],#:]+)\s*:\s+(?P<bracket>[\[{])")
"""A key and the start of a list or a mapping on the same line."""
_LINE_KEY = re.compile(r"^(?!\s*#)[\s-]*(?P<key>\"[^\"]*\"|'[^']*'|[^\s\"'{}\[\],#:][^:#]*?)\s*:(?:\s|$)")
_BEHIND_KEY = re.compile(r"^(?P<key>[\s-]*(?:[^\s:]+\s*:\s+)?)\S.*$")


def is_secret_key(key: str) -> bool:
    """Whether a key names a secret, in snake, kebab or camel case."""
    words = [word.lower() for word in _WORDS.findall(key)]
    if not words or "_".join(words) in _NO_SECRET:
        return False
    if _ANYWHERE.intersection(words) or words[-1] in _AT_THE_END:
        return True
    pairs = set(pairwise(words))
    return any((word, "key") in pairs for word in _KEYS_OF) or bool(
        pairs & {("connection", "string"), ("conn", "str"), ("conn", "string"), ("sas", "url")}
    )


def mask_text(text: str) -> str:
    """A text without user info and query of the URLs in it, and without the value behind `password=` and the like."""
    return _ASSIGNMENT.sub(lambda match: f"{match['key']}{MASK}", _URL.sub(_mask_url, text))


def mask_line(lines: Sequence[str], index: int, *, all_secret: bool = False) -> str:
    """A line of a YAML file as it may be shown.

    Args:
        lines: The whole file: a secret may stand lines below the key that names it.
        index: 0-based.
        all_secret: Whether every value of the file is a secret.

    Returns:
        The line without the values of secret keys on it; below a secret key only its own keys stay.
    """
    line = lines[index]
    own = _LINE_KEY.match(line)
    if own and not line[own.end() :].strip():
        return line
    if all_secret or any(is_secret_key(key) for key in _keys_above(lines, index)):
        return _BEHIND_KEY.sub(lambda match: f"{match['key']}{MASK}", line)
    if own and is_secret_key(_unquoted(own["key"])):
        return f"{line[: own.end()].rstrip()} {MASK}"
    return mask_text(_KEY_AND_VALUE.sub(_mask_pair, _without_secret_brackets(line)))


def mask_values(value: Any) -> Any:
    """Plain data without the values of secret keys and without the secrets of URLs.

    Args:
        value: Mappings with text keys, lists and scalars, see `plain`.

    Returns:
        A copy of the same shape; what stands under a secret key is `MASK`.
    """
    if isinstance(value, dict):
        return {key: _mask_value(key, child) for key, child in value.items()}
    if isinstance(value, list):
        return [mask_values(child) for child in value]
    return mask_text(value) if isinstance(value, str) else value


def mask_dataset_config(value: Any) -> Any:
    """As `mask_values`, with the names of credentials kept and inline credentials dropped.

    Names of datasets and partitions that a partition mapping is for are no keys of secrets, whatever they are.
    """
    if isinstance(value, dict):
        return {
            key: _mask_dataset_value(key, child)
            for key, child in value.items()
            if key != _CREDENTIALS or isinstance(child, str)
        }
    if isinstance(value, list):
        return [mask_dataset_config(child) for child in value]
    return mask_text(value) if isinstance(value, str) else value


def _without_secret_brackets(line: str) -> str:
    """A line without what stands in brackets behind a secret key, up to the end where they are not closed on it."""
    start = 0
    while match := _KEY_AND_BRACKET.search(line, start):
        if is_secret_key(_unquoted(match["key"])):
            opened = match.start("bracket")
            line = f"{line[:opened]}{MASK}{line[_closed(line, opened) :]}"
        start = match.end("bracket")
    return line


def _closed(line: str, opened: int) -> int:
    """Where a bracket has been closed."""
    depth = 0
    for index in range(opened, len(line)):
        depth += (line[index] in "[{") - (line[index] in "]}")
        if depth == 0:
            return index + 1
    return len(line)


def _keys_above(lines: Sequence[str], index: int) -> list[str]:
    """Keys of the mappings a line stands in, by indentation, the innermost first."""
    keys: list[str] = []
    depth, is_item = _depth(lines[index]), lines[index].lstrip().startswith("- ")
    for line in reversed(lines[:index]):
        match = _LINE_KEY.match(line)
        if match is None:
            continue
        starts_item = line.lstrip().startswith("- ")
        if match.start("key") < depth or (is_item and not starts_item and match.start("key") == depth):
            keys.append(_unquoted(match["key"]))
            depth, is_item = _depth(line), starts_item
    return keys


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _unquoted(key: str) -> str:
    return key.strip("\"' ")


def _mask_pair(match: re.Match[str]) -> str:
    if not is_secret_key(_unquoted(match["key"])):
        return match[0]
    return f"{match['key']}{match['colon']}{MASK}"


def _mask_value(key: str, value: Any) -> Any:
    if is_secret_key(key):
        return value if value is None or isinstance(value, bool) else MASK
    return mask_values(value)


def _mask_dataset_value(key: str, value: Any) -> Any:
    if key == _CREDENTIALS:
        return mask_text(value)
    if key in _MAPPINGS:
        return _mask_texts(value)
    if is_secret_key(key):
        return value if value is None or isinstance(value, bool) else MASK
    return mask_dataset_config(value)


def _mask_texts(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _mask_texts(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_mask_texts(child) for child in value]
    return mask_text(value) if isinstance(value, str) else value


def _mask_url(match: re.Match[str]) -> str:
    rest = match["rest"]
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    head = rest if _USER_AND_PASSWORD.match(rest) and "@" in rest else authority
    if "@" in head:
        rest = f"{MASK}@{rest[head.rindex('@') + 1 :]}"
    path, mark, _query = rest.partition("?")
    return f"{match['scheme']}{path}?{MASK}" if mark else f"{match['scheme']}{path}"
