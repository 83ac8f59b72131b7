"""What an asset looks like before the user's own translation: key, group, kinds, tags, description, metadata."""

from __future__ import annotations

from collections.abc import Mapping

import dagster as dg

from kedro_dagster_component.manifest import DatasetEntry, NodeEntry
from kedro_dagster_component.naming import group_name, tags_from
from kedro_dagster_component.translate.docstrings import docstring_markdown
from kedro_dagster_component.translate.static_metadata import dataset_metadata, node_metadata
from kedro_dagster_component.translate.storage import storage_kind_of

_DEFAULT_PIPELINE = "__default__"
_LOCAL = "file"
"""A kind of storage that is told in the metadata and is worth no icon."""
_DATASET_CLASS = ("Dataset", "DataSet")
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
        metadata=dataset_metadata(node, dataset),
        code_version=node.code_version if node is not None else None,
    )


def node_spec(node: NodeEntry) -> dg.AssetSpec:
    """The asset that stands for a node without outputs, so that it can be selected, run and scheduled."""
    return dg.AssetSpec(
        key=node.name.split("."),
        description=node_description(node),
        group_name=_group(node, None),
        kinds={"kedro"},
        tags=tags_from(node.tags),
        metadata=node_metadata(node),
        code_version=node.code_version,
    )


def node_description(node: NodeEntry) -> str | None:
    """The docstring of a node's function, else its signature."""
    return docstring_markdown(node.description) if node.description else node.signature


def kinds_of(dataset: DatasetEntry) -> set[str]:
    """`kedro`, library, format and storage: `pandas.CSVDataset` in a bucket gives `kedro`, `pandas`, `csv` and `s3`."""
    if dataset.is_memory:
        return {"kedro", "memory"}
    kinds = {"kedro", *_kinds_of_type(dataset.type), *_kinds_of_type(_wrapped_type(dataset))}
    storage = storage_kind_of(dataset)
    if storage is not None and storage != _LOCAL and storage.isidentifier():
        kinds.add(storage.lower())
    return kinds


def _kinds_of_type(type_: str) -> set[str]:
    """Library and format of a dataset class; Kedro's own are of no library."""
    module, _, name = type_.rpartition(".")
    library = module.split(".")[-1] if module else ""
    library = module.split(".")[-2] if library.endswith("_dataset") and "." in module else library
    is_library = library.isidentifier() and library.islower() and module.partition(".")[0] != "kedro"
    return {form for form in _FORMATS if name.lower().startswith(form)} | ({library} if is_library else set())


def _wrapped_type(dataset: DatasetEntry) -> str:
    """Type of what a partitioned or cached dataset is made of; nothing where it is none of these."""
    inner = dataset.config.get("dataset")
    inner = inner.get("type") if isinstance(inner, Mapping) else inner
    return inner if isinstance(inner, str) and inner.endswith(_DATASET_CLASS) else ""


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
