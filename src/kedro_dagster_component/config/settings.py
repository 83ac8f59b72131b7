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

_METADATA = "metadata"
_METADATA_KEY = "dagster"


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
        if (declared := _declared_partitions(dataset)) is not None
    }
    settings: dict[str, AssetConfig] = {}
    for name in sorted(asset_names(manifest)):
        in_catalog = _catalog_settings(manifest.datasets.get(name))
        key = most_specific(config.assets, name)
        in_file = config.assets[key] if key is not None else None
        found = [part for part in (_from_class(name, declared), in_catalog, in_file) if part is not None]
        if found:
            settings[name] = functools.reduce(_merged, found)
    return settings


def check_catalog_settings(manifest: ProjectManifest) -> list[Problem]:
    """Every mistake below `metadata: {dagster: ...}` in the catalog, those of a pattern once."""
    found: dict[Problem, None] = {}
    positions: Positions | None = None
    for dataset in manifest.datasets.values():
        for read, below in ((_catalog_settings, (_METADATA, _METADATA_KEY)), (_declared_partitions, ())):
            try:
                read(dataset)
            except ValidationError as error:
                positions = positions or read_all_positions(manifest.catalog_files)
                entry = dataset.pattern or _spelling(dataset, positions)
                lines = error.errors(include_url=False)
                found.update(dict.fromkeys(_catalog_problem(line, (entry, *below), positions) for line in lines))
    return list(found)


def _merged(weak: AssetConfig, strong: AssetConfig) -> AssetConfig:
    given = {name: getattr(strong, name) for name in strong.model_fields_set}
    if "partition_mappings" in given:  # those of a dataset's class are for one upstream dataset each
        given["partition_mappings"] = {**weak.partition_mappings, **given["partition_mappings"]}
    return weak.model_copy(update=given)


def _declared_partitions(dataset: DatasetEntry) -> DatasetPartitions | None:
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


def _catalog_settings(dataset: DatasetEntry | None) -> AssetConfig | None:
    """What a catalog entry says; None where it says nothing.

    Raises:
        ValidationError: It is wrong.
    """
    if dataset is None or _METADATA_KEY not in dataset.metadata:
        return None
    return AssetConfig.model_validate(dataset.metadata[_METADATA_KEY])


def _spelling(dataset: DatasetEntry, positions: Positions) -> str:
    """The key in the catalog: of several transcoded ones the first with settings."""
    for spelling in dataset.spellings:
        place = positions.place((spelling, _METADATA, _METADATA_KEY))
        if place is not None and place.depth == 3:
            return spelling
    return dataset.spellings[0]


def _catalog_problem(line: ErrorDetails, above: KeyPath, positions: Positions) -> Problem:
    context = line["ctx"]
    path = (*above, *(step for step in line["loc"] if step != KEY_MARK))
    at_key = context["at_key"]
    position = positions.at(*path, at_key=at_key)
    return positions.problem_at(position, path[:-1] if at_key else path, context["message"], context["hint"] or None)
