"""Tables of the libraries that are installed; those of the others by classes that look like theirs."""

import datetime as dt
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset
import pytest

from kedro_dagster_component.runtime.tables import (
    columns_of,
    count_rows,
    first_rows,
    is_table,
    plain_scalar,
    schema_of,
)

VALUES = {"name": ["a", "b", "c"], "value": [1, 2, 3]}
RECORDS = [{"name": "a", "value": 1}, {"name": "b", "value": 2}]


def named(data):
    return [name for name, *_ in columns_of(data)]


def records(data, number=2):
    return first_rows(data, number)["records"]


class GeoDataFrame(pd.DataFrame):
    """A frame of a package that builds on pandas."""


GeoDataFrame.__module__ = "geopandas.geodataframe"


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame(VALUES),
        GeoDataFrame(VALUES),
        pl.DataFrame(VALUES),
        pa.table(VALUES),
        pa.RecordBatch.from_pydict(VALUES),
    ],
)
def test_tables_in_memory(table):
    assert named(table) == ["name", "value"]
    assert count_rows(table) == 3
    assert records(table) == RECORDS
    assert records(table, 100)[-1] == {"name": "c", "value": 3}
    assert is_table(table)


def test_types_are_those_of_the_library():
    assert columns_of(pd.DataFrame({"value": [1]})) == [("value", "int64", None)]
    assert columns_of(pl.DataFrame({"value": [1]})) == [("value", "Int64", None)]
    schema = pa.schema([pa.field("value", pa.int64(), nullable=False)])
    assert columns_of(pa.table({"value": [1]}, schema=schema)) == [("value", "int64", False)]


@pytest.mark.parametrize("series", [pd.Series([1, 2], name="x"), pl.Series("x", [1, 2])])
def test_series(series):
    assert (named(series), count_rows(series), records(series, 1)) == (["x"], 2, [{"x": 1}])


@pytest.mark.parametrize("table", [pl.LazyFrame(VALUES), pyarrow.dataset.dataset(pa.table(VALUES))])
def test_lazy_tables_are_counted_only_where_that_is_asked_for(table):
    assert named(table) == ["name", "value"]
    assert count_rows(table) is None
    assert count_rows(table, even_lazy=True) == 3
    assert records(table) == RECORDS


def of_module(module, name, **methods):
    return type(name, (), {"__module__": module, **methods})


SPARK_FIELDS = [
    SimpleNamespace(name="name", dataType=SimpleNamespace(simpleString=lambda: "string"), nullable=True),
    SimpleNamespace(name="value", dataType=SimpleNamespace(simpleString=lambda: "bigint"), nullable=False),
]


def spark_frame(module, *, is_cached=False):
    rows = list(zip(*VALUES.values(), strict=True))
    limited = lambda self, number: SimpleNamespace(collect=lambda: rows[:number])  # noqa: E731
    kind = of_module(
        module,
        "DataFrame",
        schema=SimpleNamespace(fields=SPARK_FIELDS),
        is_cached=is_cached,
        count=lambda self: 3,
        limit=limited,
    )
    return kind()


@pytest.mark.parametrize(
    "module", ["pyspark.sql.dataframe", "pyspark.sql.classic.dataframe", "pyspark.sql.connect.dataframe"]
)
def test_spark(module):
    assert columns_of(spark_frame(module)) == [("name", "string", True), ("value", "bigint", False)]
    assert count_rows(spark_frame(module)) is None
    assert count_rows(spark_frame(module, is_cached=True)) == 3
    assert count_rows(spark_frame(module), even_lazy=True) == 3
    assert records(spark_frame(module)) == RECORDS
    assert not is_table(spark_frame("pyspark.pandas.frame"))


@pytest.mark.parametrize("module", ["dask.dataframe.core", "dask.dataframe.dask_expr._collection"])
def test_dask(module):
    frame = pd.DataFrame(VALUES)
    kind = of_module(
        module,
        "DataFrame",
        columns=frame.columns,
        dtypes=frame.dtypes,
        head=lambda self, number: frame.head(number),
        __len__=lambda self: 3,
    )
    assert columns_of(kind())[1] == ("value", "int64", None)
    assert (count_rows(kind()), count_rows(kind(), even_lazy=True)) == (None, 3)
    assert records(kind()) == RECORDS


def test_ibis():
    nullable = SimpleNamespace(nullable=True, __str__=lambda: "")
    table = of_module(
        "ibis.expr.types.relations",
        "Table",
        schema=lambda self: {"name": nullable, "value": nullable},
        count=lambda self: SimpleNamespace(execute=lambda: np.int64(3)),
        limit=lambda self, number: SimpleNamespace(to_pyarrow=lambda: pa.table(VALUES).slice(0, number)),
    )
    assert [(name, is_nullable) for name, _, is_nullable in columns_of(table())] == [("name", True), ("value", True)]
    assert (count_rows(table()), count_rows(table(), even_lazy=True)) == (None, 3)
    assert records(table()) == RECORDS


@pytest.mark.parametrize("data", [None, 1, "text", [1], {"a": 1}, np.zeros(3), object(), pd.DataFrame, VALUES])
def test_anything_else_is_no_table(data):
    assert (columns_of(data), count_rows(data, even_lazy=True), first_rows(data, 3)) == (None, None, None)


def test_odd_columns():
    frame = pd.DataFrame([[1, 2, 3]], columns=["x", "x", 7])
    assert named(frame) == ["x", "x", "7"]
    assert records(frame) == [{"x": 1, "x (2)": 2, "7": 3}]
    levels = pd.DataFrame([[1]], columns=pd.MultiIndex.from_tuples([("a", "b")]))
    assert records(levels) == [{"a.b": 1}]


def test_values_are_those_that_dagster_takes():
    row = [np.float32(0.5), float("nan"), float("inf"), None, True, b"abc", dt.date(2024, 1, 2), "x" * 1000]
    frame = pd.DataFrame([row], columns=list("abcdefgh"), dtype=object)
    [found] = records(frame)
    assert list(found.values())[:7] == [0.5, "nan", "inf", None, True, "<3 bytes>", "2024-01-02"]
    assert found["h"] == "x" * 200 + "..."
    assert all(type(value) in {str, int, float, bool, type(None)} for value in found.values())


def test_a_column_of_secrets_is_masked():
    assert records(pd.DataFrame({"user": ["me"], "password": ["hunter2"]})) == [{"user": "me", "password": "***"}]


def test_wide_tables_are_cut():
    frame = pd.DataFrame(np.zeros((2, 400)))
    schema = schema_of(columns_of(frame))
    assert (len(schema["columns"]), schema["more"]) == (300, 100)
    shown = first_rows(frame, 1)
    assert (len(shown["columns"]), shown["more"], len(shown["records"][0])) == (30, 370, 30)


def test_scalars_are_pythons_own():
    values = [np.float64(1), np.int8(1), np.bool_(True), np.str_("x"), 1, None, True]
    assert [type(plain_scalar(value)) for value in values] == [float, int, bool, str, int, type(None), bool]


def test_no_library_is_imported():
    code = (
        "import sys; from kedro_dagster_component.runtime import metrics, pictures, tables\n"
        "tables.first_rows({}, 1), pictures.picture_of({}), metrics.metrics_of({'a': 1})\n"
        "print([n for n in ('numpy', 'pandas', 'polars', 'pyarrow', 'matplotlib', 'plotly', 'PIL') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
