"""Nodes and datasets of a manifest as Dagster assets. The one place that builds `@multi_asset`s."""

# No `from __future__ import annotations`: Dagster reads the annotation of a step's context as an object.

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg

from kedro_dagster_component.manifest import DatasetEntry, NodeEntry, ProjectManifest
from kedro_dagster_component.naming import tags_from, unique_identifiers
from kedro_dagster_component.plan import DatasetPlan, InstancePlan, StepPartitions, StepPlan
from kedro_dagster_component.translate.config_schema import parameter_fields
from kedro_dagster_component.translate.fan_out import build_fan_out
from kedro_dagster_component.translate.run_metadata import metadata_choice
from kedro_dagster_component.translate.specs import node_description

GetSpec = Callable[["NodeEntry | None", "DatasetEntry | None"], dg.AssetSpec]
"""Final spec of a dataset (or, without one, of a node without outputs), after the user's translation."""

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
        datasets: By dataset name, free inputs included.
        nodes: By node id, for nodes without outputs.
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
        """Keys of the assets a node makes."""
        if not node.outputs:
            return [self.nodes[node.id].key]
        return [self.datasets[name].key for name in node.output_datasets]


def build_asset_table(manifest: ProjectManifest, node_ids: Sequence[str], get_spec: GetSpec) -> AssetTable:
    """Compute the final spec of every exposed dataset and node, once.

    Args:
        manifest: The whole project.
        node_ids: Exposed nodes in execution order.
        get_spec: Gives a spec its final form.
    """
    nodes = [manifest.nodes[node_id] for node_id in node_ids]
    producers = {name: node.id for node in nodes for name in node.output_datasets}
    names = dict.fromkeys(name for node in nodes for name in (*node.input_datasets, *node.output_datasets))
    datasets = {
        name: get_spec(manifest.nodes[producers[name]] if name in producers else None, manifest.datasets[name])
        for name in names
    }
    return AssetTable(
        datasets=datasets,
        nodes={node.id: get_spec(node, None) for node in nodes if not node.outputs},
        producers=producers,
    )


def build_dataset_plans(
    manifest: ProjectManifest, table: AssetTable, metadata: Collection[str] = ()
) -> dict[str, DatasetPlan]:
    """What the runtime needs to know of each exposed dataset, by name.

    Args:
        manifest: The project.
        table: Final specs.
        metadata: What to tell of all datasets, as `include_metadata` names it.
    """
    return {
        name: DatasetPlan(
            name=name,
            asset_key=tuple(spec.key.path),
            spellings=manifest.datasets[name].spellings,
            is_memory=manifest.datasets[name].is_memory,
            is_versioned=manifest.datasets[name].is_versioned,
            type=manifest.datasets[name].type,
            is_free=name not in table.producers,
            metadata=metadata_choice(manifest.datasets[name], metadata),
            code_version=spec.code_version,
        )
        for name, spec in table.datasets.items()
    }


def build_step_plan(
    op_name: str,
    node: NodeEntry,
    manifest: ProjectManifest,
    datasets: Mapping[str, DatasetPlan],
    partitions: StepPartitions | None = None,
    asset_key: tuple[str, ...] = (),
) -> StepPlan:
    """The plan of one node's step.

    Args:
        op_name: Of the Dagster op.
        node: The node.
        manifest: The project.
        datasets: Plans of all exposed datasets, by name.
        partitions: None where the node has to do with none.
        asset_key: Of a node without outputs.
    """
    output_names = unique_identifiers(node.output_datasets)
    shown = {name: manifest.parameters[name] for name in node.parameters if name in manifest.parameters}
    return StepPlan(
        op_name=op_name,
        node=node,
        inputs=tuple(datasets[name] for name in node.input_datasets),
        outputs={output: datasets[name] for name, output in output_names.items()},
        marker=None if node.outputs else "done",
        defaults={name: parameter.value for name, parameter in shown.items() if not parameter.is_secret},
        partitions=partitions,
        asset_key=asset_key,
    )


