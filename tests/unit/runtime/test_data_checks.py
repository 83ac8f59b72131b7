"""What checks look at, and how they judge."""

from types import SimpleNamespace

import dagster as dg
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from kedro_dagster_component.plan import CheckPlan
from kedro_dagster_component.runtime.checked import CheckFailure, DataFacts, Validation
from kedro_dagster_component.runtime.data_checks import outcome
from kedro_dagster_component.runtime.facts import FactRecorder, facts_of, facts_of_loaded
from kedro_dagster_component.runtime.validations import validation

FRAME = pd.DataFrame({"a": [1, 2], "b": [3, 4]})


@pytest.mark.parametrize(
    ("data", "rows", "columns", "is_empty"),
    [
        (FRAME, 2, ("a", "b"), False),
        (FRAME["a"], 2, ("a",), False),
        (FRAME.iloc[:0], 0, ("a", "b"), True),
        (pl.DataFrame({"a": [1]}), 1, ("a",), False),
        (pl.LazyFrame({"a": [1, 2, 3]}).filter(pl.col("a") > 1), 2, ("a",), False),
        (pa.table({"a": [1, 2]}), 2, ("a",), False),
        ({"eu": FRAME, "us": FRAME[["b"]]}, 4, ("b",), False),
        ({"eu": lambda: FRAME}, None, None, False),
        ({}, None, None, True),
        ({"score": 0.5}, None, None, False),
        ("", None, None, True),
        ("text", None, None, False),
        (None, None, None, True),
        (object(), None, None, False),
    ],
)
def test_facts(data, rows, columns, is_empty):
    facts = facts_of(data)
    assert (facts.rows, facts.columns, facts.is_empty) == (rows, columns, is_empty)


def test_partitions_that_are_loaded_are_added_up():
    assert facts_of_loaded({"eu": lambda: FRAME, "us": lambda: FRAME[["b"]]}).rows == 4
    assert facts_of_loaded({"eu": FRAME}).rows == 2
    assert facts_of_loaded({}).is_empty


def test_facts_of_chunks_are_added_up_and_only_those_asked_for():
    recorder = FactRecorder()
    recorder.begin(["x"])
    for chunk in (FRAME, FRAME[["a"]]):
        recorder.after_dataset_saved(dataset_name="x", data=chunk)
        recorder.after_dataset_saved(dataset_name="y", data=chunk)
    assert recorder.of("x") == DataFacts(facts_of(FRAME).kind, is_empty=False, rows=4, columns=("a",))
    assert recorder.of("y") is None
    recorder.begin(["x"])
    assert recorder.of("x") is None


def judged(facts, **fields):
    result = outcome(CheckPlan("x", **fields), facts, ())
    return result.passed, result.description, result.severity(CheckPlan("x", **fields))


ERROR, WARN = dg.AssetCheckSeverity.ERROR, dg.AssetCheckSeverity.WARN


@pytest.mark.parametrize(
    ("rows", "bounds", "expected"),
    [
        (2, {"min_rows": 2}, (True, "2 rows, expected at least 2", ERROR)),
        (1, {"min_rows": 2}, (False, "1 row, expected at least 2", ERROR)),
        (3, {"max_rows": 2, "is_error": False}, (False, "3 rows, expected at most 2", WARN)),
        (0, {"min_rows": 0, "max_rows": 0}, (True, "0 rows, expected at least 0 and at most 0", ERROR)),
        (None, {"min_rows": 0}, (False, "the rows of a lib Thing cannot be counted", WARN)),
    ],
)
def test_row_count(rows, bounds, expected):
    facts = DataFacts("lib Thing", is_empty=not rows, rows=rows)
    assert judged(facts, kind="row_count", **bounds) == expected


def test_columns():
    facts = DataFacts("pandas DataFrame", is_empty=False, rows=1, columns=("a", "b"))
    assert judged(facts, kind="columns", columns=("a",))[:2] == (True, "all columns are there")
    assert judged(facts, kind="columns", columns=("a", "y", "z"))[:2] == (False, "there is no 'y', 'z'")
    nothing = DataFacts("builtins dict", is_empty=False)
    assert judged(nothing, kind="columns", columns=("a",)) == (
        False,
        "a builtins dict has no columns that could be told",
        WARN,
    )


def test_validation():
    check = CheckPlan("validator", "validator")
    assert outcome(check, None, ()) is None
    valid = Validation("x", "save", passed=True)
    assert outcome(check, None, (valid,)).passed
    failure = CheckFailure("negative", check="positive", column="a", count=3, examples=("-1",))
    failed = outcome(check, None, (valid, Validation("x", "load", passed=False, message="no", failures=(failure,))))
    assert (failed.passed, failed.description, failed.metadata["failed checks"]) == (False, "no", 1)
    (record,) = failed.metadata["failures"].value.records
    assert record.data == {"column": "a", "check": "positive", "message": "negative", "count": 3, "examples": "-1"}


def test_what_a_validator_says_holds_no_secret():
    def failure(column, example):
        message = f"{column} is wrong, see https://me:hidden@host/x"
        return SimpleNamespace(
            message=message, check="known", column=column, failure_count=1, failure_examples=[example]
        )

    error = ValueError("invalid, see https://host/x?token=hidden")
    error.failures = [failure("api_key", "hidden"), failure("link", "https://me:hidden@host"), failure("a", -1)]
    found = validation("x", "load", error)
    assert found.message == "invalid, see https://host/x?***"
    assert [one.examples for one in found.failures] == [("***",), ("'https://***@host'",), ("-1",)]
    assert "hidden" not in repr(found)
