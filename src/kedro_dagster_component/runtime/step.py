"""One Dagster step that runs one Kedro node: Dagster's context in, Dagster's events out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from kedro_dagster_component.plan import UNCHANGED, DatasetPlan, InstancePlan, StepPlan, difference
from kedro_dagster_component.runtime.handover import Surroundings, load, store
from kedro_dagster_component.runtime.host import hosts
from kedro_dagster_component.runtime.messages import (
    DatasetReport,
    LoadRequest,
    StepRequest,
    StepResult,
)
from kedro_dagster_component.runtime.mlflow_record import model_metadata, recorded_origin, run_metadata
from kedro_dagster_component.runtime.orphan import end_with_run
from kedro_dagster_component.runtime.resource import LIVE, SessionOptions
from kedro_dagster_component.runtime.runs import STORED_KEY, VERSION_KEY, recorded_version
from kedro_dagster_component.runtime.unattended import open_run
from kedro_dagster_component.runtime.view import RunView, session_request, sink_of


def run_step(context: dg.AssetExecutionContext, instance: InstancePlan, plan: StepPlan) -> Iterator[dg.Output[Any]]:
    """Run the node of a step and say what it saved.

    Args:
        context: Dagster's.
        instance: The component instance.
        plan: The step.

    Yields:
        One output for each selected output dataset, after its save; what the node saved besides is logged as
        a materialisation.
    """
    op_context = context.op_execution_context
    options: SessionOptions = getattr(context.resources, instance.key).options
    view = RunView.of_op(op_context)
    end_with_run(view)
    open_run(view)
    session = session_request(view, instance, options)
    sink = sink_of(op_context.log)
    host = hosts.get(instance.ref)
    return_memory = instance.memory == "stored" or not session.shares_process
    memory_names = tuple(dataset.name for dataset in plan.inputs if dataset.is_memory)
    missing = host.missing_memory(session, memory_names, sink) if memory_names else ()
    request = StepRequest(
        session=session,
        node=plan.node,
        parameters=overridden_parameters(context.run.run_config, plan),
        pinned_versions=_pinned_versions(op_context, plan, options),
        mlflow_origins=_mlflow_origins(op_context, plan),
        memory_inputs={
            dataset.name: load(Surroundings.of_op(op_context), dataset, plan.node.name)
            for dataset in plan.inputs
            if dataset.name in missing
        },
        memory_outputs=tuple(dataset.name for dataset in plan.outputs.values() if dataset.is_memory),
        return_memory=return_memory,
        is_async=options.is_async,
    )
    result = host.run_step(request, sink)
    yield from _outputs(op_context, plan, result, stored=return_memory)


def load_for_asset(
    context: dg.InputContext, instance: InstancePlan, dataset: DatasetPlan, options: SessionOptions
) -> Any:
    """Load a Kedro dataset as the input of an asset that is not Kedro's.

    In-memory data comes from this process where it is still there, else from Dagster's `io_manager`.
    """
    run = RunView.of_plan(context.step_context)
    session = session_request(run, instance, options)
    sink = sink_of(run.log)
    host = hosts.get(instance.ref)
    if dataset.is_memory and host.missing_memory(session, (dataset.name,), sink):
        return load(Surroundings.of(context), dataset, context.step_context.step.key)
    spelling = dataset.spellings[0]
    version = options.load_versions.get(dataset.name) if dataset.is_versioned else None
    if dataset.is_versioned and version is None:
        version = recorded_version(run.instance, run.run, context.asset_key)
    origin = recorded_origin(run.instance, run.run, dataset)
    return host.load(LoadRequest(session=session, dataset=spelling, version=version, mlflow_origin=origin), sink)


def overridden_parameters(run_config: Mapping[str, Any], plan: StepPlan) -> dict[str, Any]:
    """Parameter overrides of a step: what the run's own configuration holds and the configured values do not.

    Args:
        run_config: As the run was launched; unlike `context.op_config` it holds no defaults.
        plan: The step.

    Returns:
        Overrides by spelling, of mappings only the keys that differ.
    """
    config = ((run_config.get("ops") or {}).get(plan.op_name) or {}).get("config") or {}
    changed = {
        name: difference(value, plan.defaults.get(name, UNCHANGED))
        for name, value in config.items()
        if name in plan.node.parameters
    }
    return {name: value for name, value in changed.items() if value is not UNCHANGED}


def _pinned_versions(context: dg.OpExecutionContext, plan: StepPlan, options: SessionOptions) -> dict[str, str]:
    """Versions of inputs that this run, or the run it re-executes, has settled; the launchpad's come first."""
    versions = {}
    for dataset in plan.inputs:
        if dataset.is_versioned and dataset.name not in options.load_versions:
            version = recorded_version(context.instance, context.run, dg.AssetKey(dataset.asset_key))
            if version is not None:
                versions[dataset.name] = version
    return versions


def _mlflow_origins(context: dg.OpExecutionContext, plan: StepPlan) -> dict[str, str]:
    """Where MLflow has the models and metrics among the inputs, by spelling."""
    origins = {}
    for dataset in plan.inputs:
        origin = recorded_origin(context.instance, context.run, dataset)
        if origin is not None:
            origins.update(dict.fromkeys(dataset.spellings, origin))
    return origins


def _outputs(
    context: dg.OpExecutionContext, plan: StepPlan, result: StepResult, *, stored: bool
) -> Iterator[dg.Output[Any]]:
    selected = context.selected_output_names
    if plan.marker is not None:
        yield dg.Output(
            None, output_name=plan.marker, metadata={"kedro/seconds": result.seconds, **run_metadata(result.mlflow_run)}
        )
    for output_name, dataset in plan.outputs.items():
        reports = [result.outputs[spelling] for spelling in plan.node.outputs if spelling in dataset.spellings]
        metadata = _metadata(reports[0], dataset, result, stored=stored)
        if output_name in selected:
            value = reports[0].value if dataset.is_memory and stored else LIVE if dataset.is_memory else None
            yield dg.Output(value, output_name=output_name, metadata=metadata)
        else:
            if dataset.is_memory and stored:
                around = Surroundings.of_op(context)
                metadata |= store(around, dataset, reports[0].value, plan.node.name)
            context.log_event(dg.AssetMaterialization(dg.AssetKey(dataset.asset_key), metadata=metadata))


def _metadata(report: DatasetReport, dataset: DatasetPlan, result: StepResult, *, stored: bool) -> dict[str, Any]:
    """Metadata of one materialisation."""
    metadata: dict[str, Any] = {"kedro/seconds": result.seconds, "kedro/save_seconds": report.seconds}
    metadata |= run_metadata(result.mlflow_run) | model_metadata(report.model_uri)
    if report.row_count is not None:
        metadata["dagster/row_count"] = report.row_count
    if report.size_bytes is not None:
        metadata["kedro/size"] = report.size_bytes
    if report.save_version is not None:
        metadata[VERSION_KEY] = report.save_version
    if dataset.is_memory:
        metadata[STORED_KEY] = stored
    return metadata
