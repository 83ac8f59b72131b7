"""Loggers of a job, as `dagster.yml` describes them: Python handlers that live for a run in each of its processes.

Asset jobs have no loggers in Dagster. These get every record of the node's code and of Kedro where the node
runs, and Dagster's events where the run is orchestrated.
"""

from __future__ import annotations

import copy
import logging
import logging.config
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LoggerSettings = Mapping[str, Any]
"""One logger: `log_level`, `handlers` (a list), `formatters` and `filters` by name, as `logging.config` has them."""

_EVENT_LOGGER = "dagster"
_DEFAULT_FORMAT = "%(asctime)s - %(name)s - %(levelname)s - %(message)s"
_DEFAULT_HANDLER = {"class": "logging.StreamHandler", "stream": "ext://sys.stdout"}
"""What kedro-dagster writes where a handler has no formatter, and where a logger has no handlers."""
_TAKEN_BY_FORMATTERS = frozenset({"class", "format", "datefmt", "style", "validate", "defaults"})
"""Keys that `logging.config` knows beside a formatter's class."""
_NO_TARGET = "target not configured yet"
"""How `logging.config` says that a handler passes records on to one that comes later."""


@dataclass(frozen=True)
class LoggingParts:
    """What `logging.config` makes, attached to nothing.

    Attributes:
        handlers: By name.
        filters: By name: objects with a method `filter`, or functions.
    """

    handlers: Mapping[str, logging.Handler]
    filters: Mapping[str, Any]


def build_handlers(loggers: Sequence[LoggerSettings]) -> list[logging.Handler]:
    """Handlers of some loggers; relative file names start at the current folder.

    Raises:
        ValueError: A class cannot be imported, or refuses its arguments.
    """
    built: list[logging.Handler] = []
    try:
        for logger in loggers:
            built += _handlers_of(logger)
    except ValueError:
        close_handlers(built)
        raise
    return built


def log_event(handlers: Sequence[logging.Handler], message: str, level: int) -> None:
    """Give a Dagster event to some handlers, as a record of the logger `dagster`."""
    record = logging.LogRecord(_EVENT_LOGGER, level, _EVENT_LOGGER, 0, message, None, None)
    for handler in handlers:
        if level >= handler.level:
            handler.handle(record)


def close_handlers(handlers: Sequence[logging.Handler]) -> None:
    """Flush and close."""
    for handler in handlers:
        handler.close()


def configured_parts(
    formatters: Mapping[str, Any], filters: Mapping[str, Any], handlers: Mapping[str, Any]
) -> LoggingParts:
    """Handlers and filters as `logging.config` would make them.

    Args:
        formatters: By name.
        filters: By name, each with `()` or `class`.
        handlers: By name, each with `class` or `()`.

    Raises:
        ValueError: A class cannot be imported, or refuses its arguments.
    """
    configurator = logging.config.DictConfigurator(
        copy.deepcopy(
            {
                "version": 1,
                "formatters": dict(formatters),
                "filters": {name: _as_factory(entry) for name, entry in filters.items()},
                "handlers": dict(handlers),
            }
        )
    )
    config = configurator.config
    _configure_all(config["formatters"], configurator.configure_formatter, "formatter")
    _configure_all(config["filters"], configurator.configure_filter, "filter")
    try:
        _configure_all(config["handlers"], configurator.configure_handler, "handler")
    except ValueError:
        close_handlers([built for built in config["handlers"].values() if isinstance(built, logging.Handler)])
        raise
    return LoggingParts(handlers=dict(config["handlers"]), filters=dict(config["filters"]))


def _configure_all(entries: Any, configure: Callable[[Any], Any], noun: str) -> None:
    """Put what is made of each entry in its place; a handler that passes records on to another one comes after it."""
    waiting = list(entries)
    for name in waiting:
        try:
            entries[name] = configure(entries[name])
        except Exception as error:
            if _NO_TARGET in str(error.__cause__) and waiting.count(name) == 1:
                waiting.append(name)
                continue
            raise ValueError(f"{noun} '{name}' of the logging configuration: {error.__cause__ or error}") from error


def _handlers_of(logger: LoggerSettings) -> list[logging.Handler]:
    named = {str(index): entry for index, entry in enumerate(logger.get("handlers") or (_DEFAULT_HANDLER,))}
    formatters = {name: _with_arguments(entry) for name, entry in (logger.get("formatters") or {}).items()}
    parts = configured_parts(formatters, logger.get("filters") or {}, named)
    lowest = int(logging.getLevelName(logger.get("log_level", "INFO")))
    for handler in parts.handlers.values():
        handler.setLevel(max(handler.level, lowest))
        if handler.formatter is None:
            handler.setFormatter(logging.Formatter(_DEFAULT_FORMAT))
    return list(parts.handlers.values())


def _with_arguments(formatter: Mapping[str, Any]) -> dict[str, Any]:
    """A formatter by its class and arguments, which `logging.config` would drop but for `format` and the like."""
    has_arguments = "class" in formatter and not set(formatter) <= _TAKEN_BY_FORMATTERS
    return _as_factory(formatter) if has_arguments else dict(formatter)


def _as_factory(entry: Mapping[str, Any]) -> dict[str, Any]:
    """A filter by its class: `logging.config` knows the key `()` alone."""
    return {"()" if key == "class" else key: value for key, value in entry.items()}
