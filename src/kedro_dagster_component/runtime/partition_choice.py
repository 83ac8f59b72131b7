"""What `partitions: all | latest | a...b` of a job means for a partitions definition."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

import dagster as dg
from dagster import DagsterError, TimeWindowPartitionsDefinition

from kedro_dagster_component.compat.dagster_partitions import key_dimensions, split_key
from kedro_dagster_component.errors import PartitionError
from kedro_dagster_component.plan import PartitionChoice

PARTITION_TAG = "dagster/partition"
RANGE_START_TAG, RANGE_END_TAG = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
"""Tags by which Dagster says what a run is for: what `dg launch --partition` and `--partition-range` set."""

LATEST_TAG = "kedro/latest_partitions_at"
"""Tag of a scheduled run over several definitions: it works on the newest time that is complete at this moment."""

ALL, LATEST, RANGE = "all", "latest", "..."


def time_part(definition: Any) -> Any:
    """Partitions by time: the definition itself, or its dimension; None without."""
    if isinstance(definition, TimeWindowPartitionsDefinition):
        return definition
    if isinstance(definition, dg.MultiPartitionsDefinition) and definition.has_time_window_dimension:
        return definition.time_window_partitions_def
    return None


def build_choice(text: str | None, definitions: Sequence[Any]) -> PartitionChoice | None:
    """What `partitions` of a job says, for the definitions of its steps; None where it says nothing.

    A range belongs to the definitions that can have both its ends as keys. Dynamic partitions can have any key: it is
    theirs only where no other definition takes it.
    """
    ends = _range_ends(text)
    if text is None or ends is None:
        return None if text is None else PartitionChoice(text)
    takers = [one for one in definitions if all(_can_have(one, end) for end in ends)]
    sure = [one for one in takers if not _is_dynamic(one)]
    return PartitionChoice(text, tuple(sure or takers))


def chosen_keys(
    definition: Any, choice: PartitionChoice | None, store: dg.DagsterInstance, now: datetime | None = None
) -> list[str]:
    """The keys a choice gives, in the order of the definition.

    Args:
        definition: Dagster's partitions definition.
        choice: `all`, `latest` (of a time that is over) or `a...b`; None for all. A range of another definition of
            the job limits the dimensions that both have, and nothing else.
        store: Where the keys of dynamic partitions are.
        now: None for the present.

    Raises:
        PartitionError: An end of a range does not exist.
    """
    moment = now or datetime.now(tz=timezone.utc)
    with dg.partition_loading_context(effective_dt=moment, dynamic_partitions_store=store):
        if choice is not None and choice.takers:
            return _keys_of_range(definition, choice)
        keys = list(definition.get_partition_keys())
    if choice is not None and choice.text == LATEST and time_part(definition) is not None:
        windows = {key: definition.time_window_for_partition_key(key) for key in keys}
        newest = max((window.start for window in windows.values() if window.end <= moment), default=None)
        return [key for key, window in windows.items() if window.start == newest]
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


def has_key(definition: Any, key: str) -> bool:
    """Whether a definition has a key at present, inside `dg.partition_loading_context`."""
    try:
        return bool(definition.has_partition_key(key))
    except (ValueError, DagsterError):  # of partitions by time, and of two dimensions, a key of another form
        return False


def choice_problem(definitions: list[Any], text: str) -> str | None:
    """Why a choice fits none of a job's definitions; None where it fits.

    Keys of partitions by time and of dynamic ones come and go: only their form can be told wrong.
    """
    if not definitions:
        return "nothing in this job is partitioned"
    if text == LATEST and not any(time_part(definition) is not None for definition in definitions):
        return "'latest' needs partitions by time, and this job has none"
    ends, choice = _range_ends(text), build_choice(text, definitions)
    if ends is None or choice is None:
        return None
    first, last = ends
    if not choice.takers:
        for key in ends:
            if not any(_can_have(definition, key) for definition in definitions):
                return f"there is no partition '{key}'"
        return f"no partitions of this job have both '{first}' and '{last}'"
    static = [one for one in choice.takers if isinstance(one, dg.StaticPartitionsDefinition)]
    if len(static) == len(choice.takers) and not any(keys_between(one, first, last) for one in static):
        return f"'{first}' does not come before '{last}' in any of its partitions"
    return None


def _range_ends(text: str | None) -> tuple[str, str] | None:
    first, separator, last = (text or "").partition(RANGE)
    return (first.strip(), last.strip()) if separator else None


def _keys_of_range(definition: Any, choice: PartitionChoice) -> list[str]:
    """Keys of a range, or those of another definition that meet it in a dimension."""
    first, last = _range_ends(choice.text) or ("", "")
    if definition in choice.takers:
        unknown = next((end for end in (first, last) if not has_key(definition, end)), None)
        if unknown is not None:
            raise PartitionError(f"There is no partition '{unknown}', an end of the range '{choice.text}'")
        return keys_between(definition, first, last)
    limits: list[tuple[Any, set[str]]] = []
    for taker in choice.takers:
        keys = _keys_of_range(taker, choice)
        limits += [(part, {_parts(taker, key)[place][1] for key in keys}) for place, part in enumerate(_bases(taker))]
    return [
        key
        for key in definition.get_partition_keys()
        if all(value in allowed for part, value in _parts(definition, key) for base, allowed in limits if base == part)
    ]


def _bases(definition: Any) -> list[Any]:
    """The definition of each dimension; of one without dimensions itself."""
    is_multi = isinstance(definition, dg.MultiPartitionsDefinition)
    return [part.partitions_def for part in definition.partitions_defs] if is_multi else [definition]


def _parts(definition: Any, key: str) -> list[tuple[Any, str]]:
    """The definition and the key of each dimension, as `_bases` has them."""
    by_dimension = key_dimensions(key)
    if by_dimension is None:
        return [(definition, key)]
    return [(part.partitions_def, by_dimension[part.name]) for part in definition.partitions_defs]


def _is_dynamic(definition: Any) -> bool:
    return any(isinstance(part, dg.DynamicPartitionsDefinition) for part in _bases(definition))


def _can_have(definition: Any, key: str) -> bool:
    """Whether a text can be a key of a definition, now or at another time."""
    if isinstance(definition, dg.MultiPartitionsDefinition):
        values = split_key(key)
        bases = _bases(definition)
        return len(values) == len(bases) and all(map(_can_have, bases, values))
    if isinstance(definition, TimeWindowPartitionsDefinition):
        try:
            definition.time_window_for_partition_key(key)
        except (ValueError, DagsterError):
            return False
        return True
    return isinstance(definition, dg.DynamicPartitionsDefinition) or key in definition.get_partition_keys()
