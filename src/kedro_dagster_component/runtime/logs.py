"""Python log records of a node, handed to whoever keeps the step's log."""

from __future__ import annotations

import logging
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class LogLine:
    """One log record as plain data.

    Attributes:
        level: Numeric level of `logging`.
        logger: Name of the logger.
        message: Formatted message; the traceback, where there is one, behind it.
    """

    level: int
    logger: str
    message: str


LogSink = Callable[[LogLine], None]


class BridgeHandler(logging.Handler):
    """Passes every record on to a sink, Dagster's own records excepted (they are there already)."""

    def __init__(self, sink: LogSink) -> None:
        super().__init__(logging.NOTSET)
        self._sink = sink
        self._traceback_formatter = logging.Formatter()

    def emit(self, record: logging.LogRecord) -> None:
        """Hand one record over; a record that cannot be formatted is reported as `logging` does."""
        if record.name == "dagster" or record.name.startswith("dagster."):
            return
        try:
            self._sink(LogLine(record.levelno, record.name, self._text(record)))
        except Exception:  # noqa: BLE001  (a broken record never stops a node: the rule of `logging` itself)
            self.handleError(record)

    def _text(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        if record.exc_info and record.exc_info[0] is not None:
            message += "\n" + self._traceback_formatter.formatException(record.exc_info)
        return message


@contextmanager
def open_log_bridge(sink: LogSink) -> Iterator[None]:
    """Send the process's log records to `sink` for as long as the block runs.

    Loggers that do not propagate get the handler too, so that nothing is lost; warnings come as records of
    `py.warnings`.
    """
    handler = BridgeHandler(sink)
    targets = [logging.getLogger(), *_loggers_apart()]
    for logger in targets:
        logger.addHandler(handler)
    try:
        with _captured_warnings():
            yield
    finally:
        for logger in targets:
            logger.removeHandler(handler)


def describe_exception(error: BaseException) -> str:
    """Class, message and traceback of an error as text, for where the object itself cannot go."""
    return "".join(traceback.format_exception(type(error), error, error.__traceback__))


@contextmanager
def _captured_warnings() -> Iterator[None]:
    """Warnings as log records, which Kedro's own logging sees to when it configures a process."""
    shown_by = warnings.showwarning
    logging.captureWarnings(True)
    is_ours = warnings.showwarning is not shown_by
    try:
        yield
    finally:
        if is_ours:
            logging.captureWarnings(False)


def _loggers_apart() -> list[logging.Logger]:
    """Loggers whose records never reach the root, Dagster's own excepted."""
    known = list(logging.Logger.manager.loggerDict.items())
    return [
        logger
        for name, logger in known
        if isinstance(logger, logging.Logger) and not logger.propagate and name.split(".")[0] != "dagster"
    ]
