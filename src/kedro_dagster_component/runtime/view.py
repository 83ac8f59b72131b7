"""A Dagster run as the runtime sees it, from whichever of Dagster's contexts, and what follows from it for Kedro."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import dagster as dg

from kedro_dagster_component.compat.dagster import op_names_of_run, outputs_read_by_others, shares_one_process
from kedro_dagster_component.manifest import NodeEntry
from kedro_dagster_component.plan import InstancePlan, merge_deep, nested_params
from kedro_dagster_component.runtime.group import nodes_of_run
from kedro_dagster_component.runtime.logs import LogLine, LogSink
from kedro_dagster_component.runtime.messages import RunInfo, SessionRequest
from kedro_dagster_component.runtime.mlflow_record import recorded_run_id
from kedro_dagster_component.runtime.resource import KedroSessionResource, SessionOptions
from kedro_dagster_component.runtime.run_partitions import run_parameters
from kedro_dagster_component.runtime.runs import run_record, save_version


@dataclass(frozen=True)
class RunView:
    """What a step, an executor or a sensor sees of a run.

    Attributes:
        run: The run.
        job_def: The job it runs, cut to what was selected.
        instance: Where it is recorded.
        log: Its event log.
    """

    run: dg.DagsterRun
    job_def: dg.JobDefinition
    instance: dg.DagsterInstance
    log: Any

    @classmethod
    def of_op(cls, context: dg.OpExecutionContext) -> RunView:
        """From the context of an op."""
        return cls(context.run, context.job_def, context.instance, context.log)

    @classmethod
    def of_plan(cls, context: Any) -> RunView:
        """From the context of an executor, or from the step context of an IO manager."""
        return cls(context.dagster_run, context.job.get_definition(), context.instance, context.log)

    def op_names(self) -> frozenset[str]:
        """Names of the ops the run runs."""
        return op_names_of_run(self.job_def, self.run)


def session_request(
    view: RunView, instance: InstancePlan, options: SessionOptions, *, in_run_process: bool = False
) -> SessionRequest:
    """What the Kedro session of a run and instance is made from; equal in every step of the run.

    Args:
        view: The run.
        instance: The component instance.
        options: From the configuration of its session resource.
        in_run_process: Whether this is the run's own process.
    """
    run = view.run
    shares_process = shares_one_process(view.job_def, run.run_config)
    nodes = tuple(one.node for one in nodes_of_run(view, instance))
    repeats = instance.run_hooks == "every_process" and not (in_run_process or shares_process)
    info = run_info(view, instance)
    record = run_record(view.instance, run.run_id)
    return SessionRequest(
        ref=instance.ref,
        instance_key=instance.key,
        run_id=run.run_id,
        save_version=save_version(record),
        run_params=merge_deep(instance.job_params.get(run.job_name, {}), nested_params(options.runtime_params)),
        load_versions=options.load_versions,
        dataset_overrides=options.datasets,
        nodes=nodes,
        kept_datasets=_taken_by_others(view, instance),
        pipelines=pipelines_of_run(view, instance, nodes),
        shares_process=shares_process,
        in_run_process=in_run_process or shares_process,
        repeat_before=info if repeats else None,
        loggers=tuple(instance.job_loggers.get(run.job_name, ())),
        info=info,
        mlflow_run_id=recorded_run_id(record.dagster_run, instance.key),
    )


def step_session(view: RunView, instance: InstancePlan, resource: KedroSessionResource) -> SessionRequest:
    """The `session_request` of a step, which is found out once where all steps of the run share a process.

    Args:
        view: The run, as the step sees it.
        instance: The component instance.
        resource: Its session resource, which lives as long as the run does in this process.
    """
    if resource.session is not None:
        return resource.session
    found = session_request(view, instance, resource.options)
    if found.shares_process:
        resource.session = found
    return found


def pipelines_of_run(view: RunView, instance: InstancePlan, nodes: Iterable[NodeEntry]) -> tuple[str, ...]:
    """Registered pipelines of a run: those of its job, else those that its nodes are in.

    Args:
        view: The run.
        instance: The component instance.
        nodes: Those of the instance that the run runs.
    """
    held = dict.fromkeys(name for node in nodes for name in node.pipelines if name != "__default__")
    return instance.job_pipelines.get(view.run.job_name) or tuple(held)


def _taken_by_others(view: RunView, instance: InstancePlan) -> tuple[str, ...]:
    """Datasets of an instance that assets that are not its own take in this run."""
    taken = outputs_read_by_others(view.job_def, instance.steps.keys())
    names = {instance.steps[op].outputs[output].name for op, output in taken if output in instance.steps[op].outputs}
    return tuple(sorted(names))


def run_info(view: RunView, instance: InstancePlan) -> RunInfo:
    """A run as Kedro's run-level hooks are told of it."""
    name = view.run.job_name
    return RunInfo(
        dagster_run_id=view.run.run_id,
        pipeline_names=instance.job_pipelines.get(name, ()),
        filters=instance.job_filters.get(name, {}),
        runner=view.job_def.executor_def.name,
        partitions=run_parameters(view.run, view.instance, instance, view.op_names()),
    )


def sink_of(log: Any) -> LogSink:
    """A sink that writes Python log lines to the event log of a run."""

    def sink(line: LogLine) -> None:
        log.log(line.level, "%s - %s", line.logger, line.message)

    return sink
