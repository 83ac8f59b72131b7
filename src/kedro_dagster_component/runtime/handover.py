"""In-memory datasets on their way between processes, through Dagster's `io_manager`, each run's apart from the others'.

They are kept under the asset key `kedro_memory / <id of the run> / <asset key>`: runs that overlap do not meet, and
what a run left behind can be deleted by its id. Nothing deletes it by itself, like all that Dagster's IO managers hold.
"""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import dagster as dg

from kedro_dagster_component.plan import DatasetPlan
from kedro_dagster_component.runtime.memory import gone_error, handover_error, unstored_error
from kedro_dagster_component.runtime.runs import recorded_memory

FOLDER = "kedro_memory"
"""First part of the key of every stored in-memory dataset."""

_OUTPUT = "result"


@dataclass(frozen=True)
class Surroundings:
    """What an IO manager may want to know of who asks it.

    Attributes:
        resources: With `io_manager`.
        run: The run.
        instance: Where it is recorded.
        log: Of the run.
        step_context: Dagster's, of the step that asks; None once the steps are done.
    """

    resources: Any
    run: dg.DagsterRun
    instance: dg.DagsterInstance
    log: Any
    step_context: Any = None

    @classmethod
    def of(cls, context: dg.OutputContext | dg.InputContext, resources: Any) -> Surroundings:
        """Those of an IO manager that is asked itself.

        Args:
            context: What it is asked with.
            resources: With `io_manager`, as it was set up with them.
        """
        step = context.step_context
        return cls(resources, step.dagster_run, step.instance, context.log, step)

    @classmethod
    def of_op(cls, context: dg.OpExecutionContext) -> Surroundings:
        """Those of a step."""
        return cls(context.resources, context.run, context.instance, context.log, context.get_step_execution_context())


def store(around: Surroundings, dataset: DatasetPlan, obj: Any, node: str, key: str | None = None) -> Mapping[str, Any]:
    """Store an in-memory dataset for the other processes of its run, and for later ones.

    Args:
        around: Of the step that made it.
        dataset: Which one.
        obj: What it holds.
        node: Name of the node that made it.
        key: Partition key it is of; None without partitions.

    Returns:
        What the IO manager says of it, as metadata.

    Raises:
        MemoryDatasetError: The object cannot be pickled.
    """
    context = _output_context(around, around.run.run_id, dataset, key)
    try:
        events = around.resources.io_manager.handle_output(context, obj)
        if inspect.isgenerator(events):
            list(events)
    except Exception as error:
        if not _is_about_pickling(error):
            raise
        raise handover_error(dataset.name, obj, node, error) from error
    return context.get_logged_metadata()


def load(around: Surroundings, dataset: DatasetPlan, reader: str, key: str | None = None) -> Any:
    """Load an in-memory dataset that this run, one that it re-executes, or else the latest one has stored.

    Args:
        around: Of the step that wants it.
        dataset: Which one.
        reader: Name of the node, or key of the step, that wants it.
        key: Partition key it is of; None without partitions.

    Raises:
        MemoryDatasetError: The run that counts has not stored it, or what it stored cannot be loaded.
    """
    record = recorded_memory(around.instance, around.run, dg.AssetKey(dataset.asset_key), key)
    if record is None or not record.value:
        raise unstored_error(dataset, reader, materialized=record is not None)
    upstream = _output_context(around, record.run_id, dataset, key)
    context = dg.InputContext(
        name=_OUTPUT,
        job_name=around.run.job_name,
        upstream_output=upstream,
        dagster_type=upstream.dagster_type,
        log_manager=around.log,
        resources=around.resources,
        step_context=around.step_context,
        asset_key=upstream.asset_key,
        instance=around.instance,
    )
    try:
        return around.resources.io_manager.load_input(context)
    except Exception as error:
        raise gone_error(dataset, reader, record.run_id, error) from error


def stored_keys(around: Surroundings, dataset: DatasetPlan, keys: Iterable[str]) -> list[str]:
    """Partition keys of an in-memory dataset that are stored."""
    records = {key: recorded_memory(around.instance, around.run, dg.AssetKey(dataset.asset_key), key) for key in keys}
    return [key for key, record in records.items() if record is not None and record.value]


def _output_context(around: Surroundings, run_id: str, dataset: DatasetPlan, key: str | None) -> dg.OutputContext:
    """What tells an IO manager where the data of a run lies; the same for storing and for loading it."""
    # Parts of the key are joined, since `a` and `a/b` cannot both be files of one folder.
    name = ".".join(part.replace(".", "%2E") for part in dataset.asset_key)
    return dg.OutputContext(
        step_key=name,
        name=_OUTPUT,
        job_name=around.run.job_name,
        run_id=run_id,
        dagster_type=dg.Any,
        log_manager=around.log,
        resources=around.resources,
        step_context=around.step_context,
        asset_key=dg.AssetKey([FOLDER, run_id, name, *([quote(key, safe="")] if key is not None else [])]),
    )


def _is_about_pickling(error: BaseException) -> bool:
    """Whether an object could not be written down; Dagster's own IO managers wrap what pickle says."""
    cause = error.__cause__ if isinstance(error, dg.DagsterInvariantViolationError) else error
    return isinstance(cause, (pickle.PicklingError, TypeError, AttributeError, RecursionError))
