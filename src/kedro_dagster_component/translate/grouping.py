"""Which nodes one step runs: what `group_nodes_by` of a component says, as groups of nodes.

A group is named by what its nodes share. Groups whose steps would wait for each other are mistakes, with the nodes
on the way around.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kedro_dagster_component.config.grouping import GroupingChoice
from kedro_dagster_component.errors import Problem
from kedro_dagster_component.manifest import NodeEntry, ProjectManifest
from kedro_dagster_component.plan import InputPartitions, StepPartitions
from kedro_dagster_component.translate.group_cycles import Link, cycles_of
from kedro_dagster_component.translate.partitions import is_same_key

_DEFAULT_PIPELINE, _DEFAULT_GROUP = "__default__", "default"

KeyOf = Callable[[NodeEntry, str, Sequence[str]], "str | None"]
"""Name of the group of a node, from the node, the choice's argument and the exposed pipelines; None for no group."""


@dataclass(frozen=True)
class Group:
    """Nodes that one step runs.

    Attributes:
        name: What its nodes share; the id of the node for one that is by itself.
        node_ids: In the order they run in.
        is_shared: Whether the name is that of a group, also of one that has a single node.
    """

    name: str
    node_ids: tuple[str, ...]
    is_shared: bool = True


@dataclass(frozen=True)
class Grouping:
    """The steps of an instance before they have names.

    Attributes:
        groups: In the order of their first nodes; each exposed node is in one of them.
        mistakes: Why they cannot be steps; empty where they can.
        notes: What a user should hear: nodes that are not in the group they asked for.
    """

    groups: tuple[Group, ...]
    mistakes: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()


def group_nodes(
    manifest: ProjectManifest,
    node_ids: Sequence[str],
    choice: GroupingChoice,
    partitions: Mapping[str, StepPartitions],
    pipelines: Sequence[str] | None = None,
) -> Grouping:
    """Distribute the exposed nodes.

    Args:
        manifest: The project.
        node_ids: Exposed nodes in execution order.
        choice: What the component asks for.
        partitions: By node id; only nodes that have to do with partitions.
        pipelines: Registered pipelines the component exposes; None for all.
    """
    if choice.by == "node":
        return Grouping(tuple(Group(node_id, (node_id,), is_shared=False) for node_id in node_ids))
    nodes = [manifest.nodes[node_id] for node_id in node_ids]
    shown = list(manifest.pipelines if pipelines is None else pipelines)
    mistakes: list[Problem] = []
    if choice.by == "memory":
        groups = _joined_by_memory(manifest, nodes)
    else:
        mistakes += _ambiguous(nodes, choice)
        groups = _with_equal_keys(nodes, lambda node: _KEYS[choice.by](node, choice.argument, shown))
    kept: list[Group] = []
    notes: list[str] = []
    for group in groups:
        reason = _why_apart(manifest, group, partitions)
        if reason is None:
            kept.append(group)
        elif choice.by == "memory":
            mistakes.append(_apart_in_memory(manifest, group, reason))
        else:
            kept += _split(group, partitions)
            apart = ", ".join(f"'{manifest.nodes[one].name}'" for one in group.node_ids if one in partitions)
            notes.append(f"{apart} of the group '{group.name}' stay steps of their own: {reason}")
    cycles = cycles_of([group.node_ids for group in kept], manifest)
    mistakes += [_cycle_problem(manifest, choice, kept, cycle) for cycle in cycles]
    return Grouping(tuple(kept), tuple(mistakes), tuple(notes))


def inside_datasets(manifest: ProjectManifest, node_ids: Sequence[str], choice: GroupingChoice) -> frozenset[str]:
    """In-memory datasets that stay inside the step that makes them and are no assets, by name."""
    if choice.by != "memory":
        return frozenset()
    made = {name for node_id in node_ids for name in manifest.nodes[node_id].output_datasets}
    return frozenset(name for name in made if manifest.datasets[name].is_memory)


