"""The one MLflow run of a Dagster run whose hooks nobody fires before its steps.

Under an executor of somebody else each step process finds no MLflow run, and several may open one at once. Each offers
its own in the event log, which numbers what it takes: the first offer is the run's, and the others are deleted.
"""

from __future__ import annotations

from dataclasses import replace

import dagster as dg

from kedro_dagster_component.compat.dagster import report_on_run
from kedro_dagster_component.plan import InstancePlan
from kedro_dagster_component.runtime.host import KedroHost
from kedro_dagster_component.runtime.lifecycle import stage_of
from kedro_dagster_component.runtime.logs import LogSink
from kedro_dagster_component.runtime.messages import SessionRequest
from kedro_dagster_component.runtime.mlflow_record import record_run
from kedro_dagster_component.runtime.view import RunView

_OFFER = "kedro/mlflow_offer"
"""Metadata key, with that of the component instance, of an offer in the event log."""


def with_mlflow_run(
    view: RunView, instance: InstancePlan, session: SessionRequest, host: KedroHost, sink: LogSink
) -> SessionRequest:
    """A step's session with the MLflow run of its Dagster run, which is opened where no hook has.

    Args:
        view: The run.
        instance: The component instance.
        session: Of the step.
        host: Where the step runs.
        sink: Of the step.

    Returns:
        The session as it is where an executor of ours, or a step before, has seen to it, and without kedro-mlflow.
    """
    if session.mlflow_run_id is not None or session.shares_process or stage_of(view.run, instance) is not None:
        return session
    opening = replace(session, opens_mlflow_run=True)
    opened = host.mlflow_run(opening, None, sink)
    if opened is None:
        return opening
    run_id = first_offer(view.instance, view.run.run_id, instance.key)
    if run_id is None:
        offer = {f"{_OFFER}.{instance.key}": dg.MetadataValue.text(opened.run_id)}
        report_on_run(view.instance, view.run, f"A step offers the MLflow run {opened.run_id}", offer)
        run_id = first_offer(view.instance, view.run.run_id, instance.key)
    if run_id is None or run_id == opened.run_id:
        record_run(view.instance, view.run, instance, opened)
    else:
        host.mlflow_run(opening, run_id, sink)
    return opening


def first_offer(instance: dg.DagsterInstance, run_id: str, key: str) -> str | None:
    """The MLflow run that the steps of a Dagster run log to by their offers; None without one."""
    for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.ENGINE_EVENT):
        event = entry.dagster_event
        metadata = event.engine_event_data.metadata if event is not None else {}
        offered = metadata.get(f"{_OFFER}.{key}")
        if offered is not None:
            return str(offered.value)
    return None
