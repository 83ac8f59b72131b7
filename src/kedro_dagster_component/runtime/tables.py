"""Tables of many libraries seen alike: columns, rows and first rows of what is in hand.

No library is imported: what an object is, its class says. A table is lazy where counting its rows means to compute it,
and then it is counted only where that was asked for by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any

from kedro_dagster_component.masking import MASK, is_secret_key

_MAX_COLUMNS = 300
_MAX_SHOWN_COLUMNS = 30
_MAX_CELL_LENGTH = 200

Column = tuple[str, str, "bool | None"]
"""Name, type and whether it can be empty, where the library tells."""


@dataclass(frozen=True)
class _Library:
    """How one kind of table is asked.

    Attributes:
        columns: Its columns, in order.
        count: Its rows.
        first_rows: So many of its rows, each a sequence of values in the order of the columns.
        is_lazy: Whether counting means computing.
    """

    columns: Callable[[Any], Iterable[Column]]
    count: Callable[[Any], int]
    first_rows: Callable[[Any, int], Iterable[Sequence[Any]]]
    is_lazy: Callable[[Any], bool] = lambda _: False


def is_table(data: Any) -> bool:
    """Whether an object is a table of a known library."""
    return _library(data) is not None


def columns_of(data: Any) -> list[Column] | None:
    """Columns of a table, in order; None for anything else."""
    library = _library(data)
    return list(library.columns(data)) if library is not None else None


def count_rows(data: Any, *, even_lazy: bool = False) -> int | None:
    """Rows of a table; None for anything else and for a lazy one.

    Args:
        data: Any object.
        even_lazy: Whether a lazy table is computed for it.
    """
    library = _library(data)
    if library is None or (library.is_lazy(data) and not even_lazy):
        return None
    return int(library.count(data))


def schema_of(columns: Sequence[Column]) -> Mapping[str, Any]:
    """Columns as plain data: at most 300 of them, and how many more there are."""
    return {"columns": list(columns[:_MAX_COLUMNS]), "more": max(0, len(columns) - _MAX_COLUMNS)}


def first_rows(data: Any, number: int) -> Mapping[str, Any] | None:
    """First rows of a table as plain data; None for anything else.

    Long values and wide tables are cut; what stands in a column whose name is that of a secret is masked.

    Returns:
        `columns` as `schema_of` gives them, and `records`, mappings by name of the column.
    """
    library = _library(data)
    if library is None:
        return None
    columns = _distinct(library.columns(data))
    shown = columns[:_MAX_SHOWN_COLUMNS]
    records = [
        {name: MASK if is_secret_key(name) else _cell(value) for (name, *_), value in zip(shown, row, strict=False)}
        for row in islice(library.first_rows(data, number), number)
    ]
    return {"columns": shown, "more": len(columns) - len(shown), "records": records}


def plain_scalar(value: Any) -> Any:
    """A number, text, true, false or nothing of Python itself, for one of NumPy too; any other object as it is."""
    if value is None or isinstance(value, bool):
        return value
    for kind in (int, float, str):
        if isinstance(value, kind):
            return kind(value)
    is_scalar = getattr(value, "shape", None) == () and callable(getattr(value, "item", None))
    return value.item() if is_scalar else value


def _cell(value: Any) -> str | int | float | bool | None:
    scalar = plain_scalar(value)
    if scalar is None or isinstance(scalar, bool | int):
        return scalar
    if isinstance(scalar, float):
        return scalar if scalar == scalar and abs(scalar) != float("inf") else str(scalar)  # noqa: PLR0124 (NaN)
    if isinstance(scalar, bytes | bytearray):
        return f"<{len(scalar)} bytes>"
    text = str(scalar)
    return text if len(text) <= _MAX_CELL_LENGTH else f"{text[:_MAX_CELL_LENGTH]}..."


def _distinct(columns: Iterable[Column]) -> list[Column]:
    """Columns of different names: those that share one get a number."""
    counts: dict[str, int] = {}
    distinct = []
    for name, *rest in columns:
        counts[name] = counts.get(name, 0) + 1
        distinct.append((name if counts[name] == 1 else f"{name} ({counts[name]})", *rest))
    return distinct  # type: ignore[return-value]  # mypy does not follow the stars


def _pandas_columns(data: Any) -> Iterable[Column]:
    return ((_label(name), str(dtype), None) for name, dtype in zip(data.columns, data.dtypes, strict=True))


def _label(name: Any) -> str:
    """Name of a column; of several levels joined."""
    return ".".join(map(str, name)) if isinstance(name, tuple) else str(name)


def _series_columns(data: Any) -> Iterable[Column]:
    return [(_label(data.name) if data.name is not None else "0", str(data.dtype), None)]


def _arrow_columns(data: Any) -> Iterable[Column]:
    return ((field.name, str(field.type), bool(field.nullable)) for field in data.schema)


def _arrow_rows(data: Any, number: int) -> Iterable[Sequence[Any]]:
    part = data.slice(0, number)
    return zip(*(column.to_pylist() for column in part.columns), strict=True)


def _spark_columns(data: Any) -> Iterable[Column]:
    return ((field.name, field.dataType.simpleString(), bool(field.nullable)) for field in data.schema.fields)


def _always(data: Any) -> bool:
    return True


_PANDAS = _Library(_pandas_columns, len, lambda data, n: data.head(n).itertuples(index=False, name=None))
_PANDAS_SERIES = _Library(_series_columns, len, lambda data, n: ([value] for value in data.head(n)))
_POLARS = _Library(
    lambda data: ((name, str(dtype), None) for name, dtype in data.schema.items()),
    len,
    lambda data, n: data.head(n).rows(),
)
_POLARS_LAZY = _Library(
    lambda data: ((name, str(dtype), None) for name, dtype in data.collect_schema().items()),
    lambda data: data.select(data.collect_schema().names()[:1]).collect().height,
    lambda data, n: data.head(n).collect().rows(),
    _always,
)
_ARROW = _Library(_arrow_columns, lambda data: data.num_rows, _arrow_rows)
_ARROW_DATASET = _Library(
    _arrow_columns, lambda data: data.count_rows(), lambda data, n: _arrow_rows(data.head(n), n), _always
)
_SPARK = _Library(
    _spark_columns,
    lambda data: data.count(),
    lambda data, n: data.limit(n).collect(),
    lambda data: not getattr(data, "is_cached", False),
)
_DASK = _Library(_pandas_columns, len, lambda data, n: data.head(n).itertuples(index=False, name=None), _always)
_IBIS = _Library(
    lambda data: ((name, str(dtype), bool(dtype.nullable)) for name, dtype in data.schema().items()),
    lambda data: data.count().execute(),
    lambda data, n: _arrow_rows(data.limit(n).to_pyarrow(), n),
    _always,
)
_LIBRARIES: Mapping[tuple[str, str], _Library] = {
    ("pandas", "DataFrame"): _PANDAS,
    ("pandas", "Series"): _PANDAS_SERIES,
    ("polars", "DataFrame"): _POLARS,
    ("polars", "Series"): _PANDAS_SERIES,
    ("polars", "LazyFrame"): _POLARS_LAZY,
    ("pyarrow", "Table"): _ARROW,
    ("pyarrow", "RecordBatch"): _ARROW,
    ("pyarrow", "Dataset"): _ARROW_DATASET,
    ("pyspark.sql", "DataFrame"): _SPARK,
    ("dask", "DataFrame"): _DASK,
    ("ibis", "Table"): _IBIS,
}
"""By package and name of a class or of one that it is derived from: a GeoDataFrame is a frame of pandas."""


def _library(data: Any) -> _Library | None:
    return _library_of(type(data))  # type: ignore[arg-type]  # mypy takes no class for hashable


@cache
def _library_of(kind_of_data: type) -> _Library | None:
    for kind in kind_of_data.__mro__:
        parts = kind.__module__.split(".")
        for package in (parts[0], ".".join(parts[:2])):
            if library := _LIBRARIES.get((package, kind.__name__)):
                return library
    return None
