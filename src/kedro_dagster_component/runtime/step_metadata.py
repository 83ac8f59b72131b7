"""Reports of a node as Dagster's metadata."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import dagster as dg

from kedro_dagster_component.plan import DatasetPlan
from kedro_dagster_component.runtime.messages import DatasetReport, LoadReport, PlainKind, PlainMetadata, StepResult
from kedro_dagster_component.runtime.mlflow_record import model_metadata, run_metadata
from kedro_dagster_component.runtime.runs import STORED_KEY, VERSION_KEY


def step_metadata(result: StepResult) -> dict[str, Any]:
    """What is the same for all that a node made: its times, what it loaded, what it shows of itself."""
    metadata: dict[str, Any] = {"kedro/seconds": _rounded(result.seconds)}
    if result.loads:
        metadata["kedro/load_seconds"] = _rounded(sum(load.seconds for load in result.loads))
        metadata["kedro/loads"] = _loads(result.loads)
    shown = {name: metadata_value(fact) for name, fact in result.metadata.items()}
    return shown | metadata | run_metadata(result.mlflow_run)


def saved_metadata(
    report: DatasetReport, dataset: DatasetPlan, result: StepResult, *, stored: bool, key: str | None = None
) -> dict[str, Any]:
    """Metadata of one materialisation.

    Args:
        report: Of the dataset.
        dataset: Which one.
        result: Of the node.
        stored: Whether in-memory data is stored.
        key: Partition key of what was saved; None for the whole.
    """
    metadata: dict[str, Any] = {name: metadata_value(fact) for name, fact in report.metadata.items()}
    if report.row_count is not None:
        metadata["dagster/row_count" if key is None else "dagster/partition_row_count"] = report.row_count
    if report.size_bytes is not None:
        metadata["kedro/size_bytes"] = report.size_bytes
    if report.save_version is not None:
        metadata[VERSION_KEY] = report.save_version
    if dataset.is_memory:
        metadata[STORED_KEY] = stored
    metadata["kedro/save_seconds"] = _rounded(report.seconds)
    return {**metadata, **step_metadata(result), **model_metadata(report.model_uri)}


def metadata_value(fact: PlainMetadata) -> dg.MetadataValue[Any]:
    """A fact as Dagster shows it."""
    return _VALUES[fact.kind](fact.value)


def _rounded(seconds: float) -> float:
    """To microseconds: what follows is noise, and long to read."""
    return round(seconds, 6)


def _loads(loads: tuple[LoadReport, ...]) -> dg.MetadataValue[Any]:
    """A table of the inputs; bytes only where some are known."""
    types = [("dataset", "str"), ("seconds", "float")]
    types += [("bytes", "int")] if any(load.size_bytes is not None for load in loads) else []
    told = [{"dataset": one.name, "seconds": _rounded(one.seconds), "bytes": one.size_bytes} for one in loads]
    records = [dg.TableRecord({name: record[name] for name, _ in types}) for record in told]
    return dg.MetadataValue.table(records, dg.TableSchema([dg.TableColumn(name, type_) for name, type_ in types]))


def _schema(value: Mapping[str, Any]) -> dg.TableSchema:
    columns = [
        dg.TableColumn(name, kind, constraints=dg.TableColumnConstraints(nullable=nullable is not False))
        for name, kind, nullable in value["columns"]
    ]
    more = [f"and {value['more']} more columns"] if value["more"] else []
    return dg.TableSchema(columns, constraints=dg.TableConstraints(other=more) if more else None)


def _table(value: Mapping[str, Any]) -> dg.MetadataValue[Any]:
    return dg.MetadataValue.table([dg.TableRecord(record) for record in value["records"]], _schema(value))


_VALUES: Mapping[PlainKind, Callable[[Any], dg.MetadataValue[Any]]] = {
    "int": dg.MetadataValue.int,
    "float": dg.MetadataValue.float,
    "text": dg.MetadataValue.text,
    "json": dg.MetadataValue.json,
    "markdown": dg.MetadataValue.md,
    "schema": lambda value: dg.MetadataValue.table_schema(_schema(value)),
    "table": _table,
}