def common_partitions(group: Group, partitions: Mapping[str, StepPartitions]) -> StepPartitions | None:
    """What the step of a group has to do with partitions: what all its nodes have."""
    found = [partitions[node_id] for node_id in group.node_ids if node_id in partitions]
    if not found:
        return None
    inputs: dict[str, InputPartitions] = {}
    for one in found:
        inputs.update(one.inputs)
    return replace(found[0], inputs=inputs)


def _by_namespace(node: NodeEntry, depth: str, _pipelines: Sequence[str]) -> str | None:
    """The first parts of the namespace: one, as `Pipeline.group_nodes_by` of Kedro does, or more."""
    return ".".join(node.namespace.split(".")[: int(depth or 1)]) if node.namespace else None


def _by_pipeline(node: NodeEntry, _argument: str, pipelines: Sequence[str]) -> str | None:
    """The first exposed pipeline that holds the node; `__default__` only where no other does."""
    held = sorted((name for name in pipelines if name in node.pipelines), key=lambda name: name == _DEFAULT_PIPELINE)
    return None if not held else _DEFAULT_GROUP if held[0] == _DEFAULT_PIPELINE else held[0]


def _by_tag(node: NodeEntry, prefix: str, _pipelines: Sequence[str]) -> str | None:
    return next((tag for tag in node.tags if tag.startswith(prefix)), None)


_KEYS: Mapping[str, KeyOf] = {
    "namespace": _by_namespace,
    "pipeline": _by_pipeline,
    "tag": _by_tag,
}


def _ambiguous(nodes: Iterable[NodeEntry], choice: GroupingChoice) -> list[Problem]:
    """Nodes that two tags put into two groups."""
    problems = []
    for node in nodes if choice.by == "tag" else ():
        tags = [f"'{tag}'" for tag in node.tags if tag.startswith(choice.argument)]
        if len(tags) > 1:
            message = f"node '{node.name}' would be in several groups: it has the tags {' and '.join(tags)}"
            problems.append(Problem(message, hint="take all but one of them away, or choose a longer prefix"))
    return problems


def _with_equal_keys(nodes: Sequence[NodeEntry], key_of: Callable[[NodeEntry], str | None]) -> list[Group]:
    members: dict[tuple[bool, str], list[NodeEntry]] = {}
    for node in nodes:
        key = key_of(node)
        members.setdefault((True, key) if key is not None else (False, node.id), []).append(node)
    return [Group(name, _in_order(held), is_shared) for (is_shared, name), held in members.items()]


def _joined_by_memory(manifest: ProjectManifest, nodes: Sequence[NodeEntry]) -> list[Group]:
    """Nodes joined by in-memory datasets; each group is named after its first and its last node."""
    maker = {name: node.id for node in nodes for name in node.output_datasets if manifest.datasets[name].is_memory}
    neighbours: dict[str, list[str]] = {node.id: [] for node in nodes}
    for node in nodes:
        for name in node.input_datasets:
            if name in maker:
                neighbours[node.id].append(maker[name])
                neighbours[maker[name]].append(node.id)
    place = {node.id: number for number, node in enumerate(nodes)}
    groups, seen = [], set[str]()
    for node in nodes:
        if node.id not in seen:
            joined = _reached(node.id, neighbours)
            seen |= joined
            ids = _in_order([nodes[number] for number in sorted(place[one] for one in joined)])
            name = node.id if len(ids) == 1 else f"{ids[0]}_to_{ids[-1]}"
            groups.append(Group(name, ids, is_shared=len(ids) > 1))
    return groups


def _reached(start: str, neighbours: Mapping[str, Iterable[str]]) -> set[str]:
    found, waiting = {start}, [start]
    while waiting:
        new = [one for one in neighbours[waiting.pop()] if one not in found]
        found.update(new)
        waiting += new
    return found


