"""Dynamic partitions that follow what a dataset has in storage."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

import dagster as dg

from kedro_dagster_component.partition_keys import key_problem

_BETWEEN_DIMENSIONS = "|"
_SHOWN = 5


@dataclass(frozen=True)
class DynamicKeys:
    """Where Dagster keeps the keys of dynamic partitions, and which part of a dataset's keys they are.

    Attributes:
        name: Of the dynamic partitions.
        dimension: Place of the dynamic dimension in a key of two; None without dimensions.
    """

    name: str
    dimension: int | None = None

    def of(self, stored: str) -> str | None:
        """The dynamic part of a key in storage; None where the key has no such part."""
        if self.dimension is None:
            return stored
        parts = stored.split(_BETWEEN_DIMENSIONS)
        return parts[self.dimension] if len(parts) > self.dimension and len(parts) > 1 else None


def dynamic_keys(definition: dg.PartitionsDefinition) -> DynamicKeys | None:
    """Where the dynamic keys of partitions are; None for partitions without any."""
    if isinstance(definition, dg.DynamicPartitionsDefinition):
        return DynamicKeys(str(definition.name))
    if isinstance(definition, dg.MultiPartitionsDefinition):
        for place, part in enumerate(definition.partitions_defs):
            if isinstance(part.partitions_def, dg.DynamicPartitionsDefinition):
                return DynamicKeys(str(part.partitions_def.name), place)
    return None


def changed_keys(
    context: dg.SensorEvaluationContext, target: DynamicKeys, stored: Iterable[str], *, remove: bool
) -> dg.SensorResult:
    """What a look at the storage asks Dagster to add and to remove.

    Every key in storage that Dagster does not have is added, also one that somebody took out. The cursor holds what
    the looks have found, so that a key from elsewhere is never removed. Where nothing at all is found a disk that is
    not mounted is likelier than that everything was deleted: then nothing is removed.

    Args:
        context: Of the tick.
        target: Where Dagster keeps the keys.
        stored: Keys of the dataset in storage.
        remove: Whether to remove keys that are gone from storage.
    """
    found, refused = _usable(target, stored)
    if refused:
        shown = "; ".join(refused[:_SHOWN])
        context.log.warning("%d keys in storage cannot be partitions: %s", len(refused), shown)
    known = context.instance.get_dynamic_partitions(target.name)
    before: list[str] = json.loads(context.cursor)["keys"] if context.cursor else []
    new = [key for key in found if key not in set(known)]
    gone = [key for key in before if key in set(known) - set(found)] if remove and found else []
    asked: list[dg.AddDynamicPartitionsRequest | dg.DeleteDynamicPartitionsRequest] = []
    asked += [dg.AddDynamicPartitionsRequest(target.name, new)] if new else []
    asked += [dg.DeleteDynamicPartitionsRequest(target.name, gone)] if gone else []
    kept = found if remove and found else list(dict.fromkeys([*before, *found]))
    return dg.SensorResult(
        dynamic_partitions_requests=asked,
        cursor=json.dumps({"keys": kept}),
        skip_reason=_told(new, gone, remove=remove),
    )


def _told(new: list[str], gone: list[str], *, remove: bool) -> str:
    """What the tick shows: it starts no run, so that Dagster counts it as skipped."""
    return f"partitions: {len(new)} new" + (f", {len(gone)} gone" if remove else "")


def _usable(target: DynamicKeys, stored: Iterable[str]) -> tuple[list[str], list[str]]:
    """Dynamic keys of what is in storage, without repeats, and what is wrong with the others."""
    found: dict[str, None] = {}
    refused = []
    for whole in stored:
        key = target.of(whole)
        if key is None:
            refused.append(f"{whole!r} has no '{_BETWEEN_DIMENSIONS}'")
        elif (problem := key_problem(key)) is not None:
            refused.append(f"{key!r} {problem}")
        else:
            found[key] = None
    return list(found), refused
