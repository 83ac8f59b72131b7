"""Mistakes found while the project was read, as far as they concern what an instance exposes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from kedro_dagster_component.config.dataset_partitions import is_partitioned_type
from kedro_dagster_component.config.patterns import most_specific
from kedro_dagster_component.errors import Problem
from kedro_dagster_component.manifest import ProblemRecord, ProjectManifest

_PREFIX = "params:"


def project_problems(
    manifest: ProjectManifest, node_ids: Collection[str], is_made_elsewhere: Callable[[str], bool] = lambda _: False
) -> tuple[list[Problem], list[Problem]]:
    """What would end runs of some nodes.

    A dataset or parameter of a node that is not exposed ends no run, and Kedro looks at neither before a node takes it.
    A parameter that `params` of a job give is there in that job.

    Args:
        manifest: The project.
        node_ids: Of the nodes that are exposed.
        is_made_elsewhere: Whether something outside the project makes a dataset.

    Returns:
        Mistakes, and what may be one: there the message says what would make it right.
    """
    mistakes, doubts = [], []
    for record in manifest.problems:
        if record.node_ids is not None and not set(record.node_ids).intersection(node_ids):
            continue
        if record.parameter is not None and (_is_given(record, manifest) or _comes_with_partition(record, manifest)):
            continue
        if record.dataset is not None and is_made_elsewhere(record.dataset):
            continue
        problem = record.problem()
        if record.doubt is None:
            mistakes.append(problem)
        else:
            doubts.append(Problem(f"{problem.message}, {record.doubt}", problem.position, problem.hint))
    return mistakes, doubts


def _is_given(record: ProblemRecord, manifest: ProjectManifest) -> bool:
    """Whether some job's own parameters hold the one that is missing."""
    keys = str(record.parameter).removeprefix(_PREFIX).split(".")
    return any(_holds(job.config.get("params"), keys) for job in manifest.jobs.values())


def _comes_with_partition(record: ProblemRecord, manifest: ProjectManifest) -> bool:
    """Whether every node that takes a parameter gets it with the partition it works on."""
    if record.parameter is None or not record.parameter.startswith(f"{_PREFIX}partition_"):
        return False
    nodes = [manifest.nodes[node_id] for node_id in record.node_ids or ()]
    return all(any(_is_partitioned(name, manifest) for name in node.output_datasets or (node.name,)) for node in nodes)


def _is_partitioned(name: str, manifest: ProjectManifest) -> bool:
    """Whether a dataset, or a node without outputs, is said to have partitions anywhere; right or wrong."""
    dataset = manifest.datasets.get(name)
    if dataset is not None:
        own = dataset.metadata.get("dagster")
        if is_partitioned_type(dataset.type) or (isinstance(own, Mapping) and own.get("partitions") is not None):
            return True
    assets = manifest.dagster.get("assets")
    key = most_specific(assets, name) if isinstance(assets, Mapping) else None
    settings = assets[key] if isinstance(assets, Mapping) and key is not None else None
    return isinstance(settings, Mapping) and settings.get("partitions") is not None


def _holds(content: Any, keys: list[str]) -> bool:
    for key in keys:
        if not isinstance(content, Mapping) or key not in content:
            return False
        content = content[key]
    return True
