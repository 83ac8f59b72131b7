import math

import numpy as np
import pytest

from kedro_dagster_component.runtime.messages import PlainMetadata
from kedro_dagster_component.runtime.metrics import metrics_of


def test_numbers_are_told_by_themselves_and_as_a_whole():
    found = metrics_of({"r2": 0.5, "test": {"rows": 10, "name": "x"}, "folds": [1, 2]})
    assert found == {
        "": PlainMetadata("json", {"r2": 0.5, "test": {"rows": 10, "name": "x"}, "folds": [1, 2]}),
        "r2": PlainMetadata("float", 0.5),
        "test.rows": PlainMetadata("int", 10),
    }


def test_numbers_of_numpy_become_pythons_own():
    found = metrics_of({"a": np.float32(0.5), "b": np.int64(3), "c": np.float64(1)})
    assert {name: type(fact.value) for name, fact in found.items() if name} == {"a": float, "b": int, "c": float}
    assert found[""].value == {"a": 0.5, "b": 3, "c": 1.0}


def test_a_number_alone():
    assert metrics_of(0.5) == {"value": PlainMetadata("float", 0.5)}


@pytest.mark.parametrize(
    "data",
    [
        *(None, True, "text", [1, 2], {}, {"a": "x"}, {"a": True}, {"a": math.nan}),
        *({str(n): n for n in range(201)}, {"a": {"b": list(range(201))}}, {"a": [[1] * 100] * 3}),
    ],
)
def test_anything_else_is_no_metric(data):
    assert metrics_of(data) == {}


def test_what_cannot_be_plotted_is_told_as_text():
    found = metrics_of({"a": 1, "b": math.inf, "c": object, 3: None})
    assert found.keys() == {"", "a"}
    assert found[""].value["b"] == "inf"
    assert found[""].value["3"] is None
    assert isinstance(found[""].value["c"], str)


def test_secrets_are_masked_and_there_is_a_limit():
    found = metrics_of({"a": 1, "url": "https://me:hunter2@host", "api_key": "hunter2"})
    assert "hunter2" not in str(found)
    assert len(metrics_of({str(number): number for number in range(200)})) == 51
