"""What a model finds wrong, in words for the person who wrote the file.

Pydantic reports mistakes as line errors with a type and a location. Here each type gets a sentence of ours, and
a way for validators to report several mistakes at once, each at a place below their own value.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from kedro_dagster_component.errors import did_you_mean

KIND = "finding"
"""Type of the line errors that already carry a sentence of ours."""

KEY_MARK = "[key]"
"""What pydantic puts at the end of a location that means the key of a mapping, not its value."""

_SECRET = re.compile(
    r"pass(word|wd|phrase)?$|(^|[_-])(pwd|secret|token|credential|auth)s?([_-]|$)|secret|password|credential"
    r"|(api|access|account|private|shared|sas|encryption|signing)[_-]?key|connection[_-]?string|dsn$|token$",
    re.IGNORECASE,
)
_URL_USER = re.compile(r"(?<=://)[^\s/@]+@")
_URL_QUERY = re.compile(r"(?<=\?)[^\s'\"]+")
_SHOWN_CHARACTERS = 60
_PLAIN = re.compile(r"[\w./-]+")
"""A text that YAML takes for text within brackets, without quotes."""
_QUOTED = re.compile(r"'([^']*)'")
_MAPPING_HINT = "write the settings below it, each as 'key: value' and indented"

Explanation = tuple[str, str | None, bool]
"""Message, hint, and whether it is about the key rather than the value."""


def is_secret_key(key: object) -> bool:
    """Whether a value under this key is not to be printed."""
    return isinstance(key, str) and _SECRET.search(key) is not None


def describe(value: object, *, is_secret: bool = False) -> str:
    """A value as a person would call it: `the number 3`, `a list`, `nothing`.

    Args:
        value: Anything YAML can hold.
        is_secret: Only say what kind of thing it is.
    """
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true or false" if is_secret else str(value).lower()
    if isinstance(value, int | float):
        return "a number" if is_secret else f"the number {value}"
    if isinstance(value, str):
        return "a text" if is_secret else f"the text {quote(value)}"
    if isinstance(value, Mapping):
        return "a mapping"
    return "a list" if isinstance(value, list | tuple) else f"a {type(value).__name__}"


def quote(text: str) -> str:
    """A text in quotes on one line, cut where long, without the secrets of a URL."""
    masked = _URL_QUERY.sub("***", _URL_USER.sub("***@", text)).replace("\n", "\\n")
    return f"'{masked[:_SHOWN_CHARACTERS]}...'" if len(masked) > _SHOWN_CHARACTERS else f"'{masked}'"


def finding(
    message: str,
    *,
    hint: str | None = None,
    at: tuple[str | int, ...] = (),
    at_key: bool = False,
    value: object = None,
) -> InitErrorDetails:
    """One mistake.

    Args:
        message: What is wrong, without a full stop at the end.
        hint: The way out.
        at: Where, below the value that is being validated.
        at_key: The key at that place is wrong rather than its value.
        value: What stands there.
    """
    context = {"message": message, "hint": hint or "", "at_key": at_key}
    return InitErrorDetails(type=PydanticCustomError(KIND, "{message}", context), loc=at, input=value)


def refusal(*findings: InitErrorDetails) -> ValidationError:
    """The error a validator raises to report mistakes; pydantic puts its own location before theirs."""
    return ValidationError.from_exception_data("configuration", list(findings))


def refuse(message: str, **details: Any) -> ValidationError:
    """The error for one mistake; `details` as for `finding`."""
    return refusal(finding(message, **details))


def findings_below(error: ValidationError, at: tuple[str | int, ...]) -> list[InitErrorDetails]:
    """The mistakes of an inner validation, each a step deeper."""
    return [_rebuilt(line, (*at, *line["loc"])) for line in error.errors(include_url=False)]


def explained(error: ValidationError, fields: Mapping[str, FieldInfo]) -> ValidationError:
    """The same mistakes with every sentence ours.

    Args:
        error: From the validation of one model.
        fields: Of that model, for the names a wrong key may have meant.
    """
    lines = error.errors(include_url=False)
    mistyped = {name for line in lines if line["type"] == "extra_forbidden" for name in _meant(line, fields)}
    return refusal(*(_explained_line(line, fields) for line in lines if not _is_echo(line, mistyped)))


def _meant(line: ErrorDetails, fields: Mapping[str, FieldInfo]) -> list[str]:
    return difflib.get_close_matches(str(line["loc"][-1]), fields, n=1)


def _is_echo(line: ErrorDetails, mistyped: set[str]) -> bool:
    """Whether a mistake only follows from another: the right key of a mistyped one, a list without a right entry."""
    if line["type"] == "missing":
        return line["loc"][-1] in mistyped
    return line["type"] == "too_short" and bool(line["input"]) and line["ctx"]["actual_length"] == 0


def _explained_line(line: ErrorDetails, fields: Mapping[str, FieldInfo]) -> InitErrorDetails:
    if line["type"] == KIND:
        return _rebuilt(line, line["loc"])
    message, hint, at_key = _explain(line, fields)
    return finding(message, hint=hint, at=line["loc"], at_key=at_key, value=line["input"])


def _rebuilt(line: ErrorDetails, at: tuple[str | int, ...]) -> InitErrorDetails:
    if line["type"] != KIND:
        message, hint, at_key = _explain(line, {})
        return finding(message, hint=hint, at=at, at_key=at_key, value=line["input"])
    context = line["ctx"]
    return finding(
        context["message"], hint=context["hint"] or None, at=at, at_key=context["at_key"], value=line["input"]
    )


def _explain(line: ErrorDetails, fields: Mapping[str, FieldInfo]) -> Explanation:
    location, kind = line["loc"], line["type"]
    if location and location[-1] == KEY_MARK:
        return _explain_key(line)
    if kind == "extra_forbidden":
        key = str(location[-1])
        return f"unknown key {quote(key)}", did_you_mean(key, fields), True
    if kind == "missing":
        field = fields.get(str(location[-1]))
        return f"'{location[-1]}' is missing", field.description if field else None, True
    is_secret = any(is_secret_key(part) for part in location)
    got = describe(line["input"], is_secret=is_secret)
    if kind in _SENTENCES:
        message, hint = _SENTENCES[kind](line, got)
        return message, None if is_secret else hint, kind == "invalid_key"
    return line["msg"].removeprefix("Value error, "), None, False


def _explain_key(line: ErrorDetails) -> Explanation:
    value = line["input"]
    if isinstance(value, str):
        return f"{quote(value)} cannot be a name here", None, True
    return f"a name has to be text, got {describe(value)}", quotes_hint(value), True


def _expected(what: str) -> Callable[[ErrorDetails, str], tuple[str, str | None]]:
    return lambda line, got: (f"expected {what}, got {got}", None)


def _explain_mapping(line: ErrorDetails, got: str) -> tuple[str, str | None]:
    return f"expected a mapping, got {got}", _MAPPING_HINT


def _explain_list(line: ErrorDetails, got: str) -> tuple[str, str | None]:
    value = line["input"]
    if not isinstance(value, str | int):
        return f"expected a list, got {got}", None
    is_plain = not isinstance(value, str) or _PLAIN.fullmatch(value) is not None
    return f"expected a list, got {got}", f"write [{value}]" if is_plain else f'write ["{value}"]'


def _explain_text(line: ErrorDetails, got: str) -> tuple[str, str | None]:
    return f"expected text, got {got}", quotes_hint(line["input"])


def _explain_choice(line: ErrorDetails, got: str) -> tuple[str, str | None]:
    expected, value = line["ctx"]["expected"], line["input"]
    choices = _QUOTED.findall(expected)
    hint = did_you_mean(value, choices) if isinstance(value, str) else None
    return f"expected {expected}, got {got}", hint if hint and hint.startswith("did you mean") else None


def _explain_bound(words: str, bound: str) -> Callable[[ErrorDetails, str], tuple[str, str | None]]:
    return lambda line, got: (f"has to be {words} {line['ctx'][bound]:g}, got {got}", None)


def _explain_length(words: str, bound: str) -> Callable[[ErrorDetails, str], tuple[str, str | None]]:
    return lambda line, got: (
        f"expected {words} {_entries(line['ctx'][bound])}, got {line['ctx']['actual_length']}",
        None,
    )


def _entries(number: int) -> str:
    return "1 entry" if number == 1 else f"{number} entries"


def quotes_hint(value: object) -> str | None:
    """The way out where a value that should be text is something else to YAML; None for none."""
    if isinstance(value, bool):
        return "YAML reads yes, no, on and off as true or false: put text in quotes"
    return f'put it in quotes: "{value}"' if isinstance(value, int | float) else None


_SENTENCES: Mapping[str, Callable[[ErrorDetails, str], tuple[str, str | None]]] = {
    **dict.fromkeys(("model_type", "dict_type", "mapping_type", "model_attributes_type"), _explain_mapping),
    **dict.fromkeys(("list_type", "tuple_type"), _explain_list),
    **dict.fromkeys(("string_type", "string_sub_type"), _explain_text),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float", "int_parsing_size"), _expected("a whole number")),
    **dict.fromkeys(("float_type", "float_parsing", "finite_number"), _expected("a number")),
    **dict.fromkeys(("bool_type", "bool_parsing"), _expected("true or false")),
    "literal_error": _explain_choice,
    "greater_than_equal": _explain_bound("at least", "ge"),
    "greater_than": _explain_bound("more than", "gt"),
    "less_than_equal": _explain_bound("at most", "le"),
    "too_short": _explain_length("at least", "min_length"),
    "too_long": _explain_length("at most", "max_length"),
    "string_too_short": lambda line, got: ("expected text, got an empty text", None),
    "invalid_key": lambda line, got: (
        f"a key has to be text, got {describe(line['loc'][-1])}",
        quotes_hint(line["loc"][-1]),
    ),
}
"""Sentence and hint by pydantic's error type."""


def all_findings(findings: Iterable[InitErrorDetails]) -> None:
    """Raise the mistakes, if there are any."""
    found = list(findings)
    if found:
        raise refusal(*found)