def build_node_assets(
    plan: StepPlan,
    table: AssetTable,
    manifest: ProjectManifest,
    instance: InstancePlan,
    settings: OpSettings,
    execute: Execute,
) -> dg.AssetsDefinition:
    """The assets one node makes, as one step.

    A node with several outputs can be asked for some of them: it runs as a whole all the same, and what it
    saved besides is logged.
    """
    node = plan.node

    description = settings.description or _op_description(plan, manifest)
    config_schema = parameter_fields(node, manifest.parameters) or None
    options: dict[str, Any] = {
        "tags": {**tags_from(node.tags), **settings.tags},
        "pool": settings.pool,
        "retry_policy": settings.retry_policy,
    }
    if plan.partitions is not None and plan.partitions.fans_out:
        graph = build_fan_out(
            plan,
            instance,
            inputs=_ins(plan, table),
            node_options=options,
            config_schema=config_schema,
            description=description,
            execute=execute,
            check_outputs=[spec.get_python_identifier() for spec in settings.checks],
        )
        return _graph_assets(graph, plan, table, instance, settings)

    @dg.multi_asset(
        name=plan.op_name,
        description=description,
        outs=_outs(plan, table, instance, is_subsettable=_is_subsettable(plan, settings)),
        check_specs=settings.checks or None,
        ins=_ins(plan, table),
        config_schema=config_schema,
        required_resource_keys={instance.key, "io_manager"},
        op_tags=options["tags"],
        pool=settings.pool,
        retry_policy=settings.retry_policy,
        backfill_policy=settings.backfill_policy,
        partitions_def=plan.partitions.definition if plan.partitions is not None else None,
        can_subset=_is_subsettable(plan, settings),
    )
    def step(context) -> Iterator[Any]:  # type: ignore[no-untyped-def]  # noqa: ANN001 (of an asset, or of an op job)
        yield from execute(context, plan)

    return step


def _graph_assets(
    graph: dg.GraphDefinition, plan: StepPlan, table: AssetTable, instance: InstancePlan, settings: OpSettings
) -> dg.AssetsDefinition:
    """The assets of a node that fans out, with the specs they would have without."""
    ins = _ins(plan, table)
    if plan.marker is not None:
        specs = {plan.marker: table.nodes[plan.node.id]}
    else:
        specs = {
            output: table.datasets[dataset.name].with_io_manager_key(instance.key)
            for output, dataset in plan.outputs.items()
        }
    by_key = {spec.key: spec for spec in specs.values()}
    assets = dg.AssetsDefinition.from_graph(
        graph,
        keys_by_input_name={name: one.key for name, one in ins.items() if one.key is not None},
        keys_by_output_name={output: spec.key for output, spec in specs.items()},
        partitions_def=plan.partitions.definition if plan.partitions is not None else None,
        partition_mappings={
            name: one.partition_mapping for name, one in ins.items() if one.partition_mapping is not None
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
    """What the catalog says of the one output, else what the node's function says."""
    outputs = [manifest.datasets[dataset.name] for dataset in plan.outputs.values()]
    described = outputs[0].metadata.get("description") if len(outputs) == 1 else None
    return str(described) if described else node_description(plan.node)


def _ins(plan: StepPlan, table: AssetTable) -> dict[str, dg.AssetIn]:
    """Inputs of a step, for their order only: Kedro loads them. Those that `translation` adds come last.

    They are no `deps`, whose input names Dagster makes of the keys: those of odd ones are refused, or equal.
    """
    mapped = plan.partitions.inputs if plan.partitions is not None else {}
    mappings = {
        table.datasets[dataset.name].key: mapped[dataset.name].mapping if dataset.name in mapped else None
        for dataset in plan.inputs
    }
    names = {table.datasets[dataset.name].key: dataset.name for dataset in plan.inputs}
    made = (
        [table.nodes[plan.node.id]]
        if plan.marker is not None
        else [table.datasets[one.name] for one in plan.outputs.values()]
    )
    for dep in (dep for spec in made for dep in spec.deps):
        mappings.setdefault(dep.asset_key, dep.partition_mapping)
        names.setdefault(dep.asset_key, f"dep {dep.asset_key.to_user_string()}")
    identifiers = unique_identifiers(names.values())
    return {
        identifiers[names[key]]: dg.AssetIn(key=key, dagster_type=dg.Nothing, partition_mapping=mapping)
        for key, mapping in mappings.items()
    }


def _is_subsettable(plan: StepPlan, settings: OpSettings) -> bool:
    """Whether a step can be asked for a part of what it makes: of several outputs some, of checks these alone."""
    return len(plan.outputs) > 1 or bool(settings.checks)


def _outs(plan: StepPlan, table: AssetTable, instance: InstancePlan, *, is_subsettable: bool) -> dict[str, dg.AssetOut]:
    """Outputs of a step: in-memory data goes through the instance's IO manager, everything else Kedro saves."""
    if plan.marker is not None:
        spec = table.nodes[plan.node.id].replace_attributes(deps=[])
        return {plan.marker: dg.AssetOut.from_spec(spec, dagster_type=dg.Nothing)}
    return {
        output: dg.AssetOut.from_spec(
            table.datasets[dataset.name].replace_attributes(deps=[]),
            dagster_type=dg.Any if dataset.is_memory else dg.Nothing,
            is_required=not is_subsettable,
            io_manager_key=instance.key,
        )
        for output, dataset in plan.outputs.items()
    }
