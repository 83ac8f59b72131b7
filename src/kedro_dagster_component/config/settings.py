"""Settings of each dataset's asset, from the catalog and from `dagster.yml` together."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from kedro_dagster_component.config.assets import AssetConfig
from kedro_dagster_component.config.check_assets import asset_names
from kedro_dagster_component.config.environment import KeyPath
from kedro_dagster_component.config.models import DagsterConfig
from kedro_dagster_component.config.patterns import most_specific
from kedro_dagster_component.config.positions import show_path
from kedro_dagster_component.errors import ConfigurationError, Position, Problem
from kedro_dagster_component.manifest import DatasetEntry, ProjectManifest

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
    problems: list[Problem] = []
    settings: dict[str, AssetConfig] = {}
    for name in sorted(asset_names(manifest)):
        in_catalog = _read_catalog_settings(manifest.datasets.get(name), problems)
        key = most_specific(config.assets, name)
        in_file = config.assets[key] if key is not None else None
        if in_catalog is not None or in_file is not None:
            settings[name] = _merged(in_catalog, in_file)
    if problems:
        raise ConfigurationError(dict.fromkeys(problems))
    return settings


def _merged(weak: AssetConfig | None, strong: AssetConfig | None) -> AssetConfig:
    if weak is None or strong is None:
        return strong or weak or AssetConfig()
    return weak.model_copy(update={name: getattr(strong, name) for name in strong.model_fields_set})


def _read_catalog_settings(dataset: DatasetEntry | None, problems: list[Problem]) -> AssetConfig | None:
    if dataset is None or _METADATA_KEY not in dataset.metadata:
        return None
    try:
        return AssetConfig.model_validate(dataset.metadata[_METADATA_KEY])
    except ValidationError as error:
        position = None
        if dataset.location is not None:
            position = Position(Path(dataset.location.file), dataset.location.line)
        entry = dataset.pattern or dataset.name
        problems += [
            _catalog_problem(line["loc"], line["ctx"], entry, position) for line in error.errors(include_url=False)
        ]
        return None


def _catalog_problem(location: KeyPath, context: Mapping[str, Any], entry: str, position: Position | None) -> Problem:
    below = location[:-1] if context["at_key"] else location
    shown = show_path((entry, "metadata", _METADATA_KEY, *below))
    return Problem(f"{shown}: {context['message']}", position, context["hint"] or None)
