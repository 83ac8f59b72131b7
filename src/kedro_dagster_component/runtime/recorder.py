"""What a node's saves were like, seen through Kedro's own dataset hooks: the data is in hand there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from kedro.framework.hooks import hook_impl

_TABULAR_PACKAGES = frozenset({"pandas", "polars", "geopandas", "pyarrow"})


@dataclass
class SaveRecord:
    """Saves of one dataset by one node.

    Attributes:
        seconds: Wall time of all its saves, later hooks included.
        row_count: Rows of all chunks, or of all partitions, together; None where the data is no table in memory.
        is_empty: Whether the last save was one of no partition at all.
    """

    seconds: float = 0.0
    row_count: int | None = None
    is_empty: bool = False


class SaveRecorder:
    """Hook object that times saves and counts rows of what is saved."""

    def __init__(self) -> None:
        self._records: dict[str, SaveRecord] = {}
        self._started: dict[str, float] = {}

    def take(self) -> dict[str, SaveRecord]:
        """Records since the last call, by dataset name as the node spells it."""
        records, self._records, self._started = self._records, {}, {}
        return records

    @hook_impl(trylast=True)
    def before_dataset_saved(self, dataset_name: str) -> None:
        """Start the clock once all other hooks have run."""
        self._started[dataset_name] = perf_counter()

    @hook_impl(tryfirst=True)
    def after_dataset_saved(self, dataset_name: str, data: Any) -> None:
        """Stop the clock before any other hook runs."""
        record = self._records.setdefault(dataset_name, SaveRecord())
        record.seconds += perf_counter() - self._started.pop(dataset_name, perf_counter())
        parts = list(data.values()) if isinstance(data, Mapping) else [data]
        record.is_empty = isinstance(data, Mapping) and not parts
        rows = [count for part in parts if (count := count_rows(part)) is not None]
        if rows:
            record.row_count = (record.row_count or 0) + sum(rows)


def count_rows(data: Any) -> int | None:
    """Rows of a table that is in memory; None for anything else, lazy frames included."""
    kind = type(data)
    if kind.__module__.split(".")[0] not in _TABULAR_PACKAGES:
        return None
    if kind.__name__ == "Table":
        return int(data.num_rows)
    return len(data) if kind.__name__ in {"DataFrame", "GeoDataFrame", "Series"} else None
