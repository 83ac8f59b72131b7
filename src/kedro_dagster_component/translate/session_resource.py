"""The resource of a component instance, under its own key in the code location."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg

from kedro_dagster_component.plan import DatasetPlan, InstancePlan
from kedro_dagster_component.runtime.resource import KedroSessionDefinition, SessionOptions
from kedro_dagster_component.translate.config_schema import session_fields


def build_session_resource(
    instance: InstancePlan, shown_datasets: Mapping[str, Mapping[str, Any]]
) -> KedroSessionDefinition:
    """Session options of an instance, and the IO manager of its datasets.

    In-memory datasets pass through the code location's `io_manager`, or that of the job.

    Args:
        instance: The component instance.
        shown_datasets: What the launchpad shows of the catalog, by name (`config_schema.changeable_configs`).
    """
    return KedroSessionDefinition(
        instance, _load_for_asset, _close_run, session_fields(shown_datasets), shown_datasets=shown_datasets
    )


def _load_for_asset(
    context: dg.InputContext, instance: InstancePlan, dataset: DatasetPlan, options: SessionOptions, resources: Any
) -> Any:
    # Only a run needs the runtime.
    from kedro_dagster_component.runtime.asset_inputs import load_for_asset

    return load_for_asset(context, instance, dataset, options, resources)


def _close_run(run_id: str) -> None:
    from kedro_dagster_component.runtime.unattended import close_run

    close_run(run_id)
