"""Run-level hooks of runs that no executor of ours is in charge of, or not to the end.

Where all steps share one process (`execute_in_process` knows no executor; an in-process executor that is not
wrapped), the first step opens the run's hooks and the end of its resources closes them. A run whose own process was
killed, or that another executor runs in several processes, is looked after by sensors. These run in the code server,
which must never become a Kedro process: the hooks fire in a child process of its own.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Literal

import dagster as dg

from kedro_dagster_component.compat.dagster import op_name_of_step, shares_one_process
from kedro_dagster_component.plan import InstancePlan
from kedro_dagster_component.runtime.foreign import ForeignHost
from kedro_dagster_component.runtime.lifecycle import (
    FailureWatch,
    RunLifecycle,
    attended_runs,
    fire,
    mark,
    participants,
    stage_of,
)
from kedro_dagster_component.runtime.messages import Failure, RunMoment
from kedro_dagster_component.runtime.mlflow_claim import first_offer
from kedro_dagster_component.runtime.view import RunView


@dataclass
class _OpenRun:
    """A run whose hooks its first step opened.

    Attributes:
        lifecycle: Of the run.
        view: The run.
        refusal: What `before_pipeline_run` raised; None where it went well.
    """

    lifecycle: RunLifecycle
    view: RunView
    refusal: Exception | None = None


_INTERRUPTED = dg.DagsterExecutionInterruptedError.__name__
_RUN_ENDS = frozenset({dg.DagsterEventType.RUN_FAILURE, dg.DagsterEventType.RUN_CANCELED})

_open_runs: dict[str, _OpenRun] = {}
"""By run id."""


def open_run(view: RunView) -> None:
    """Fire `before_pipeline_run` before the first Kedro node of a run in one process that no executor of ours runs.

    Raises:
        HookError: A hook raised; no step of the run gets further than this.
    """
    run_id = view.run.run_id
    opened = _open_runs.get(run_id)
    if opened is None:
        if run_id in attended_runs or not shares_one_process(view.job_def, view.run.run_config):
            return
        opened = _open_runs[run_id] = _OpenRun(RunLifecycle(view), view)
        try:
            opened.lifecycle.start()
        except Exception as error:
            opened.refusal = error
            raise
    if opened.refusal is not None:
        raise opened.refusal


def close_run(run_id: str) -> None:
    """Fire the last hook of a run that `open_run` opened, when its resources are taken down.

    Raises:
        HookError: A hook raised.
    """
    opened = _open_runs.pop(run_id, None)
    if opened is None or opened.refusal is not None:
        return
    view = opened.view
    failures = view.instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
    for entry in failures:
        if entry.dagster_event is not None:
            opened.lifecycle.observe(entry.dagster_event)
    done = view.instance.all_logs(run_id, of_type={dg.DagsterEventType.STEP_SUCCESS, dg.DagsterEventType.STEP_SKIPPED})
    is_whole = _has_finished(view, {entry.step_key for entry in done if entry.step_key})
    opened.lifecycle.finish(
        None if is_whole or failures else RuntimeError("the run ended before all its steps were done")
    )


def _has_finished(view: RunView, finished: set[str]) -> bool:
    """Whether all ops of a run are over, by the keys of the steps that are; of somebody else's graph any step counts."""
    last = {name: step.last_step for one in participants(view) for name, step in one.instance.steps.items()}
    begun = {op_name_of_step(key) for key in finished}
    return all(last[name] in finished if name in last else name in begun for name in view.op_names())


def see_to(
    context: Any, instance: InstancePlan, ended: Literal["after", "error"], *, has_other_executor: bool
) -> dg.SkipReason | None:
    """Fire what hooks an ended run still owes.

    Args:
        context: Of a run-status sensor.
        instance: The component instance the sensor belongs to.
        ended: The last hook of the run, as its status has it.
        has_other_executor: Whether runs without a job have an executor that is not ours.

    Returns:
        Why nothing was to do; None after firing.
    """
    run = context.dagster_run
    stage = stage_of(run, instance)
    is_left_over = stage == "begun" and ended == "error"
    is_never_seen = stage is None and has_other_executor and _has_started(context.instance, run)
    if not (is_left_over or is_never_seen):
        return dg.SkipReason("the hooks of this run have fired")
    begins = is_never_seen or instance.run_hooks == "every_process"
    return _fire(context, instance, ("before", ended) if begins else (ended,))


def _fire(context: Any, instance: InstancePlan, moments: tuple[RunMoment, ...]) -> dg.SkipReason | None:
    """Fire hooks in a process of their own."""
    run = context.dagster_run
    view = RunView(run, _job_of(context, run), context.instance, context.log)
    taking_part = [one for one in participants(view) if one.instance.key == instance.key]
    if not taking_part:
        return dg.SkipReason(f"the run has no node of {instance.key}")
    mark(view, taking_part, "done")
    mlflow_run_id = first_offer(view.instance, run.run_id, instance.key)
    host = ForeignHost(instance.ref, dict(os.environ))
    try:
        for moment in moments:
            failure = _failure_of(view) if moment == "error" else None
            fire(view, taking_part[0], moment, failure, host, mlflow_run_id)
    finally:
        host.stop()
    return None


def _has_started(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Whether any step can have run; a run that was cancelled in the queue has no hooks."""
    record = instance.get_run_record_by_id(run.run_id)
    return record is not None and record.start_time is not None


def _job_of(context: Any, run: dg.DagsterRun) -> dg.JobDefinition:
    """The job of a run, cut to what the run selected."""
    job: dg.JobDefinition = context.repository_def.get_maybe_subset_job_def(
        run.job_name, op_selection=run.resolved_op_selection, asset_selection=run.asset_selection
    )
    return job


def _failure_of(view: RunView) -> Failure:
    """The first failed step of a run, else what Dagster says of the run itself, and just before (how it was killed).

    A step that was interrupted failed since its run was over already: it says nothing of why.
    """
    wanted = {*_RUN_ENDS, dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.ENGINE_EVENT}
    watch, before, said = FailureWatch(), "", ["the run failed"]
    for entry in view.instance.all_logs(view.run.run_id, of_type=wanted):
        event = entry.dagster_event
        if event is None:
            continue
        watch.observe(event)
        if event.event_type in _RUN_ENDS:
            said = [event.message or "the run failed", before]
        elif not event.step_key:
            before = event.message or ""
    if watch.failure is not None and watch.failure.class_name != _INTERRUPTED:
        return watch.failure
    return Failure("RunFailed", " ".join(said).strip())
