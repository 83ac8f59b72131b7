"""The one place in `logging` that every record passes, whatever a node or its libraries configure.

Handlers go with the next `basicConfig(force=True)`, `dictConfig` or `propagate = False`. `Logger.callHandlers` stays:
each logger calls it once for each record that its level and its filters let through.
"""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from kedro_dagster_component.compat.python import loggers_stay_enabled

Receiver = Callable[[logging.Logger, logging.LogRecord], None]
"""Gets a record and the logger it was logged with."""

_DAGSTER = "dagster"
WARNINGS = "py.warnings"
"""The logger of Python's warnings."""


_passing = threading.local()
"""`record`: what this thread is handing to handlers; of several taps the outermost, which is the newest, gets it."""

_open: list[Receiver] = []
"""Receivers of the blocks that are open in this process."""


def is_open() -> bool:
    """Whether a Kedro project is at work in this process, with its records on their way to a receiver."""
    return bool(_open)


@contextmanager
def _tapped(receiver: Receiver) -> Iterator[None]:
    """Wrap `Logger.callHandlers` while the block runs."""
    beneath = logging.Logger.callHandlers
    is_listening = True

    def call_handlers(logger: logging.Logger, record: logging.LogRecord) -> None:
        before = getattr(_passing, "record", None)
        if not is_listening or before is record:
            beneath(logger, record)
            return
        _passing.record = record
        try:
            receiver(logger, record)
            beneath(logger, record)
        finally:
            _passing.record = before

    _set_call_handlers(call_handlers)
    _open.append(receiver)
    try:
        yield
    finally:
        is_listening = False
        _open.remove(receiver)
        # one that another library has wrapped meanwhile stays beneath it, and only passes records on
        if logging.Logger.callHandlers is call_handlers:
            _set_call_handlers(beneath)


def _set_call_handlers(function: Callable[[logging.Logger, logging.LogRecord], None]) -> None:
    logging.Logger.callHandlers = function  # type: ignore[method-assign, assignment]


@contextmanager
def records_to(receiver: Receiver) -> Iterator[None]:
    """Give every record of the process to `receiver` while the block runs; of several the innermost gets them.

    Warnings come as records of `py.warnings`. What the block does to logging holds on, as under `kedro run`, with two
    exceptions: handlers of the root and settings of Dagster's own loggers are put back, and `logging.disable` ends.
    """
    with _tapped(receiver), _dagster_kept(), loggers_stay_enabled(), _warnings_as_records():
        yield


@contextmanager
def _dagster_kept() -> Iterator[None]:
    """See that Dagster's log is afterwards what it was before: without it, nobody would learn how a step ended."""
    root, disabled = logging.getLogger(), logging.root.manager.disable
    own_handlers = list(root.handlers)
    kept = {logger: _settings_of(logger) for logger in _dagster_loggers()}
    nothing = logging.NullHandler()  # the records are seen to: no `basicConfig` has to, and stderr need not
    root.addHandler(nothing)
    try:
        yield
    finally:
        root.removeHandler(nothing)
        logging.disable(disabled)
        for handler in own_handlers:
            root.addHandler(handler)
        for logger, settings in kept.items():
            logger.handlers[:], logger.propagate, logger.disabled = settings[:3]
            if logger.level != settings[3]:
                logger.setLevel(settings[3])


def _dagster_loggers() -> list[logging.Logger]:
    known = list(logging.root.manager.loggerDict.items())
    return [logger for name, logger in known if name.split(".")[0] == _DAGSTER and isinstance(logger, logging.Logger)]


def _settings_of(logger: logging.Logger) -> tuple[list[logging.Handler], bool, bool, int]:
    return list(logger.handlers), logger.propagate, logger.disabled, logger.level


@contextmanager
def _warnings_as_records() -> Iterator[None]:
    """Warnings as records of `py.warnings`, also after a `captureWarnings(False)`, which puts back what is set here."""
    before = warnings.showwarning
    logging.captureWarnings(False)
    is_captured = warnings.showwarning is not before
    beneath = warnings.showwarning

    def show(
        message: Any, category: type[Warning], filename: str, lineno: int, file: Any = None, line: str | None = None
    ) -> None:
        if file is not None:
            beneath(message, category, filename, lineno, file, line)
            return
        text = warnings.formatwarning(message, category, filename, lineno, line)
        logging.getLogger(WARNINGS).warning("%s", text)

    warnings.showwarning = show
    try:
        yield
    finally:
        logging.captureWarnings(False)
        warnings.showwarning = beneath
        if is_captured:
            logging.captureWarnings(True)
