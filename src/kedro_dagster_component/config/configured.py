"""Datasets and nodes of a project together with what `dagster.yml` and the catalog say about their assets."""

from __future__ import annotations

from typing import Any

from kedro_dagster_component.config.assets import AssetConfig
from kedro_dagster_component.config.models import DagsterConfig
from kedro_dagster_component.config.settings import resolve_asset_settings
from kedro_dagster_component.manifest import DatasetEntry, NodeEntry, ProjectManifest, Record


class ConfiguredDataset(DatasetEntry):
    """A dataset whose asset has settings.

    Attributes:
        settings: From `assets:` in `dagster.yml` and `metadata: {dagster: ...}` in the catalog, merged.
    """

    settings: AssetConfig


class ConfiguredNode(NodeEntry):
    """A node without outputs whose asset has settings.

    Attributes:
        settings: From `assets:` in `dagster.yml`.
    """

    settings: AssetConfig


def settings_of(entry: DatasetEntry | NodeEntry | None) -> AssetConfig | None:
    """Settings of the asset of a dataset or node; None for none."""
    return entry.settings if isinstance(entry, ConfiguredDataset | ConfiguredNode) else None


def with_settings(manifest: ProjectManifest, config: DagsterConfig) -> ProjectManifest:
    """The manifest with every dataset and node that has settings in its configured form.

    Raises:
        ConfigurationError: Settings in the catalog are wrong.
    """
    settings = resolve_asset_settings(config, manifest)
    if not settings:
        return manifest
    datasets = {
        name: ConfiguredDataset(**_fields(entry), settings=settings[name]) if name in settings else entry
        for name, entry in manifest.datasets.items()
    }
    nodes = {
        node_id: ConfiguredNode(**_fields(node), settings=settings[node.name])
        if not node.outputs and node.name in settings and node.name not in datasets
        else node
        for node_id, node in manifest.nodes.items()
    }
    return manifest.model_copy(update={"datasets": datasets, "nodes": nodes})


def _fields(record: Record) -> dict[str, Any]:
    """The fields of a record, without the properties it has computed and kept."""
    return {name: getattr(record, name) for name in type(record).model_fields}
