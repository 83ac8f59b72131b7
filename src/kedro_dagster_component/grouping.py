"""The groups of nodes that one component instance runs as steps, or why they cannot be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from kedro_dagster_component.config.grouping import grouping_choice
from kedro_dagster_component.config.positions import Positions
from kedro_dagster_component.errors import ConfigurationError, Problem
from kedro_dagster_component.loading import ComponentPlace, warn_at
from kedro_dagster_component.manifest import ProjectManifest
from kedro_dagster_component.plan import StepPartitions
from kedro_dagster_component.translate.assets import AssetTable
from kedro_dagster_component.translate.grouping import Group, group_nodes
from kedro_dagster_component.translate.jobs import JobPlan

if TYPE_CHECKING:
    from kedro_dagster_component.component import KedroProjectComponent


def checked_groups(
    component: KedroProjectComponent,
    place: ComponentPlace,
    manifest: ProjectManifest,
    node_ids: Sequence[str],
    partitions: Mapping[str, StepPartitions],
) -> Sequence[Group]:
    """The groups of the exposed nodes.

    Args:
        component: The instance.
        place: Where it stands.
        manifest: The project it shows.
        node_ids: Exposed nodes in execution order.
        partitions: By node id; only nodes that have to do with partitions.

    Raises:
        ConfigurationError: Their steps would wait for each other, or could not run their nodes together.
    """
    choice = grouping_choice(component.group_nodes_by)
    grouping = group_nodes(manifest, node_ids, choice, partitions, component.pipelines)
    where = place.position("group_nodes_by")
    for note in grouping.notes:
        warn_at(where, note)
    if grouping.mistakes:
        raise ConfigurationError(
            Problem(f"group_nodes_by: {one.message}", where, one.hint) for one in grouping.mistakes
        )
    return grouping.groups


def jobs_with_assets(
    plans: Sequence[JobPlan], table: AssetTable, manifest: ProjectManifest, positions: Positions
) -> list[JobPlan]:
    """The jobs that can select something, where in-memory datasets are no assets; with a warning for what is left out.

    A node whose data stays inside a step is run for the nodes that take it, and in no job without one of them.

    Args:
        plans: All jobs.
        table: Final specs.
        manifest: The project.
        positions: Of `dagster.yml`.
    """
    kept = []
    for plan in plans:
        makers = {name: node_id for node_id in plan.node_ids for name in manifest.nodes[node_id].output_datasets}
        needed: set[str] = set()
        for node_id in reversed(plan.node_ids):
            if node_id in needed or table.keys_of(manifest.nodes[node_id]):
                taken = manifest.nodes[node_id].input_datasets
                needed |= {node_id, *(makers[name] for name in taken if name in makers and name not in table.datasets)}
        idle = ", ".join(f"'{manifest.nodes[node_id].name}'" for node_id in plan.node_ids if node_id not in needed)
        if idle:
            what = f"does not run {idle}" if needed else "is left out"
            warn_at(
                positions.at("jobs", plan.source, at_key=True) if plan.source else None,
                f"job '{plan.name}' {what}: what {idle} makes stays inside a step, and no node of the job takes it",
            )
        kept += [plan] if needed else []
    return kept
