"""The resource of a component instance, under its own key in the code location."""

from __future__ import annotations

from typing import Any

import dagster as dg

from kedro_dagster_component.plan import DatasetPlan, InstancePlan
from kedro_dagster_component.runtime.resource import KedroSessionResource, SessionOptions
from kedro_dagster_component.translate.config_schema import SESSION_SCHEMA


def build_session_resource(instance: InstancePlan) -> dg.IOManagerDefinition:
    """Session options of an instance, and the IO manager of its datasets.

    In-memory datasets pass through the code location's `io_manager`, hence the requirement.
    """

    def create(context: dg.InitResourceContext) -> KedroSessionResource:
        return KedroSessionResource(instance, SessionOptions(**context.resource_config), _load_for_asset)

    return dg.IOManagerDefinition(
        resource_fn=create,
        config_schema=SESSION_SCHEMA,
        required_resource_keys={"io_manager"},
        description="Options of the Kedro session of a run; assets downstream load Kedro datasets through it.",
    )


def _load_for_asset(
    context: dg.InputContext, instance: InstancePlan, dataset: DatasetPlan, options: SessionOptions
) -> Any:
    from kedro_dagster_component.runtime.step import load_for_asset

    return load_for_asset(context, instance, dataset, options)
