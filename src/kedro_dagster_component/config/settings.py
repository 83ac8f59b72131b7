"""Settings of each dataset's asset, from the catalog and from `dagster.yml` together."""

from __future__ import annotations

import functools
from collections.abc import Mapping

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from kedro_dagster_component.config.assets import AssetConfig
from kedro_dagster_component.config.check_assets import asset_names
from kedro_dagster_component.config.dataset_partitions import (
    DatasetPartitions,
    is_partitioned_type,
    settings_from_dataset,
)
from kedro_dagster_component.config.environment import KeyPath
from kedro_dagster_component.config.finding import KEY_MARK
from kedro_dagster_component.config.models import DagsterConfig
from kedro_dagster_component.config.patterns import most_specific
from kedro_dagster_component.config.positions import Positions, read_all_positions
from kedro_dagster_component.errors import ConfigurationError, Problem
from kedro_dagster_component.manifest import DatasetEntry, ProjectManifest

CATALOG_SETTINGS = ("metadata", "dagster")
"""Path of the settings below an entry of the catalog."""


def resolve_asset_settings(config: DagsterConfig, manifest: ProjectManifest) -> dict[str, AssetConfig]:
    """The settings that hold for each asset.

    Of several patterns in `assets:` that fit a name the most specific one counts, and the name itself before
    any. What it sets wins over `metadata: {dagster: ...}` of the catalog entry, key by key.

    Args:
        config: `dagster.yml`.
        manifest: The project.

    Returns:
        By name of the dataset (of the node, where it has no outputs); only those with settings.

    Raises:
        ConfigurationError: Settings in the catalog are wrong; all mistakes at once.
    """
    if problems := check_catalog_settings(manifest):
        raise ConfigurationError(problems)
    declared = {
        name: declared
        for name, dataset in manifest.datasets.items()
        if (declared := declared_partitions(dataset)) is not None
    }
    settings: dict[str, AssetConfig] = {}
    for name in sorted(asset_names(manifest)):
        in_catalog = catalog_settings(manifest.datasets.get(name))
        parts = (_from_class(name, declared), in_catalog, settings_in_file(config, name))
        found = [part for part in parts if part is not None]
        if found:
            settings[name] = functools.reduce(_merged, found)
    return settings


def settings_in_file(config: DagsterConfig, name: str) -> AssetConfig | None:
    """What `assets:` says of a dataset; None where it says nothing.

    Raises:
        ValidationError: It is wrong once placeholders are filled in.
    """
    key = most_specific(config.assets, name)
    return config.assets[key].for_dataset(key, name) if key is not None else None


def check_catalog_settings(manifest: ProjectManifest) -> list[Problem]:
    """Every mistake below `metadata: {dagster: ...}` in the catalog, those of a pattern once."""
    found: dict[Problem, None] = {}
    places = CatalogPlaces(manifest)
    for dataset in manifest.datasets.values():
        for read, below in ((catalog_settings, CATALOG_SETTINGS), (declared_partitions, ())):
            try:
                read(dataset)
            except ValidationError as error:
                path = (places.entry(dataset), *below)
                lines = error.errors(include_url=False)
                found.update(dict.fromkeys(_catalog_problem(line, path, places.positions) for line in lines))
    return list(found)


class CatalogPlaces:
    """Where entries of the catalog stand; its files are read once a place is asked for."""

    def __init__(self, manifest: ProjectManifest) -> None:
        self._manifest = manifest

    @functools.cached_property
    def positions(self) -> Positions:
        """Of all files of the catalog."""
        return read_all_positions(self._manifest.catalog_files)

    def entry(self, dataset: DatasetEntry) -> str:
        """The key in the catalog: the pattern, or of several transcoded spellings the first with settings."""
        if dataset.pattern is not None:
            return dataset.pattern
        for spelling in dataset.spellings if len(dataset.spellings) > 1 else ():
            place = self.positions.place((spelling, *CATALOG_SETTINGS))
            if place is not None and place.depth == 3:
                return spelling
        return dataset.spellings[0]

    def setting_path(self, dataset: DatasetEntry, setting: str) -> KeyPath:
        """Where an entry gives `partitions` or `partition_mappings` of its asset."""
        entry = self.entry(dataset)
        own = {"partitions": ("partition",), "partition_mappings": ("partition_mapping", "partition_mappings")}
        paths = [(entry, *CATALOG_SETTINGS, setting), *((entry, option) for option in own.get(setting, ()))]
        places = {path: self.positions.place(path) for path in paths}
        return next((path for path, place in places.items() if place and place.depth == len(path)), (entry,))

    def problem(self, path: KeyPath, message: str, *, hint: str | None = None, at_key: bool = False) -> Problem:
        """A mistake at a path that begins with an entry."""
        return self.positions.problem(path, message, hint=hint, at_key=at_key)


def _merged(weak: AssetConfig, strong: AssetConfig) -> AssetConfig:
    given = {name: getattr(strong, name) for name in strong.model_fields_set}
    if "partition_mappings" in given:  # those of a dataset's class are for one upstream dataset each
        given["partition_mappings"] = {**weak.partition_mappings, **given["partition_mappings"]}
    return weak.model_copy(update=given)


def declared_partitions(dataset: DatasetEntry) -> DatasetPartitions | None:
    """What an entry of type DagsterPartitionedDataset says of partitions; None for any other.

    Raises:
        ValidationError: It is wrong.
    """
    return settings_from_dataset(dataset.config) if is_partitioned_type(dataset.type) else None


def _from_class(name: str, declared: Mapping[str, DatasetPartitions]) -> AssetConfig | None:
    """Settings of an asset by its own dataset class and by those of the datasets it may be made of."""
    own = declared.get(name)
    mappings = {
        upstream: mapping for upstream, one in declared.items() if (mapping := one.mapping_to(name)) is not None
    }
    if own is None and not mappings:
        return None
    return AssetConfig.model_construct(
        _fields_set={"partitions", "partition_mappings"},
        partitions=own.partitions if own is not None else None,
        partition_mappings=mappings,
    )


def catalog_settings(dataset: DatasetEntry | None) -> AssetConfig | None:
    """What a catalog entry says; None where it says nothing.

    Raises:
        ValidationError: It is wrong.
    """
    if dataset is None or CATALOG_SETTINGS[-1] not in dataset.metadata:
        return None
    return AssetConfig.model_validate(dataset.metadata[CATALOG_SETTINGS[-1]])


def _catalog_problem(line: ErrorDetails, above: KeyPath, positions: Positions) -> Problem:
    context = line["ctx"]
    path = (*above, *(step for step in line["loc"] if step != KEY_MARK))
    at_key = context["at_key"]
    position = positions.at(*path, at_key=at_key)
    return positions.problem_at(position, path[:-1] if at_key else path, context["message"], context["hint"] or None)
