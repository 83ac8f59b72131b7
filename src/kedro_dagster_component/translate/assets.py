"""Nodes and datasets of a manifest as Dagster assets. The one place that builds the assets of steps."""

# No `from __future__ import annotations`: Dagster reads the annotation of a step's context as an object.

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import dagster as dg

from kedro_dagster_component.manifest import DatasetEntry, NodeEntry, ProjectManifest
from kedro_dagster_component.naming import tags_from, unique_identifiers
from kedro_dagster_component.plan import InstancePlan, StepPlan
from kedro_dagster_component.translate.config_schema import parameter_fields
from kedro_dagster_component.translate.fan_out import build_fan_out
from kedro_dagster_component.translate.specs import node_description

GetSpec = Callable[["NodeEntry | None", "DatasetEntry | None"], dg.AssetSpec]
"""Final spec of a dataset (or, without one, of a node without outputs), after the user's translation."""

_ORDER_ONLY = dg.In(dg.Nothing)
"""An input that gives an order and no data."""

Execute = Callable[[dg.AssetExecutionContext, StepPlan], "Iterator[Any]"]
"""Body of a step: what `KedroProjectComponent.execute` does."""


@dataclass(frozen=True)
class OpSettings:
    """Settings of an op: those that every op of an instance shares, and its own.

    Attributes:
        tags: Op tags, beside those of the node.
        description: Of every op; None for the node's own.
        pool: Concurrency pool; None for none.
        retry_policy: None for none.
        backfill_policy: None for Dagster's own.
        checks: Of the datasets the step makes.
    """

    tags: Mapping[str, Any]
    description: str | None = None
    pool: str | None = None
    retry_policy: dg.RetryPolicy | None = None
    backfill_policy: dg.BackfillPolicy | None = None
    checks: Sequence[dg.AssetCheckSpec] = ()


@dataclass(frozen=True)
class AssetTable:
    """Final specs of everything an instance exposes.

    Attributes:
        datasets: By dataset name, free inputs included; without what stays inside a step.
        nodes: By node id, for nodes that make no asset and stand for themselves.
        producers: Node id by dataset name; a free input has none.
    """

    datasets: Mapping[str, dg.AssetSpec]
    nodes: Mapping[str, dg.AssetSpec]
    producers: Mapping[str, str]

    @property
    def partitions(self) -> dict[str, dg.PartitionsDefinition]:
        """Those that the specs themselves have, by dataset name."""
        return {name: spec.partitions_def for name, spec in self.datasets.items() if spec.partitions_def is not None}

    def keys_of(self, node: NodeEntry) -> list[dg.AssetKey]:
        """Keys of the assets a node makes; none where all it makes stays inside a step."""
        if node.id in self.nodes:
            return [self.nodes[node.id].key]
        return [self.datasets[name].key for name in node.output_datasets if name in self.datasets]


def build_asset_table(
    manifest: ProjectManifest, node_ids: Sequence[str], get_spec: GetSpec, inside: Collection[str] = ()
) -> AssetTable:
    """Compute the final spec of every exposed dataset and node, once.

    Args:
        manifest: The whole project.
        node_ids: Exposed nodes in execution order.
        get_spec: Gives a spec its final form.
        inside: Names of datasets that stay inside the step that makes them.
    """
    nodes = [manifest.nodes[node_id] for node_id in node_ids]
    taken = {name for node in nodes for name in node.input_datasets}
    producers = {name: node.id for node in nodes for name in node.output_datasets if name not in inside}
    names = dict.fromkeys(name for node in nodes for name in (*node.input_datasets, *node.output_datasets))
    datasets = {
        name: get_spec(manifest.nodes[producers[name]] if name in producers else None, manifest.datasets[name])
        for name in names
        if name not in inside
    }
    return AssetTable(
        datasets=datasets,
        nodes={
            node.id: get_spec(node, None)
            for node in nodes
            if all(name in inside and name not in taken for name in node.output_datasets)
        },
        producers=producers,
    )


def build_step_assets(
    plan: StepPlan,
    table: AssetTable,
    manifest: ProjectManifest,
    instance: InstancePlan,
    settings: OpSettings,
    execute: Execute,
) -> dg.AssetsDefinition:
    """The assets that the nodes of one step make.

    A step with several outputs can be asked for some of them: nodes that are not needed for these are not run. A node
    that is runs as a whole, and what it saved besides is logged.
    """
    tags = tags_from(tag for one in plan.nodes for tag in one.node.tags)
    options: dict[str, Any] = {
        "description": settings.description or _op_description(plan, manifest),
        "config_schema": parameter_fields(plan, manifest.parameters) or None,
        "tags": {**tags, **settings.tags},
        "pool": settings.pool,
        "retry_policy": settings.retry_policy,
    }
    if plan.partitions is not None and plan.partitions.fans_out:
        graph = build_fan_out(
            plan,
            instance,
            inputs=_taken(plan, table),
            node_options=options,
            execute=execute,
            check_outputs=[spec.get_python_identifier() for spec in settings.checks],
        )
        return _graph_assets(graph, plan, table, instance, settings)
    options |= {"name": plan.op_name, "required_resource_keys": _resources_of(instance.key)}
    if len(plan.nodes) > 1 or settings.checks:
        return _multi_asset(plan, table, instance, settings, options, execute)
    return _node_assets(plan, table, instance, settings, options, execute)


