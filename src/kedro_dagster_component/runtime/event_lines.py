"""Log lines of a step on their way to Dagster's event log: several at a time, in order, and soon."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dagster as dg

from kedro_dagster_component.compat.dagster_event_log import (
    BatchWriter,
    batch_writer,
    event_log_handlers,
    holds_event,
    writes_events,
)

_SECONDS = 0.2
"""How long a line waits at most for others."""
_MOST_LINES = 100
"""How many wait at most: SQLite takes 999 values in one statement, a line has seven."""


class LineBatches(logging.Handler):
    """Stands before Dagster's writer of events: keeps lines back for a moment, and hands on everything else behind them.

    A warning, an error and an event of Dagster are written at once, with all that came before. What a process that is
    killed, or ends by itself without a word, said in its last moment at a lower level can be lost.
    """

    def __init__(self, writer: logging.Handler, write: BatchWriter) -> None:
        """Keep nothing back so far.

        Args:
            writer: Dagster's, which writes one record after another.
            write: Writes several lines at once.
        """
        super().__init__(writer.level)
        self._writer, self._write = writer, write
        self._lines: list[logging.LogRecord] = []
        self._timer: threading.Timer | None = None
        self._is_writing = threading.local()
        self._is_through = False

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line, or write it and those before it."""
        if getattr(self._is_writing, "now", False):  # what the storage says while it writes is not the node's
            return
        if self._is_through or holds_event(record):
            self.flush()
            self._writer.emit(record)
            return
        self._lines.append(record)
        if record.levelno >= logging.WARNING or len(self._lines) >= _MOST_LINES:
            self.flush()
        elif self._timer is None:
            self._timer = threading.Timer(_SECONDS, self._flush_in_time)
            self._timer.daemon = True
            self._timer.start()

    def flush(self) -> None:
        """Write the lines that are kept; where that fails, one by one, as Dagster does, which tells of it."""
        with self.lock or threading.RLock():
            if not self._lines:
                return
            self._is_writing.now = True
            try:
                with _interrupts_wait():
                    self._write(self._lines)
                    self._lines = []
            except Exception:  # noqa: BLE001  (whatever a storage raises)
                lines, self._lines = self._lines, []
                for line in lines:
                    self._writer.emit(line)
            finally:
                self._is_writing.now = False

    def end(self) -> None:
        """Write what is kept, and write everything at once from here on."""
        self._stop_timer()
        self.flush()
        self._is_through = True

    def before_fork(self) -> None:
        """Write what is kept, and keep others from writing until `after_fork`: a fork inherits neither lines nor locks."""
        self._stop_timer()
        self.acquire()
        self.flush()

    def after_fork(self, *, is_child: bool) -> None:
        """Go on; a forked process, which may end without a word, keeps nothing back."""
        self._is_through = self._is_through or is_child
        if not is_child:  # Python makes the locks of handlers anew in a child
            self.release()

    def _flush_in_time(self) -> None:
        self._timer = None
        self.flush()

    def _stop_timer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None and timer is not threading.current_thread():
            timer.cancel()
            timer.join()


@contextmanager
def _interrupts_wait() -> Iterator[None]:
    """Let a signal that ends the run come when the block is done: nobody could say whether its lines are written."""
    handlers: dict[int, Any] = {}
    came: list[int] = []
    try:
        if threading.current_thread() is threading.main_thread():  # in no other do they come
            for ending in (signal.SIGINT, signal.SIGTERM):
                if callable(signal.getsignal(ending)):
                    handlers[ending] = signal.signal(ending, lambda number, _frame: came.append(number))
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for number in came:
            signal.raise_signal(number)


_open: list[LineBatches] = []
"""Those of the steps that run in this process."""


@contextmanager
def open_line_batches(log: Any, instance: dg.DagsterInstance, run_id: str) -> Iterator[None]:
    """Write the lines of a run several at a time while a step of it runs in this process.

    Args:
        log: Of the step.
        instance: Where the run is recorded.
        run_id: Of the run.
    """
    handlers = event_log_handlers(log) or []
    writers = [number for number, handler in enumerate(handlers) if writes_events(handler)]
    write = batch_writer(instance, run_id)
    if write is None or len(writers) != 1:
        yield
        return
    writer = handlers[writers[0]]
    batches = handlers[writers[0]] = LineBatches(writer, write)
    _open.append(batches)
    try:
        yield
    finally:
        handlers[handlers.index(batches)] = writer
        _open.remove(batches)
        batches.end()


def _before_fork() -> None:
    for batches in _open:
        batches.before_fork()


def _after_fork(*, is_child: bool) -> None:
    for batches in reversed(_open):
        batches.after_fork(is_child=is_child)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=lambda: _after_fork(is_child=False),
        after_in_child=lambda: _after_fork(is_child=True),
    )
