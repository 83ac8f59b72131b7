"""Datasets of one session, partition by partition: what stands in for them in the catalog while a step runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from kedro.config import MissingConfigException
from kedro.io import AbstractDataset, CatalogConfigResolver, DataCatalog, DatasetError, MemoryDataset

from kedro_dagster_component.compat.kedro_partitions import (
    KeyedCatalog,
    empty_memory,
    is_incremental,
    is_partitioned,
    limited_to,
)
from kedro_dagster_component.compat.kedro_saves import saving_whole
from kedro_dagster_component.errors import PartitionError
from kedro_dagster_component.manifest import dataset_name
from kedro_dagster_component.plan import merge_deep
from kedro_dagster_component.runtime.messages import InputKeys, KeyRequest, MemoryRef

if TYPE_CHECKING:
    from kedro_dagster_component.runtime.session import KedroRunSession

Dataset = AbstractDataset[Any, Any]


class KeysDataset(AbstractDataset[None, dict[str, Callable[[], Any]]]):
    """Several partitions as one input: a mapping from key to a function that loads it, those that exist."""

    def __init__(self, datasets: Mapping[str, Dataset]) -> None:
        """Stand for some partitions.

        Args:
            datasets: By partition key.
        """
        self._datasets = datasets

    def load(self) -> dict[str, Callable[[], Any]]:
        """Functions that load a partition, by its key; those that exist."""
        return {key: dataset.load for key, dataset in self._datasets.items() if dataset.exists()}

    def save(self, data: None) -> None:
        """Refused: it stands for inputs."""
        raise DatasetError("Several partitions cannot be saved as one")

    def _exists(self) -> bool:
        return any(dataset.exists() for dataset in self._datasets.values())

    def _describe(self) -> dict[str, Any]:
        return {"partitions": len(self._datasets)}


class KeyedData:
    """Datasets of a session by partition key.

    In-memory data of a partitioned dataset is one object for each key, and lives here.
    """

    def __init__(self, session: KedroRunSession) -> None:
        """Stand beside the catalog of a session.

        Args:
            session: The session; its catalog need not exist yet.
        """
        self._session = session
        self._memory: dict[tuple[str, str], MemoryDataset] = {}

    def memory(self, ref: MemoryRef) -> Dataset | None:
        """The in-memory dataset of one partition; None where it holds no data yet."""
        name, key = ref
        return self._memory.get((name, key or ""))

    def save_memory(self, ref: MemoryRef, data: Any) -> None:
        """Put the data of one partition in its place."""
        name, key = ref
        self._memory_of(name, key or "").save(data)

    def release(self, name: str, key: str | None = None) -> None:
        """Free the in-memory data of one partition of a dataset, or of all."""
        for ref in [ref for ref in self._memory if ref[0] == dataset_name(name) and key in {None, ref[1]}]:
            del self._memory[ref]

    def datasets(
        self, request: KeyRequest, inputs: tuple[str, ...], outputs: tuple[str, ...], memory: frozenset[str]
    ) -> dict[str, Dataset]:
        """What stands in for the datasets of a node while it runs for one key.

        Args:
            request: The key, and those of the inputs.
            inputs: As the node spells them.
            outputs: As the node spells them.
            memory: Names of in-memory datasets.
        """
        found: dict[str, Dataset | None] = {}
        for spelling in inputs:
            keys = request.inputs.get(dataset_name(spelling))
            if keys is not None:
                found[spelling] = self._input(spelling, keys, is_memory=dataset_name(spelling) in memory)
        if request.key is not None:
            for spelling in outputs:
                found[spelling] = self._output(
                    spelling, request.key, request.parameters, is_memory=dataset_name(spelling) in memory
                )
        return {spelling: dataset for spelling, dataset in found.items() if dataset is not None}

    def one(self, spelling: str, keys: InputKeys) -> Dataset | None:
        """A dataset limited to some keys; None for one that knows no partitions."""
        return self._input(spelling, keys, is_memory=self._is_memory(spelling))

    def _is_memory(self, spelling: str) -> bool:
        return any(name == dataset_name(spelling) for name, _ in self._memory)

    def _input(self, spelling: str, keys: InputKeys, *, is_memory: bool) -> Dataset | None:
        dataset = self._catalog_dataset(spelling)
        if is_partitioned(dataset) and dataset is not None:
            if keys.is_everything and is_incremental(dataset):
                return None
            limited: Dataset = limited_to(dataset, tuple(keys.parameters))
            return limited
        if is_memory:
            name = dataset_name(spelling)
            return _joined({key: self._memory_of(name, key) for key in keys.parameters}, keys)
        if self._entry(spelling) is None:
            return None
        return _joined({key: self._resolved(spelling, values) for key, values in keys.parameters.items()}, keys)

    def _output(self, spelling: str, key: str, parameters: Mapping[str, str], *, is_memory: bool) -> Dataset | None:
        dataset = self._catalog_dataset(spelling)
        if is_partitioned(dataset):
            limited: Dataset = limited_to(dataset, (key,), own=key)
            return limited
        if is_memory:
            return self._memory_of(dataset_name(spelling), key)
        return saving_whole(self._resolved(spelling, parameters)) if self._entry(spelling) is not None else None

    def _catalog_dataset(self, spelling: str) -> Dataset | None:
        return self._session.catalog.get(spelling, fallback_to_runtime_pattern=True)

    def _memory_of(self, name: str, key: str) -> MemoryDataset:
        if (name, key) not in self._memory:
            self._memory[name, key] = empty_memory(self._catalog_dataset(name))
        return self._memory[name, key]

    @cached_property
    def _keyed(self) -> KeyedCatalog:
        return KeyedCatalog(self._session.context.config_loader)

    @cached_property
    def _patterns(self) -> CatalogConfigResolver:
        return CatalogConfigResolver(dict(self._session.context.config_loader["catalog"]))

    def _entry(self, spelling: str) -> str | None:
        """The catalog entry, or factory pattern, that asks for the partition; None where none does."""
        if not self._keyed.has_entries:
            return None
        entry = spelling
        if spelling not in self._session.context.config_loader["catalog"]:
            entry = self._patterns.match_dataset_pattern(spelling) or ""
        return entry if self._keyed.asked_by(entry) else None

    def _resolved(self, spelling: str, parameters: Mapping[str, str]) -> Dataset:
        """The dataset of a catalog entry, resolved for one partition.

        Raises:
            PartitionError: The entry asks for something that this partition does not have.
        """
        session, entry = self._session, self._entry(spelling) or ""
        lacking = sorted(self._keyed.asked_by(entry) - parameters.keys())
        if lacking:
            raise PartitionError(
                f"Catalog entry '{entry}' asks for {', '.join(lacking)}, and partition '{parameters['partition_key']}' "
                f"has {', '.join(sorted(parameters))}"
            )
        config = self._keyed.resolve(entry, parameters)
        override = session.request.dataset_overrides.get(spelling, {})
        try:
            credentials = session.context.config_loader["credentials"]
        except (KeyError, MissingConfigException):
            credentials = {}
        catalog = DataCatalog.from_config(
            {entry: merge_deep(config, override)},
            credentials=credentials,
            load_versions={name: version for name, version in session.request.load_versions.items() if name == spelling}
            or None,
            save_version=session.request.save_version,
        )
        dataset: Dataset | None = catalog.get(spelling)
        if dataset is None:
            raise PartitionError(f"Catalog entry '{entry}' makes no dataset '{spelling}'")
        return dataset


def _joined(datasets: Mapping[str, Dataset], keys: InputKeys) -> Dataset:
    """The dataset of the one key, or all of them as one."""
    return next(iter(datasets.values())) if keys.is_single else KeysDataset(datasets)
