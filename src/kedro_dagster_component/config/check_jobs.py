"""Whether jobs name things that exist, and whether their filters leave a node."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from kedro_dagster_component.config.check_mappings import PartitionsOf
from kedro_dagster_component.config.declared import Declared
from kedro_dagster_component.config.environment import KeyPath
from kedro_dagster_component.config.factories import ConcreteJob, FailedJob, expand_jobs, factory_jobs
from kedro_dagster_component.config.jobs import JobConfig
from kedro_dagster_component.config.models import DagsterConfig
from kedro_dagster_component.config.patterns import is_pattern, match_levels, placeholders
from kedro_dagster_component.config.positions import Positions
from kedro_dagster_component.config.scalars import is_job_name
from kedro_dagster_component.errors import Problem, did_you_mean
from kedro_dagster_component.manifest import NodeEntry, ProjectManifest, dataset_name

_NOTHING_LEFT = "contains no nodes after applying"
"""How Kedro says that a filter matches no node."""
_IN_JOB = " (in job '"


def check_jobs(
    config: DagsterConfig,
    positions: Positions,
    manifest: ProjectManifest,
    declared: Declared,
    partitions_of: PartitionsOf,
) -> Iterator[Problem]:
    """All that jobs and job factories name, and settings for partitions of jobs that have none."""
    yield from _each_once(_problems(config, positions, manifest, declared, partitions_of))


def _problems(
    config: DagsterConfig,
    positions: Positions,
    manifest: ProjectManifest,
    declared: Declared,
    partitions_of: PartitionsOf,
) -> Iterator[Problem]:
    for job in expand_jobs(config, manifest).values():
        if _is_unpartitioned(job, manifest, partitions_of, declared):
            yield from _unpartitioned_problems(job, config, positions)
        found = list(_name_problems(job, positions, manifest, declared))
        yield from found
        if not found and not _has_partial_filter(job.key, declared):
            yield from _selection_problems(job, positions, manifest)
    made = list(factory_jobs(config, manifest))
    failed = {job.key for job in made if isinstance(job, FailedJob)}
    for key, job_config in config.jobs.items():
        if is_pattern(key) and (key in failed or _has_partial_filter(key, declared)):
            yield from _name_problems(ConcreteJob(key, key, job_config, {}), positions, manifest, declared)
        elif is_pattern(key):
            yield from _factory_problems(key, job_config, positions, manifest, declared)
    for one in made:
        yield from _made_problems(one, positions)


def _has_partial_filter(key: str, declared: Declared) -> bool:
    """Whether settings of a job's filter were left out, so that it selects other nodes than it says."""
    return declared.lacks("jobs", key, "pipeline")


def _name_problems(
    job: ConcreteJob, positions: Positions, manifest: ProjectManifest, declared: Declared
) -> Iterator[Problem]:
    yield from _reference_problems(job, positions, declared)
    yield from _filter_problems(job, positions, manifest, declared)


def _is_unpartitioned(
    job: ConcreteJob, manifest: ProjectManifest, partitions_of: PartitionsOf, declared: Declared
) -> bool:
    """Whether it is certain that no step of a job has partitions."""
    if declared.lacks("assets"):
        return False
    selection = manifest.job_selections.get(job.name)
    if selection is None or selection.error is not None:
        return False
    nodes = [manifest.nodes[node_id] for node_id in selection.node_ids]
    return all(partitions_of(name) is None for node in nodes for name in (node.output_datasets or (node.name,)))


def _unpartitioned_problems(job: ConcreteJob, config: DagsterConfig, positions: Positions) -> Iterator[Problem]:
    path: KeyPath = ("jobs", job.key)
    if job.config.partitions is not None:
        hint = "take it away, or give an asset of the job 'partitions' under 'assets:'"
        yield positions.problem((*path, "partitions"), f"nothing in this job is partitioned{_made_by(job)}", hint=hint)
    named = job.config.schedule
    schedule = config.schedules.get(named) if isinstance(named, str) else named
    if schedule is not None and not schedule.cron_schedule:
        at = ("schedules", named) if isinstance(named, str) else (*path, "schedule")
        message = f"'cron_schedule' is missing: job '{job.name}' has no partitions by time to follow"
        yield positions.problem(at, message, hint='for example "0 2 * * *", every night at two', at_key=True)


