"""Plans of steps: what the runtime needs to know of the nodes and datasets of each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from kedro_dagster_component.manifest import NodeEntry, ProjectManifest
from kedro_dagster_component.naming import unique_identifiers
from kedro_dagster_component.plan import DatasetPlan, NodePlan, StepPartitions, StepPlan
from kedro_dagster_component.translate.assets import AssetTable
from kedro_dagster_component.translate.grouping import Group, common_partitions
from kedro_dagster_component.translate.run_metadata import metadata_choice

_MARKER = "done"
"""Output of the only node of a step, where it makes no asset."""


def build_dataset_plans(
    manifest: ProjectManifest, table: AssetTable, inside: Collection[str] = (), metadata: Collection[str] = ()
) -> dict[str, DatasetPlan]:
    """What the runtime needs to know of each exposed dataset, by name.

    Args:
        manifest: The project.
        table: Final specs of those that are assets.
        inside: Names of those that are none.
        metadata: What to tell of all datasets, as `include_metadata` names it.
    """
    keys = {name: tuple(spec.key.path) for name, spec in table.datasets.items()}
    return {
        name: DatasetPlan(
            name=name,
            asset_key=keys.get(name, ()),
            spellings=manifest.datasets[name].spellings,
            is_memory=manifest.datasets[name].is_memory,
            is_versioned=manifest.datasets[name].is_versioned,
            type=manifest.datasets[name].type,
            is_free=name not in table.producers and name not in inside,
            metadata=metadata_choice(manifest.datasets[name], metadata),
            code_version=table.datasets[name].code_version if name in keys else None,
        )
        for name in (*keys, *inside)
    }


def build_step_plans(
    manifest: ProjectManifest,
    table: AssetTable,
    datasets: Mapping[str, DatasetPlan],
    groups: Mapping[str, Group],
    partitions: Mapping[str, StepPartitions],
) -> dict[str, StepPlan]:
    """The plan of each step, by op name.

    Args:
        manifest: The project.
        table: Final specs.
        datasets: Plans of all exposed datasets, by name.
        groups: Nodes of each step, by op name.
        partitions: By node id; only nodes that have to do with partitions.
    """
    readers: dict[str, set[str]] = {}
    for group in groups.values():
        for node_id in group.node_ids:
            for name in manifest.nodes[node_id].input_datasets:
                readers.setdefault(name, set()).add(node_id)
    return {
        op_name: StepPlan(
            op_name=op_name,
            nodes=_node_plans([manifest.nodes[node_id] for node_id in group.node_ids], datasets, table),
            inputs=_inputs(group, manifest, datasets),
            defaults=_defaults(group, manifest),
            partitions=common_partitions(group, partitions),
            kept_inside=_kept_inside(group, manifest, readers),
            group=group.name if group.is_shared else None,
        )
        for op_name, group in groups.items()
    }


def _node_plans(
    nodes: Sequence[NodeEntry], datasets: Mapping[str, DatasetPlan], table: AssetTable
) -> tuple[NodePlan, ...]:
    """Each node of one step; no two Dagster outputs of a step bear the same name."""
    made = dict.fromkeys(name for node in nodes for name in node.output_datasets)
    outputs = unique_identifiers(name for name in made if datasets[name].asset_key)
    alone = [node.id for node in nodes if node.id in table.nodes]
    markers = unique_identifiers(alone, taken=outputs.values(), suffix=f"_{_MARKER}")
    if len(nodes) == 1:
        markers = dict.fromkeys(alone, _MARKER)
    return tuple(
        NodePlan(
            node=node,
            inputs=tuple(datasets[name] for name in node.input_datasets),
            outputs={outputs[name]: datasets[name] for name in node.output_datasets if name in outputs},
            inside=tuple(datasets[name] for name in node.output_datasets if name not in outputs),
            marker=markers.get(node.id),
            asset_key=tuple(table.nodes[node.id].key.path) if node.id in table.nodes else (),
        )
        for node in nodes
    )


def _inputs(group: Group, manifest: ProjectManifest, datasets: Mapping[str, DatasetPlan]) -> tuple[DatasetPlan, ...]:
    """What the nodes of a group take from outside, in order."""
    nodes = [manifest.nodes[node_id] for node_id in group.node_ids]
    made = {name for node in nodes for name in node.output_datasets}
    taken = dict.fromkeys(name for node in nodes for name in node.input_datasets)
    return tuple(datasets[name] for name in taken if name not in made)


def _defaults(group: Group, manifest: ProjectManifest) -> dict[str, Any]:
    """Configured values of the parameters that the nodes of a group take, secrets left out."""
    names = dict.fromkeys(name for node_id in group.node_ids for name in manifest.nodes[node_id].parameters)
    known = {name: manifest.parameters[name] for name in names if name in manifest.parameters}
    return {name: parameter.value for name, parameter in known.items() if not parameter.is_secret}


def _kept_inside(group: Group, manifest: ProjectManifest, readers: Mapping[str, set[str]]) -> frozenset[str]:
    """In-memory datasets that only nodes of the group take."""
    inside = set(group.node_ids)
    made = {name for node_id in group.node_ids for name in manifest.nodes[node_id].output_datasets}
    return frozenset(
        name for name in made if manifest.datasets[name].is_memory and name in readers and readers[name] <= inside
    )
