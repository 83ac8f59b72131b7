"""The sensors of `dagster.yml`, each one of Dagster's own kinds."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from kedro_dagster_component.config.automation import AutomationConfig
from kedro_dagster_component.config.sensors import (
    AssetChangedSensorConfig,
    FileArrivedSensorConfig,
    JobFailedSensorConfig,
    JobSucceededSensorConfig,
    PartitionsFoundSensorConfig,
    SensorSettings,
)
from kedro_dagster_component.naming import identifier
from kedro_dagster_component.translate.arrivals import Arrivals, look_for_files
from kedro_dagster_component.translate.found_partitions import DynamicKeys, changed_keys


@dataclass(frozen=True)
class SensorSurroundings:
    """What sensors need to know of their instance.

    Attributes:
        prefix: Put before the names of sensors.
        jobs: Dagster jobs by their name in `dagster.yml`, or by the name of a registered pipeline.
        keys: Asset keys by name of the dataset, or of a node without outputs.
        resource_key: Of the session resource, which takes runtime parameters.
        project_path: Where relative paths start.
        dynamic: Where Dagster keeps the dynamic keys of the datasets that have some, by name.
        stored_keys: Lists the partition keys that a dataset has in storage, by its name.
    """

    prefix: str
    jobs: Mapping[str, Any]
    keys: Mapping[str, dg.AssetKey]
    resource_key: str
    project_path: str
    dynamic: Mapping[str, DynamicKeys] = field(default_factory=dict)
    stored_keys: Callable[[str], Iterable[str]] = lambda _name: ()


def build_sensor(name: str, config: SensorSettings, around: SensorSurroundings) -> dg.SensorDefinition:
    """The Dagster sensor of an entry of `sensors:`."""
    return _BUILDERS[type(config)](name, config, around)


def build_automation_sensor(
    name: str, config: AutomationConfig, keys: list[dg.AssetKey]
) -> dg.AutomationConditionSensorDefinition:
    """The sensor behind the automation conditions of an instance's assets."""
    return dg.AutomationConditionSensorDefinition(
        name,
        target=dg.AssetSelection.assets(*keys),
        default_status=dg.DefaultSensorStatus[config.default_status],
        minimum_interval_seconds=config.minimum_interval_seconds,
    )