def _reference_problems(job: ConcreteJob, positions: Positions, declared: Declared) -> Iterator[Problem]:
    config, path = job.config, ("jobs", job.key)
    references: list[tuple[str, Any, KeyPath, frozenset[str]]] = [
        ("executor", config.executor, (*path, "executor"), declared.executors),
        ("schedule", config.schedule, (*path, "schedule"), declared.schedules),
        *(
            ("logger", logger, (*path, "loggers", index), declared.loggers)
            for index, logger in enumerate(config.loggers or ())
        ),
    ]
    for noun, name, at, known in references:
        if isinstance(name, str) and name not in known and not is_pattern(name):
            hint = did_you_mean(name, known) or f"define it under '{noun}s:'"
            yield positions.problem(at, f"there is no {noun} '{name}'{_made_by(job)}", hint=hint)


def _filter_problems(
    job: ConcreteJob, positions: Positions, manifest: ProjectManifest, declared: Declared
) -> Iterator[Problem]:
    chosen = job.config.pipeline
    for name in (name for name in chosen.pipelines if name not in manifest.pipelines):
        hint = did_you_mean(name, manifest.pipelines)
        message = f"there is no pipeline '{name}'{_made_by(job)}"
        yield positions.problem(_pipeline_path(job, name), message, hint=hint)
    is_whole = not any(declared.lacks("jobs", job.key, "pipeline", key) for key in ("pipeline_name", "pipeline_names"))
    nodes, owner = _nodes_of(chosen.pipelines if is_whole else None, manifest)
    for field, (noun, names_of) in _NAMES_BY_FIELD.items():
        wanted = getattr(chosen, field) or ()
        known = {name for node in nodes for name in names_of(node)} if wanted else set()
        for index, name in enumerate(wanted):
            if name not in known and not is_pattern(name):  # a factory's placeholders stand for something else
                message = f"{owner} {noun} '{name}'{_made_by(job)}"
                close = _elsewhere(name, names_of, manifest) or did_you_mean(name, known)
                hint = close or f"none of its nodes has a {noun}"
                yield positions.problem(("jobs", job.key, "pipeline", field, index), message, hint=hint)


def _nodes_of(pipelines: tuple[str, ...] | None, manifest: ProjectManifest) -> tuple[list[NodeEntry], str]:
    """Nodes a filter chooses from, and what a message says has none; all nodes, where a pipeline is not known."""
    if pipelines is None or any(name not in manifest.pipelines for name in pipelines):
        return list(manifest.nodes.values()), "no pipeline has a"
    shown = "', '".join(pipelines)
    owner = f"pipeline '{shown}' has no" if len(pipelines) == 1 else f"pipelines '{shown}' have no"
    return [manifest.nodes[node_id] for name in pipelines for node_id in manifest.pipelines[name]], owner


def _pipeline_path(job: ConcreteJob, name: str) -> KeyPath:
    path = ("jobs", job.key, "pipeline")
    names = job.config.pipeline.pipeline_names
    return (*path, "pipeline_names", names.index(name)) if names else (*path, "pipeline_name")


def _elsewhere(name: str, names_of: Callable[[NodeEntry], Iterable[str]], manifest: ProjectManifest) -> str | None:
    pipelines = (pipeline for node in manifest.nodes.values() if name in names_of(node) for pipeline in node.pipelines)
    found = [pipeline for pipeline in dict.fromkeys(pipelines) if pipeline != "__default__"]
    return f"it is in pipeline '{found[0]}'" if found else None


def _selection_problems(job: ConcreteJob, positions: Positions, manifest: ProjectManifest) -> Iterator[Problem]:
    selection = manifest.job_selections.get(job.name)
    if selection is None or (selection.node_ids and selection.error is None):
        return
    at = ("jobs", job.key, "pipeline")
    if selection.error is not None and _NOTHING_LEFT not in selection.error:
        first = selection.error.strip().split("\n")[0].rstrip(".")
        hint = "`kedro run` with these filters fails in the same way: see what each of them leaves"
        yield positions.problem(at, f"the filter cannot be applied{_made_by(job)}: {first}", hint=hint, at_key=True)
        return
    hint = "each of its settings narrows the choice further: take one away"
    yield positions.problem(at, f"the filter matches no node{_made_by(job)}", hint=hint, at_key=True)


