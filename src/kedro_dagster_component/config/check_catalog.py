"""Whether settings of assets in the catalog name things that exist."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TypeVar

from pydantic import ValidationError

from kedro_dagster_component.config.assets import AssetConfig
from kedro_dagster_component.config.check_assets import SettingsAt, check_partitions_choice, check_settings
from kedro_dagster_component.config.check_mappings import PartitionsOf
from kedro_dagster_component.config.models import DagsterConfig
from kedro_dagster_component.config.settings import (
    CATALOG_SETTINGS,
    CatalogPlaces,
    catalog_settings,
    declared_partitions,
    settings_in_file,
)
from kedro_dagster_component.errors import Problem
from kedro_dagster_component.manifest import DatasetEntry, ProjectManifest

_NAMES = {"partitions", "partition_mappings"}
"""Settings that name something."""
_Read = TypeVar("_Read")


def settings_in_catalog(manifest: ProjectManifest) -> dict[str, AssetConfig]:
    """Settings below `metadata: {dagster: ...}` by dataset, without what is wrong in itself."""
    found = {name: _without_mistakes(dataset) for name, dataset in manifest.datasets.items()}
    return {name: settings for name, settings in found.items() if settings is not None}


def partitions_by_name(
    config: DagsterConfig, manifest: ProjectManifest, in_catalog: Mapping[str, AssetConfig]
) -> PartitionsOf:
    """Says which partitions a dataset has: by `assets:`, else by the catalog, its metadata before its class."""

    def partitions_of(name: str) -> object:
        try:
            in_file = settings_in_file(config, name)
        except ValidationError:  # told by `check_assets`
            return None
        if in_file is not None and "partitions" in in_file.model_fields_set:
            return in_file.partitions
        if name in in_catalog and "partitions" in in_catalog[name].model_fields_set:
            return in_catalog[name].partitions
        dataset = manifest.datasets.get(name)
        declared = _valid(declared_partitions, dataset) if dataset is not None else None
        return declared.partitions if declared is not None else None

    return partitions_of


def check_catalog(
    config: DagsterConfig,
    manifest: ProjectManifest,
    in_catalog: Mapping[str, AssetConfig],
    partitions: Collection[str],
    partitions_of: PartitionsOf,
) -> Iterator[Problem]:
    """The names of partitions and datasets in the catalog, those of a pattern once.

    Args:
        config: With the named partitions.
        manifest: The project.
        in_catalog: Settings by dataset.
        partitions: Names of all partitions.
        partitions_of: Says which partitions a dataset has.
    """
    places = CatalogPlaces(manifest)
    for name, asset in in_catalog.items():
        if not asset.model_fields_set & _NAMES:
            continue
        dataset = manifest.datasets[name]
        label = dataset.pattern or name
        is_for = functools.partial(_is_from_entry, manifest, label)
        settings = SettingsAt(asset, (places.entry(dataset), *CATALOG_SETTINGS), label, is_for, places)
        yield from check_settings(settings, config, manifest, partitions, partitions_of)
    for dataset in manifest.datasets.values():
        declared = _valid(declared_partitions, dataset)
        if declared is not None and isinstance(declared.partitions, str):
            at = (places.entry(dataset), "partition")
            yield from check_partitions_choice(declared.partitions, at, config, places, partitions)


def _is_from_entry(manifest: ProjectManifest, label: str, name: str) -> bool:
    """Whether a dataset is what an entry of the catalog describes."""
    dataset = manifest.datasets.get(name)
    return dataset is not None and label in (dataset.pattern, name)


def _without_mistakes(dataset: DatasetEntry) -> AssetConfig | None:
    """Settings of an entry, those left out that are wrong; None where nothing is left."""
    try:
        return catalog_settings(dataset)
    except ValidationError as error:  # told by `check_catalog_settings`
        wrong = {line["loc"][0] for line in error.errors(include_url=False) if line["loc"]}
    settings = dataset.metadata[CATALOG_SETTINGS[-1]]
    if not isinstance(settings, Mapping):
        return None
    rest = {key: value for key, value in settings.items() if key not in wrong}
    return _valid(catalog_settings, dataset.model_copy(update={"metadata": {CATALOG_SETTINGS[-1]: rest}}))


def _valid(read: Callable[[DatasetEntry], _Read], dataset: DatasetEntry) -> _Read | None:
    try:
        return read(dataset)
    except ValidationError:  # told by `check_catalog_settings`
        return None