@cache
def _resources_of(key: str) -> frozenset[str]:
    """One for all steps of an instance."""
    return frozenset({key, "io_manager"})


def _multi_asset(
    plan: StepPlan,
    table: AssetTable,
    instance: InstancePlan,
    settings: OpSettings,
    options: Mapping[str, Any],
    execute: Execute,
) -> dg.AssetsDefinition:
    """The assets of a group, between which there are dependencies, or of a step with checks."""
    op_options = {name: value for name, value in options.items() if name != "tags"}

    @dg.multi_asset(
        outs=_outs(plan, table, instance, is_subsettable=_is_subsettable(plan, settings)),
        check_specs=settings.checks or None,
        ins={
            name: dg.AssetIn(key=dep.asset_key, dagster_type=dg.Nothing, partition_mapping=dep.partition_mapping)
            for name, dep in _taken(plan, table).items()
        },
        internal_asset_deps=_asset_deps(plan, table) if len(plan.nodes) > 1 else None,
        op_tags=options["tags"],
        backfill_policy=settings.backfill_policy,
        partitions_def=plan.partitions.definition if plan.partitions is not None else None,
        can_subset=_is_subsettable(plan, settings),
        **op_options,
    )
    def step(context) -> Iterator[Any]:  # type: ignore[no-untyped-def]  # noqa: ANN001 (of an asset, or of an op job)
        yield from execute(context, plan)

    return step


def _node_assets(
    plan: StepPlan,
    table: AssetTable,
    instance: InstancePlan,
    settings: OpSettings,
    options: Mapping[str, Any],
    execute: Execute,
) -> dg.AssetsDefinition:
    """The assets of one node, as `_multi_asset` would make them.

    Made of the op, as Dagster advises for ops that a program writes: the decorator takes the function apart each time,
    which is half of what a load costs.
    """

    def step(context, _inputs) -> Iterator[Any]:  # type: ignore[no-untyped-def]  # noqa: ANN001 (as above)
        yield from execute(context, plan)

    taken, specs = _taken(plan, table), _specs(plan, table)
    [one] = plan.nodes
    passed = {output for output, dataset in one.outputs.items() if dataset.is_memory}
    outs = {
        output: dg.Out(
            dg.Any if output in passed else dg.Nothing,
            description=spec.description,
            is_required=not _is_subsettable(plan, settings),
            io_manager_key=instance.key if output in one.outputs else None,
            metadata=spec.metadata if output in passed else None,  # for the IO manager; the asset has its own
            code_version=spec.code_version,
        )
        for output, spec in specs.items()
    }
    changes: dict[str, Any] = {"deps": taken.values()}
    if plan.partitions is not None and plan.partitions.definition is not None:
        changes["partitions_def"] = plan.partitions.definition
    return dg.AssetsDefinition(
        node_def=dg.OpDefinition(step, ins=dict.fromkeys(taken, _ORDER_ONLY), outs=outs, **options),
        keys_by_input_name={name: dep.asset_key for name, dep in taken.items()},
        keys_by_output_name={output: spec.key for output, spec in specs.items()},
        specs=[spec.replace_attributes(**changes) for spec in specs.values()],
        backfill_policy=settings.backfill_policy,
        can_subset=_is_subsettable(plan, settings),
    )


def _graph_assets(
    graph: dg.GraphDefinition, plan: StepPlan, table: AssetTable, instance: InstancePlan, settings: OpSettings
) -> dg.AssetsDefinition:
    """The assets of a node that fans out, with the specs they would have without."""
    taken = _taken(plan, table)
    [one] = plan.nodes
    if one.marker is not None:
        specs = {one.marker: table.nodes[one.node.id]}
    else:
        specs = {
            output: table.datasets[dataset.name].with_io_manager_key(instance.key)
            for output, dataset in one.outputs.items()
        }
    by_key = {spec.key: spec for spec in specs.values()}
    assets = dg.AssetsDefinition.from_graph(
        graph,
        keys_by_input_name={name: dep.asset_key for name, dep in taken.items()},
        keys_by_output_name={output: spec.key for output, spec in specs.items()},
        partitions_def=plan.partitions.definition if plan.partitions is not None else None,
        partition_mappings={
            name: dep.partition_mapping for name, dep in taken.items() if dep.partition_mapping is not None
        },
        backfill_policy=settings.backfill_policy,
        can_subset=_is_subsettable(plan, settings),
        check_specs=settings.checks or None,
    )
    return assets.map_asset_specs(
        lambda made: by_key[made.key].replace_attributes(
            deps=made.deps, partitions_def=made.partitions_def, skippable=made.skippable
        )
    )


