"""Jobs as Dagster gets them: written out, or made by a job factory."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from kedro_dagster_component.config.environment import fill_in
from kedro_dagster_component.config.jobs import JobConfig
from kedro_dagster_component.config.models import DagsterConfig
from kedro_dagster_component.config.patterns import is_pattern
from kedro_dagster_component.manifest import ExpandedJob, ProjectManifest


@dataclass(frozen=True)
class ConcreteJob:
    """A job as Dagster gets it.

    Attributes:
        name: Without placeholders.
        key: As written in `dagster.yml`: the name, or the factory's pattern.
        config: With all placeholders filled in.
        values_by_placeholder: Empty for a job that no factory made.
    """

    name: str
    key: str
    config: JobConfig
    values_by_placeholder: Mapping[str, str]


@dataclass(frozen=True)
class FailedJob:
    """A job whose settings are wrong once the placeholders are filled in."""

    name: str
    key: str
    error: ValidationError


def expand_jobs(config: DagsterConfig, manifest: ProjectManifest) -> dict[str, ConcreteJob]:
    """All jobs by name: those written out, then those of the factories, both in the order of the file.

    Environment variables that factories name are read from this process.

    A factory's job whose settings become wrong with its placeholders filled in is left out:
    `check_against_project` reports it.
    """
    written = {name: ConcreteJob(name, name, job, {}) for name, job in config.jobs.items() if not is_pattern(name)}
    made = {job.name: job for job in factory_jobs(config, manifest) if isinstance(job, ConcreteJob)}
    return {**written, **made}


def factory_jobs(config: DagsterConfig, manifest: ProjectManifest) -> Iterator[ConcreteJob | FailedJob]:
    """The jobs of all factories; a job that is written out wins over one of the same name."""
    for name, job in manifest.jobs.items():
        if is_pattern(job.key) and job.key in config.jobs and name not in config.jobs:
            yield _read(name, job)


def _read(name: str, job: ExpandedJob) -> ConcreteJob | FailedJob:
    try:
        config = JobConfig.model_validate(fill_in(job.config, os.environ).content)
    except ValidationError as error:
        return FailedJob(name, job.key, error)
    return ConcreteJob(name, job.key, config, job.bindings)
