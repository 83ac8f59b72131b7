"""Run-level hooks of runs that no executor of ours was in charge of to the end.

`execute_in_process` knows no executor: the first step opens the run's hooks, the end of its resources closes them.
A run whose own process was killed, or whose executor is not wrapped, is looked after by sensors. These run in the
code server, which must never become a Kedro process: the hook fires in a child process of its own.
"""

from __future__ import annotations

import os
from typing import Any

import dagster as dg

from kedro_dagster_component.compat.dagster import is_execute_in_process
from kedro_dagster_component.plan import InstancePlan
from kedro_dagster_component.runtime.foreign import ForeignHost
from kedro_dagster_component.runtime.lifecycle import (
    RunLifecycle,
    fire,
    first_failure,
    mark,
    participants,
    stage_of,
)
from kedro_dagster_component.runtime.messages import Failure, RunMoment
from kedro_dagster_component.runtime.view import RunView

_lifecycles: dict[str, tuple[RunLifecycle, RunView]] = {}
"""Lives of the `execute_in_process` runs of this process, by run id."""


def open_run(view: RunView) -> None:
    """Fire `before_pipeline_run` of an `execute_in_process` run before its first Kedro node."""
    run_id = view.run.run_id
    if is_execute_in_process(view.job_def) and run_id not in _lifecycles:
        lifecycle = RunLifecycle(view)
        _lifecycles[run_id] = (lifecycle, view)
        lifecycle.start()


def close_run(run_id: str) -> None:
    """Fire the last hook of an `execute_in_process` run, when its resources are taken down."""
    if run_id not in _lifecycles:
        return
    lifecycle, view = _lifecycles.pop(run_id)
    failures = view.instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
    for entry in failures:
        if entry.dagster_event is not None:
            lifecycle.observe(entry.dagster_event)
    done = view.instance.all_logs(run_id, of_type={dg.DagsterEventType.STEP_SUCCESS, dg.DagsterEventType.STEP_SKIPPED})
    finished = {entry.step_key for entry in done}
    is_whole = view.op_names() <= finished
    lifecycle.finish(None if is_whole or failures else RuntimeError("the run ended before all its steps were done"))


def fire_left_over(context: Any, instance: InstancePlan) -> dg.SkipReason | None:
    """Fire `on_pipeline_error` of a failed run whose own process did not live to do it.

    Args:
        context: Of a run-failure sensor.
        instance: The component instance the sensor belongs to.

    Returns:
        Why nothing was to do; None after firing.
    """
    if stage_of(context.dagster_run, instance) != "before":
        return dg.SkipReason("the hooks of this run have fired")
    return _fire(context, instance, "error")


def fire_second_best(context: Any, instance: InstancePlan, moment: RunMoment) -> dg.SkipReason | None:
    """Fire a hook of a run that another executor is in charge of, as soon as a sensor sees it.

    Args:
        context: Of a run-status sensor.
        instance: The component instance the sensor belongs to.
        moment: Which hook the run's status stands for.

    Returns:
        Why nothing was to do; None after firing.
    """
    stage = stage_of(context.dagster_run, instance)
    if stage == "done" or (moment == "before" and stage is not None):
        return dg.SkipReason("the hooks of this run have fired")
    return _fire(context, instance, moment)


def _fire(context: Any, instance: InstancePlan, moment: RunMoment) -> dg.SkipReason | None:
    run = context.instance.get_run_by_id(context.dagster_run.run_id) or context.dagster_run
    view = RunView(run, _job_of(context, run), context.instance, context.log)
    taking_part = [one for one in participants(view) if one.instance.key == instance.key]
    if not taking_part:
        return dg.SkipReason(f"the run has no node of {instance.key}")
    host = ForeignHost(instance.ref, dict(os.environ))
    try:
        fire(view, taking_part[0], moment, _failure_of(view) if moment == "error" else None, host)
    finally:
        host.stop()
    mark(view, instance, "before" if moment == "before" else "done")
    return None


def _job_of(context: Any, run: dg.DagsterRun) -> dg.JobDefinition:
    """The job of a run, cut to what the run selected."""
    job: dg.JobDefinition = context.repository_def.get_maybe_subset_job_def(
        run.job_name, op_selection=run.resolved_op_selection, asset_selection=run.asset_selection
    )
    return job


def _failure_of(view: RunView) -> Failure:
    """The first failed step of a run, else what Dagster says of the run itself."""
    events = view.instance.all_logs(
        view.run.run_id, of_type={dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.RUN_FAILURE}
    )
    message = next((entry.message or entry.user_message for entry in reversed(events)), "the run failed")
    return first_failure(events) or Failure("RunFailed", message)
