"""In-memory datasets whose way from step to step leads over the border of a machine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from kedro_dagster_component.config.environment import KeyPath
from kedro_dagster_component.config.executors import ExecutorConfig
from kedro_dagster_component.config.models import DagsterConfig
from kedro_dagster_component.config.positions import Positions
from kedro_dagster_component.errors import Problem
from kedro_dagster_component.plan import StepPlan
from kedro_dagster_component.translate.jobs import JobPlan

_PLACES: Mapping[str, str] = {
    "k8s_job_executor": "in pods of their own",
    "celery_k8s_job_executor": "in pods of their own",
    "docker_executor": "in containers of their own",
    "celery_docker_executor": "in containers of their own",
    "celery_executor": "on any Celery worker",
    "dask_executor": "on any Dask worker",
}
"""Where executors run steps that need not share a file system."""

_SHOWN = 5


def check_crossings(
    jobs: Iterable[JobPlan],
    steps: Mapping[str, StepPlan],
    config: DagsterConfig,
    positions: Positions,
    location_executor: str | None,
) -> Iterator[Problem]:
    """In-memory datasets that the steps of a run have to share without sharing storage; they may have it all the same.

    Args:
        jobs: All jobs.
        steps: By op name.
        config: `dagster.yml`.
        positions: Of its files.
        location_executor: Name of the executor of runs without a job; None for none of ours.
    """
    found: dict[KeyPath, tuple[ExecutorConfig, dict[str, str]]] = {}
    for plan in jobs:
        choice = plan.config.executor
        executor = config.executors[choice] if isinstance(choice, str) else choice
        path: KeyPath = ("executors", choice) if isinstance(choice, str) else ("jobs", plan.source or "", "executor")
        if executor is not None:
            held = set(plan.node_ids)
            taking_part = [step for step in steps.values() if not held.isdisjoint(step.node_ids)]
            found.setdefault(path, (executor, {}))[1].update(crossing_datasets(taking_part))
    if location_executor in config.executors:
        executor = config.executors[location_executor]
        found.setdefault(("executors", location_executor), (executor, {}))[1].update(
            crossing_datasets(list(steps.values()))
        )
    for path, (executor, ways) in found.items():
        if ways and (place := _place_of(executor)) is not None:
            yield _problem(path, place, ways, positions)


def crossing_datasets(steps: Sequence[StepPlan]) -> dict[str, str]:
    """In-memory datasets that one step makes and another takes, with the two nodes, by name."""
    makers = {
        dataset.name: (step.op_name, one.node.name)
        for step in steps
        for one in step.nodes
        for dataset in one.made
        if dataset.is_memory
    }
    found: dict[str, str] = {}
    for step in steps:
        for one in step.nodes:
            for dataset in one.inputs:
                maker = makers.get(dataset.name)
                if maker is not None and maker[0] != step.op_name:
                    found.setdefault(dataset.name, f"'{dataset.name}' ('{maker[1]}' to '{one.node.name}')")
    return found


def _place_of(executor: ExecutorConfig) -> str | None:
    """Where an executor runs steps that may share no storage; None where they do."""
    cluster = executor.options.get("cluster")
    if isinstance(cluster, Mapping) and "local" in cluster:
        return None
    return _PLACES.get(executor.kind)


def _problem(path: KeyPath, place: str, ways: Mapping[str, str], positions: Positions) -> Problem:
    shown = [*ways.values()][:_SHOWN]
    more = f" and {len(ways) - len(shown)} more" if len(ways) > len(shown) else ""
    noun, has, it = ("dataset", "has", "it") if len(ways) == 1 else ("datasets", "have", "them")
    return positions.problem(
        path,
        f"steps run {place}, and the in-memory {noun} {', '.join(shown)}{more} {has} to go from one to the other: Dagster's "
        f"`io_manager` must keep {it} where both can reach {it}",
        hint=f"put the nodes into one step (`group_nodes_by: memory`), add {it} to the catalog, or give the code location an "
        "`io_manager` on shared storage",
        at_key=True,
    )
