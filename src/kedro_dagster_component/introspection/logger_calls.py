"""Whether the classes that loggers of `dagster.yml` name take the arguments that are given to them.

`logging.config` finds out when it makes the object, which is when a run starts. Nothing is made here: making a handler
opens files and connections.
"""

from __future__ import annotations

import codecs
import inspect
import logging
import logging.config
import logging.handlers
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kedro_dagster_component.config.environment import KeyPath
from kedro_dagster_component.config.finding import quote
from kedro_dagster_component.errors import did_you_mean

CallMistake = tuple[KeyPath, str, str | None, bool]
"""Place below the entry, message, hint, and whether it is about the key there."""

_CALLED = ("()", "class")
_PROPERTIES = "."
_OF_HANDLERS = frozenset({*_CALLED, _PROPERTIES, "level", "formatter", "filters"})
_OF_FORMATTERS = frozenset({*_CALLED, _PROPERTIES})
_PLAIN_FORMATTER = frozenset({"format", "datefmt", "style", "validate", "defaults"})
"""What `logging.config` hands to every formatter; it drops anything else beside `class`."""
_WHEN = re.compile("S|M|H|D|MIDNIGHT|W[0-6]")
_STYLES = ("%", "{", "$")
_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def call_mistakes(part: str, entry: Mapping[str, Any]) -> Iterator[CallMistake]:
    """What would fail when `logging.config` makes an entry.

    Args:
        part: `handlers`, `formatters` or `filters`.
        entry: One of them; what it names can be imported.
    """
    yield from _CHECKS[part](entry)


def takes_more_than_logging(entry: Mapping[str, Any]) -> bool:
    """Whether a formatter by `class` has arguments that `logging.config` would drop."""
    return "class" in entry and not set(entry) <= _PLAIN_FORMATTER | _OF_FORMATTERS


def _handler(entry: Mapping[str, Any]) -> Iterator[CallMistake]:
    made = _named(entry)
    if made is None:
        return
    key, found = made
    if isinstance(found, type) and not issubclass(found, logging.Handler):
        hint = "a handler is a subclass of logging.Handler, such as logging.StreamHandler"
        yield (key,), f"{quote(str(entry[key]))} is no handler", hint, False
        return
    yield from _arguments(key, found, {name: entry[name] for name in entry if name not in _OF_HANDLERS}, entry)
    yield from _values(found, entry)


def file_of(entry: Mapping[str, Any]) -> str | None:
    """The file that a handler of `logging`'s own kinds opens; None for any other handler."""
    made = _named(entry)
    found = made[1] if made is not None else None
    is_file = isinstance(found, type) and issubclass(found, logging.FileHandler)
    filename = entry.get("filename")
    return filename if is_file and isinstance(filename, str) and filename else None


def _values(found: Any, entry: Mapping[str, Any]) -> Iterator[CallMistake]:
    """Values of arguments that handlers of `logging`'s own kinds refuse."""
    if not isinstance(found, type):
        return
    when, encoding = entry.get("when"), entry.get("encoding")
    is_timed = issubclass(found, logging.handlers.TimedRotatingFileHandler) and when is not None
    if is_timed and not (isinstance(when, str) and _WHEN.fullmatch(when.upper())):
        hint = "write one of S, M, H, D, midnight, or W0 (Monday) to W6"
        yield ("when",), f"{quote(str(when))} is no interval of a rotating file", hint, False
    if issubclass(found, logging.FileHandler) and isinstance(encoding, str):
        try:
            codecs.lookup(encoding)
        except LookupError:
            yield ("encoding",), f"unknown encoding {quote(encoding)}", "for example 'utf-8'", False


def _formatter(entry: Mapping[str, Any]) -> Iterator[CallMistake]:
    yield from _format_mistakes(entry)
    made = _named(entry)
    if made is None:
        return
    key, found = made
    if isinstance(found, type) and not hasattr(found, "format"):
        hint = "a formatter is a subclass of logging.Formatter"
        yield (key,), f"{quote(str(entry[key]))} is no formatter", hint, False
        return
    if key == "class" and not takes_more_than_logging(entry):
        yield from _positional(key, found, entry)
        return
    given = {name: entry[name] for name in entry if name not in _OF_FORMATTERS}
    if "format" in given and "format" not in (_parameters(found) or {}):
        given["fmt"] = given.pop("format")
    yield from _arguments(key, found, given, entry)


