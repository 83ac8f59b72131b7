"""What to say where an in-memory dataset is not to be had, or cannot go where it is needed."""

from __future__ import annotations

from typing import Any

from kedro_dagster_component.errors import MemoryDatasetError
from kedro_dagster_component.plan import DatasetPlan

_WAYS_OUT = (
    "add it to the catalog (a pickle, parquet ... dataset), run the nodes in one process (an `in_process` executor), "
    "or put them in one step"
)


def handover_error(dataset: str, obj: Any, node: str, reason: BaseException) -> MemoryDatasetError:
    """The refusal of an object that cannot be pickled on its way from the process of its node to another.

    Args:
        dataset: Name of the dataset.
        obj: What it holds.
        node: Name of the node that made it.
        reason: What pickle says.
    """
    return MemoryDatasetError(
        f"In-memory dataset '{dataset}' (a {type(obj).__name__}), made by '{node}', "
        f"cannot be handed to another process: {reason}. Ways out: {_WAYS_OUT}."
    )


def loaded_error(dataset: str, obj: Any, reason: BaseException) -> MemoryDatasetError:
    """The refusal of an object that cannot be pickled on its way to an asset that is not Kedro's."""
    return MemoryDatasetError(
        f"What the dataset '{dataset}' loads (a {type(obj).__name__}) cannot leave the process of its Kedro project: "
        f"{reason}. Ways out: take it in a Kedro node instead, or add it to the catalog as something that can be "
        "pickled once it is loaded (a pickle, parquet ... dataset)."
    )


def unstored_error(dataset: DatasetPlan, reader: str, *, materialized: bool) -> MemoryDatasetError:
    """The refusal of a step whose in-memory input is nowhere to be had."""
    reason = (
        "its last run kept it in memory only" if materialized else "no run has stored it, and this run does not make it"
    )
    return MemoryDatasetError(
        f"'{reader}' needs the in-memory dataset '{dataset.name}', but {reason}. Ways out: run it together with the node "
        f"that makes it, set `memory_datasets: stored` in the component's YAML and run that node again, or "
        f"add it to the catalog."
    )


def gone_error(dataset: DatasetPlan, reader: str, run_id: str, reason: BaseException) -> MemoryDatasetError:
    """The refusal of a step whose in-memory input was stored and cannot be loaded any more."""
    return MemoryDatasetError(
        f"'{reader}' needs the in-memory dataset '{dataset.name}', which run {run_id} stored, but Dagster's "
        f"`io_manager` cannot load it: {type(reason).__name__}: {reason}. Ways out: run it together with the node "
        f"that makes it, or add it to the catalog."
    )
