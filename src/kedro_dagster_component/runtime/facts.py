"""What checks look at: facts about data in hand, added up over chunks and partitions."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Mapping, Sized
from functools import reduce
from typing import Any

from kedro.framework.hooks import hook_impl

from kedro_dagster_component.runtime.messages import DataFacts


class FactRecorder:
    """Hook object that takes the facts of what is saved, of the datasets that are asked for."""

    def __init__(self) -> None:
        self._wanted: frozenset[str] = frozenset()
        self._facts: dict[str, DataFacts] = {}

    def begin(self, spellings: Collection[str]) -> None:
        """Forget what was recorded, and look at these datasets from now on."""
        self._wanted, self._facts = frozenset(spellings), {}

    def of(self, spelling: str) -> DataFacts | None:
        """Facts of all that was saved to a dataset; None where nothing was, or nobody asked."""
        return self._facts.get(spelling)

    @hook_impl(tryfirst=True)
    def after_dataset_saved(self, dataset_name: str, data: Any) -> None:
        """Look at one chunk."""
        if dataset_name in self._wanted:
            new, before = facts_of(data), self._facts.get(dataset_name)
            self._facts[dataset_name] = new if before is None else before.joined(new)


def facts_of(data: Any) -> DataFacts:
    """Facts of one object: a table, a mapping from partition keys to tables, or anything else.

    Rows of a lazy table are counted, which computes them: only checks ask for that. Of partitions given as
    functions nothing but their number is known, since each may be called once.
    """
    kind = f"{type(data).__module__.partition('.')[0]} {type(data).__name__}"
    if isinstance(data, Mapping) and data and all(_package(part) in _TABLES for part in data.values()):
        return reduce(DataFacts.joined, map(facts_of, data.values()))
    package = _package(data)
    if package is not None:
        rows, columns = _TABLES[package]
        count = rows(data)
        return DataFacts(kind=kind, rows=count, columns=columns(data), is_empty=count == 0)
    return DataFacts(kind=kind, is_empty=len(data) == 0 if isinstance(data, Sized) else data is None)


def facts_of_loaded(data: Any) -> DataFacts:
    """Facts of what a dataset loads: partitions that come as functions are loaded one after the other."""
    if isinstance(data, Mapping) and data and all(map(callable, data.values())):
        return reduce(DataFacts.joined, (facts_of(load()) for load in data.values()))
    return facts_of(data)


def _package(data: Any) -> str | None:
    """The library of a table; None for anything else."""
    for kind in type(data).__mro__:
        package = kind.__module__.partition(".")[0]
        if package in _TABLES and kind.__name__ in _TABLE_CLASSES:
            return package
    return None


def _column_names(data: Any) -> tuple[str, ...]:
    return tuple(map(str, data.columns)) if hasattr(data, "columns") else (str(data.name),)


def _polars_rows(data: Any) -> int:
    if type(data).__name__ != "LazyFrame":
        return len(data)
    polars = sys.modules["polars"]  # its name alone: what the project did not import is not imported here
    return int(data.select(polars.len()).collect().item())


def _polars_columns(data: Any) -> tuple[str, ...]:
    return tuple(data.collect_schema().names()) if type(data).__name__ == "LazyFrame" else _column_names(data)


_TABLE_CLASSES = frozenset({"DataFrame", "LazyFrame", "GeoDataFrame", "Series", "Table"})
_Table = tuple[Callable[[Any], int], Callable[[Any], tuple[str, ...]]]
_TABLES: Mapping[str, _Table] = {
    "pandas": (len, _column_names),
    "geopandas": (len, _column_names),
    "polars": (_polars_rows, _polars_columns),
    "pyarrow": (lambda data: int(data.num_rows), lambda data: tuple(data.column_names)),
    "pyspark": (lambda data: int(data.count()), _column_names),
    "dask": (len, _column_names),
    "dask_expr": (len, _column_names),
    "ibis": (lambda data: int(data.count().execute()), _column_names),
}
"""How many rows a table of a library has, and the names of its columns."""
