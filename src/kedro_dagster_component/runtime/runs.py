"""What the event log says about a Dagster run: its save version, and what it and its ancestors saved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import dagster as dg

from kedro_dagster_component.compat.dagster import goes_on_from_failure

VERSION_KEY = "kedro/save_version"
"""Metadata key under which a materialisation records the Kedro version it was saved under."""

STORED_KEY = "kedro/stored"
"""Metadata key that says whether an in-memory dataset was stored for later runs."""

_PAGE = 50
_MAX_ANCESTORS = 20


def run_record(instance: dg.DagsterInstance, run_id: str) -> dg.RunRecord:
    """A run as the instance has it now, with the tags that were added since it was launched.

    Raises:
        RuntimeError: The run is not known to the instance.
    """
    record = instance.get_run_record_by_id(run_id)
    if record is None:
        raise RuntimeError(f"The Dagster instance does not know run {run_id}")
    return record


def save_version(record: dg.RunRecord) -> str:
    """The one save version of a run, in Kedro's timestamp format (UTC, milliseconds).

    It is the time the run started, which the run's record holds: every process of the run gets the same
    without agreeing on anything, and a re-execution, being a run of its own, gets another.
    """
    started = record.start_time if record.start_time is not None else record.create_timestamp.timestamp()
    moment = datetime.fromtimestamp(started, tz=timezone.utc)
    return moment.strftime("%Y-%m-%dT%H.%M.%S.") + f"{moment.microsecond // 1000:03d}Z"


def recorded_version(
    instance: dg.DagsterInstance, run: dg.DagsterRun, asset_key: dg.AssetKey, partition: str | None = None
) -> str | None:
    """The version this run, or the run it re-executes, saved an asset, or one partition of it, under.

    Returns:
        The version of the nearest run in the line of ancestors; None where none of them saved the asset.
    """
    recorded = _recorded(instance, run, asset_key, VERSION_KEY, partition)
    return None if recorded is None else str(recorded.value)


def recorded_by_run(
    instance: dg.DagsterInstance, run: dg.DagsterRun, asset_key: dg.AssetKey, metadata_key: str
) -> Iterator[Any]:
    """Metadata of each materialisation of an asset by one run, of each partition the newest."""
    seen: set[str | None] = set()
    for event in _materializations(instance, asset_key, _start(instance, run.run_id), None):
        found = event.asset_materialization
        if event.run_id != run.run_id or found is None or found.partition in seen:
            continue
        seen.add(found.partition)
        if metadata_key in found.metadata:
            yield found.metadata[metadata_key].value


@dataclass(frozen=True)
class Recorded:
    """A piece of metadata of a materialisation.

    Attributes:
        run_id: The run that made the materialisation.
        value: The metadata.
    """

    run_id: str
    value: Any


def recorded_memory(
    instance: dg.DagsterInstance, run: dg.DagsterRun, asset_key: dg.AssetKey, partition: str | None = None
) -> Recorded | None:
    """Whether an in-memory dataset was stored: by this run, or the run it re-executes, else by the latest one.

    Returns:
        With a true or false value; None without any materialisation.
    """
    own = _recorded(instance, run, asset_key, STORED_KEY, partition)
    if own is not None:
        return own
    if partition is None:
        event = instance.get_latest_materialization_event(asset_key)
    else:
        event = next(_materializations(instance, asset_key, None, partition), None)
    if event is None or event.asset_materialization is None:
        return None
    value = event.asset_materialization.metadata.get(STORED_KEY)
    return Recorded(event.run_id, bool(value.value) if value is not None else False)


def recorded_or_latest(
    instance: dg.DagsterInstance, run: dg.DagsterRun, asset_key: dg.AssetKey, metadata_key: str
) -> Any:
    """Metadata of an asset from this run, or the run it re-executes, else from its latest materialisation.

    Returns:
        None where neither has any.
    """
    own = _recorded(instance, run, asset_key, metadata_key)
    if own is not None:
        return own.value
    event = instance.get_latest_materialization_event(asset_key)
    found = event.asset_materialization.metadata.get(metadata_key) if event and event.asset_materialization else None
    return found.value if found is not None else None


def _recorded(
    instance: dg.DagsterInstance,
    run: dg.DagsterRun,
    asset_key: dg.AssetKey,
    metadata_key: str,
    partition: str | None = None,
) -> Recorded | None:
    """Metadata of an asset's newest materialisation by the nearest run in the line of ancestors; None without one."""
    lineage = list(_lineage(instance, run))
    found: dict[str, Any] = {}
    for event in _materializations(instance, asset_key, _start(instance, lineage[-1]), partition):
        materialization = event.asset_materialization
        value = materialization.metadata.get(metadata_key) if materialization else None
        if value is not None and event.run_id in lineage:
            found.setdefault(event.run_id, value.value)
            if event.run_id == run.run_id:
                break
    return next((Recorded(run_id, found[run_id]) for run_id in lineage if run_id in found), None)


def resumed_runs(instance: dg.DagsterInstance, run: dg.DagsterRun) -> list[str]:
    """This run and those it goes on with, from failure, nearest first: what they made is not made again."""
    found = [run.run_id]
    current = run
    while len(found) < _MAX_ANCESTORS and goes_on_from_failure(instance, current):
        parent = instance.get_run_by_id(current.parent_run_id or "")
        if parent is None:
            break
        found.append(parent.run_id)
        current = parent
    return found


def _lineage(instance: dg.DagsterInstance, run: dg.DagsterRun) -> Iterator[str]:
    """Run ids from this run to the first one it re-executes."""
    current: dg.DagsterRun | None = run
    for _ in range(_MAX_ANCESTORS):
        if current is None:
            return
        yield current.run_id
        current = instance.get_run_by_id(current.parent_run_id) if current.parent_run_id else None


def _start(instance: dg.DagsterInstance, run_id: str) -> float | None:
    record = instance.get_run_record_by_id(run_id)
    return record.create_timestamp.timestamp() - 1 if record else None


def _materializations(
    instance: dg.DagsterInstance, asset_key: dg.AssetKey, after: float | None, partition: str | None
) -> Iterator[dg.EventLogEntry]:
    """Materialisations of an asset, or one partition of it, since a moment, newest first."""
    cursor = None
    partitions = None if partition is None else [partition]
    records = dg.AssetRecordsFilter(asset_key=asset_key, after_timestamp=after, asset_partitions=partitions)
    while True:
        page = instance.fetch_materializations(records, limit=_PAGE, cursor=cursor)
        for record in page.records:
            yield record.event_log_entry
        if not page.has_more:
            return
        cursor = page.cursor
