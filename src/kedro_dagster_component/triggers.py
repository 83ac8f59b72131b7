"""Sensors of one component instance: those of `dagster.yml`, and the one behind automation conditions."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import dagster as dg

from kedro_dagster_component.config.models import DagsterConfig
from kedro_dagster_component.config.positions import Positions
from kedro_dagster_component.config.sensors import JobSensorSettings, PartitionsFoundSensorConfig, SensorSettings
from kedro_dagster_component.errors import ConfigurationError, Problem
from kedro_dagster_component.introspection import list_stored_keys
from kedro_dagster_component.loading import warn_at
from kedro_dagster_component.manifest import ProjectManifest
from kedro_dagster_component.plan import InstancePlan
from kedro_dagster_component.translate.assets import AssetTable
from kedro_dagster_component.translate.found_partitions import dynamic_keys
from kedro_dagster_component.translate.sensors import SensorSurroundings, build_automation_sensor, build_sensor

_TIMEOUT_VARIABLE, _TIMEOUT_SECONDS = "DAGSTER_SENSOR_GRPC_TIMEOUT_SECONDS", 60
"""How long Dagster waits for a sensor."""


def build_configured_sensors(
    config: DagsterConfig, positions: Positions, around: SensorSurroundings
) -> list[dg.SensorDefinition]:
    """The sensors of `dagster.yml`; one whose jobs or assets the instance does not expose is left out, with a warning.

    Raises:
        ConfigurationError: A sensor is to add keys to partitions whose keys do not change.
    """
    if problems := list(_problems(config, positions, around)):
        raise ConfigurationError(problems)
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
    manifest: ProjectManifest,
    instance: InstancePlan,
    table: AssetTable,
    jobs: Mapping[str, Any],
    prefix: str,
    partitions: Mapping[str, dg.PartitionsDefinition] | None = None,
) -> SensorSurroundings:
    """What the sensors of an instance may name.

    Args:
        manifest: The whole project.
        instance: The component instance.
        table: Final specs of all it exposes.
        jobs: By Dagster name; None for one that a subclass leaves out.
        prefix: Of the instance's names.
        partitions: Of the datasets that have some, by name.
    """
    nodes = {manifest.nodes[node_id].name: spec.key for node_id, spec in table.nodes.items()}
    datasets = {name: spec.key for name, spec in table.datasets.items()}
    return SensorSurroundings(
        prefix=prefix,
        jobs={name.removeprefix(prefix): job for name, job in jobs.items() if job is not None},
        keys={**nodes, **datasets},
        resource_key=instance.key,
        project_path=manifest.ref.project_path,
        dynamic={name: found for name, one in (partitions or {}).items() if (found := dynamic_keys(one)) is not None},
        stored_keys=_stored_keys_of(manifest),
    )


def _problems(config: DagsterConfig, positions: Positions, around: SensorSurroundings) -> Iterator[Problem]:
    """Sensors that add keys to partitions whose keys do not change."""
    for name, sensor in config.sensors.items():
        if not isinstance(sensor, PartitionsFoundSensorConfig) or not _can_see(sensor, around):
            continue
        if sensor.dataset not in around.dynamic:
            message = f"'{sensor.dataset}' has no dynamic partitions, to which keys could be added"
            hint = "give it some under `assets:`: {partitions: x}, with `x: {type: dynamic}` under `partitions:`"
            yield positions.problem(("sensors", name, "dataset"), message, hint=hint)


def _stored_keys_of(manifest: ProjectManifest) -> Callable[[str], tuple[str, ...]]:
    """Lists keys in a process of its own: a code server that opened the project would stay with its first state."""

    def list_keys(name: str) -> tuple[str, ...]:
        seconds = float(os.environ.get(_TIMEOUT_VARIABLE) or _TIMEOUT_SECONDS)
        return list_stored_keys(manifest.ref, manifest.datasets[name].spellings[0], timeout_seconds=seconds)

    return list_keys


def _can_see(sensor: SensorSettings, around: SensorSurroundings) -> bool:
    """Whether the jobs and datasets a sensor names are exposed by this instance."""
    jobs = {sensor.job, *getattr(sensor, "monitored_jobs", ())} if isinstance(sensor, JobSensorSettings) else set()
    assets = {sensor.dataset} if isinstance(sensor, PartitionsFoundSensorConfig) else getattr(sensor, "assets", ())
    return jobs <= set(around.jobs) and set(assets) <= set(around.keys)
