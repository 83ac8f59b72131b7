"""What a node left behind, told while its datasets are still in force."""

from __future__ import annotations

from functools import partial
from typing import Any

from kedro.io import AbstractDataset, DatasetError
from kedro.pipeline.node import Node

from kedro_dagster_component.compat.kedro_mlflow import saved_model_uri
from kedro_dagster_component.compat.kedro_partitions import is_partitioned, partitions_size_bytes
from kedro_dagster_component.compat.kedro_session import Catalog, save_version_of, stored_size_bytes
from kedro_dagster_component.errors import MemoryDatasetError
from kedro_dagster_component.manifest import dataset_name, is_parameter
from kedro_dagster_component.plan import MetadataChoice
from kedro_dagster_component.runtime.facts import FactRecorder
from kedro_dagster_component.runtime.messages import DatasetReport, LoadReport, PlainMetadata, StepRequest, StepResult
from kedro_dagster_component.runtime.pictures import node_preview
from kedro_dagster_component.runtime.recorder import Records, SaveRecord, tell

_SIZE = "size"


def step_result(
    node: Node, request: StepRequest, catalog: Catalog, records: Records, facts: FactRecorder, seconds: float
) -> StepResult:
    """The report of a node that has run.

    Args:
        node: The live node.
        request: What it was run for.
        catalog: With the datasets of the step.
        records: Of its loads and saves.
        facts: For the checks of what it saved.
        seconds: Wall time from the first load to the last save.

    Raises:
        MemoryDatasetError: An in-memory output is wanted back and cannot be copied.
    """
    return StepResult(
        outputs={
            name: _output(name, catalog.get(name), request, records.saves.get(name, SaveRecord()), facts)
            for name in node.outputs
        },
        seconds=seconds,
        loads=tuple(
            LoadReport(name, records.load_seconds[name], _loaded_bytes(name, catalog, request))
            for name in node.inputs
            if name in records.load_seconds and not is_parameter(name)
        ),
        metadata=_metadata_of(node) if request.shows_preview else {},
    )


def _output(
    name: str,
    dataset: AbstractDataset[Any, Any] | None,
    request: StepRequest,
    record: SaveRecord,
    facts: FactRecorder,
) -> DatasetReport:
    wanted = dataset_name(name) in request.returned_memory
    return DatasetReport(
        name=name,
        seconds=record.seconds,
        save_version=save_version_of(dataset) if dataset is not None else None,
        row_count=record.row_count,
        size_bytes=tell(_SIZE, name, partial(_saved_bytes, dataset, record)) if _wants_size(name, request) else None,
        model_uri=saved_model_uri(dataset),
        value=_copy_out(name, dataset) if wanted else None,
        has_value=wanted,
        is_saved=not (is_partitioned(dataset) and record.is_empty),
        facts=facts.of(name),
        metadata=record.metadata,
    )


def _wants_size(name: str, request: StepRequest) -> bool:
    return _SIZE in request.metadata.get(dataset_name(name), MetadataChoice()).parts


def _saved_bytes(dataset: AbstractDataset[Any, Any] | None, record: SaveRecord) -> int | None:
    if dataset is None:
        return None
    return partitions_size_bytes(dataset, record.keys) if is_partitioned(dataset) else stored_size_bytes(dataset)


def _loaded_bytes(name: str, catalog: Catalog, request: StepRequest) -> int | None:
    dataset = catalog.get(name) if _wants_size(name, request) else None
    if dataset is None:
        return None
    size: int | None = tell(_SIZE, name, partial(stored_size_bytes, dataset, loaded=True))
    return size


def _metadata_of(node: Node) -> dict[str, PlainMetadata]:
    """What a node shows of itself: Kedro asks its `preview_fn`."""
    fact = tell("preview", node.name, lambda: node_preview(node.preview()))
    return {"kedro/node_preview": fact} if fact is not None else {}


def _copy_out(name: str, dataset: AbstractDataset[Any, Any] | None) -> Any:
    if dataset is None:
        raise MemoryDatasetError(f"In-memory dataset '{name}' was not saved")
    try:
        return dataset.load()
    except DatasetError as error:
        raise MemoryDatasetError(f"In-memory dataset '{name}' cannot be read back: {error}") from error
