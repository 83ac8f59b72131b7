"""What partitioned datasets and catalogs keep to themselves. Tried on Kedro 1.3.0 to 1.7.0, kedro-datasets 9.0 to 9.6."""

# ruff: noqa: SLF001 (it is about nothing else)

from __future__ import annotations

import copy
import io
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from kedro.config import OmegaConfigLoader
from kedro.io import AbstractDataset, DatasetError, MemoryDataset
from omegaconf import DictConfig, OmegaConf

from kedro_dagster_component.compat.kedro_saves import type_saving_whole
from kedro_dagster_component.compat.kedro_session import size_at

_FEW = 20
"""Up to so many keys are looked for one by one; above, the folder is listed."""


def is_partitioned(dataset: AbstractDataset[Any, Any] | None) -> bool:
    """Whether a dataset is Kedro's PartitionedDataset, or made of it; told without importing its package."""
    return dataset is not None and hasattr(dataset, "_list_partitions") and hasattr(dataset, "_partition_to_path")


def is_incremental(dataset: AbstractDataset[Any, Any]) -> bool:
    """Whether it keeps a checkpoint."""
    return hasattr(dataset, "_read_checkpoint")


def limited_to(dataset: Any, keys: tuple[str, ...], *, own: str | None = None) -> Any:
    """A copy of a partitioned dataset that loads, saves and lists some of its partitions only.

    A checkpoint is neither read nor written, and `overwrite` replaces what is saved instead of the whole folder.
    A save leaves a local file that was there until it is whole, see `kedro_saves`. Without any keys it gives nothing; with some of which none is there it raises Kedro's error, as far as the
    dataset has one, with their names.

    Args:
        dataset: The partitioned dataset.
        keys: Its partitions.
        own: The one that may be saved; None where none may.
    """
    limited = _uncached(dataset)
    limited._overwrite = False
    if own is not None and limited._protocol == "file":
        limited._dataset_type = type_saving_whole(limited._dataset_type, limited._path)
    wanted = {limited._partition_to_path(key): key for key in keys}
    limited._list_partitions = lambda: [path for path in wanted if path in _present(limited, wanted)]
    load, save = limited.load, limited.save

    def load_own() -> Any:
        if not keys:
            return {}
        try:
            return load()
        except DatasetError as error:
            if limited._list_partitions():
                raise
            shown = ", ".join(repr(key) for key in keys[:5])
            raise DatasetError(f"Of the partitions {shown} none is in storage") from error

    def save_own(data: Any) -> None:
        others = sorted(set(data) - {own}) if isinstance(data, Mapping) else []
        if others:
            shown = ", ".join(repr(key) for key in others[:5])
            raise DatasetError(f"A step for partition {own!r} cannot save the partitions {shown}; nothing was saved")
        save(data)

    limited.load, limited.save = load_own, save_own
    limited.confirm = lambda: None
    return limited


def stored_keys(dataset: Any) -> list[str]:
    """Keys of all partitions in storage; of an IncrementalDataset also those before its checkpoint."""
    listed = _uncached(dataset)
    listed._read_checkpoint = lambda: None
    listed._filesystem.invalidate_cache()
    return [listed._path_to_partition(path) for path in listed._list_partitions()]


def partitions_size_bytes(dataset: Any, keys: Collection[str]) -> int | None:
    """Size of some partitions in storage; None where they are too many to be looked for one by one."""
    if len(keys) > _FEW:
        return None
    sizes = [size_at(dataset._filesystem, dataset._partition_to_path(key)) for key in keys]
    known = [size for size in sizes if size is not None]
    return sum(known) if known else None


def empty_memory(dataset: AbstractDataset[Any, Any] | None) -> MemoryDataset:
    """A new in-memory dataset with the copy mode of another."""
    if isinstance(dataset, MemoryDataset):
        return MemoryDataset(copy_mode=dataset._copy_mode, metadata=dataset.metadata)
    return MemoryDataset()


def forget_dataset(catalog: Any, name: str) -> None:
    """Take a dataset out of a catalog again; the public catalog has no way to."""
    datasets = getattr(catalog, "_datasets", None)
    if isinstance(datasets, dict):
        datasets.pop(name, None)


