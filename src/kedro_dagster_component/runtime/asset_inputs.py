"""Kedro's datasets as inputs of assets that are not Kedro's."""

from __future__ import annotations

from typing import Any

import dagster as dg

from kedro_dagster_component.plan import DatasetPlan, InstancePlan
from kedro_dagster_component.runtime.handover import Surroundings, load
from kedro_dagster_component.runtime.host import hosts
from kedro_dagster_component.runtime.messages import InputKeys, LoadRequest
from kedro_dagster_component.runtime.mlflow_record import recorded_origin
from kedro_dagster_component.runtime.resource import SessionOptions
from kedro_dagster_component.runtime.run_partitions import parameters_of
from kedro_dagster_component.runtime.runs import recorded_version
from kedro_dagster_component.runtime.view import RunView, session_request, sink_of


def load_for_asset(
    context: dg.InputContext, instance: InstancePlan, dataset: DatasetPlan, options: SessionOptions, resources: Any
) -> Any:
    """Load a Kedro dataset as the input of an asset that is not Kedro's.

    In-memory data comes from this process where it is still there, else from Dagster's `io_manager`. Of a
    partitioned dataset one partition is loaded as such, several as a mapping from key to data.

    Args:
        context: Dagster's.
        instance: The component instance.
        dataset: Which one.
        options: Of the run's session.
        resources: With `io_manager`.
    """
    if not context.has_asset_partitions:
        return _load(context, instance, dataset, options, resources, None)
    definition = context.asset_partitions_def
    keys = [*context.asset_partition_keys]
    data = {
        key: _load(
            context,
            instance,
            dataset,
            options,
            resources,
            InputKeys({key: parameters_of(key, definition)}, is_single=True),
        )
        for key in keys
    }
    return data[keys[0]] if len(keys) == 1 else data


def _load(
    context: dg.InputContext,
    instance: InstancePlan,
    dataset: DatasetPlan,
    options: SessionOptions,
    resources: Any,
    keys: InputKeys | None,
) -> Any:
    """Load the whole, or the one partition that is asked for."""
    run = RunView.of_plan(context.step_context)
    session = session_request(run, instance, options)
    sink = sink_of(run.log)
    host = hosts.get(instance.ref)
    key = next(iter(keys.parameters)) if keys is not None else None
    if dataset.is_memory and host.missing_memory(session, ((dataset.name, key),), sink):
        return load(Surroundings.of(context, resources), dataset, context.step_context.step.key, key)
    version = options.load_versions.get(dataset.name) if dataset.is_versioned else None
    if dataset.is_versioned and version is None:
        version = recorded_version(run.instance, run.run, context.asset_key, key)
    origin = recorded_origin(run.instance, run.run, dataset)
    spelling = dataset.spellings[0]
    request = LoadRequest(session=session, dataset=spelling, version=version, mlflow_origin=origin, keys=keys)
    return host.load(request, sink)
