"""The datasets nodes read and write, described from the catalog's configuration: none is made.

Making a dataset may import a heavy library or open a connection. So what a class says of itself is read where the
class belongs to the project; of Kedro's and kedro-datasets' own classes it is known here.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Collection, Iterable, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.framework.project import settings
from kedro.io import CatalogConfigResolver, DatasetError, MemoryDataset
from kedro.io.catalog_config_resolver import DEFAULT_RUNTIME_PATTERN

from kedro_dagster_component.compat.kedro import is_as_configured
from kedro_dagster_component.compat.kedro_partitions import KeyedCatalog
from kedro_dagster_component.introspection.catalog_problems import (
    CatalogProblems,
    Mistake,
    credentials_mistakes,
    shape_mistake,
)
from kedro_dagster_component.introspection.conf import Conf
from kedro_dagster_component.introspection.validators import read_validator
from kedro_dagster_component.manifest import DatasetEntry, dataset_name
from kedro_dagster_component.masking import mask_dataset_config, mask_text
from kedro_dagster_component.plain import plain

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
        problems: What is wrong with the entries; those of datasets that were read.
    """

    def __init__(self, conf: Conf, config: dict[str, Any], live: CatalogProtocol[Any, Any] | None = None) -> None:
        """Check the catalog's configuration; entries that are none are left out.

        Args:
            conf: Of the open project.
            config: The catalog as the loader gives it.
            live: Catalog with what hooks added, for which all credentials were there; None without hooks.
        """
        self.problems = CatalogProblems(conf)
        self._conf = conf
        credentials = conf.credentials_names() if live is None and _is_kedros_catalog() else None
        self._refused: set[str] = set()
        self._config: dict[str, Any] = self._checked(plain(config), credentials)
        self._flags_by_type: dict[str, tuple[bool, bool]] = {}
        self._resolver = self._checked_resolver()
        self._live = live
        self._live_names = frozenset(live.keys()) if live is not None else frozenset()

    @cached_property
    def _keyed(self) -> KeyedCatalog:
        return KeyedCatalog(self._conf.loader)

    def read(self, spellings: Iterable[str]) -> dict[str, DatasetEntry]:
        """Entries by dataset name, in the order in which names first come up.

        Args:
            spellings: As nodes write them, parameters excluded; repeats count once.
        """
        by_name: dict[str, list[str]] = {}
        for spelling in dict.fromkeys(spellings):
            by_name.setdefault(dataset_name(spelling), []).append(spelling)
        return {name: self._entry(name, group) for name, group in by_name.items()}

    def has(self, name: str) -> bool:
        """Whether a run finds something under a name: an entry, a pattern, or what a hook has put there."""
        resolver = self._resolver
        return (
            name in self._config
            or name in self._live_names
            or resolver.match_dataset_pattern(name) is not None
            or resolver.match_user_catch_all_pattern(name) is not None
        )

    def may_have(self, name: str) -> bool:
        """Whether a run would find something under a name once the entries that are wrong are mended."""
        return self.has(name) or any(
            name == entry or CatalogConfigResolver.is_pattern(entry) for entry in self._refused
        )

    @property
    def names(self) -> frozenset[str]:
        """Names of the entries, patterns excluded, and of what hooks have put there."""
        return self._live_names.union(name for name in self._config if not CatalogConfigResolver.is_pattern(name))

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
                "validator": next((part.validator for part in parts if part.validator is not None), None),
                "partition_parameters": tuple(sorted({name for part in parts for name in part.partition_parameters})),
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
        if in_catalog and self._is_as_configured(spelling):
            self.problems.check(spelling, config, pattern or spelling)
        kind = config.get("type", "")
        type_name = kind if isinstance(kind, str) else str(plain(kind))
        is_memory, is_single_process = self._flags(type_name)
        if type_name.rpartition(".")[2] == "CachedDataset" and isinstance(config.get("dataset"), Mapping):
            is_memory = self._flags(str(config["dataset"].get("type")))[0]
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
            partition_parameters=tuple(sorted(self._keyed.asked_by(pattern or spelling))) if in_catalog else (),
            config=masked,
            metadata=metadata if isinstance(metadata, dict) else {},
            location=self._conf.location("catalog", pattern or spelling) if in_catalog else None,
            validator=read_validator(config) if in_catalog and _is_kedros_catalog() else None,
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

    def _is_as_configured(self, spelling: str) -> bool:
        """Whether a run makes the dataset of what the catalog says: Kedro's own catalog, unchanged by hooks."""
        return _is_kedros_catalog() and (self._live is None or is_as_configured(self._live, spelling))

    def _flags(self, type_name: str) -> tuple[bool, bool]:
        """Whether a class keeps its data in memory only, and whether it is barred from other processes."""
        if type_name not in self._flags_by_type:
            self._flags_by_type[type_name] = _read_flags(type_name)
        return self._flags_by_type[type_name]

    def _checked(self, config: dict[str, Any], credentials: Collection[str] | None) -> dict[str, Any]:
        """The entries that are some, with problems for those that are not and for credentials that are not there."""
        kept = {}
        for name, entry in config.items():
            mistake = shape_mistake(entry)
            if mistake is not None:
                self.problems.add(name, mistake)
                self._refused.add(name)
                continue
            kept[name] = entry
            for missing in credentials_mistakes(entry, credentials) if credentials is not None else ():
                self.problems.add(name, missing)
        return kept

    def _checked_resolver(self) -> CatalogConfigResolver:
        """Kedro's resolver over the raw entries: the names of credentials stand for themselves.

        Patterns that Kedro refuses are left out, with a problem for each.
        """
        try:
            return self._make_resolver(self._config)
        except DatasetError as error:
            patterns = list(filter(CatalogConfigResolver.is_pattern, self._config))
            reasons = {name: reason for name in patterns if (reason := self._pattern_refusal(name))}
            if not reasons:  # they are wrong only together
                reasons = dict.fromkeys(patterns, " ".join(str(error).split()))
        for name, reason in reasons.items():
            self.problems.add(name, Mistake((), reason))
            self._refused.add(name)
        return self._make_resolver({name: entry for name, entry in self._config.items() if name not in reasons})

    def _pattern_refusal(self, name: str) -> str | None:
        """Kedro's words about one pattern by itself; None where it takes it."""
        try:
            self._make_resolver({name: self._config[name]})
        except DatasetError as error:
            return " ".join(str(error).split())
        return None

    def _make_resolver(self, config: dict[str, Any]) -> CatalogConfigResolver:
        names = {name: name for name in _credential_names(config)}
        return CatalogConfigResolver(config, names, self._runtime_patterns)  # type: ignore[arg-type]

    @cached_property
    def _runtime_patterns(self) -> dict[str, dict[str, Any]]:
        """What a dataset without an entry becomes in a catalog of the project's class."""
        patterns = getattr(settings.DATA_CATALOG_CLASS, "default_runtime_patterns", None)
        return patterns if isinstance(patterns, dict) and patterns else DEFAULT_RUNTIME_PATTERN


def _is_kedros_catalog() -> bool:
    """Whether entries become datasets by Kedro's own rules."""
    return str(settings.DATA_CATALOG_CLASS.__module__).startswith("kedro.")


def _read_flags(type_name: str) -> tuple[bool, bool]:
    module, _, name = type_name.rpartition(".")
    if not module or type_name.startswith(_PREFIXES) or _is_known(module):
        return name in _MEMORY, name in _SINGLE_PROCESS
    try:
        kind: Any = getattr(importlib.import_module(module), name)
    except (Exception, SystemExit):  # noqa: BLE001 - the project's code; `problems` say what is wrong
        return False, False
    is_memory = bool(getattr(kind, "_EPHEMERAL", False)) or (isinstance(kind, type) and issubclass(kind, MemoryDataset))
    return is_memory, bool(getattr(kind, "_SINGLE_PROCESS", False))


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
