"""Sensors that see to Kedro's run-level hooks where no executor of ours can."""

from __future__ import annotations

from typing import Any

import dagster as dg

from kedro_dagster_component.plan import InstancePlan


def build_hook_sensors(instance: InstancePlan, prefix: str, *, has_own_executor: bool) -> list[dg.SensorDefinition]:
    """The sensors of an instance.

    Args:
        instance: The component instance.
        prefix: Put before their names.
        has_own_executor: Whether runs without a job have an executor that is not ours.

    Returns:
        One that looks after runs whose process was killed; with an executor of the code location's own, two more.
    """
    name = f"{prefix}{instance.key}_run_hooks"
    if not has_own_executor:
        return [_failure_sensor(instance, name)]
    return [
        _status_sensor(instance, f"{name}_started", dg.DagsterRunStatus.STARTED, "before"),
        _status_sensor(instance, f"{name}_succeeded", dg.DagsterRunStatus.SUCCESS, "after"),
        _status_sensor(instance, f"{name}_failed", dg.DagsterRunStatus.FAILURE, "error"),
        _status_sensor(instance, f"{name}_cancelled", dg.DagsterRunStatus.CANCELED, "error"),
    ]


def _failure_sensor(instance: InstancePlan, name: str) -> dg.SensorDefinition:
    @dg.run_failure_sensor(
        name=name,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Fires Kedro's on_pipeline_error for runs whose own process was killed.",
    )
    def sensor(context: dg.RunFailureSensorContext) -> Any:
        # Only a tick needs the runtime.
        from kedro_dagster_component.runtime.unattended import fire_left_over

        return fire_left_over(context, instance)

    return sensor


def _status_sensor(instance: InstancePlan, name: str, status: dg.DagsterRunStatus, moment: Any) -> dg.SensorDefinition:
    @dg.run_status_sensor(
        name=name,
        run_status=status,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Fires a hook of Kedro's for runs of an executor that is not wrapped in `with_kedro_hooks`.",
    )
    def sensor(context: dg.RunStatusSensorContext) -> Any:
        # Only a tick needs the runtime.
        from kedro_dagster_component.runtime.unattended import fire_second_best

        return fire_second_best(context, instance, moment)

    return sensor
