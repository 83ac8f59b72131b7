"""What is taken and does nothing, for a warning."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from kedro_dagster_component.config.environment import KeyPath
from kedro_dagster_component.config.executors import WITHOUT_EFFECT, kind_of_options
from kedro_dagster_component.config.factories import expand_jobs
from kedro_dagster_component.config.models import DagsterConfig
from kedro_dagster_component.config.patterns import fits
from kedro_dagster_component.config.positions import Positions
from kedro_dagster_component.errors import Position, Problem
from kedro_dagster_component.manifest import ProjectManifest

_OF_STEPS = (
    *("retry_policy", "pool", "backfill_policy", "automation_condition"),
    *("partition_mappings", "include_metadata"),
)
"""Settings of assets that are about the step that makes them."""


def settings_without_effect(manifest: ProjectManifest, positions: Positions) -> Iterator[Problem]:
    """What a correct `dagster.yml` says in vain.

    Args:
        manifest: The project, with the content of the file.
        positions: Of its files.
    """
    content = manifest.dagster
    for name, executor in _entries(content, "executors"):
        yield from _options(executor, ("executors", name), positions)
    for name, job in _entries(content, "jobs"):
        yield from _options(job.get("executor"), ("jobs", name, "executor"), positions)
    yield from _of_free_inputs(content, manifest, positions)


def jobs_left_out(
    config: DagsterConfig, positions: Positions, manifest: ProjectManifest, shown: Collection[str]
) -> Iterator[Problem]:
    """Jobs of the file that an instance does not have, since it exposes none of their nodes.

    Args:
        config: `dagster.yml`.
        positions: Of its files.
        manifest: The project.
        shown: Names of the jobs the instance has.
    """
    for job in expand_jobs(config, manifest).values():
        if job.name not in shown:
            message = f"job '{job.name}' is left out: none of its nodes is exposed"
            yield Problem(message, positions.at("jobs", job.key, at_key=True))


def keys_that_overwrite(manifest: ProjectManifest, partitioned: Collection[str]) -> Iterator[Problem]:
    """Datasets with partitions that nodes save all to one file.

    Args:
        manifest: The project.
        partitioned: Names of the datasets that have partitions.
    """
    made = {name for node in manifest.nodes.values() for name in node.output_datasets}
    for name in sorted(made.intersection(partitioned)):
        entry = manifest.datasets[name]
        if "filepath" in entry.config and not entry.partition_parameters:
            place = Position(Path(entry.location.file), entry.location.line) if entry.location else None
            message = f"'{name}' has partitions, and each of them replaces the file of the one before"
            hint = "put ${runtime_params:partition_key,default} into its path, or make it a PartitionedDataset"
            yield Problem(message, place, hint)


def _of_free_inputs(content: Mapping[str, Any], manifest: ProjectManifest, positions: Positions) -> Iterator[Problem]:
    """Settings of steps for datasets that no node makes."""
    made = {name for node in manifest.nodes.values() for name in (node.output_datasets or (node.name,))}
    for key, settings in _entries(content, "assets"):
        if any(fits(key, name) for name in made):
            continue
        for name in _OF_STEPS:
            if settings.get(name):
                message = f"'{name}' has no effect: no node makes '{key}'"
                yield positions.problem(("assets", key, name), message, hint="take it out", at_key=True)


def _options(executor: object, path: KeyPath, positions: Positions) -> Iterator[Problem]:
    kind = kind_of_options(executor) if isinstance(executor, Mapping) else None
    if kind is None or not isinstance(executor, Mapping):
        return
    at, options = ((*path, kind), executor[kind]) if kind in executor else (path, executor)
    for name in WITHOUT_EFFECT.get(kind, {}):
        if isinstance(options, Mapping) and options.get(name) is not None:
            message = f"'{name}' has no effect on a '{kind}'"
            hint = "how many steps run at once is up to the Celery workers; take it out"
            yield positions.problem((*at, name), message, hint=hint, at_key=True)


def _entries(content: Mapping[str, Any], section: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    entries = content.get(section)
    if isinstance(entries, Mapping):
        yield from ((str(name), entry) for name, entry in entries.items() if isinstance(entry, Mapping))
