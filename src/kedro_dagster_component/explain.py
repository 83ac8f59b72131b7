"""What a Kedro object became in Dagster, and why: read off the parts that the definitions are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import dagster as dg

from kedro_dagster_component.config.configured import settings_of
from kedro_dagster_component.config.patterns import most_specific
from kedro_dagster_component.errors import Position
from kedro_dagster_component.manifest import DatasetEntry, NodeEntry, SourceRef
from kedro_dagster_component.naming import identifier
from kedro_dagster_component.parts import InstanceParts
from kedro_dagster_component.plan import NodePlan, StepPlan
from kedro_dagster_component.translate.jobs import JobPlan
from kedro_dagster_component.translate.op_jobs import definitions_of

Kind = Literal["node", "dataset", "job"]


@dataclass(frozen=True)
class Fact:
    """One thing Dagster shows of a Kedro object.

    Attributes:
        what: Dagster's word for it.
        value: What is shown.
        why: The rule it comes from.
        place: Where that is written; None where it is a rule of ours alone.
    """

    what: str
    value: str
    why: str
    place: Position | None = None


@dataclass(frozen=True)
class Explanation:
    """What one Kedro object became.

    Attributes:
        kind: What it is in Kedro.
        name: Kedro's.
        place: Where it is written; None where that cannot be told.
        facts: In the order in which they are read.
    """

    kind: Kind
    name: str
    place: Position | None
    facts: tuple[Fact, ...]


def names_of(parts: InstanceParts, kind: Kind) -> list[str]:
    """Names of all objects of a kind that an instance exposes."""
    if kind == "node":
        return [one.node.name for step in parts.steps.values() for one in step.nodes]
    return list(parts.table.datasets) if kind == "dataset" else [plan.name for plan in parts.jobs]


def explain(parts: InstanceParts, kind: Kind, name: str) -> list[Explanation]:
    """What an object became; several distinct nodes may share one name.

    Args:
        parts: Of one component instance.
        kind: What the object is in Kedro.
        name: Of a node or dataset as Kedro has it, of a job as Dagster shows it.
    """
    return list(_EXPLAIN[kind](parts, name))


def _nodes(parts: InstanceParts, name: str) -> Iterator[Explanation]:
    for step in parts.steps.values():
        for one in step.nodes:
            if one.node.name == name:
                yield Explanation("node", name, _place(one.node.source), tuple(_node_facts(parts, step, one)))


def _node_facts(parts: InstanceParts, step: StepPlan, one: NodePlan) -> Iterator[Fact]:
    node, settings = one.node, parts.settings[step.op_name]
    yield Fact("op", step.op_name, _why_op_name(parts, step), _place(node.source))
    if step.group is not None:
        names = ", ".join(other.node.name for other in step.nodes)
        yield Fact(
            "nodes of the op", names, "`group_nodes_by` puts them together", parts.place.position("group_nodes_by")
        )
    yield Fact("function", node.func, "what the node runs", _place(node.source))
    for dataset in one.outputs.values():
        yield Fact("asset", "/".join(dataset.asset_key), f"its output '{dataset.name}'")
    for dataset in one.inside:
        yield Fact(
            "no asset", dataset.name, "its output is in memory and stays inside the step: `group_nodes_by: memory`"
        )
    if one.marker is not None:
        what = "what it makes is no asset" if one.inside else "it has no outputs"
        yield Fact("asset", "/".join(one.asset_key), f"{what}: an asset named after it stands for it")
    for dataset in one.inputs:
        yield Fact("upstream", "/".join(dataset.asset_key) or dataset.name, f"its input '{dataset.name}'")
    for name in node.parameters:
        if name in step.defaults:
            shown = f"{name} = {step.defaults[name]!r}"
            yield Fact("config", shown, "a parameter among its inputs, with the configured value")
    yield from _partition_facts(step)
    given = {"pool": settings.pool, "retry policy": settings.retry_policy, "backfill policy": settings.backfill_policy}
    for what, value in given.items():
        if value is not None:
            yield Fact(what, str(value), "of the assets it makes, else of `op` of the component, else the default")
    yield from _tag_facts(node)
    yield Fact("pipelines", ", ".join(node.pipelines), "registered pipelines that hold it")
    yield _jobs_fact(parts, [node.id])


def _why_op_name(parts: InstanceParts, step: StepPlan) -> str:
    if step.group is not None:
        return f"what the nodes share ('{step.group}'), made a valid identifier; `_nodes` where a job or a node has the name"
    name = f"{parts.prefix}{step.node.name}"
    if step.op_name == step.node.name:
        return "the node's name"
    if step.op_name == name:
        return "`name_prefix` and the node's name"
    if step.op_name == identifier(name):
        return "the node's name made a valid identifier"
    if step.op_name == f"{identifier(name)}_node":
        return "the node's name, which is a job's too: the job keeps it"
    return "several nodes have this name, or become equal as identifiers: a hash of its own is behind it"


def _partition_facts(step: StepPlan) -> Iterator[Fact]:
    partitions = step.partitions
    if partitions is None:
        return
    if partitions.definition is not None:
        how = "a step for each key in one run" if partitions.fans_out else "a run, or a pass of the step, for each key"
        yield Fact("partitions", _short(partitions.definition), f"those of the datasets it makes: {how}")
    for name, one in partitions.inputs.items():
        yield Fact("partition mapping", f"{name}: {_short(one.mapping)}", "of this input, given or by default")


def _datasets(parts: InstanceParts, name: str) -> Iterator[Explanation]:
    dataset = parts.manifest.datasets[name]
    yield Explanation("dataset", name, _place(dataset.location), tuple(_dataset_facts(parts, dataset)))


def _dataset_facts(parts: InstanceParts, dataset: DatasetEntry) -> Iterator[Fact]:
    spec = parts.table.datasets[dataset.name]
    producer = parts.table.producers.get(dataset.name)
    node = parts.manifest.nodes[producer] if producer is not None else None
    yield _key_fact(parts, dataset, spec)
    if node is not None:
        yield Fact("made by", node.name, "the node that has it among its outputs", _place(node.source))
    else:
        yield Fact("external", "yes", "no exposed node makes it: Dagster shows it and cannot run it")
    yield _type_fact(dataset)
    yield _group_fact(parts, dataset, spec, node)
    yield Fact(
        "kinds", ", ".join(sorted(spec.kinds)), "`kedro`, library and format of its type, and `kinds` given to it"
    )
    if node is not None:
        yield from _tag_facts(node)
    definition = parts.partitions.datasets.get(dataset.name)
    if definition is not None:
        why, place = _setting(parts, dataset, "partitions", "the other outputs of its node have them")
        yield Fact("partitions", _short(definition), why, place)
    yield from _settings_facts(parts, dataset)
    for check in parts.checks.specs.get(dataset.name, ()):
        yield Fact("check", check.name, check.description or "", _setting(parts, dataset, "checks", "")[1])
    for key in ("dagster/uri", "dagster/table_name"):
        if key in spec.metadata:
            yield Fact(key, _text(spec.metadata[key]), "from its catalog entry", _place(dataset.location))
    nodes = [one.node for step in parts.steps.values() for one in step.nodes]
    readers = [node for node in nodes if dataset.name in node.input_datasets]
    for reader in readers:
        yield Fact("taken by", reader.name, "a node that has it among its inputs", _place(reader.source))
    yield _jobs_fact(parts, [producer] if producer is not None else [reader.id for reader in readers])


def _key_fact(parts: InstanceParts, dataset: DatasetEntry, spec: dg.AssetSpec) -> Fact:
    shown = spec.key.to_user_string()
    if list(spec.key.path) == dataset.name.split("."):
        return Fact("asset", shown, "the dataset's name, split at '.'")
    return Fact("asset", shown, "changed by `translation`, or by a subclass", parts.place.position("translation"))


def _type_fact(dataset: DatasetEntry) -> Fact:
    if not dataset.in_catalog:
        return Fact("type", dataset.type, "it is in no catalog entry, so Kedro keeps it in memory")
    why = f"the pattern '{dataset.pattern}' of the catalog fits it" if dataset.pattern else "its catalog entry"
    return Fact("type", dataset.type, why, _place(dataset.location))


def _group_fact(parts: InstanceParts, dataset: DatasetEntry, spec: dg.AssetSpec, node: NodeEntry | None) -> Fact:
    shown = spec.group_name or "default"
    settings = settings_of(dataset)
    if settings is not None and settings.group_name == shown:
        return Fact("group", shown, *_setting(parts, dataset, "group_name", ""))
    if str(dataset.metadata.get("group_name")).replace(".", "/") == shown:
        return Fact("group", shown, "`metadata.group_name` of its catalog entry", _place(dataset.location))
    if node is None:
        return Fact("group", shown, "no node makes it")
    if node.namespace and node.namespace.replace(".", "/") == shown:
        return Fact("group", shown, f"the namespace of node '{node.name}'", _place(node.source))
    registered = next((name for name in node.pipelines if name != "__default__"), None)
    if registered is not None and registered.replace(".", "_") == shown:
        return Fact("group", shown, f"the first registered pipeline that holds node '{node.name}'")
    return Fact("group", shown, "the rule above, or `translation`", parts.place.position("translation"))


def _settings_facts(parts: InstanceParts, dataset: DatasetEntry) -> Iterator[Fact]:
    """Settings of the asset that have no fact of their own above."""
    settings = settings_of(dataset)
    if settings is None:
        return
    shown = ("owners", "tags", "automation_condition", "freshness_policy", "code_version", "retry_policy", "pool")
    for name in shown:
        value = getattr(settings, name)
        if value:
            yield Fact(name.replace("_", " "), _text(value), *_setting(parts, dataset, name, ""))


def _setting(parts: InstanceParts, dataset: DatasetEntry, name: str, otherwise: str) -> tuple[str, Position | None]:
    """Where a setting of an asset is from."""
    key = most_specific(parts.config.assets, dataset.name)
    if key is not None and name in parts.config.assets[key].model_fields_set:
        return f"`{name}` of '{key}' in dagster.yml", parts.positions.at("assets", key, name)
    if name in (dataset.metadata.get("dagster") or {}):
        return f"`metadata.dagster.{name}` of its catalog entry", _place(dataset.location)
    if dataset.location is not None and name == "partitions" and settings_of(dataset) is not None:
        return "its catalog entry", _place(dataset.location)
    return otherwise, None


def _jobs(parts: InstanceParts, name: str) -> Iterator[Explanation]:
    for plan in parts.jobs:
        if plan.name == name:
            place = parts.positions.at("jobs", plan.source, at_key=True) if plan.source is not None else None
            yield Explanation("job", name, place, tuple(_job_facts(parts, plan, place)))


def _job_facts(parts: InstanceParts, plan: JobPlan, place: Position | None) -> Iterator[Fact]:
    yield _job_name_fact(parts, plan, place)
    yield Fact("pipelines", ", ".join(plan.pipelines), "registered pipelines it is cut from", place)
    chosen = {key: value for key, value in plan.config.pipeline.model_dump().items() if value}
    if plan.source is not None and chosen:
        yield Fact(
            "filter", _text(chosen), "`pipeline` of the job", parts.positions.at("jobs", plan.source, "pipeline")
        )
    wanted = set(plan.node_ids)
    steps = [step for step in parts.steps.values() if not wanted.isdisjoint(step.node_ids)]
    definitions = definitions_of(steps)
    if len(definitions) > 1:
        why = f"its steps have {len(definitions)} different partitions, of which Dagster allows an asset job one"
        yield Fact("kind", "job of ops", why)
    else:
        yield Fact("kind", "asset job", "its steps have at most one definition of partitions")
    for step in steps:
        held = [one.node for one in step.nodes if one.node.id in wanted]
        names = ", ".join(f"'{node.name}'" for node in held)
        yield Fact("step", step.op_name, f"node{'s' * (len(held) > 1)} {names}", _place(held[0].source))
    for what in ("executor", "schedule", "loggers", "partitions", "params", "retry_policy"):
        value = getattr(plan.config, what)
        if value and plan.source is not None:
            at = parts.positions.at("jobs", plan.source, what)
            yield Fact(what.replace("_", " "), _text(value), f"`{what}` of the job", at)
    for name, sensor in parts.config.sensors.items():
        if getattr(sensor, "job", None) == plan.name.removeprefix(parts.prefix):
            yield Fact("sensor", f"{parts.prefix}{name}", "it runs the job", parts.positions.at("sensors", name))


def _job_name_fact(parts: InstanceParts, plan: JobPlan, place: Position | None) -> Fact:
    if plan.source is None:
        why = "a registered pipeline, since dagster.yml has no jobs"
        return Fact("job", plan.name, f"{why}; `__default__` is called `default`" if plan.name == "default" else why)
    if plan.source == plan.name.removeprefix(parts.prefix):
        return Fact("job", plan.name, "an entry of dagster.yml", place)
    return Fact("job", plan.name, f"made by the job factory '{plan.source}' of dagster.yml", place)


def _jobs_fact(parts: InstanceParts, node_ids: Iterable[str]) -> Fact:
    wanted = set(node_ids)
    names = [plan.name for plan in parts.jobs if wanted.intersection(plan.node_ids)]
    return Fact("jobs", ", ".join(names) or "none", "jobs whose filter leaves it in")


def _tag_facts(node: NodeEntry) -> Iterator[Fact]:
    if node.tags:
        yield Fact("tags", ", ".join(node.tags), "tags of the node", _place(node.source))


def _place(source: SourceRef | None) -> Position | None:
    return Position(Path(source.file), source.line) if source is not None else None


def _short(value: object) -> str:
    """A definition of Dagster's, without the module it is from."""
    return " ".join(str(value).split()) if type(value).__str__ is not object.__str__ else type(value).__name__


def _text(value: Any) -> str:
    if hasattr(value, "model_dump"):
        value = value.model_dump(exclude_defaults=True)
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_text(item)}" for key, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value))
    return str(getattr(value, "value", value))


_EXPLAIN: Mapping[Kind, Callable[[InstanceParts, str], Iterator[Explanation]]] = {
    "node": _nodes,
    "dataset": _datasets,
    "job": _jobs,
}
"""How an object of a kind is explained."""