def build_external_specs(
    table: AssetTable,
    instance: InstancePlan,
    hidden: Collection[str] = (),
    partitions: Mapping[str, dg.PartitionsDefinition] | None = None,
) -> list[dg.AssetSpec]:
    """Free inputs: assets that Dagster knows and does not make.

    Args:
        table: Final specs.
        instance: The component instance.
        partitions: By name of those that are partitioned.
        hidden: Names of those that are somebody else's assets.
    """
    free = {name: spec for name, spec in table.datasets.items() if name not in table.producers and name not in hidden}
    defined = partitions or {}
    return [
        spec.with_io_manager_key(instance.key).replace_attributes(partitions_def=defined.get(name))
        for name, spec in free.items()
    ]


def _op_description(plan: StepPlan, manifest: ProjectManifest) -> str | None:
    """Of a node: what the catalog says of its one output, else what its function says."""
    if len(plan.nodes) > 1:
        return f"Runs {len(plan.nodes)} Kedro nodes: {', '.join(one.node.name for one in plan.nodes)}."
    outputs = [manifest.datasets[dataset.name] for dataset in plan.outputs.values()]
    described = outputs[0].metadata.get("description") if len(outputs) == 1 else None
    return str(described) if described else node_description(plan.node)


def _taken(plan: StepPlan, table: AssetTable) -> dict[str, dg.AssetDep]:
    """Inputs of a step by name, for their order only: Kedro loads them. Those that `translation` adds come last.

    They are no `deps`, whose input names Dagster makes of the keys: those of odd ones are refused, or equal.
    """
    mapped = plan.partitions.inputs if plan.partitions is not None else {}
    mappings = {
        table.datasets[dataset.name].key: mapped[dataset.name].mapping if dataset.name in mapped else None
        for dataset in plan.inputs
    }
    names = {table.datasets[dataset.name].key: dataset.name for dataset in plan.inputs}
    made = _specs(plan, table)
    own = {spec.key for spec in made.values()}
    for dep in (dep for spec in made.values() for dep in spec.deps if dep.asset_key not in own):
        mappings.setdefault(dep.asset_key, dep.partition_mapping)
        names.setdefault(dep.asset_key, f"dep {dep.asset_key.to_user_string()}")
    identifiers = unique_identifiers(names.values())
    return {identifiers[names[key]]: dg.AssetDep(key, partition_mapping=mapping) for key, mapping in mappings.items()}


def _specs(plan: StepPlan, table: AssetTable) -> dict[str, dg.AssetSpec]:
    """Specs of the assets a step makes, by output name."""
    specs: dict[str, dg.AssetSpec] = {}
    for one in plan.nodes:
        if one.marker is not None:
            specs[one.marker] = table.nodes[one.node.id]
        specs.update((output, table.datasets[dataset.name]) for output, dataset in one.outputs.items())
    return specs


def _is_subsettable(plan: StepPlan, settings: OpSettings) -> bool:
    """Whether a step can be asked for a part of what it makes: of several outputs some, of checks these alone."""
    return len(plan.node_by_output) > 1 or bool(settings.checks)


def _outs(plan: StepPlan, table: AssetTable, instance: InstancePlan, *, is_subsettable: bool) -> dict[str, dg.AssetOut]:
    """Outputs of a step: in-memory data goes through the instance's IO manager, everything else Kedro saves."""
    outs = {}
    for one in plan.nodes:
        if one.marker is not None:
            spec = table.nodes[one.node.id].replace_attributes(deps=[])
            outs[one.marker] = dg.AssetOut.from_spec(spec, dagster_type=dg.Nothing, is_required=not is_subsettable)
        for output, dataset in one.outputs.items():
            outs[output] = dg.AssetOut.from_spec(
                table.datasets[dataset.name].replace_attributes(deps=[]),
                dagster_type=dg.Any if dataset.is_memory else dg.Nothing,
                is_required=not is_subsettable,
                io_manager_key=instance.key,
            )
    return outs


def _asset_deps(plan: StepPlan, table: AssetTable) -> dict[str, set[dg.AssetKey]]:
    """Assets that each output of a group depends on, by output name: those its node takes.

    What stays inside the step is no asset, so that the assets behind it count in its place.
    """
    behind: dict[str, set[dg.AssetKey]] = {}
    added = {name: {dep.asset_key for dep in spec.deps} for name, spec in _specs(plan, table).items()}
    deps: dict[str, set[dg.AssetKey]] = {}
    for one in plan.nodes:
        taken: set[dg.AssetKey] = set()
        for dataset in one.inputs:
            taken |= {table.datasets[dataset.name].key} if dataset.asset_key else behind[dataset.name]
        behind.update((dataset.name, taken) for dataset in one.inside)
        deps.update((name, taken | added[name]) for name in one.output_names)
    return deps
