"""Metadata of an asset that is known before any run: what its dataset and its node are, and where they stand.

All of it is of the manifest, so it holds no secret, and what could be long is cut: Dagster loads it with every page.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import PurePath
from typing import Any

import dagster as dg

from kedro_dagster_component.compat.dagster_partitions import without_beta_warnings
from kedro_dagster_component.manifest import DatasetEntry, NodeEntry, ProjectManifest, SourceRef
from kedro_dagster_component.translate.storage import address_of, storage_kind_of, table_of

_NAMES_LENGTH = 250
"""Characters of a list of names."""
_CONFIG_BYTES = 900
_CUT = "..."
_MOST_REFERENCES = 1000
_SHOWN_ELSEWHERE = frozenset({"type", "metadata"})
_ADDRESSES = (("filepath",), ("path",), ("url",))
"""Configuration that says no more than the address does."""


def dataset_metadata(node: NodeEntry | None, dataset: DatasetEntry) -> dict[str, Any]:
    """Of the asset of a dataset.

    Args:
        node: The node that makes it; None for a free input.
        dataset: The dataset.
    """
    config = {name: value for name, value in dataset.config.items() if name not in _SHOWN_ELSEWHERE}
    is_told = bool(config) and tuple(config) not in _ADDRESSES
    told = {
        "kedro/dataset": dataset.name,
        "kedro/dataset_type": dataset.type,
        "kedro/layer": layer_of(dataset),
        "dagster/uri": address_of(dataset),
        "dagster/table_name": table_of(dataset),
        "dagster/storage_kind": storage_kind_of(dataset),
        **(_of_node(node) if node is not None else {}),
        "kedro/config": dg.MetadataValue.json(_cut_config(config)) if is_told else None,
        **_references(node, dataset),
    }
    return {name: value for name, value in told.items() if value is not None}


def node_metadata(node: NodeEntry) -> dict[str, Any]:
    """Of the asset that stands for a node without outputs."""
    return {**_of_node(node), **_references(node, None)}


def with_project(spec: dg.AssetSpec, manifest: ProjectManifest) -> dg.AssetSpec:
    """A translated spec that also tells the project; addresses of the web among its metadata become links.

    What the translation says of a key stays.
    """
    project = {"kedro/project": manifest.project_name, **({"kedro/env": manifest.env} if manifest.env else {})}
    metadata = {name: _as_link(value) for name, value in {**spec.metadata, **project, **spec.metadata}.items()}
    return spec.replace_attributes(metadata=metadata)


def layer_of(dataset: DatasetEntry) -> str | None:
    """The layer that the catalog gives a dataset for Kedro-Viz; None without one."""
    viz = dataset.metadata.get("kedro-viz")
    layer = viz.get("layer") if isinstance(viz, Mapping) else None
    return str(layer) if layer else None


def _of_node(node: NodeEntry) -> dict[str, str]:
    told = {
        "kedro/node": node.name,
        "kedro/function": node.func,
        "kedro/inputs": _cut_names(node.input_datasets),
        "kedro/parameters": _cut_names(node.parameters),
        "kedro/tags": _cut_names(node.tags),
        "kedro/pipelines": _cut_names(node.pipelines),
    }
    return {name: value for name, value in told.items() if value}


def _references(node: NodeEntry | None, dataset: DatasetEntry | None) -> dict[str, Any]:
    """Links to the function of the node and to the entry of the catalog.

    Their labels are short: Dagster cuts those of more than about thirty characters in the middle.
    """
    places: list[tuple[SourceRef, str]] = []
    if node is not None and node.source is not None:
        places.append((node.source, f"{node.func.rpartition('.')[2]}()"))
    if dataset is not None and dataset.location is not None:
        file = PurePath(dataset.location.file).name
        places.append((dataset.location, f"{dataset.pattern} in {file}" if dataset.pattern else file))
    if not places:
        return {}
    with without_beta_warnings():
        references = [_reference(place.file, place.line, label) for place, label in places]
        return {"dagster/code_references": dg.CodeReferencesMetadataValue(code_references=references)}


@lru_cache(_MOST_REFERENCES)
def _reference(file: str, line: int, label: str) -> Any:
    """One for all nodes of a function, and for all datasets of a factory."""
    return dg.LocalFileCodeReference(file_path=file, line_number=line, label=label)


def _as_link(value: Any) -> Any:
    is_address = isinstance(value, str) and value.startswith(("http://", "https://")) and not value.split()[1:]
    return dg.MetadataValue.url(value) if is_address else value


def _cut_names(names: Iterable[str]) -> str:
    """Names separated by commas; of too many the first and how many more there are."""
    listed = list(names)
    shown, length = 0, 0
    while shown < len(listed) and (length := length + len(listed[shown]) + 2) <= _NAMES_LENGTH:
        shown += 1
    shown = shown or min(1, len(listed))
    rest = f" and {len(listed) - shown} more" if shown < len(listed) else ""
    return ", ".join(listed[:shown]) + rest


def _cut_config(config: dict[str, Any]) -> dict[str, Any]:
    """Configuration without its largest values, where it is too large."""
    sizes = {name: len(json.dumps({name: value})) for name, value in config.items()}
    kept = dict(config)
    for name in sorted(sizes, key=lambda name: -sizes[name]):
        if sum(sizes.values()) <= _CONFIG_BYTES:
            break
        kept[name] = _CUT
        sizes[name] = len(json.dumps({name: _CUT}))
    return kept