def _factory_problems(
    key: str, job: JobConfig, positions: Positions, manifest: ProjectManifest, declared: Declared
) -> Iterator[Problem]:
    path: KeyPath = ("jobs", key)
    namespaces = job.pipeline.node_namespaces
    if not namespaces:
        example = "{" + placeholders(key)[0] + "}"
        hint = f'write node_namespaces: ["{example}"] in its pipeline'
        yield positions.problem(
            path, "a job factory needs 'node_namespaces' with its placeholders", hint=hint, at_key=True
        )
        return
    unbound = [name for name in placeholders(key) if name not in placeholders(namespaces[0])]
    if unbound:
        names = ", ".join(f"{{{name}}}" for name in unbound)
        hint = "every placeholder of the name has to be in the first entry of 'node_namespaces'"
        yield positions.problem(path, f"nothing says what {names} stands for", hint=hint, at_key=True)
        return
    if any(name not in manifest.pipelines for name in job.pipeline.pipelines):
        yield from _filter_problems(ConcreteJob(key, key, job, {}), positions, manifest, declared)
    elif not any(match_levels(namespaces[0], name) for name in _namespaces_in(job, manifest)):
        yield _matches_nothing(path, namespaces[0], job, positions, manifest)


def _namespaces_in(job: JobConfig, manifest: ProjectManifest) -> list[str]:
    nodes = (manifest.nodes[node_id] for name in job.pipeline.pipelines for node_id in manifest.pipelines[name])
    return sorted({node.namespace for node in nodes if node.namespace})


def _matches_nothing(
    path: KeyPath, template: str, job: JobConfig, positions: Positions, manifest: ProjectManifest
) -> Problem:
    namespaces = _namespaces_in(job, manifest)
    hint = "its namespaces are: " + ", ".join(namespaces[:20]) if namespaces else "its nodes have no namespace"
    shown = "', '".join(job.pipeline.pipelines)
    message = f"the job factory makes no job: no namespace of pipeline '{shown}' fits '{template}'"
    return positions.problem(path, message, hint=hint, at_key=True)


def _made_problems(job: ConcreteJob | FailedJob, positions: Positions) -> Iterator[Problem]:
    """What is wrong with a job of a factory only once its placeholders are filled in."""
    path: KeyPath = ("jobs", job.key)
    if not is_job_name(job.name):
        hint = "its namespace holds other characters than letters, digits and '_': write the job out, renamed"
        yield positions.problem(path, f"the factory makes '{job.name}', which is no job name", hint=hint, at_key=True)
    if isinstance(job, FailedJob):
        for line in job.error.errors(include_url=False):
            message = f"{line['ctx']['message']}{_made_by(job)}"
            yield positions.problem((*path, *line["loc"]), message, hint=line["ctx"]["hint"] or None)


def _made_by(job: ConcreteJob | FailedJob) -> str:
    return f"{_IN_JOB}{job.name}')" if job.name != job.key else ""


def _each_once(problems: Iterable[Problem]) -> Iterator[Problem]:
    """Problems that several jobs of a factory share, told for the first of them."""
    seen: set[tuple[object, str]] = set()
    for problem in problems:
        before, _, behind = problem.message.partition(_IN_JOB)
        shared = (problem.position, before + behind.partition("')")[2])
        if shared not in seen:
            seen.add(shared)
            yield problem


def is_repeated(problem: Problem, told: Iterable[Problem]) -> bool:
    """Whether a job of a factory has only what was told of the factory."""
    before = problem.message.partition(_IN_JOB)[0]
    return before != problem.message and any(one.position == problem.position and one.message == before for one in told)


def _namespaces_of(node: NodeEntry) -> Iterator[str]:
    levels = node.namespace.split(".") if node.namespace else []
    return (".".join(levels[: depth + 1]) for depth in range(len(levels)))


def _with_plain(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        yield name
        yield dataset_name(name)


_NAMES_BY_FIELD: dict[str, tuple[str, Callable[[NodeEntry], Iterable[str]]]] = {
    "tags": ("tag", lambda node: node.tags),
    "node_names": ("node", lambda node: (node.name,)),
    "from_nodes": ("node", lambda node: (node.name,)),
    "to_nodes": ("node", lambda node: (node.name,)),
    "from_inputs": ("dataset", lambda node: _with_plain((*node.inputs, *node.outputs))),
    "to_outputs": ("dataset", lambda node: _with_plain((*node.inputs, *node.outputs))),
    "node_namespaces": ("namespace", _namespaces_of),
}
"""For each key of a filter what it holds, and those names of one node."""
