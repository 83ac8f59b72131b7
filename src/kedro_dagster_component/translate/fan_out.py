"""A partitioned node whose keys are steps of their own: a graph that finds the keys, maps the node, and collects.

```
<name>__keys ──▶ <name>__node[key] ──▶ <name>__done ──▶ assets
```

Only order flows through it. The mapped step knows its key by its name, runs the node, and records what it saved.
"""

# No `from __future__ import annotations`: Dagster reads the annotations of an op's function.

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import dagster as dg

from kedro_dagster_component.compat.dagster_partitions import collected
from kedro_dagster_component.naming import fan_out_names
from kedro_dagster_component.plan import InstancePlan, NodePlan, StepPlan

KEYS, NODE, DONE = "keys", "node", "done"


def names_of_step(plan: StepPlan) -> tuple[str, ...]:
    """Names of a step's op, or of its graph and the ops in it."""
    inner = fan_out_names(plan.op_name) if plan.partitions is not None and plan.partitions.fans_out else ()
    return (plan.op_name, *inner)


def with_fan_out(plan: StepPlan, backfill_policy: dg.BackfillPolicy | None) -> StepPlan:
    """The plan of a step that fans out, unless Dagster gives each key a run of its own."""
    partitions = plan.partitions
    if len(plan.nodes) > 1:  # its data is released key by key, all in one step
        return plan
    if partitions is None or partitions.definition is None or backfill_policy != dg.BackfillPolicy.single_run():
        return plan
    return replace(plan, partitions=replace(partitions, fans_out=True))


def build_fan_out(
    plan: StepPlan,
    instance: InstancePlan,
    *,
    inputs: Iterable[str],
    node_options: Mapping[str, Any],
    execute: Callable[[Any, StepPlan], Iterator[Any]],
    check_outputs: Sequence[str] = (),
) -> dg.GraphDefinition:
    """The graph of one node.

    Args:
        plan: Its step.
        instance: The component instance.
        inputs: Names of the inputs.
        node_options: Of the op that runs the node: description, configuration, tags, pool and the like.
        execute: What runs the node.
        check_outputs: Names of the outputs of its checks, which look at all keys together.
    """
    find_keys = _find_keys_op(plan, instance, tuple(inputs))
    run_node = _run_node_op(plan, instance, node_options, execute)
    finish = _finish_op(plan, instance, check_outputs)
    return dg.GraphDefinition(
        name=plan.op_name,
        description=node_options["description"],
        node_defs=[find_keys, run_node, finish],
        dependencies={
            find_keys.name: {},
            run_node.name: {KEYS: dg.DependencyDefinition(find_keys.name, KEYS)},
            finish.name: {NODE: collected(run_node.name, DONE)},
        },
        input_mappings=[
            dg.InputMapping(graph_input_name=name, mapped_node_name=find_keys.name, mapped_node_input_name=name)
            for name in find_keys.ins
        ],
        output_mappings=[
            dg.OutputMapping(graph_output_name=name, mapped_node_name=finish.name, mapped_node_output_name=name)
            for name in finish.outs
        ],
        config=_config_mapping(run_node.name, node_options["config_schema"]),
    )


def _find_keys_op(plan: StepPlan, instance: InstancePlan, inputs: Sequence[str]) -> dg.OpDefinition:
    @dg.op(
        name=fan_out_names(plan.op_name)[0],
        description=f"Finds the partition keys of {plan.node.name}.",
        ins={name: dg.In(dg.Nothing) for name in inputs},
        out={KEYS: dg.DynamicOut(dg.Nothing)},
    )
    def find_keys(context: dg.OpExecutionContext) -> Iterator[Any]:
        yield from _find_keys(context, instance, plan)

    return find_keys


def _run_node_op(
    plan: StepPlan,
    instance: InstancePlan,
    options: Mapping[str, Any],
    execute: Callable[[Any, StepPlan], Iterator[Any]],
) -> dg.OpDefinition:
    @dg.op(
        name=fan_out_names(plan.op_name)[1],
        ins={KEYS: dg.In(dg.Nothing)},
        out={DONE: dg.Out(dg.Nothing)},
        required_resource_keys={instance.key, "io_manager"},
        **options,
    )
    def run_node(context: dg.OpExecutionContext) -> Iterator[Any]:
        yield from execute(context, plan)

    return run_node


def _finish_op(plan: StepPlan, instance: InstancePlan, check_outputs: Sequence[str]) -> dg.OpDefinition:
    [one] = plan.nodes
    is_required = len(one.output_names) == 1 and not check_outputs
    manager = _io_manager_key(one, instance)

    @dg.op(
        name=fan_out_names(plan.op_name)[2],
        description=f"Waits for all keys of {plan.node.name}.",
        ins={NODE: dg.In(dg.Nothing)},
        out={
            **{name: dg.Out(dg.Nothing, is_required=is_required, io_manager_key=manager) for name in one.output_names},
            **{name: dg.Out(dg.Nothing, is_required=False) for name in check_outputs},
        },
        required_resource_keys={instance.key, *(["io_manager"] if check_outputs else [])},
    )
    def finish(context: dg.OpExecutionContext) -> Iterator[Any]:
        yield from _finish(context, instance, plan)

    return finish


def _io_manager_key(one: NodePlan, instance: InstancePlan) -> str:
    return "io_manager" if one.marker is not None else instance.key


def _config_mapping(node_name: str, config_schema: Mapping[str, Any] | None) -> dg.ConfigMapping | None:
    """Keeps the configuration of the node where it is without partitions: at `ops.<name>.config`."""
    if config_schema is None:
        return None
    return dg.ConfigMapping(config_fn=lambda config: {node_name: {"config": config}}, config_schema=dict(config_schema))


def _find_keys(context: Any, instance: InstancePlan, plan: StepPlan) -> Iterator[Any]:
    # Only a run needs the runtime.
    from kedro_dagster_component.runtime.run_partitions import find_keys

    yield from find_keys(context, instance, plan)


def _finish(context: Any, instance: InstancePlan, plan: StepPlan) -> Iterator[Any]:
    from kedro_dagster_component.runtime.step import finish_fan_out

    yield from finish_fan_out(context, instance, plan)
