"""Mistakes found while the project was read, as far as they concern what an instance exposes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from kedro_dagster_component.errors import Problem
from kedro_dagster_component.manifest import ProblemRecord, ProjectManifest

_PREFIX = "params:"


def project_problems(manifest: ProjectManifest, node_ids: Collection[str]) -> tuple[list[Problem], list[Problem]]:
    """What would end runs of some nodes.

    A dataset or parameter of a node that is not exposed ends no run, and Kedro looks at neither before a node takes it.
    A parameter that `params` of a job give is there in that job.

    Args:
        manifest: The project.
        node_ids: Of the nodes that are exposed.

    Returns:
        Mistakes, and what may be one: there the message says what would make it right.
    """
    mistakes, doubts = [], []
    for record in manifest.problems:
        if record.node_ids is not None and not set(record.node_ids).intersection(node_ids):
            continue
        if record.parameter is not None and _is_given(record, manifest):
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


def _holds(content: Any, keys: list[str]) -> bool:
    for key in keys:
        if not isinstance(content, Mapping) or key not in content:
            return False
        content = content[key]
    return True
