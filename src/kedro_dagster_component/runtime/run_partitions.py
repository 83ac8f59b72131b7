"""Which partition keys a run, and each of its steps, works on."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import dagster as dg

from kedro_dagster_component.compat.dagster import only_checks
from kedro_dagster_component.compat.dagster_partitions import key_dimensions
from kedro_dagster_component.errors import PartitionError
from kedro_dagster_component.partition_keys import PARAMETERS, key_parameters, key_problem, step_name
from kedro_dagster_component.plan import InputPartitions, InstancePlan, PartitionChoice, StepPlan
from kedro_dagster_component.runtime.messages import InputKeys
from kedro_dagster_component.runtime.partition_choice import (
    LATEST,
    LATEST_TAG,
    PARTITION_TAG,
    RANGE_END_TAG,
    RANGE_START_TAG,
    chosen_keys,
    has_key,
    keys_between,
)

KEYS = "keys"
"""Output of the op that finds the partition keys of a run."""

_MAX_SHOWN = 5


def find_keys(
    context: dg.OpExecutionContext, instance: InstancePlan, plan: StepPlan
) -> Iterator[dg.DynamicOutput[Any]]:
    """One mapped step for each key of the run; none where nothing but checks is run."""
    definition = plan.partitions.definition if plan.partitions is not None else None
    if only_checks(context.job_def, plan.op_name):
        return
    for key in run_keys(context, instance, definition):
        yield dg.DynamicOutput(None, mapping_key=_step_name(key, definition), output_name=KEYS)


def step_keys(context: dg.OpExecutionContext, instance: InstancePlan, plan: StepPlan) -> Sequence[str | None]:
    """Keys a step works on: one where each key is a step, all of the run in a plain step; `(None,)` without any.

    Raises:
        PartitionError: There is no such key any more, none at all, or one that cannot be part of a path.
    """
    definition = plan.partitions.definition if plan.partitions is not None else None
    if definition is None:
        return (None,)
    keys = run_keys(context, instance, definition)
    mapped = context.get_mapping_key()
    if mapped is None:
        return keys
    found = [key for key in keys if _step_name(key, definition) == mapped]
    if not found:
        raise PartitionError(f"The partition key of step '{context.get_step_execution_context().step.key}' is gone")
    return found


def run_keys(context: dg.OpExecutionContext, instance: InstancePlan, definition: Any) -> list[str]:
    """Keys of the run for partitions: those it was started for, else those of its job, else all there are.

    Raises:
        PartitionError: There is none, or one that does not exist or cannot be part of a path.
    """
    keys = _keys_of_run(context.run, context.instance, instance, definition)
    if not keys:
        raise PartitionError(f"There is no partition key to work on: {_why_none(context.run, definition)}")
    refused = [f"{key!r} {problem}" for key in keys if (problem := _key_problem(key)) is not None]
    if refused:
        raise PartitionError(f"Partition keys become parts of paths: {'; '.join(refused[:_MAX_SHOWN])}")
    return keys


def parameters_of(key: str, definition: Any) -> dict[str, str]:
    """Runtime parameters of one key of a definition."""
    return key_parameters(key, key_dimensions(_as_key(definition, key)), _window(key, definition))


def run_parameters(
    run: dg.DagsterRun, dagster: dg.DagsterInstance, instance: InstancePlan, op_names: Collection[str]
) -> dict[str, Any]:
    """Runtime parameters by which run-level hooks see the partitions of a run.

    Args:
        run: The run.
        dagster: Where it is recorded.
        instance: The component instance.
        op_names: Ops the run runs.

    Returns:
        Those of the one key; else the list of all under `partition_keys`; empty where nothing is partitioned.
    """
    plans = [instance.steps[name].partitions for name in sorted(op_names) if name in instance.steps]
    definitions: list[Any] = []
    for plan in plans:
        if plan is not None and plan.definition is not None and plan.definition not in definitions:
            definitions.append(plan.definition)
    found = [
        (definition, key) for definition in definitions for key in _keys_of_run(run, dagster, instance, definition)
    ]
    if not definitions:
        return {}
    if len(found) == 1:
        definition, key = found[0]
        return dict(parameters_of(key, definition))
    return {PARAMETERS: [str(key) for _, key in found]}


def _keys_of_run(run: dg.DagsterRun, dagster: dg.DagsterInstance, instance: InstancePlan, definition: Any) -> list[str]:
    """Keys of a run for partitions, before anything is known to be wrong with them but that one does not exist."""
    told = [run.tags[name] for name in (PARTITION_TAG, RANGE_START_TAG, RANGE_END_TAG) if name in run.tags]
    with dg.partition_loading_context(dynamic_partitions_store=dagster):
        unknown = next((key for key in told if not has_key(definition, key)), None)
        if unknown is not None:
            raise PartitionError(f"There is no partition '{unknown}'")
        if PARTITION_TAG in run.tags:
            return [_as_key(definition, run.tags[PARTITION_TAG])]
        if RANGE_START_TAG in run.tags and RANGE_END_TAG in run.tags:
            keys = keys_between(definition, run.tags[RANGE_START_TAG], run.tags[RANGE_END_TAG])
            return [_as_key(definition, key) for key in keys]
    if LATEST_TAG in run.tags:
        return chosen_keys(definition, PartitionChoice(LATEST), dagster, datetime.fromisoformat(run.tags[LATEST_TAG]))
    choice = instance.job_partitions.get(run.job_name)
    moment = _first_created(run, dagster) if choice is not None and choice.text == LATEST else None
    return chosen_keys(definition, choice, dagster, moment)


def _first_created(run: dg.DagsterRun, dagster: dg.DagsterInstance) -> datetime | None:
    """When a run, or the one it goes on with, was created: what is latest stays so until it has succeeded."""
    for run_id in (run.root_run_id, run.run_id):
        record = dagster.get_run_record_by_id(run_id) if run_id is not None else None
        if record is not None:
            return record.create_timestamp
    return None


def _why_none(run: dg.DagsterRun, definition: Any) -> str:
    if RANGE_START_TAG in run.tags and RANGE_END_TAG in run.tags:
        return f"nothing is between '{run.tags[RANGE_START_TAG]}' and '{run.tags[RANGE_END_TAG]}'"
    if isinstance(definition, dg.DynamicPartitionsDefinition):
        return f"add some to the dynamic partitions '{definition.name}'"
    return "the partitions have not begun, or one of their dimensions has no key"


def input_keys(
    context: dg.OpExecutionContext, dataset: str, partitions: InputPartitions, definition: Any, key: str | None
) -> InputKeys:
    """Which keys of one input a step needs.

    Args:
        context: Dagster's.
        dataset: Name of the input.
        partitions: Of the input.
        definition: Of the step's outputs; None where they have none.
        key: Of the step; None where its outputs have no partitions.

    Raises:
        PartitionError: The mapping asks for keys that the input's partitions do not have.
    """
    result = partitions.mapping.get_upstream_mapped_partitions_result_for_partitions(
        downstream_partitions_subset=None if key is None else definition.subset_with_partition_keys([key]),
        downstream_partitions_def=definition,
        upstream_partitions_def=partitions.definition,
        dynamic_partitions_store=context.instance,
    )
    lacking = result.required_but_nonexistent_subset
    names = sorted(lacking.get_partition_keys()) if lacking is not None else []
    if names:
        shown = ", ".join(names[:_MAX_SHOWN])
        raise PartitionError(
            f"Partition '{key}' needs partitions of '{dataset}' that do not exist: {shown}. Way out: another mapping "
            "under `partition_mappings`, or `allow_nonexistent_upstream_partitions: true`"
        )
    keys = [_as_key(partitions.definition, name) for name in result.partitions_subset.get_partition_keys()]
    if partitions.is_single and not keys:
        raise PartitionError(f"There is no partition of '{dataset}' yet that partition '{key}' could take")
    if isinstance(partitions.mapping, dg.AllPartitionMapping):
        order = {name: place for place, name in enumerate(_all_keys(context, partitions.definition))}
        keys.sort(key=lambda name: order.get(name, len(order)))
    else:
        keys.sort()
    everything = definition is None and isinstance(partitions.mapping, dg.AllPartitionMapping)
    parameters = {name: parameters_of(name, partitions.definition) for name in keys}
    return InputKeys(parameters, is_single=partitions.is_single, is_everything=everything)


def _all_keys(context: dg.OpExecutionContext, definition: Any) -> Sequence[str]:
    keys: Sequence[str] = definition.get_partition_keys(dynamic_partitions_store=context.instance)
    return keys


def _step_name(key: str, definition: Any) -> str:
    return step_name(key, by_time=isinstance(definition, dg.TimeWindowPartitionsDefinition))


def _as_key(definition: Any, key: str) -> str:
    """A key as the definition itself gives it, with its dimensions."""
    if isinstance(definition, dg.MultiPartitionsDefinition) and key_dimensions(key) is None:
        whole: str = definition.get_partition_key_from_str(key)
        return whole
    return key


def _key_problem(key: str) -> str | None:
    parts: Mapping[str, str] = key_dimensions(key) or {"": key}
    return next((problem for part in parts.values() if (problem := key_problem(part)) is not None), None)


def _window(key: str, definition: Any) -> tuple[datetime, datetime] | None:
    """Time of a key; of several dimensions that of the one by time."""
    if isinstance(definition, dg.TimeWindowPartitionsDefinition):
        window = definition.time_window_for_partition_key(key)
        return window.start, window.end
    if isinstance(definition, dg.MultiPartitionsDefinition) and definition.has_time_window_dimension:
        window = definition.time_window_for_partition_key(key)
        return window.start, window.end
    return None
