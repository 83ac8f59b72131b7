"""Whether sensors name jobs and datasets that exist, and do not start themselves over and over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kedro_dagster_component.config.check_assets import asset_names
from kedro_dagster_component.config.declared import Declared, UnreadNames
from kedro_dagster_component.config.environment import KeyPath
from kedro_dagster_component.config.factories import expand_jobs
from kedro_dagster_component.config.file_protocols import protocol_mistake
from kedro_dagster_component.config.models import DagsterConfig
from kedro_dagster_component.config.patterns import is_pattern
from kedro_dagster_component.config.positions import Positions
from kedro_dagster_component.config.sensors import (
    AssetChangedSensorConfig,
    FileArrivedSensorConfig,
    JobFailedSensorConfig,
    JobSensorSettings,
    JobSucceededSensorConfig,
    PartitionsFoundSensorConfig,
)
from kedro_dagster_component.errors import Problem, did_you_mean
from kedro_dagster_component.manifest import DatasetEntry, ProjectManifest, dataset_name, is_parameter
from kedro_dagster_component.naming import schedule_name, unique_identifiers

_DEFAULT_PIPELINE = "__default__"
_ELSEWHERE = "an asset that is no dataset of this project goes under 'asset_keys'"
_LISTED = frozenset({"PartitionedDataset", "IncrementalDataset", "DagsterPartitionedDataset"})


def check_sensors(
    config: DagsterConfig, positions: Positions, manifest: ProjectManifest, declared: Declared
) -> Iterator[Problem]:
    """All that sensors name."""
    known = job_names(manifest, declared)
    for name, sensor in config.sensors.items():
        path: KeyPath = ("sensors", name)
        if isinstance(sensor, JobSensorSettings) and sensor.job not in known:
            yield _unknown_job(sensor.job, (*path, "job"), positions, known)
        if isinstance(sensor, AssetChangedSensorConfig):
            yield from _asset_problems(sensor, path, positions, manifest)
        elif isinstance(sensor, JobSucceededSensorConfig | JobFailedSensorConfig):
            yield from _monitored_problems(sensor, path, positions, known)
        elif isinstance(sensor, FileArrivedSensorConfig) and (mistake := protocol_mistake(sensor.path)) is not None:
            yield positions.problem((*path, "path"), mistake[0], hint=mistake[1])
        elif isinstance(sensor, PartitionsFoundSensorConfig):
            yield from _listed_problems(sensor, (*path, "dataset"), positions, manifest)
    yield from _name_problems(config, positions, manifest)
    yield from _loop_problems(list(_starts(config, manifest)), positions)


def name_clash(name: str, path: KeyPath, positions: Positions) -> Problem:
    """Schedules and sensors share one set of names."""
    message = f"a schedule and a sensor, or two sensors, are both called '{name}'"
    hint = "rename the entry under `sensors:`; a schedule is called after its job, with `_schedule` behind it"
    return positions.problem(path, message, hint=hint, at_key=True)


def _name_problems(config: DagsterConfig, positions: Positions, manifest: ProjectManifest) -> Iterator[Problem]:
    jobs = expand_jobs(config, manifest).values()
    schedules = {schedule_name(job.name) for job in jobs if job.config.schedule is not None}
    for name in config.sensors:
        if name in schedules:
            yield name_clash(name, ("sensors", name), positions)


def job_names(manifest: ProjectManifest, declared: Declared) -> frozenset[str]:
    """Names of all jobs: those of the file, factories expanded; where it has none, those of registered pipelines."""
    if isinstance(declared.jobs, UnreadNames):
        return declared.jobs
    if declared.jobs:
        return frozenset(name for name in (*declared.jobs, *manifest.jobs) if not is_pattern(name))
    wanted = ("default" if name == _DEFAULT_PIPELINE else name for name in manifest.pipelines)
    return frozenset(unique_identifiers(wanted).values())


def _unknown_job(name: str, at: KeyPath, positions: Positions, known: frozenset[str]) -> Problem:
    return positions.problem(at, f"there is no job '{name}'", hint=did_you_mean(name, known))


def _asset_problems(
    sensor: AssetChangedSensorConfig, path: KeyPath, positions: Positions, manifest: ProjectManifest
) -> Iterator[Problem]:
    known = asset_names(manifest)
    made = _made_by(sensor.job, manifest)
    for index, name in enumerate(sensor.assets):
        at: KeyPath = (*path, "assets", index)
        if name not in known:
            yield positions.problem(at, f"no pipeline has a dataset '{name}'", hint=_dataset_hint(name, known))
        elif name in made:
            message = f"job '{sensor.job}' makes '{name}' itself: each of its runs would start the next one"
            yield positions.problem(at, message, hint="watch what goes into the job")


def _listed_problems(
    sensor: PartitionsFoundSensorConfig, at: KeyPath, positions: Positions, manifest: ProjectManifest
) -> Iterator[Problem]:
    """Whether a dataset is there and can be listed; a class of the project's own may be made of Kedro's."""
    name = sensor.dataset
    entry = manifest.datasets.get(name)
    if entry is None:
        hint = _dataset_hint(name, frozenset(manifest.datasets), otherwise=None)
        yield positions.problem(at, f"no pipeline has a dataset '{name}'", hint=hint)
    elif not _can_be_listed(entry, manifest.package_name):
        message = f"'{name}' is no PartitionedDataset: it cannot say which partitions it has"
        hint = "name one with the type partitions.PartitionedDataset, or one made of it"
        yield positions.problem(at, message, hint=hint)


def _can_be_listed(entry: DatasetEntry, package: str) -> bool:
    if entry.type.rpartition(".")[2] in _LISTED or {"path", "dataset"} <= set(entry.config):
        return True
    return entry.type.startswith(f"{package}.")


def _dataset_hint(name: str, known: frozenset[str], *, otherwise: str | None = _ELSEWHERE) -> str | None:
    if is_parameter(name):
        return "parameters are no assets"
    if dataset_name(name) in known:
        return f"write '{dataset_name(name)}': the asset is the dataset in all its forms"
    close = did_you_mean(name, known) or ""
    if close.startswith("did you mean"):
        return close
    return otherwise


def _made_by(job: str, manifest: ProjectManifest) -> set[str]:
    selection = manifest.job_selections.get(job)
    nodes = [manifest.nodes[node_id] for node_id in selection.node_ids] if selection else []
    return {name for node in nodes for name in node.output_datasets or (node.name,)}


def _monitored_problems(
    sensor: JobSucceededSensorConfig | JobFailedSensorConfig,
    path: KeyPath,
    positions: Positions,
    known: frozenset[str],
) -> Iterator[Problem]:
    for index, name in enumerate(sensor.monitored_jobs):
        at: KeyPath = (*path, "monitored_jobs", index)
        if name not in known:
            yield _unknown_job(name, at, positions, known)
        elif name == sensor.job:
            message = f"the sensor starts '{name}' itself: each of its runs would start the next one"
            hint = "to try failed steps again, give the job a 'retry_policy'" if sensor.type == "job_failed" else None
            yield positions.problem(at, message, hint=hint)


@dataclass(frozen=True)
class _Start:
    """That every good run of one job starts another."""

    job: str
    next_job: str
    sensor: str
    path: KeyPath


def _starts(config: DagsterConfig, manifest: ProjectManifest) -> Iterator[_Start]:
    """What each run that goes well starts; a job started by a failure may well start the failed one again."""
    for name, sensor in config.sensors.items():
        path: KeyPath = ("sensors", name)
        if isinstance(sensor, JobSucceededSensorConfig):
            for index, job in enumerate(sensor.monitored_jobs):
                yield _Start(job, sensor.job, name, (*path, "monitored_jobs", index))
        elif isinstance(sensor, AssetChangedSensorConfig) and _waits_for_one(sensor):
            for index, dataset in enumerate(sensor.assets):
                for job in _makers(dataset, manifest):
                    yield _Start(job, sensor.job, name, (*path, "assets", index))


def _waits_for_one(sensor: AssetChangedSensorConfig) -> bool:
    return sensor.require == "any" or len(sensor.assets) + len(sensor.asset_keys) == 1


def _makers(dataset: str, manifest: ProjectManifest) -> list[str]:
    return [job for job in sorted(manifest.job_selections) if dataset in _made_by(job, manifest)]


def _loop_problems(starts: Sequence[_Start], positions: Positions) -> Iterator[Problem]:
    """Jobs that start each other for ever; each loop once, at its last sensor in the file."""
    seen: set[frozenset[str]] = set()
    for index, start in enumerate(starts):
        way = _way(start.next_job, start.job, starts[: index + 1])
        jobs = frozenset((start.job, *(step.job for step in way)))
        if start.job == start.next_job or not way or jobs in seen:
            continue
        seen.add(jobs)
        shown = " -> ".join((start.job, *(step.job for step in way), start.job))
        sensors = "', '".join(sorted({step.sensor for step in (start, *way)}))
        message = f"the jobs start each other for ever: {shown}"
        yield positions.problem(start.path, message, hint=f"take one of these sensors away: '{sensors}'")


def _way(first: str, last: str, starts: Sequence[_Start]) -> tuple[_Start, ...]:
    """The shortest way from a job to another; empty where there is none."""
    ways: list[tuple[str, tuple[_Start, ...]]] = [(first, ())]
    seen = {first}
    for job, way in ways:
        if job == last:
            return way
        for start in starts:
            if start.job == job and start.next_job not in seen:
                seen.add(start.next_job)
                ways.append((start.next_job, (*way, start)))
    return ()
