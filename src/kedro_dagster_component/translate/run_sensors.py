"""Sensors that see to Kedro's run-level hooks where no executor of ours can."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import dagster as dg

from kedro_dagster_component.plan import InstancePlan

_LAST_HOOKS: Mapping[dg.DagsterRunStatus, Literal["after", "error"]] = {
    dg.DagsterRunStatus.SUCCESS: "after",
    dg.DagsterRunStatus.FAILURE: "error",
    dg.DagsterRunStatus.CANCELED: "error",
}
_KILLED = "Fires Kedro's on_pipeline_error for runs whose own process was killed."
_OTHER_EXECUTOR = f"{_KILLED} Fires all run-level hooks for runs of an executor without `with_kedro_hooks`."


def build_hook_sensors(instance: InstancePlan, prefix: str, *, has_other_executor: bool) -> list[dg.SensorDefinition]:
    """The sensors of an instance.

    Args:
        instance: The component instance.
        prefix: Put before their names.
        has_other_executor: Whether runs without a job have an executor that is not ours.

    Returns:
        Two that look after runs whose process was killed; with another executor, one more for its runs that went well.
    """
    name = f"{prefix}{instance.key}_run_hooks"
    sensors = [
        _sensor(instance, name, dg.DagsterRunStatus.FAILURE, has_other_executor=has_other_executor),
        _sensor(instance, f"{name}_cancelled", dg.DagsterRunStatus.CANCELED, has_other_executor=has_other_executor),
    ]
    if has_other_executor:
        sensors.append(_sensor(instance, f"{name}_succeeded", dg.DagsterRunStatus.SUCCESS, has_other_executor=True))
    return sensors


def _sensor(
    instance: InstancePlan, name: str, status: dg.DagsterRunStatus, *, has_other_executor: bool
) -> dg.SensorDefinition:
    @dg.run_status_sensor(
        name=name,
        run_status=status,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=_OTHER_EXECUTOR if has_other_executor else _KILLED,
    )
    def sensor(context: dg.RunStatusSensorContext) -> Any:
        # Only a tick needs the runtime.
        from kedro_dagster_component.runtime.unattended import see_to

        ended = _LAST_HOOKS[status]
        return see_to(context, instance, ended, has_other_executor=has_other_executor)

    return sensor
