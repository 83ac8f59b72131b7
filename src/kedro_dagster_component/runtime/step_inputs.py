"""What a node is given besides its data: parameters of the launchpad, versions that are settled, runs of MLflow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg

from kedro_dagster_component.plan import UNCHANGED, NodePlan, StepPlan, difference
from kedro_dagster_component.runtime.messages import KeyRequest
from kedro_dagster_component.runtime.mlflow_record import recorded_origin
from kedro_dagster_component.runtime.resource import SessionOptions
from kedro_dagster_component.runtime.runs import recorded_version


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
        if name in plan.parameters
    }
    return {name: value for name, value in changed.items() if value is not UNCHANGED}


def pinned_versions(
    context: dg.OpExecutionContext, one: NodePlan, options: SessionOptions, partition: KeyRequest | None
) -> dict[str, str]:
    """Versions of inputs that this run, or the run it re-executes, has settled; the launchpad's come first.

    Of an input of several partitions none is pinned: each was saved under a version of its own.
    """
    versions = {}
    keyed = partition.inputs if partition is not None else {}
    for dataset in one.inputs:
        if dataset.is_versioned and dataset.name not in options.load_versions:
            keys = keyed.get(dataset.name)
            if keys is not None and not keys.is_single:
                continue
            key = next(iter(keys.parameters), None) if keys is not None else None
            version = recorded_version(context.instance, context.run, dg.AssetKey(dataset.asset_key), key)
            if version is not None:
                versions[dataset.name] = version
    return versions


def mlflow_origins(context: dg.OpExecutionContext, one: NodePlan) -> dict[str, str]:
    """Where MLflow has the models and metrics among the inputs, by spelling."""
    origins = {}
    for dataset in one.inputs:
        origin = recorded_origin(context.instance, context.run, dataset)
        if origin is not None:
            origins.update(dict.fromkeys(dataset.spellings, origin))
    return origins