def _filter(entry: Mapping[str, Any]) -> Iterator[CallMistake]:
    made = _named(entry)
    if made is None:
        return
    key, found = made
    if isinstance(found, type) and not hasattr(found, "filter") and not _makes_callables(found):
        yield (key,), f"{quote(str(entry[key]))} is no filter", "a filter is a subclass of logging.Filter", False
        return
    yield from _arguments(key, found, {name: entry[name] for name in entry if name not in _OF_FORMATTERS}, entry)


_CHECKS: Mapping[str, Callable[[Mapping[str, Any]], Iterator[CallMistake]]] = {
    "handlers": _handler,
    "formatters": _formatter,
    "filters": _filter,
}


def _named(entry: Mapping[str, Any]) -> tuple[str, Any] | None:
    """The key that names something, and what it names; None where there is none, or it cannot be imported."""
    key = next((key for key in _CALLED if isinstance(entry.get(key), str)), None)
    if key is None:
        return None
    name = entry[key].removeprefix("ext://")
    try:
        return key, logging.config.BaseConfigurator({}).resolve(name)
    except Exception:  # noqa: BLE001 - told where imports are checked
        return None


def _format_mistakes(entry: Mapping[str, Any]) -> Iterator[CallMistake]:
    style, text = entry.get("style", "%"), entry.get("format")
    if "()" in entry or ("class" in entry and takes_more_than_logging(entry)):
        return
    if style not in _STYLES:
        yield ("style",), f"{quote(str(style))} is no style of a format", "the styles are '%', '{' and '$'", False
    elif isinstance(text, str) and entry.get("validate", True):
        try:
            logging.Formatter(text, style=style)
        except ValueError as error:
            hint = _HINTS[style]
            yield ("format",), f"bad format {quote(text)}: {str(error)[:1].lower()}{str(error)[1:]}", hint, False


_HINTS = {
    "%": "a value is written %(message)s; other styles need 'style'",
    "{": "a value is written {message}",
    "$": "a value is written ${message}",
}


def _positional(key: str, found: Any, entry: Mapping[str, Any]) -> Iterator[CallMistake]:
    """`logging.config` gives a formatter of its own class format, date format and style, in this order."""
    try:
        inspect.signature(found).bind(None, None, "%")
    except TypeError:
        message = f"{quote(str(entry[key]))} does not take a format, a date format and a style, in this order"
        yield (key,), message, "write '()' in place of 'class' to give it its own arguments by name", False
    except ValueError:  # a class without a signature
        return


def _arguments(key: str, found: Any, given: Mapping[str, Any], entry: Mapping[str, Any]) -> Iterator[CallMistake]:
    parameters = _parameters(found)
    if parameters is None:
        return
    named = [name for name, parameter in parameters.items() if parameter.kind in _NAMED]
    takes_any = any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters.values())
    shown = quote(str(entry[key]))
    for name in given:
        if name not in named and not takes_any:
            close = did_you_mean(name, named) or "it takes nothing"
            yield (name if name in entry else "format",), f"{shown} takes no '{name}'", close, True
    unknown = [name for name in given if name not in named]
    for name in named:
        is_meant = any((did_you_mean(other, [name]) or "").startswith("did you mean") for other in unknown)
        if parameters[name].default is inspect.Parameter.empty and name not in given and not is_meant:
            yield (), f"{shown} needs '{name}'", None, True


def _parameters(found: Any) -> Mapping[str, inspect.Parameter] | None:
    """Of a call; None where nobody can tell."""
    try:
        return inspect.signature(found).parameters
    except (TypeError, ValueError):
        return None


def _makes_callables(found: type) -> bool:
    """Whether its objects can be called, which Python 3.12 takes for filters."""
    return any("__call__" in vars(one) for one in found.__mro__)