class KeyedCatalog:
    """Catalog entries that ask for runtime parameters of a partition, resolved one by one.

    The loader resolves its whole catalog at once, for one set of runtime parameters. Here the files are read once,
    and an entry is resolved again for each key. A key itself is never interpolated.
    """

    def __init__(self, loader: Any) -> None:
        """Read the catalog's files, unless the loader is one of another kind.

        Args:
            loader: The project's config loader.
        """
        self._loader = loader
        self._layers = _raw_layers(loader) if isinstance(loader, OmegaConfigLoader) else []
        self._asked: dict[str, frozenset[str]] = {}

    @property
    def has_entries(self) -> bool:
        """Whether any entry may ask for a partition."""
        return bool(self._layers)

    def asked_by(self, entry: str) -> frozenset[str]:
        """Runtime parameters of a partition (`partition_key` ...) that an entry asks for; none for an unknown one."""
        if entry not in self._asked:
            is_known = any(entry in layer for layer in self._layers)
            self._asked[entry] = self._find_asked(entry) if is_known else frozenset()
        return self._asked[entry]

    def _find_asked(self, entry: str) -> frozenset[str]:
        asked: set[str] = set()

        def look(name: str, default: Any) -> Any:
            if name.startswith("partition_"):
                asked.add(name)
            return default

        try:
            self._resolve(entry, look)
        except Exception:  # noqa: BLE001  (a resolver of the project may not take the default; a step will say so)
            return frozenset(asked)
        return frozenset(asked)

    def resolve(self, entry: str, parameters: Mapping[str, str]) -> dict[str, Any]:
        """Configuration of an entry for one partition.

        Args:
            entry: Its key in the catalog: a name or a factory pattern.
            parameters: Runtime parameters of the partition.
        """
        return dict(self._resolve(entry, parameters.get))

    def _resolve(self, entry: str, value_of: Callable[[str, Any], Any]) -> Any:
        layer = next(layer for layer in reversed(self._layers) if entry in layer)
        with _runtime_params(self._loader, value_of):
            value = layer[entry]
            return OmegaConf.to_container(value, resolve=True) if OmegaConf.is_config(value) else value


def _uncached(dataset: Any) -> Any:
    """A copy that remembers no listing.

    Before kedro-datasets 9.2 `_list_partitions` is a `cachedmethod`: copies share its cache, and once it was looked up
    the original's own method, which cachetools 7 leaves among the attributes.
    """
    copied = copy.copy(dataset)
    copied._cached_partitions = None
    if hasattr(dataset, "_partition_cache"):
        copied._partition_cache = {}
        vars(copied).pop("_list_partitions", None)
    return copied


def _present(dataset: Any, wanted: Mapping[str, str]) -> set[str]:
    """Those of some paths that exist."""
    filesystem = dataset._filesystem
    if len(wanted) <= _FEW:
        return {path for path in wanted if filesystem.exists(path)}
    root = filesystem._strip_protocol(dataset._normalized_path)
    found = set(filesystem.find(root, **dataset._load_args)) if filesystem.exists(root) else set()
    return {path for path in wanted if path in found or any(name.startswith(f"{path}/") for name in found)}


def _raw_layers(loader: OmegaConfigLoader) -> list[DictConfig]:
    """Content of the catalog's files before anything is resolved: base, then environment; none without partitions.

    `_fs`, `_get_conf_env_path` (1.4), `_is_hidden` and `_is_valid_config_path` of the loader.
    """
    texts = []
    for env in dict.fromkeys([loader.base_env, loader.env or loader.default_run_env]):
        folder = _folder(loader, env)
        paths = {
            path
            for pattern in loader.config_patterns["catalog"]
            for path in loader._fs.glob(Path(f"{folder}/{pattern}").as_posix())
            if loader._is_valid_config_path(Path(path)) and not (loader.ignore_hidden and loader._is_hidden(path))
        }
        texts.append([loader._fs.open(path).read().decode() for path in sorted(paths)])
    if not any("partition_" in text for layer in texts for text in layer):
        return []  # parsing a large catalog once more takes longer than many a node
    return [_merged(layer) for layer in texts]


def _merged(texts: list[str]) -> DictConfig:
    files = [OmegaConf.load(io.StringIO(text)) for text in texts]
    return cast("DictConfig", OmegaConf.unsafe_merge(*files) if files else OmegaConf.create({}))


def _folder(loader: OmegaConfigLoader, env: str) -> str:
    if hasattr(loader, "_get_conf_env_path"):
        return str(loader._get_conf_env_path(env))
    if loader._protocol == "file":
        return str(Path(loader.conf_source) / env)
    return str(Path(loader._fs.ls("", detail=False)[-1]) / env)


@contextmanager
def _runtime_params(loader: OmegaConfigLoader, value_of: Callable[[str, Any], Any]) -> Iterator[None]:
    """Resolve `${runtime_params:partition_...}` here, everything else as the loader does.

    `_get_runtime_value` and `_register_runtime_params_resolver` of the loader, 1.3 to 1.7.
    """
    absent = object()

    def resolve(name: str, default: Any = absent) -> Any:
        found = value_of(name, absent) if name.startswith("partition_") else absent
        if found is not absent:
            return found
        arguments = () if default is absent else (default,)
        return loader._get_runtime_value(name, *arguments)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # 2.4 has another name for this call, which 2.3 lacks
        OmegaConf.register_new_resolver("runtime_params", resolve, replace=True)
    try:
        yield
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            loader._register_runtime_params_resolver()
