"""Sensors of one component instance: those of `dagster.yml`, and the one behind automation conditions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg

from kedro_dagster_component.config.models import DagsterConfig
from kedro_dagster_component.config.positions import Positions
from kedro_dagster_component.config.sensors import SensorSettings
from kedro_dagster_component.loading import warn_at
from kedro_dagster_component.manifest import ProjectManifest
from kedro_dagster_component.plan import InstancePlan
from kedro_dagster_component.translate.assets import AssetTable
from kedro_dagster_component.translate.sensors import SensorSurroundings, build_automation_sensor, build_sensor


def build_configured_sensors(
    config: DagsterConfig, positions: Positions, around: SensorSurroundings
) -> list[dg.SensorDefinition]:
    """The sensors of `dagster.yml`; one whose jobs or assets the instance does not expose is left out, with a warning."""
    hidden = [name for name, sensor in config.sensors.items() if not _can_see(sensor, around)]
    for name in hidden:
        warn_at(positions.at("sensors", name), f"sensor '{name}' is left out: its job or assets are not exposed")
    return [build_sensor(name, sensor, around) for name, sensor in config.sensors.items() if name not in hidden]


def build_automation(
    config: DagsterConfig, positions: Positions, table: AssetTable, name: str
) -> list[dg.SensorDefinition]:
    """The sensor behind automation conditions; without its section they would silently do nothing, so it warns."""
    specs = [*table.datasets.values(), *table.nodes.values()]
    keys = [spec.key for spec in specs if spec.automation_condition is not None]
    if not keys:
        return []
    if config.automation is None:
        warn_at(
            positions.at("assets"),
            f"{len(keys)} assets have an automation condition, and no sensor looks at them: add `automation: {{}}` "
            "to dagster.yml, or switch on Dagster's own sensor in the UI",
        )
        return []
    return [build_automation_sensor(name, config.automation, keys)]


def sensor_surroundings(
    manifest: ProjectManifest, instance: InstancePlan, table: AssetTable, jobs: Mapping[str, Any], prefix: str
) -> SensorSurroundings:
    """What the sensors of an instance may name."""
    nodes = {manifest.nodes[node_id].name: spec.key for node_id, spec in table.nodes.items()}
    datasets = {name: spec.key for name, spec in table.datasets.items()}
    return SensorSurroundings(
        prefix=prefix,
        jobs={name.removeprefix(prefix): job for name, job in jobs.items() if job is not None},
        keys={**nodes, **datasets},
        resource_key=instance.key,
        project_path=manifest.ref.project_path,
    )


def _can_see(sensor: SensorSettings, around: SensorSurroundings) -> bool:
    """Whether the jobs and datasets a sensor names are exposed by this instance."""
    jobs = {sensor.job, *getattr(sensor, "monitored_jobs", ())}
    return jobs <= set(around.jobs) and set(getattr(sensor, "assets", ())) <= set(around.keys)
