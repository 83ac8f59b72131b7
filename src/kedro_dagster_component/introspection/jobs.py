"""What each job of `dagster.yml` selects, by Kedro's own filter."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from kedro.pipeline import Pipeline

from kedro_dagster_component.config.environment import fill_in
from kedro_dagster_component.errors import did_you_mean
from kedro_dagster_component.introspection.job_factories import expand_jobs, names_in, pipeline_names
from kedro_dagster_component.introspection.nodes import NodeTable
from kedro_dagster_component.manifest import ExpandedJob, JobSelection

_FILTERS = ("tags", "from_nodes", "to_nodes", "node_names", "from_inputs", "to_outputs", "node_namespaces")


def read_jobs(
    dagster: Mapping[str, Any], pipelines: Mapping[str, Pipeline], nodes: NodeTable
) -> tuple[dict[str, ExpandedJob], dict[str, JobSelection]]:
    """Jobs by concrete name, and their selections.

    The values of environment variables are used here and left out of the result.

    Args:
        dagster: Content of `dagster.yml`; what has not the expected shape is passed over, checking is not done here.
        pipelines: Registered ones.
        nodes: Their nodes.
    """
    jobs = dagster.get("jobs")
    if not isinstance(jobs, Mapping):
        return {}, {}
    expansion = expand_jobs(jobs, lambda names: _namespaces(pipelines, _filled(names)))
    selector = _Selector(pipelines, nodes)
    selections = {
        name: selector.select(_filled(job.config["pipeline"])).model_copy(
            update={"source": job.key if job.key != name else None}
        )
        for name, job in expansion.jobs.items()
        if isinstance(job.config.get("pipeline"), Mapping)
    }
    selections.update({key: JobSelection(error=error) for key, error in expansion.errors.items()})
    return expansion.jobs, selections


class _Selector:
    """Applies filters; sums of pipelines are made once."""

    def __init__(self, pipelines: Mapping[str, Pipeline], nodes: NodeTable) -> None:
        self._pipelines = pipelines
        self._nodes = nodes
        self._sums: dict[tuple[str, ...], Pipeline] = {}

    def select(self, options: Mapping[str, Any]) -> JobSelection:
        names = tuple(pipeline_names(options))
        unknown = [name for name in names if name not in self._pipelines]
        if unknown:
            hint = did_you_mean(unknown[0], self._pipelines)
            message = f"there is no registered pipeline '{unknown[0]}'"
            return JobSelection(error=f"{message}; {hint}" if hint else message)
        filters = {key: names_in(options, key) for key in _FILTERS}
        try:
            selected = self._sum(names)
            if any(filters.values()):
                selected = selected.filter(**{key: value or None for key, value in filters.items()})
        except Exception as error:  # noqa: BLE001 - Kedro's words are the answer, whatever it raises
            return JobSelection(error=" ".join(str(error).strip("'\"").split()))
        return JobSelection(node_ids=self._nodes.ids_of(selected.nodes))

    def _sum(self, names: tuple[str, ...]) -> Pipeline:
        if names not in self._sums:
            self._sums[names] = sum((self._pipelines[name] for name in names[1:]), self._pipelines[names[0]])
        return self._sums[names]


def _namespaces(pipelines: Mapping[str, Pipeline], names: list[str]) -> set[str]:
    """Namespaces of all nodes of some pipelines; unknown pipelines have none."""
    return {node.namespace for name in names if name in pipelines for node in pipelines[name].nodes if node.namespace}


def _filled(value: Any) -> Any:
    return fill_in(value, os.environ).content
