"""Datasets for Kedro catalogs that say something to Dagster; they work under plain `kedro run` too.

Nothing here imports Dagster.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kedro_dagster_component.datasets.nothing import NOTHING_OUTPUT, DagsterNothingDataset

if TYPE_CHECKING:
    from kedro_dagster_component.datasets.partitioned import DagsterPartitionedDataset

__all__ = ["NOTHING_OUTPUT", "DagsterNothingDataset", "DagsterPartitionedDataset"]


def __getattr__(name: str) -> Any:
    if name != "DagsterPartitionedDataset":
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    # Not at the top: it needs kedro-datasets, which a project may do without.
    from kedro_dagster_component.datasets.partitioned import DagsterPartitionedDataset

    return DagsterPartitionedDataset
