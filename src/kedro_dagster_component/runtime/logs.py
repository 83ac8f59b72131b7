"""Python log records of a node, handed to whoever keeps the step's log."""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from kedro_dagster_component.runtime.record_tap import records_to

_DAGSTER, _LENT = "dagster", "dagster.builtin"
_DAGSTER_HANDLER = "DagsterLogHandler"
"""By name: the child process of a second project has no Dagster, and need not import it."""


@dataclass(frozen=True)
class LogLine:
    """One log record as plain data.

    Attributes:
        level: Numeric level of `logging`.
        logger: Name of the logger.
        message: Formatted message; traceback and stack, where there are any, behind it.
    """

    level: int
    logger: str
    message: str


LogSink = Callable[[LogLine], None]


class BridgeHandler(logging.Handler):
    """Passes every record on to a sink.

    What the sink itself does may be logged too (the HTTP request to a storage): that is not the node's, and would not end.
    """

    def __init__(self, sink: LogSink) -> None:
        super().__init__(logging.NOTSET)
        self._sink = sink
        self._traceback_formatter = logging.Formatter()
        self._in_sink = threading.local()

    def emit(self, record: logging.LogRecord) -> None:
        """Hand one record over; a record that cannot be formatted is reported as `logging` does."""
        if getattr(self._in_sink, "now", False):
            return
        self._in_sink.now = True
        try:
            self._sink(LogLine(record.levelno, record.name, self._text(record)))
        except Exception:  # noqa: BLE001  (a broken record never stops a node: the rule of `logging` itself)
            self.handleError(record)
        finally:
            self._in_sink.now = False

    def _text(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        if record.exc_info and record.exc_info[0] is not None:
            message += "\n" + self._traceback_formatter.formatException(record.exc_info)
        elif record.exc_text:  # from another process, where the traceback became text
            message += "\n" + record.exc_text
        if record.stack_info:
            message += "\n" + self._traceback_formatter.formatStack(record.stack_info)
        return message


@contextmanager
def open_log_bridge(sink: LogSink, handlers: Sequence[logging.Handler] = ()) -> Iterator[None]:
    """Send the process's log records to `sink` for as long as the block runs, whatever the block does to logging.

    Args:
        sink: Gets each record, Dagster's own and those that Dagster listens to itself excepted.
        handlers: Get each record too, from their level on.
    """
    bridge = BridgeHandler(sink)

    def receive(logger: logging.Logger, record: logging.LogRecord) -> None:
        if record.name == _DAGSTER:  # the event log itself
            return
        if _is_the_projects(record.name) and not _is_seen_by_dagster(logger, record):
            bridge.handle(record)
        for handler in handlers:
            if record.levelno >= handler.level:
                handler.handle(record)

    try:
        with records_to(receive):
            yield
    finally:
        for handler in handlers:
            handler.flush()


@contextmanager
def without_lines(text_by_logger: Mapping[str, str]) -> Iterator[None]:
    """Keep records out of every log while the block runs.

    Args:
        text_by_logger: What the records of a logger hold that are kept out; an empty text for all of them.
    """
    with ExitStack() as stack:
        for name, text in text_by_logger.items():
            stack.enter_context(_without(logging.getLogger(name), text))
        yield


@contextmanager
def _without(logger: logging.Logger, text: str) -> Iterator[None]:
    def is_other(record: logging.LogRecord) -> bool:
        return text not in record.getMessage()

    logger.addFilter(is_other)
    try:
        yield
    finally:
        logger.removeFilter(is_other)


def describe_exception(error: BaseException) -> str:
    """Class, message and traceback of an error as text, for where the object itself cannot go."""
    return "".join(traceback.format_exception(type(error), error, error.__traceback__))


def _is_the_projects(name: str) -> bool:
    """Whether a logger is none of Dagster's, or the one it lends (`get_dagster_logger`)."""
    return name.split(".", maxsplit=1)[0] != _DAGSTER or name == _LENT or name.startswith(f"{_LENT}.")


def _is_seen_by_dagster(logger: logging.Logger, record: logging.LogRecord) -> bool:
    """Whether a logger is one of the `managed_python_loggers` of `dagster.yaml`, or below one."""
    current: logging.Logger | None = logger
    while current is not None:
        for handler in current.handlers:
            if type(handler).__name__ == _DAGSTER_HANDLER and record.levelno >= handler.level:
                return True
        current = current.parent if current.propagate else None
    return False