def _in_order(nodes: Sequence[NodeEntry]) -> tuple[str, ...]:
    """Node ids so that each comes behind what it takes from the others; as given wherever that is so.

    The order of the manifest is Kedro's within a pipeline. Nodes that `__default__` lacks come behind its own there.
    """
    open_datasets = Counter(name for node in nodes for name in node.output_datasets)
    ordered: list[str] = []
    waiting = list(nodes)
    while waiting:  # once, where they are in order
        later = []
        for node in waiting:
            if any(open_datasets[name] for name in node.input_datasets):
                later.append(node)
            else:
                ordered.append(node.id)
                open_datasets.subtract(node.output_datasets)
        if len(later) == len(waiting):
            return (*ordered, *(node.id for node in later))
        waiting = later
    return tuple(ordered)


def _why_apart(manifest: ProjectManifest, group: Group, partitions: Mapping[str, StepPartitions]) -> str | None:
    """Why the nodes of a group cannot share a step that works key by key; None where they can."""
    if len(group.node_ids) == 1 or not any(node_id in partitions for node_id in group.node_ids):
        return None
    found = {node_id: partitions.get(node_id) for node_id in group.node_ids}
    definitions = [one.definition if one is not None else None for one in found.values()]
    if any(one != definitions[0] for one in definitions):
        return "its nodes do not all have the same partitions"
    made = {name for node_id in group.node_ids for name in manifest.nodes[node_id].output_datasets}
    mapped: dict[str, Any] = {}
    for node_id, one in found.items():
        for name, given in (one.inputs if one is not None else {}).items():
            if name in made and not is_same_key(given.mapping):
                return f"'{manifest.nodes[node_id].name}' takes other partitions of '{name}' than that of its own key"
            if mapped.setdefault(name, given.mapping) != given.mapping:
                return f"they take different partitions of '{name}'"
    return None


def _split(group: Group, partitions: Mapping[str, StepPartitions]) -> list[Group]:
    """The part of a group that has to do with no partitions, and each other node by itself."""
    rest = tuple(node_id for node_id in group.node_ids if node_id not in partitions)
    alone = [Group(node_id, (node_id,), is_shared=False) for node_id in group.node_ids if node_id in partitions]
    return [*([replace(group, node_ids=rest)] if rest else []), *alone]


def _apart_in_memory(manifest: ProjectManifest, group: Group, reason: str) -> Problem:
    nodes = [manifest.nodes[node_id] for node_id in group.node_ids]
    taken = {name for node in nodes for name in node.input_datasets}
    joining = [name for node in nodes for name in node.output_datasets if name in taken]
    in_memory = ", ".join(f"'{name}'" for name in joining if manifest.datasets[name].is_memory)
    names = ", ".join(f"'{node.name}'" for node in nodes)
    return Problem(
        f"in-memory datasets ({in_memory}) join {names} into one step, but {reason}",
        hint="add one that lies between them to the catalog",
    )


def _cycle_problem(
    manifest: ProjectManifest, choice: GroupingChoice, groups: Sequence[Group], cycle: Sequence[Link]
) -> Problem:
    """Steps that would wait for each other, with the nodes on the way around."""
    way = "; ".join(
        f"'{manifest.nodes[link.maker].name}' of {_shown(groups[link.source])} makes '{link.dataset}' for "
        f"'{manifest.nodes[link.taker].name}' of {_shown(groups[link.target])}"
        for link in cycle
    )
    hint = _WAYS_OUT[choice.by].format(deeper=int(choice.argument or 1) + 1) if choice.by == "namespace" else None
    return Problem(f"the steps would wait for each other: {way}", hint=hint or _WAYS_OUT[choice.by])


def _shown(group: Group) -> str:
    return f"'{group.name}'" if group.is_shared else "no group"


_WAYS_OUT: Mapping[str, str] = {
    "namespace": "group deeper ('namespace:{deeper}'), move a node into the other namespace, or group by 'tag:<prefix>'",
    "pipeline": "move a node into the other pipeline, or group by 'namespace' or 'tag:<prefix>'",
    "tag": "take the tag off a node, or give those of no group the same one",
    "memory": "add an in-memory dataset of the group that lies around the others to the catalog",
}
