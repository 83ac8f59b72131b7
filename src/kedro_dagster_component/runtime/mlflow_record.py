"""What Dagster's records say of the MLflow run that a Dagster run logs to."""

from __future__ import annotations

from typing import Any

import dagster as dg

from kedro_dagster_component.compat.dagster import report_on_run
from kedro_dagster_component.compat.kedro_mlflow import is_metric, is_model
from kedro_dagster_component.plan import DatasetPlan, InstancePlan
from kedro_dagster_component.runtime.messages import MlflowRun
from kedro_dagster_component.runtime.runs import recorded_or_latest

_TAG = "kedro/mlflow"
"""Tag, with the key of the component instance, that carries the MLflow run to the other processes of a run."""

_ID, _URL = "mlflow/run_id", "mlflow/run_url"
"""For people: tags of the run, metadata of its materialisations."""

_MODEL = "mlflow/model_uri"
"""Metadata key under which the materialisation of a model records where MLflow has it."""


def recorded_run_id(run: dg.DagsterRun, key: str) -> str | None:
    """The MLflow run of a Dagster run, as its record has it, and component instance.

    Dagster copies the tags of a run to its re-execution: there the run id is another one, and the tag says nothing.
    """
    return _own_runs(run).get(key)


def record_run(
    dagster: dg.DagsterInstance, run: dg.DagsterRun, instance: InstancePlan, mlflow_run: MlflowRun | None
) -> None:
    """Say on a Dagster run which MLflow run it logs to: in tags, and with a link in its event log.

    Args:
        dagster: Where the run is recorded.
        run: As this process knows it.
        instance: The component instance whose hooks opened the MLflow run.
        mlflow_run: The MLflow run; None where none was opened.
    """
    current = dagster.get_run_by_id(run.run_id) if mlflow_run is not None or _ID in run.tags else None
    if current is None:
        return
    others = _own_runs(current)
    known = others.pop(instance.key, None)
    if mlflow_run is None:
        if not others:  # what tags there are came from the run that this one re-executes
            dagster.add_run_tags(run.run_id, {_ID: "none", _URL: "none"})
        return
    if known == mlflow_run.run_id:
        return
    tags = {_ID: mlflow_run.run_id, _URL: mlflow_run.url or "none"}
    if others:
        tags = {name: f"{current.tags[name]}, {value}" for name, value in tags.items()}
    dagster.add_run_tags(run.run_id, {**tags, f"{_TAG}.{instance.key}": f"{run.run_id}:{mlflow_run.run_id}"})
    message = f"Opened MLflow run {mlflow_run.run_id} for '{instance.key}'"
    report_on_run(dagster, current, message, run_metadata(mlflow_run))


def run_metadata(mlflow_run: MlflowRun | None) -> dict[str, Any]:
    """Metadata that leads to an MLflow run; empty without one."""
    if mlflow_run is None:
        return {}
    link = {} if mlflow_run.url is None else {_URL: dg.MetadataValue.url(mlflow_run.url)}
    return {_ID: dg.MetadataValue.text(mlflow_run.run_id), **link}


def model_metadata(uri: str | None) -> dict[str, Any]:
    """Metadata of a model that was logged to MLflow; empty for anything else."""
    return {} if uri is None else {_MODEL: dg.MetadataValue.text(uri)}


def recorded_origin(instance: dg.DagsterInstance, run: dg.DagsterRun, dataset: DatasetPlan) -> str | None:
    """Where MLflow has a model or metric, by its materialisation in this run, else by its latest one.

    Returns:
        Address of a model, MLflow run of a metric; None for anything else, and for what no run has logged.
    """
    key = _MODEL if is_model(dataset.type) else _ID if is_metric(dataset.type) else None
    if key is None:
        return None
    origin: str | None = recorded_or_latest(instance, run, dg.AssetKey(dataset.asset_key), key)
    return origin


def _own_runs(run: dg.DagsterRun) -> dict[str, str]:
    """MLflow run ids by key of the component instance, from the tags that are the run's own."""
    found = {}
    for name, value in run.tags.items():
        prefix, _, key = name.partition(f"{_TAG}.")
        owner, _, mlflow_run_id = value.partition(":")
        if not prefix and key and owner == run.run_id:
            found[key] = mlflow_run_id
    return found
