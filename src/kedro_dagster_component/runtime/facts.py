"""What checks look at: facts about data in hand, added up over chunks and partitions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sized
from functools import reduce
from typing import Any

from kedro.framework.hooks import hook_impl

from kedro_dagster_component.runtime.checked import DataFacts
from kedro_dagster_component.runtime.tables import columns_of, count_rows, is_table


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
    if isinstance(data, Mapping) and data and all(map(is_table, data.values())):
        return reduce(DataFacts.joined, map(facts_of, data.values()))
    columns = columns_of(data)
    if columns is not None:
        rows = count_rows(data, even_lazy=True)
        return DataFacts(kind=kind, rows=rows, columns=tuple(name for name, *_ in columns), is_empty=rows == 0)
    return DataFacts(kind=kind, is_empty=len(data) == 0 if isinstance(data, Sized) else data is None)


def facts_of_loaded(data: Any) -> DataFacts:
    """Facts of what a dataset loads: partitions that come as functions are loaded one after the other."""
    if isinstance(data, Mapping) and data and all(map(callable, data.values())):
        return reduce(DataFacts.joined, (facts_of(load()) for load in data.values()))
    return facts_of(data)
