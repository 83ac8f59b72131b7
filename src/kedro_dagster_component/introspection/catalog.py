"""The datasets nodes read and write, described from the catalog's configuration: none is made.

Making a dataset may import a heavy library or open a connection. So what a class says of itself is read where the
class belongs to the project; of Kedro's and kedro-datasets' own classes it is known here.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterable, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.framework.project import settings
from kedro.io import CatalogConfigResolver, DatasetError, MemoryDataset
from kedro.io.catalog_config_resolver import DEFAULT_RUNTIME_PATTERN

from kedro_dagster_component.errors import ConfigurationError, Problem
from kedro_dagster_component.introspection.conf import Conf
from kedro_dagster_component.introspection.failures import cause, user_line
from kedro_dagster_component.introspection.plain import plain
from kedro_dagster_component.manifest import DatasetEntry, dataset_name
from kedro_dagster_component.masking import mask_dataset_config, mask_text

if TYPE_CHECKING:
    from kedro.io.core import CatalogProtocol

_PREFIXES = ("kedro.io.", "kedro_datasets.", "kedro_datasets_experimental.")
_MEMORY = frozenset({"MemoryDataset", "SharedMemoryDataset"})
_SINGLE_PROCESS = frozenset(
    {
        "CachedDataset",
        *("SparkDataset", "SparkDatasetV2", "DeltaTableDataset", "GBQTableSparkDataset"),
        *("ManagedTableDataset", "ExternalTableDataset", "SnowparkTableDataset"),
    }
)
"""Classes of Kedro 1.7 and kedro-datasets 9.6 with `_SINGLE_PROCESS`, by their last name."""


class CatalogReader:
    """Describes datasets by name; the patterns of the catalog are sorted once.

    Attributes:
        warnings: Classes of the project that cannot be imported.
    """

    def __init__(self, conf: Conf, config: dict[str, Any], live: CatalogProtocol[Any, Any] | None) -> None:
        """Check the catalog's configuration.

        Args:
            conf: Of the open project.
            config: The catalog as the loader gives it.
            live: Catalog with what hooks added; None without hooks.

        Raises:
            ConfigurationError: The catalog holds entries that are none.
        """
        self.warnings: list[str] = []
        self._conf = conf
        self._config: dict[str, Any] = plain(config)
        self._flags_by_type: dict[str, tuple[bool, bool]] = {}
        self._resolver = self._checked_resolver()
        self._live = live
        self._live_names = frozenset(live.keys()) if live is not None else frozenset()

    def read(self, spellings: Iterable[str]) -> dict[str, DatasetEntry]:
        """Entries by dataset name, in the order in which names first come up.

        Args:
            spellings: As nodes write them, parameters excluded; repeats count once.
        """
        by_name: dict[str, list[str]] = {}
        for spelling in dict.fromkeys(spellings):
            by_name.setdefault(dataset_name(spelling), []).append(spelling)
        return {name: self._entry(name, group) for name, group in by_name.items()}

    def _entry(self, name: str, spellings: list[str]) -> DatasetEntry:
        """One dataset; of several transcoded spellings the first that the catalog describes is shown."""
        parts = [self._describe(spelling) for spelling in spellings]
        shown = next((part for part in parts if part.in_catalog), parts[0])
        return shown.model_copy(
            update={
                "name": name,
                "spellings": tuple(spellings),
                "is_memory": all(part.is_memory for part in parts),
                "is_versioned": any(part.is_versioned for part in parts),
                "is_single_process": any(part.is_single_process for part in parts),
            }
        )

    def _describe(self, spelling: str) -> DatasetEntry:
        resolver = self._resolver
        if spelling in self._config:
            return self._from_config(spelling, self._config[spelling], None)
        pattern = resolver.match_dataset_pattern(spelling)
        if pattern is None and spelling in self._live_names:
            return self._from_object(spelling)
        pattern = pattern or resolver.match_user_catch_all_pattern(spelling)
        if pattern is not None:
            return self._from_config(spelling, resolver.resolve_pattern(spelling), pattern)
        return self._from_config(spelling, resolver.resolve_pattern(spelling), None, in_catalog=False)

    def _from_config(
        self, spelling: str, config: dict[str, Any], pattern: str | None, *, in_catalog: bool = True
    ) -> DatasetEntry:
        kind = config.get("type")
        type_name = kind if isinstance(kind, str) else plain(kind)
        is_memory, is_single_process = self._flags(type_name, spelling)
        if type_name.rpartition(".")[2] == "CachedDataset" and isinstance(config.get("dataset"), Mapping):
            is_memory = self._flags(str(config["dataset"].get("type")), spelling)[0]
        masked = mask_dataset_config(plain(config)) if in_catalog else {}
        metadata = masked.get("metadata")
        return DatasetEntry(
            name=spelling,
            spellings=(spelling,),
            type=type_name if in_catalog else type_name.rpartition(".")[2],
            in_catalog=in_catalog,
            is_memory=is_memory,
            is_versioned=config.get("versioned") is True,
            is_single_process=is_single_process,
            pattern=pattern,
            config=masked,
            metadata=metadata if isinstance(metadata, dict) else {},
            location=self._conf.location("catalog", pattern or spelling) if in_catalog else None,
        )

    def _from_object(self, spelling: str) -> DatasetEntry:
        """A dataset that a hook put into the catalog; its file is all the configuration that is told."""
        dataset: Any = self._live.get(spelling) if self._live is not None else None
        kind = type(dataset)
        path = getattr(dataset, "_filepath", None)
        metadata = mask_dataset_config(plain(getattr(dataset, "metadata", None)))
        return DatasetEntry(
            name=spelling,
            spellings=(spelling,),
            type=f"{kind.__module__}.{kind.__qualname__}",
            in_catalog=True,
            is_memory=bool(getattr(dataset, "_EPHEMERAL", False)) and kind.__name__ != "CachedDataset",
            is_versioned=getattr(dataset, "_version", None) is not None,
            is_single_process=bool(getattr(dataset, "_SINGLE_PROCESS", False)),
            config={} if path is None else {"filepath": mask_text(str(path))},
            metadata=metadata if isinstance(metadata, dict) else {},
        )

    def _flags(self, type_name: str, spelling: str) -> tuple[bool, bool]:
        """Whether a class keeps its data in memory only, and whether it is barred from other processes."""
        if type_name not in self._flags_by_type:
            self._flags_by_type[type_name] = self._read_flags(type_name, spelling)
        return self._flags_by_type[type_name]

    def _read_flags(self, type_name: str, spelling: str) -> tuple[bool, bool]:
        module, _, name = type_name.rpartition(".")
        if not module or type_name.startswith(_PREFIXES) or _is_known(module):
            return name in _MEMORY, name in _SINGLE_PROCESS
        try:
            kind: Any = getattr(importlib.import_module(module), name)
        except Exception as error:  # noqa: BLE001 - the class is the project's code
            place = user_line(error, self._conf.project_path)
            where = f" ({place.file}:{place.line})" if place else ""
            self.warnings.append(
                f"the type '{type_name}' of dataset '{spelling}' cannot be imported: {cause(error)}{where}"
            )
            return False, False
        is_memory = bool(getattr(kind, "_EPHEMERAL", False)) or (
            isinstance(kind, type) and issubclass(kind, MemoryDataset)
        )
        return is_memory, bool(getattr(kind, "_SINGLE_PROCESS", False))

    def _checked_resolver(self) -> CatalogConfigResolver:
        """Kedro's resolver over the raw entries: the names of credentials stand for themselves.

        Raises:
            ConfigurationError: With all entries that Kedro would refuse.
        """
        problems = [problem for name, config in self._config.items() if (problem := self._entry_problem(name, config))]
        if problems:
            raise ConfigurationError(problems)
        try:
            return self._make_resolver(self._config)
        except DatasetError as error:
            raise ConfigurationError(self._pattern_problems(error)) from error

    def _make_resolver(self, config: dict[str, Any]) -> CatalogConfigResolver:
        names = {name: name for name in _credential_names(config)}
        return CatalogConfigResolver(config, names, self._runtime_patterns)  # type: ignore[arg-type]

    @cached_property
    def _runtime_patterns(self) -> dict[str, dict[str, Any]]:
        """What a dataset without an entry becomes in a catalog of the project's class."""
        patterns = getattr(settings.DATA_CATALOG_CLASS, "default_runtime_patterns", None)
        return patterns if isinstance(patterns, dict) and patterns else DEFAULT_RUNTIME_PATTERN

    def _entry_problem(self, name: str, config: Any) -> Problem | None:
        if not isinstance(config, dict):
            hint = "put an underscore before a key that is there for interpolation only"
            return self._conf.problem("catalog", name, f"the catalog entry '{name}' is no mapping", hint)
        if "type" not in config:
            hint = "give it a type such as `pandas.CSVDataset`"
            return self._conf.problem("catalog", name, f"the catalog entry '{name}' has no `type`", hint)
        return None

    def _pattern_problems(self, error: DatasetError) -> list[Problem]:
        """One problem for each pattern that is wrong by itself, else Kedro's words as they are."""
        patterns = filter(CatalogConfigResolver.is_pattern, self._config)
        problems = [problem for name in patterns if (problem := self._pattern_problem(name))]
        return problems or [Problem(" ".join(str(error).split()))]

    def _pattern_problem(self, name: str) -> Problem | None:
        try:
            self._make_resolver({name: self._config[name]})
        except DatasetError as error:
            return self._conf.problem("catalog", name, " ".join(str(error).split()))
        return None


@cache
def _is_known(module: str) -> bool:
    """Whether a short type such as `pandas.CSVDataset` is one of kedro-datasets, told without importing it.

    Where kedro-datasets is not installed every type of two parts is taken for one: importing `pandas` tells nothing.
    """
    spec = importlib.util.find_spec("kedro_datasets")
    if spec is None:
        return "." not in module
    folders = spec.submodule_search_locations or []
    return any((Path(folder) / module.partition(".")[0]).is_dir() for folder in folders)


def _credential_names(value: Any) -> set[str]:
    """Every text under a key `credentials`, at any depth."""
    if isinstance(value, dict):
        found = {child for key, child in value.items() if key == "credentials" and isinstance(child, str)}
        return found.union(*(_credential_names(child) for child in value.values()))
    if isinstance(value, list):
        return set().union(*(_credential_names(child) for child in value)) if value else set()
    return set()
