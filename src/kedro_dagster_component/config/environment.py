"""Environment variables in `dagster.yml`: `${oc.env:NAME}` and `${oc.env:NAME,default}`.

What Dagster stores of a project must hold no secret. So reading the project leaves a placeholder where a variable is
named, and the process that loads the definitions fills it in, from its own environment. So it is with secrets that are
written out in the file, see `written`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kedro_dagster_component.config.written import WrittenValues, is_written

_NO_DEFAULT = object()
_NAME = re.compile(r"[^\s,{}\"']+")
_PLACEHOLDER = re.compile(
    r"\$\{oc\.env:\s*(?P<name>[^\s,{}\"']+)\s*(?:,\s*(?P<default>\"(?:[^\"\\]|\\.)*\"|[^\"{},]*))?\}"
)
_PLAIN = re.compile(r"[\w./:@+-](?:[\w ./:@+-]*[\w./:@+-])?")

UNRESOLVED = "${oc.env:?unresolved?}"
"""What stands for a value whose interpolation cannot be resolved: no environment variable is called that."""

KeyPath = tuple[str | int, ...]
"""Keys and list indices from the top of a file."""


@dataclass(frozen=True)
class FilledIn:
    """Content with the variables' values.

    Attributes:
        content: A copy, the same shape as before; where a variable is missing the text stands as it was.
        missing: Place of each such text and the variables it misses, in the order of the content.
        secrets: The values that were filled in, without the empty ones; defaults are none.
    """

    content: Any
    missing: tuple[tuple[KeyPath, tuple[str, ...]], ...] = ()
    secrets: frozenset[str] = frozenset()


def environment_placeholder(name: Any, default: Any = _NO_DEFAULT) -> str:
    """What stands for a variable until it is filled in; takes what OmegaConf's `oc.env` takes.

    Raises:
        ValueError: No environment variable can be called that.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError("oc.env takes the name of an environment variable")
    if default is _NO_DEFAULT:
        return f"${{oc.env:{name}}}"
    return f"${{oc.env:{name},{_written(default)}}}"


def fill_in(content: Any, environment: Mapping[str, str]) -> FilledIn:
    """Plain data with every placeholder replaced by the variable's value, and each reference by what it stands for.

    As with OmegaConf's `oc.env` the value is text; a placeholder that is all of a text and has the default `null` gives
    None where the variable is missing.

    Args:
        content: Mappings, lists and scalars; keys stay as they are.
        environment: Such as `os.environ`.

    Raises:
        ConfigurationError: A secret is no longer written where it was.
    """
    filling = _Filling(environment)
    filled = filling.value(content, ())
    return FilledIn(filled, tuple(filling.missing), frozenset(filling.secrets))


def holds_placeholder(value: object) -> bool:
    """Whether a value is a text that names an environment variable."""
    return isinstance(value, str) and _PLACEHOLDER.search(value) is not None


def is_unresolved(content: Any, path: KeyPath) -> bool:
    """Whether a value, or one above it, could not be resolved, which is told by who tried."""
    return bool(value_at(content, path) == UNRESOLVED)


def placeholder_at(content: Any, path: KeyPath) -> str | None:
    """The text at a path, or the one above it that the path leads into, if it names an environment variable."""
    value = value_at(content, path)
    return value if holds_placeholder(value) else None


def value_at(content: Any, path: KeyPath) -> Any:
    """The value at a path, or the one above it that the path leads into; None where a mapping lacks a step."""
    for step in path:
        if isinstance(content, Mapping):
            content = content.get(step)
        elif isinstance(content, list | tuple) and isinstance(step, int) and step < len(content):
            content = content[step]
        else:
            break
    return content


def placeholders_below(content: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    """Places of all texts that name an environment variable."""
    if isinstance(content, Mapping):
        for key, value in content.items():
            yield from placeholders_below(value, (*path, key))
    elif isinstance(content, list | tuple):
        for index, value in enumerate(content):
            yield from placeholders_below(value, (*path, index))
    elif holds_placeholder(content):
        yield path


class _Filling:
    """One pass over the content."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._written = WrittenValues()
        self._lacking: list[str] = []
        self.missing: list[tuple[KeyPath, tuple[str, ...]]] = []
        self.secrets: set[str] = set()

    def value(self, value: Any, path: KeyPath) -> Any:
        if isinstance(value, Mapping):
            return {key: self.value(child, (*path, key)) for key, child in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(child, (*path, index)) for index, child in enumerate(value)]
        if is_written(value):
            found = self._written.value(value)
            self.secrets.add(str(found))
            return found
        if not holds_placeholder(value):
            return value
        self._lacking = []
        filled = self._text(value)
        if self._lacking:
            self.missing.append((path, tuple(dict.fromkeys(self._lacking))))
            return value
        return filled

    def _text(self, text: str) -> str | None:
        whole = _PLACEHOLDER.fullmatch(text)
        if whole is not None:
            return self._variable(whole)
        return _PLACEHOLDER.sub(lambda match: str(self._variable(match)), text)

    def _variable(self, match: re.Match[str]) -> str | None:
        name, default = match["name"], match["default"]
        if name in self._environment:
            found = self._environment[name]
            self.secrets.update([found] if found else [])
            return found
        if default is None:
            self._lacking.append(name)
            return None
        default = default.strip()
        if default in ("null", ""):
            return None if default else ""
        return self._text(str(json.loads(default)) if default.startswith('"') else default)


def _written(default: Any) -> str:
    if default is None:
        return "null"
    text = str(default)
    return text if _PLAIN.fullmatch(text) and text != "null" else json.dumps(text, ensure_ascii=False)
