"""Loggers and formatters for Kedro projects that run in Dagster.

Node code needs nothing of this: whatever it logs with Python's `logging` appears in the log of its Dagster run. The
formatters can stand in a project's `conf/logging.yml`, under `class`; for `kedro run` Kedro 1.7 wants the environment
variable `KEDRO_LOGGING_MODULE_ALLOWLIST` to name this module.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Literal

import coloredlogs
import dagster as dg
import structlog

if TYPE_CHECKING:
    from collections.abc import Sequence

_COLORED_FORMAT = "%(asctime)s - %(name)s - %(levelname)s - %(message)s"
_COLORED_DATES = "%Y-%m-%d %H:%M:%S %z"


def getLogger(name: str | None = None) -> logging.Logger:  # noqa: N802  (the name it has in `logging`)
    """A logger whose records reach the log of the Dagster run that is going on.

    Args:
        name: As for `logging.getLogger`.

    Returns:
        Dagster's logger inside an op of Dagster, else Python's: inside a Kedro node both lead to the same place.
    """
    try:
        dg.OpExecutionContext.get()
    except (dg.DagsterInvariantViolationError, LookupError):
        return logging.getLogger(name)
    return dg.get_dagster_logger(name)


def _without_leftovers(_logger: Any, _method: str, event: Any) -> Any:
    """Take out what formatters of other handlers have left on the record: no `extra` can have these names."""
    for leftover in ("message", "asctime"):
        event.pop(leftover, None)
    return event


class _StructuredFormatter(structlog.stdlib.ProcessorFormatter):
    """Renders records of `logging` with structlog; takes the arguments `logging.config` gives every formatter."""

    renderers: tuple[Any, ...]

    def __init__(self, fmt: str | None = None, datefmt: str | None = None, style: Literal["%", "{", "$"] = "%") -> None:
        """Make a formatter; the arguments are there for `logging.config` and change nothing."""
        del fmt, datefmt, style
        before: Sequence[Any] = (
            structlog.stdlib.add_logger_name,
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ExtraAdder(),
            _without_leftovers,
        )
        super().__init__(
            foreign_pre_chain=before,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *self.renderers],
        )


class DagsterRichFormatter(_StructuredFormatter):
    """Readable, coloured lines with aligned fields."""

    renderers = (structlog.dev.ConsoleRenderer(),)


class DagsterJsonFormatter(_StructuredFormatter):
    """One JSON object a line, keys sorted, for whatever collects logs; a traceback is text under `exception`."""

    renderers = (
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(sort_keys=True, ensure_ascii=False),
    )


class DagsterColoredFormatter(coloredlogs.ColoredFormatter):  # type: ignore[misc]  # coloredlogs is not typed
    """Lines like those of Dagster's own commands: time in green, level in blue, errors in red."""

    def __init__(self, fmt: str | None = None, datefmt: str | None = None, style: Literal["%", "{", "$"] = "%") -> None:
        """Make a formatter; without arguments it writes time, logger, level and message."""
        super().__init__(
            fmt=fmt or _COLORED_FORMAT,
            datefmt=datefmt or _COLORED_DATES,
            style=style,
            field_styles={"levelname": {"color": "blue"}, "asctime": {"color": "green"}},
            level_styles={"debug": {}, "error": {"color": "red"}},
        )


def dagster_rich_formatter() -> logging.Formatter:
    """A `DagsterRichFormatter`, for a formatter given by `()`."""
    return DagsterRichFormatter()


def dagster_json_formatter() -> logging.Formatter:
    """A `DagsterJsonFormatter`, for a formatter given by `()`."""
    return DagsterJsonFormatter()


def dagster_colored_formatter() -> logging.Formatter:
    """A `DagsterColoredFormatter`, for a formatter given by `()`."""
    return DagsterColoredFormatter()
