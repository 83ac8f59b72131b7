"""What an asset looks like before the user's own translation: key, group, kinds, tags, description, metadata."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import dagster as dg

from kedro_dagster_component.manifest import DatasetEntry, NodeEntry
from kedro_dagster_component.naming import group_name, tags_from

_DEFAULT_PIPELINE = "__default__"
_FORMATS = (
    "csv",
    "parquet",
    "json",
    "excel",
    "pickle",
    "text",
    "yaml",
    "xml",
    "delta",
    "iceberg",
    "sql",
    "hdf",
    "feather",
)


def dataset_spec(node: NodeEntry | None, dataset: DatasetEntry) -> dg.AssetSpec:
    """The asset of a dataset.

    Args:
        node: The node that makes it; None for a free input.
        dataset: The dataset.

    Returns:
        A spec without dependencies; those follow from the node once all keys are known.
    """
    return dg.AssetSpec(
        key=dataset.name.split("."),
        description=_description(node, dataset),
        group_name=_group(node, dataset),
        kinds=kinds_of(dataset),
        tags=tags_from(node.tags) if node is not None else {},
        metadata=_metadata(node, dataset),
    )


def node_spec(node: NodeEntry) -> dg.AssetSpec:
    """The asset that stands for a node without outputs, so that it can be selected, run and scheduled."""
    return dg.AssetSpec(
        key=node.name.split("."),
        description=node_description(node),
        group_name=_group(node, None),
        kinds={"kedro"},
        tags=tags_from(node.tags),
        metadata={"kedro/node": node.name},
    )


def node_description(node: NodeEntry) -> str | None:
    """The docstring of a node's function, else its signature."""
    return inspect.cleandoc(node.description) if node.description else node.signature


def kinds_of(dataset: DatasetEntry) -> set[str]:
    """`kedro`, the library and the format of a dataset: `pandas.CSVDataset` gives `kedro`, `pandas` and `csv`."""
    if dataset.is_memory:
        return {"kedro", "memory"}
    module, _, name = dataset.type.rpartition(".")
    library = module.split(".")[-1] if module else ""
    library = module.split(".")[-2] if library.endswith("_dataset") and "." in module else library
    kinds = {"kedro"}
    if library.isidentifier() and library.islower():
        kinds.add(library)
    lowered = name.lower()
    return kinds | {form for form in _FORMATS if lowered.startswith(form)}


def _description(node: NodeEntry | None, dataset: DatasetEntry) -> str | None:
    described = dataset.metadata.get("description")
    if described:
        return str(described)
    return node_description(node) if node is not None else None


def _group(node: NodeEntry | None, dataset: DatasetEntry | None) -> str | None:
    named = dataset.metadata.get("group_name") if dataset is not None else None
    if named:
        return group_name(str(named).replace("/", "."))
    if node is None:
        return None
    if node.namespace:
        return group_name(node.namespace)
    registered = [name for name in node.pipelines if name != _DEFAULT_PIPELINE]
    return group_name(registered[0].replace(".", "_")) if registered else "default"


def _metadata(node: NodeEntry | None, dataset: DatasetEntry) -> dict[str, Any]:
    metadata: dict[str, Any] = {"kedro/dataset": dataset.name, "kedro/dataset_type": dataset.type}
    if node is not None:
        metadata["kedro/node"] = node.name
    layer = _layer(dataset.metadata)
    if layer:
        metadata["kedro/layer"] = layer
    path = dataset.config.get("filepath") or dataset.config.get("path")
    if isinstance(path, str):
        metadata["dagster/uri"] = path
    table = dataset.config.get("table_name")
    if isinstance(table, str):
        metadata["dagster/table_name"] = table
    return metadata


def _layer(metadata: Mapping[str, Any]) -> str | None:
    viz = metadata.get("kedro-viz")
    layer = viz.get("layer") if isinstance(viz, Mapping) else None
    return str(layer) if layer else None
