"""A project's own logging configuration, applied beside Dagster's instead of in its place.

Kedro hands `conf/logging.yml` to `logging.config.dictConfig`, which removes and closes every handler of the process.
Here its handlers are added, its levels set, and nothing else of the process is touched.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from kedro_dagster_component.errors import StepError
from kedro_dagster_component.runtime.job_loggers import LoggingParts, configured_parts
from kedro_dagster_component.runtime.record_tap import is_open

VARIABLE = "KEDRO_LOGGING_CONFIG"
_NAMES = ("logging.yml", "logging.yaml", "logging.json")
_CONSOLE_CLASSES = frozenset({"kedro.logging.RichHandler", "rich.logging.RichHandler"})
"""Handlers that draw on a terminal; a run has none, and its log has the records already."""
_OF_STORAGE = frozenset({"alembic", "sqlalchemy"})
"""Libraries of Dagster's storage, whose records are Dagster's while no Kedro project is at work."""


def read_project_logging(project_path: str) -> Mapping[str, Any]:
    """The logging configuration of a project, from where Kedro looks for it.

    Args:
        project_path: Root of the project; `conf/logging.yml` lies below it, unless `KEDRO_LOGGING_CONFIG` names
            another file.

    Returns:
        Empty where there is none: Kedro's default has a console handler alone.

    Raises:
        StepError: The file is no YAML mapping.
    """
    named = os.environ.get(VARIABLE)
    candidates = [Path(project_path, named)] if named else [Path(project_path, "conf", name) for name in _NAMES]
    file = next((path for path in candidates if path.is_file()), None)
    if file is None:
        return {}
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise StepError(f"{file} is no YAML: {error}") from error
    if not isinstance(content, Mapping):
        raise StepError(f"{file} holds no mapping")
    return content


def apply_logging(config: Mapping[str, Any]) -> None:
    """Add the handlers of a configuration to this process and set its levels.

    Relative file names start at the current folder. Loggers of Dagster are left alone, and its records reach none
    of the handlers; handlers that draw on a terminal are left out.

    Raises:
        ValueError: A class cannot be imported, or refuses its arguments.
    """
    handlers = _off_the_terminal(config.get("handlers") or {})
    parts = configured_parts(config.get("formatters") or {}, config.get("filters") or {}, handlers)
    for handler in parts.handlers.values():
        handler.addFilter(_not_of_dagster)
    _configure(logging.getLogger(), config.get("root") or {}, parts)
    for name, entry in (config.get("loggers") or {}).items():
        if name.split(".")[0] != "dagster":
            _configure(logging.getLogger(name), entry or {}, parts)


def _off_the_terminal(handlers: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Mapping[str, Any]]:
    """Handlers that neither draw on a terminal nor pass records on to one that does."""
    drawing = {name for name, entry in handlers.items() if entry.get("()", entry.get("class")) in _CONSOLE_CLASSES}
    return {
        name: entry for name, entry in handlers.items() if name not in drawing and entry.get("target") not in drawing
    }


def _configure(logger: logging.Logger, entry: Mapping[str, Any], parts: LoggingParts) -> None:
    if entry.get("level") is not None:
        logger.setLevel(entry["level"])
    if entry.get("propagate") is not None and logger is not logging.getLogger():
        logger.propagate = bool(entry["propagate"])
    for name in entry.get("filters") or ():
        if name not in parts.filters:
            raise ValueError(f"logger '{logger.name}' of the logging configuration: there is no filter '{name}'")
        logger.addFilter(parts.filters[name])
    for name in entry.get("handlers") or ():
        if name in parts.handlers:
            logger.addHandler(parts.handlers[name])


def _not_of_dagster(record: logging.LogRecord) -> bool:
    library = record.name.split(".")[0]
    return library != "dagster" and (library not in _OF_STORAGE or is_open())
