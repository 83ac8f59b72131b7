"""Loggers of a job, as `dagster.yml` describes them: Python handlers that live for a run in each of its processes.

Asset jobs have no loggers in Dagster. These get every record of the node's code and of Kedro where the node
runs, and Dagster's events where the run is orchestrated.
"""

from __future__ import annotations

import copy
import logging
import logging.config
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

LoggerSettings = Mapping[str, Any]
"""One logger: `log_level`, `handlers` (a list), `formatters` and `filters` by name, as `logging.config` has them."""

_EVENT_LOGGER = "dagster"


def build_handlers(loggers: Sequence[LoggerSettings]) -> list[logging.Handler]:
    """Handlers of some loggers; relative file names start at the current folder.

    Raises:
        ValueError: A class cannot be imported, or refuses its arguments.
    """
    return [handler for logger in loggers for handler in _handlers_of(logger)]


@contextmanager
def attached(handlers: Sequence[logging.Handler]) -> Iterator[None]:
    """Give every record that reaches the root logger to some handlers while the block runs."""
    root = logging.getLogger()
    for handler in handlers:
        root.addHandler(handler)
    try:
        yield
    finally:
        for handler in handlers:
            root.removeHandler(handler)
            handler.flush()


def log_event(handlers: Sequence[logging.Handler], *, failed: bool, message: str) -> None:
    """Give a Dagster event to some handlers, as a record of the logger `dagster`."""
    level = logging.ERROR if failed else logging.INFO
    record = logging.LogRecord(_EVENT_LOGGER, level, _EVENT_LOGGER, 0, message, None, None)
    for handler in handlers:
        if level >= handler.level:
            handler.handle(record)


def close_handlers(handlers: Sequence[logging.Handler]) -> None:
    """Flush and close."""
    for handler in handlers:
        handler.close()


def configured_handlers(
    formatters: Mapping[str, Any], filters: Mapping[str, Any], handlers: Mapping[str, Any]
) -> dict[str, logging.Handler]:
    """Handlers as `logging.config` would make them, by name; attached to nothing.

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
    for name, entry in list(config["formatters"].items()):
        config["formatters"][name] = configurator.configure_formatter(entry)
    for name, entry in list(config["filters"].items()):
        config["filters"][name] = configurator.configure_filter(entry)
    return {name: configurator.configure_handler(entry) for name, entry in list(config["handlers"].items())}


def _handlers_of(logger: LoggerSettings) -> Iterator[logging.Handler]:
    named = {str(index): entry for index, entry in enumerate(logger.get("handlers") or ())}
    built = configured_handlers(logger.get("formatters") or {}, logger.get("filters") or {}, named)
    lowest = int(logging.getLevelName(logger.get("log_level", "INFO")))
    for handler in built.values():
        handler.setLevel(max(handler.level, lowest))
        yield handler


def _as_factory(entry: Mapping[str, Any]) -> dict[str, Any]:
    """A filter by its class: `logging.config` knows the key `()` alone."""
    return {"()" if key == "class" else key: value for key, value in entry.items()}
