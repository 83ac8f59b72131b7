"""Which partitions a run without a partition of its own works on, and the runs that a schedule asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import dagster as dg

from kedro_dagster_component.plan import PartitionChoice
from kedro_dagster_component.runtime.partition_choice import (
    LATEST,
    LATEST_TAG,
    RANGE_END_TAG,
    RANGE_START_TAG,
    chosen_keys,
    time_part,
)


def partitioned_runs(
    definitions: Sequence[Any], choice: PartitionChoice | None, tags: Mapping[str, str]
) -> Callable[[dg.ScheduleEvaluationContext], dg.RunRequest | dg.SkipReason]:
    """What a schedule of a partitioned job asks for: one run of the keys that are due.

    Of partitions by time, or with one dimension by time, these are the newest complete ones; of others all that
    exist at the tick. A job over several definitions finds its keys itself: it is told the time of the tick.

    Args:
        definitions: The job's partitions, different ones.
        choice: What `partitions` of the job says instead; None for nothing.
        tags: Of the runs.
    """

    def evaluate(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        return _due_run(context, definitions, choice, tags)

    return evaluate


def cron_of(definitions: Sequence[Any]) -> str:
    """The cron schedule on which partitions by time end."""
    cron: str = time_definition(definitions).get_cron_schedule()
    return cron


def time_definition(definitions: Sequence[Any]) -> Any:
    """The partitions by time among some, or in one of their dimensions; None without any."""
    return next((part for part in map(time_part, definitions) if part is not None), None)


def _due_run(
    context: dg.ScheduleEvaluationContext,
    definitions: Sequence[Any],
    choice: PartitionChoice | None,
    tags: Mapping[str, str],
) -> dg.RunRequest | dg.SkipReason:
    now = context.scheduled_execution_time
    wanted = choice or (PartitionChoice(LATEST) if time_definition(definitions) is not None else None)
    keys = {number: chosen_keys(one, wanted, context.instance, now) for number, one in enumerate(definitions)}
    if not all(keys.values()):
        return dg.SkipReason("There is no partition to work on yet")
    if len(definitions) > 1:
        latest = {LATEST_TAG: now.isoformat()} if wanted is not None and wanted.text == LATEST else {}
        return dg.RunRequest(tags={**tags, **latest})
    if len(keys[0]) == 1:
        return dg.RunRequest(partition_key=keys[0][0], tags=dict(tags))
    return dg.RunRequest(tags={**tags, RANGE_START_TAG: keys[0][0], RANGE_END_TAG: keys[0][-1]})