def _common(name: str, config: SensorSettings, around: SensorSurroundings) -> dict[str, Any]:
    return {
        "name": f"{around.prefix}{identifier(name)}",
        "minimum_interval_seconds": config.minimum_interval_seconds,
        "default_status": dg.DefaultSensorStatus[config.default_status],
        "description": config.description or _DESCRIPTIONS[type(config)](config),
        "tags": dict(config.tags) or None,
    }


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def _asset_changed(name: str, config: AssetChangedSensorConfig, around: SensorSurroundings) -> dg.SensorDefinition:
    keys = [around.keys[dataset] for dataset in config.assets]
    keys += [dg.AssetKey(key.split("/")) for key in config.asset_keys]

    def evaluate(context: dg.MultiAssetSensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        return _request_for_assets(context, config, keys)

    with warnings.catch_warnings():
        # Dagster would rather have automation conditions; a sensor that starts a job is the use it still names.
        warnings.simplefilter("ignore", dg.SupersessionWarning)
        build = dg.multi_asset_sensor(
            monitored_assets=keys, job=around.jobs[config.job], **_common(name, config, around)
        )
        return build(evaluate)


def _request_for_assets(
    context: dg.MultiAssetSensorEvaluationContext, config: AssetChangedSensorConfig, keys: list[dg.AssetKey]
) -> dg.RunRequest | dg.SkipReason:
    """A run once any, or all, of the assets were materialised since the sensor last started one."""
    records = context.latest_materialization_records_by_key(keys)
    changed = [key for key, record in records.items() if record is not None]
    if not changed or (config.require == "all" and len(changed) < len(keys)):
        waiting = [key.to_user_string() for key in keys if key not in changed]
        return dg.SkipReason(f"no new materialisation of {', '.join(waiting)}")
    context.advance_all_cursors()
    return dg.RunRequest(tags=dict(config.tags))


def _file_arrived(name: str, config: FileArrivedSensorConfig, around: SensorSurroundings) -> dg.SensorDefinition:
    def evaluate(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        arrivals = look_for_files(config.path, dict(config.storage_options), around.project_path, context.cursor)
        return _request_for_files(arrivals, config, around)

    return dg.sensor(job=around.jobs[config.job], **_common(name, config, around))(evaluate)


def _request_for_files(
    arrivals: Arrivals, config: FileArrivedSensorConfig, around: SensorSurroundings
) -> dg.SensorResult:
    """One run for each new file, or one for all of them.

    Where nothing is new the pattern is not repeated: it may hold a password, or come from the environment.
    """
    if not arrivals.new:
        return dg.SensorResult(skip_reason=dg.SkipReason("no file is new"), cursor=arrivals.cursor)
    groups = [[path] for path in arrivals.new] if config.run_per == "file" else [list(arrivals.new)]
    requests = [
        dg.RunRequest(
            run_key=_run_key(arrivals, paths),
            run_config=_file_config(config, around, paths),
            tags=dict(config.tags),
        )
        for paths in groups
    ]
    return dg.SensorResult(run_requests=requests, cursor=arrivals.cursor)


def _run_key(arrivals: Arrivals, paths: list[str]) -> str:
    """Of the run for some files: the same when a tick that broke off is repeated, another when a file comes back.

    Dagster keeps it as a tag of the run, whose length databases limit.
    """
    text = "|".join(f"{path}@{arrivals.new[path]}" for path in paths)
    shown = paths[0] if len(paths) == 1 else f"{len(paths)} files"
    return f"{shown[-200:]}#{arrivals.look}-{hashlib.sha256(text.encode()).hexdigest()}"


def _file_config(config: FileArrivedSensorConfig, around: SensorSurroundings, paths: list[str]) -> dict[str, Any]:
    if config.param is None:
        return {}
    value = paths[0] if config.run_per == "file" else paths
    nested: Any = value
    for key in reversed(config.param.split(".")):
        nested = {key: nested}
    return {"resources": {around.resource_key: {"config": {"runtime_params": nested}}}}


def _after_job(status: dg.DagsterRunStatus) -> Callable[..., dg.SensorDefinition]:
    def build(
        name: str, config: JobSucceededSensorConfig | JobFailedSensorConfig, around: SensorSurroundings
    ) -> dg.SensorDefinition:
        def evaluate(context: dg.RunStatusSensorContext) -> dg.RunRequest:
            return dg.RunRequest(run_key=context.dagster_run.run_id, tags=dict(config.tags))

        return dg.run_status_sensor(
            run_status=status,
            monitored_jobs=[around.jobs[job] for job in config.monitored_jobs],
            request_job=around.jobs[config.job],
            **_common(name, config, around),
        )(evaluate)

    return build


def _partitions_found(
    name: str, config: PartitionsFoundSensorConfig, around: SensorSurroundings
) -> dg.SensorDefinition:
    def evaluate(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        found = around.stored_keys(config.dataset)
        return changed_keys(context, around.dynamic[config.dataset], found, remove=config.remove)

    return dg.sensor(**_common(name, config, around))(evaluate)


_BUILDERS: Mapping[type[SensorSettings], Callable[..., dg.SensorDefinition]] = {
    AssetChangedSensorConfig: _asset_changed,
    FileArrivedSensorConfig: _file_arrived,
    JobSucceededSensorConfig: _after_job(dg.DagsterRunStatus.SUCCESS),
    JobFailedSensorConfig: _after_job(dg.DagsterRunStatus.FAILURE),
    PartitionsFoundSensorConfig: _partitions_found,
}
_DESCRIPTIONS: Mapping[type[SensorSettings], Callable[[Any], str]] = {
    AssetChangedSensorConfig: lambda config: (
        f"Starts {config.job} once {config.require} of {_listed((*config.assets, *config.asset_keys))} has new data."
    ),
    FileArrivedSensorConfig: lambda config: f"Starts {config.job} for new files.",  # the pattern may hold a password
    JobSucceededSensorConfig: lambda config: f"Starts {config.job} after {_listed(config.monitored_jobs)}.",
    JobFailedSensorConfig: lambda config: f"Starts {config.job} when {_listed(config.monitored_jobs)} has failed.",
    PartitionsFoundSensorConfig: lambda config: f"Keeps the partitions in step with what {config.dataset} has stored.",
}
"""What a sensor does, where its entry has no description."""
