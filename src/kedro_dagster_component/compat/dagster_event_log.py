"""How Dagster writes log lines to its event log, behind its public names. Tried on Dagster 1.13.9 to 1.13.27."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

import dagster as dg
from dagster._core.events.log import construct_event_record
from dagster._core.instance.types import _EventListenerLogHandler
from dagster._core.log_manager import get_log_record_metadata, has_log_record_event
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._utils.log import StructuredLoggerMessage

BatchWriter = Callable[[Sequence[logging.LogRecord]], None]
"""Writes several lines of one run in one transaction."""


def event_log_handlers(log: Any) -> list[logging.Handler] | None:
    """The handlers that all logs of a run share in a process, Dagster's writer of events among them.

    Reason: Dagster gives no way to say where the lines of a step go. The logs of steps are made from that of the run
    and keep its list. None where a log is none of Dagster's.
    """
    handlers = getattr(getattr(log, "_dagster_handler", None), "_handlers", None)
    return handlers if isinstance(handlers, list) else None


def writes_events(handler: logging.Handler) -> bool:
    """Whether a handler is Dagster's own that writes to the event log."""
    return type(handler) is _EventListenerLogHandler


def holds_event(record: logging.LogRecord) -> bool:
    """Whether a record stands for an event of Dagster, which cannot wait, and is no line of text."""
    return has_log_record_event(record) and getattr(record, "dagster_event", None) is not None


def batch_writer(instance: dg.DagsterInstance, run_id: str) -> BatchWriter | None:
    """How several lines are written at once; None where the storage gains nothing by it, or somebody listens in Python.

    Reason: the file of SQLite is opened, committed to and closed for each event; `store_event_batch` of Dagster does
    that as often as there are events, and that of PostgreSQL takes no lines of text.
    """
    storage: Any = instance.event_log_storage
    if type(storage) is not SqliteEventLogStorage or instance._subscribers.get(run_id):  # noqa: SLF001
        return None

    def write(records: Sequence[logging.LogRecord]) -> None:
        entries = [entry for entry in map(_entry, records) if instance.should_store_event(entry)]
        if entries:
            with storage.run_connection(run_id) as connection:
                connection.execute(storage.prepare_insert_event_batch(entries))

    return write


def _entry(record: logging.LogRecord) -> dg.EventLogEntry:
    metadata = get_log_record_metadata(record)
    return construct_event_record(
        StructuredLoggerMessage(
            name=record.name, message=record.msg, level=record.levelno, meta=metadata, record=record
        )
    )
