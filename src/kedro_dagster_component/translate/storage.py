"""Where a dataset keeps its data, by its catalog entry: address, table and kind of storage."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from kedro_dagster_component.manifest import DatasetEntry

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9.-]+)(?:\+[A-Za-z0-9_]+)?:/")  # not the drive of a path on Windows
_KINDS_BY_SCHEME: Mapping[str, str] = {
    **dict.fromkeys(("s3", "s3a", "s3n"), "s3"),
    **dict.fromkeys(("gs", "gcs"), "gcs"),
    **dict.fromkeys(("abfs", "abfss", "az", "adl", "wasb", "wasbs"), "azure"),
    **dict.fromkeys(("http", "https"), "http"),
    **dict.fromkeys(("dbfs", "databricks"), "databricks"),
    **dict.fromkeys(("postgres", "postgresql"), "postgres"),
    **dict.fromkeys(("hdfs", "webhdfs"), "hdfs"),
    "mongodb+srv": "mongodb",
}
"""A scheme that is not here is a kind of its own."""
_KINDS_BY_WORD: Mapping[str, str] = {
    "snowflake": "snowflake",
    "snowpark": "snowflake",
    "databricks": "databricks",
    "managedtable": "databricks",
    "gbq": "bigquery",
    "bigquery": "bigquery",
    "hive": "hive",
    "redis": "redis",
    "deltasharing": "delta",
    "mlflow": "mlflow",
    "memory": "memory",
}
"""By a word in the type of a dataset, the first that is there."""
_TABLE = ("table_name", "table")
_ABOVE_TABLE = (("catalog", "project"), ("database", "share"), ("schema", "dataset"))
"""Keys that name what holds a table, outermost first."""


def address_of(dataset: DatasetEntry) -> str | None:
    """Path or URL as the catalog has it, secrets masked; None for a dataset without one."""
    for key in ("filepath", "path", "url"):
        if isinstance(value := dataset.config.get(key), str):
            return value
    return None


def table_of(dataset: DatasetEntry) -> str | None:
    """Table with the database and schema the catalog names, separated by dots; None for a dataset without one."""
    config = dataset.config
    table = next((config[key] for key in _TABLE if isinstance(config.get(key), str)), None)
    if table is None:
        return None
    arguments = [config, *(part for name in ("save_args", "load_args") if isinstance(part := config.get(name), dict))]
    above = [_first_text(arguments, names) for names in _ABOVE_TABLE]
    return ".".join([*(name for name in above if name), table])


def storage_kind_of(dataset: DatasetEntry) -> str | None:
    """Kind of storage (`file`, `s3`, `snowflake` ...); None where the catalog does not tell."""
    if dataset.is_memory:
        return "memory"
    connection = dataset.config.get("connection")
    backend = connection.get("backend") if isinstance(connection, dict) else None
    if isinstance(backend, str):
        return backend
    lowered = dataset.type.lower()
    if word := next((word for word in _KINDS_BY_WORD if word in lowered), None):
        return _KINDS_BY_WORD[word]
    address = address_of(dataset)
    if address is None:
        return None
    scheme = _SCHEME.match(address)
    return _KINDS_BY_SCHEME.get(scheme[1], scheme[1]) if scheme else "file"


def _first_text(mappings: list[dict[str, Any]], keys: tuple[str, ...]) -> str | None:
    return next((value for each in mappings for key in keys if isinstance(value := each.get(key), str)), None)
