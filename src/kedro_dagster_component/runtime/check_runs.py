"""Steps of which nothing but checks is run: they look at what is stored, and run no node."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg

from kedro_dagster_component.errors import StepError
from kedro_dagster_component.plan import DatasetPlan, InstancePlan, StepPlan
from kedro_dagster_component.runtime.checked import CheckedData
from kedro_dagster_component.runtime.data_checks import outcome
from kedro_dagster_component.runtime.handover import Surroundings, load
from kedro_dagster_component.runtime.host import hosts
from kedro_dagster_component.runtime.messages import CheckRequest, InputKeys, LoadRequest
from kedro_dagster_component.runtime.mlflow_record import recorded_origin
from kedro_dagster_component.runtime.resource import KedroSessionResource
from kedro_dagster_component.runtime.run_partitions import parameters_of
from kedro_dagster_component.runtime.step_checks import StepChecks, said_of
from kedro_dagster_component.runtime.view import RunView, sink_of, step_session


def run_checks(context: dg.OpExecutionContext, instance: InstancePlan, plan: StepPlan) -> Iterator[Any]:
    """Evaluate the selected checks of a step's outputs on what is stored.

    Raises:
        StepError: Of a partitioned dataset no partition is there.
    """
    selected = {(key.asset_key, key.name) for key in context.selected_asset_check_keys}
    checks = StepChecks(context, plan)
    for dataset in plan.outputs.values():
        names = {name for key, name in selected if key == dg.AssetKey(dataset.asset_key)}
        if not names:
            continue
        is_validated = any(check.kind == "validator" and check.name in names for check in dataset.checks)
        for checked in _looked_at(context, instance, plan, dataset, is_validated=is_validated):
            checks.add(dataset.name, checked.facts, [checked.validation] if checked.validation else [])
    yield from (event for event in checks.events_of_stored() if (event.asset_key, event.check_name) in selected)


def run_input_checks(context: Any, instance: InstancePlan, dataset: DatasetPlan) -> Iterator[dg.AssetCheckResult]:
    """Evaluate the selected checks of a free input.

    Args:
        context: Dagster's, of a check.
        instance: The component instance.
        dataset: The input.
    """
    op_context: dg.OpExecutionContext = getattr(context, "op_execution_context", context)
    selected = {key.name for key in op_context.selected_asset_check_keys}
    checks = [check for check in dataset.checks if check.name in selected]
    is_validated = any(check.kind == "validator" for check in checks)
    checked = _look(op_context, instance, dataset, None, is_validated=is_validated)
    for check in checks:
        result = outcome(check, checked.facts, [checked.validation] if checked.validation else [])
        if result is not None:
            yield dg.AssetCheckResult(**said_of(dataset, check, result))


def _looked_at(
    context: dg.OpExecutionContext, instance: InstancePlan, plan: StepPlan, dataset: DatasetPlan, *, is_validated: bool
) -> Iterator[CheckedData]:
    """The whole of a dataset, or each partition of it that is there."""
    definition = plan.partitions.definition if plan.partitions is not None else None
    if definition is None:
        yield _look(context, instance, dataset, None, is_validated=is_validated)
        return
    made = context.instance.get_materialized_partitions(dg.AssetKey(dataset.asset_key))
    keys: Sequence[str] = [
        key for key in definition.get_partition_keys(dynamic_partitions_store=context.instance) if key in made
    ]
    if not keys:
        raise StepError(f"No partition of '{dataset.name}' is there to be checked: materialise some")
    for key in keys:
        one = InputKeys({key: parameters_of(key, definition)}, is_single=True)
        yield _look(context, instance, dataset, one, is_validated=is_validated)


def _look(
    context: dg.OpExecutionContext,
    instance: InstancePlan,
    dataset: DatasetPlan,
    keys: InputKeys | None,
    *,
    is_validated: bool,
) -> CheckedData:
    """Load a dataset, or one partition of it, and look at it."""
    resource: KedroSessionResource = getattr(context.resources, instance.key)
    view = RunView.of_op(context)
    session = step_session(view, instance, resource)
    key = next(iter(keys.parameters)) if keys is not None else None
    memory = load(Surroundings.of_op(context), dataset, "asset check", key) if dataset.is_memory else None
    request = LoadRequest(
        session=session,
        dataset=dataset.spellings[-1],
        version=resource.options.load_versions.get(dataset.name) if dataset.is_versioned else None,
        mlflow_origin=recorded_origin(view.instance, view.run, dataset),
        keys=keys,
    )
    return hosts.get(instance.ref).check(CheckRequest(request, memory, is_validated), sink_of(context.log))
