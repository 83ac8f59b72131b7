"""What `partitions: all | latest | a...b` of a job means for a partitions definition."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import dagster as dg
from dagster import TimeWindowPartitionsDefinition

PARTITION_TAG = "dagster/partition"
RANGE_START_TAG, RANGE_END_TAG = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
"""Tags by which Dagster says what a run is for: what `dg launch --partition` and `--partition-range` set."""

ALL, LATEST, RANGE = "all", "latest", "..."


def time_part(definition: Any) -> Any:
    """Partitions by time: the definition itself, or its dimension; None without."""
    if isinstance(definition, TimeWindowPartitionsDefinition):
        return definition
    if isinstance(definition, dg.MultiPartitionsDefinition) and definition.has_time_window_dimension:
        return definition.time_window_partitions_def
    return None


def chosen_keys(
    definition: Any, choice: str | None, store: dg.DagsterInstance, now: datetime | None = None
) -> list[str]:
    """The keys a choice gives, in the order of the definition.

    Args:
        definition: Dagster's partitions definition.
        choice: `all`, `latest` (of a time that is over) or `a...b`; None for all. A range whose ends are no keys of
            the definition leaves all.
        store: Where the keys of dynamic partitions are.
        now: None for the present.
    """
    moment = now or datetime.now(tz=timezone.utc)
    keys = list(definition.get_partition_keys(current_time=moment, dynamic_partitions_store=store))
    if choice == LATEST and time_part(definition) is not None:
        windows = {key: definition.time_window_for_partition_key(key) for key in keys}
        newest = max((window.start for window in windows.values() if window.end <= moment), default=None)
        return [key for key, window in windows.items() if window.start == newest]
    first, separator, last = (choice or "").partition(RANGE)
    if separator and first.strip() in keys and last.strip() in keys:
        with dg.partition_loading_context(effective_dt=moment, dynamic_partitions_store=store):
            keys = keys_between(definition, first.strip(), last.strip())
    return keys


def keys_between(definition: Any, first: str, last: str) -> list[str]:
    """Keys of a range, both ends included, as Dagster has it: of two dimensions the range of each.

    Args:
        definition: Dagster's partitions definition.
        first: A key of it.
        last: A key of it.

    Returns:
        Empty where `last` comes before `first`.
    """
    if isinstance(definition, dg.MultiPartitionsDefinition):
        first, last = definition.get_partition_key_from_str(first), definition.get_partition_key_from_str(last)
    return list(definition.get_partition_keys_in_range(dg.PartitionKeyRange(first, last)))


def choice_problem(definitions: list[Any], choice: str) -> str | None:
    """Why a choice fits none of a job's definitions; None where it fits.

    Keys of partitions by time and of dynamic ones come and go: only those of static partitions can be told wrong.
    """
    if not definitions:
        return "nothing in this job is partitioned"
    if choice == LATEST and not any(time_part(definition) is not None for definition in definitions):
        return "'latest' needs partitions by time, and this job has none"
    first, separator, last = choice.partition(RANGE)
    if separator and all(isinstance(definition, dg.StaticPartitionsDefinition) for definition in definitions):
        known = [definition.get_partition_keys() for definition in definitions]
        for key in (first.strip(), last.strip()):
            if not any(key in keys for keys in known):
                return f"there is no partition '{key}'"
        if not any(
            first.strip() in keys and last.strip() in keys and keys.index(first.strip()) <= keys.index(last.strip())
            for keys in known
        ):
            return f"'{first.strip()}' does not come before '{last.strip()}' in any of its partitions"
    return None
