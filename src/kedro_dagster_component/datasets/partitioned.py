"""A `PartitionedDataset` that says which partitions it has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kedro.io import DatasetError
from pydantic import ValidationError

from kedro_dagster_component.config.dataset_partitions import settings_from_dataset
from kedro_dagster_component.config.partitions import StaticPartitionsConfig
from kedro_dagster_component.config.positions import show_path
from kedro_dagster_component.masking import mask_text

try:
    from kedro_datasets.partitions.partitioned_dataset import PartitionedDataset
except ImportError as error:
    raise ModuleNotFoundError(
        f"DagsterPartitionedDataset needs kedro-datasets: pip install kedro-datasets ({error})", name=error.name
    ) from error

_SHOWN_KEYS = 20


class DagsterPartitionedDataset(PartitionedDataset):  # type: ignore[misc] # kedro-datasets has no types
    """Kedro's `partitions.PartitionedDataset` whose partitions Dagster knows.

    Under plain `kedro run` it loads and saves as `PartitionedDataset` does, all keys at once. With static partitions
    only their keys are loaded, whatever else lies in the folder, and another key cannot be saved. Dynamic partitions,
    those by time or of two dimensions, and a name, do not limit the keys.

    ```yaml
    orders_by_region:
      type: kedro_dagster_component.datasets.DagsterPartitionedDataset
      path: data/02_intermediate/orders
      dataset: pandas.CSVDataset
      filename_suffix: .csv
      partition:
        type: StaticPartitionsDefinition # or `static`
        partition_keys: [eu, us]
      partition_mappings: # by downstream dataset
        report_by_continent:
          type: StaticPartitionMapping
          downstream_partition_keys_by_upstream_partition_key: {eu: europe, us: america}
    ```
    """

    def __init__(
        self,
        *,
        path: str,
        dataset: str | type | dict[str, Any],
        partition: str | type | dict[str, Any],
        partition_mapping: dict[str, Any] | None = None,
        partition_mappings: dict[str, Any] | None = None,
        filepath_arg: str = "filepath",
        filename_suffix: str = "",
        credentials: dict[str, Any] | None = None,
        load_args: dict[str, Any] | None = None,
        fs_args: dict[str, Any] | None = None,
        overwrite: bool = False,
        save_lazily: bool = True,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """As `PartitionedDataset`, and what its partitions are.

        Args:
            path: Folder of the partitions.
            dataset: Type or configuration of the dataset of one partition.
            partition: Settings of partitions as in `dagster.yml` (`{type: static, partition_keys: [eu, us]}`), a class
                of Dagster with the arguments of its constructor (`{type: StaticPartitionsDefinition, partition_keys:
                [eu, us]}`), or the name of partitions in `dagster.yml`.
            partition_mapping: By downstream dataset, or a factory pattern that fits it: which of its partitions need
                which of these; types as in `dagster.yml`, or classes of Dagster. Without one the same key where both
                have the same partitions, else all.
            partition_mappings: The same by its other name.
            filepath_arg: Argument of `dataset` that takes the path of one partition.
            filename_suffix: End of the file names that is no part of the keys.
            credentials: For the file system, and for `dataset` if it has none of its own.
            load_args: Arguments of the file system's `find`.
            fs_args: Arguments of the file system.
            overwrite: Whether saving removes what was in the folder.
            save_lazily: Whether callables are called when their partition is saved, or saved as they are.
            metadata: For users and plugins; Kedro does nothing with it.

        Raises:
            DatasetError: The partitions or mappings are wrong; all mistakes at once.
        """
        super().__init__(
            path=path,
            dataset=dataset,
            filepath_arg=filepath_arg,
            filename_suffix=filename_suffix,
            credentials=credentials,
            load_args=load_args,
            fs_args=fs_args,
            overwrite=overwrite,
            save_lazily=save_lazily,
            metadata=metadata,
        )
        self._about_partitions = {
            "partition": partition,
            "partition_mapping": partition_mapping,
            "partition_mappings": partition_mappings,
        }
        try:
            partitions = settings_from_dataset(self._about_partitions).partitions
        except ValidationError as error:
            raise DatasetError(_sentences(error)) from None
        self._keys = partitions.partition_keys if isinstance(partitions, StaticPartitionsConfig) else None

    def save(self, data: dict[str, Any]) -> None:
        """Save partitions.

        Args:
            data: By partition key: data, or a callable that gives it.

        Raises:
            DatasetError: `data` is no dict, or has keys that are no partitions; nothing is saved then.
        """
        if not isinstance(data, Mapping):
            raise DatasetError(f"expected a dict by partition key, got a {type(data).__name__}")
        if self._keys is not None and (unknown := [key for key in data if key not in self._keys]):
            raise DatasetError(
                f"no partitions of '{mask_text(self._path)}': {_listed(unknown)}; there is {_listed(self._keys)}"
            )
        super().save(data)

    def _list_partitions(self) -> list[str]:
        """Paths of the partitions that are there.

        `load` and `exists` of kedro-datasets 9.0 to 9.6 go by it. Among static partitions folders count too: a dataset
        may write one for a partition.
        """
        if self._keys is None:
            paths: list[str] = super()._list_partitions()
            return paths
        there = frozenset(self._filesystem.find(self._normalized_path, **{"withdirs": True, **self._load_args}))
        strip = self._filesystem._strip_protocol  # noqa: SLF001 - as the base class does
        return [path for key in self._keys if (path := strip(self._partition_to_path(key))) in there]

    def _describe(self) -> dict[str, Any]:
        about = {name: value for name, value in self._about_partitions.items() if value is not None}
        return {**super()._describe(), **about}


def _sentences(error: ValidationError) -> str:
    """Each mistake on a line of its own: where, what, and the way out."""
    lines = []
    for line in error.errors(include_url=False):
        context = line["ctx"]
        at = show_path(line["loc"][:-1] if context["at_key"] else line["loc"])
        hint = f" ({context['hint']})" if context["hint"] else ""
        lines.append(f"{at}: {context['message']}{hint}" if at else f"{context['message']}{hint}")
    return "\n".join(lines)


def _listed(keys: Any) -> str:
    names = [repr(key) for key in keys]
    shown = ", ".join(names[:_SHOWN_KEYS])
    return f"{shown} and {len(names) - _SHOWN_KEYS} more" if len(names) > _SHOWN_KEYS else shown
