import datetime as dt
import enum
import json
import math
from dataclasses import dataclass
from pathlib import PurePosixPath

from pydantic import BaseModel

from kedro_dagster_component.plain import from_typed_text, plain, typed_text


class Colour(str, enum.Enum):
    RED = "red"


class Model(BaseModel):
    a: int = 1


@dataclass
class Data:
    path: PurePosixPath


def test_everything_becomes_json():
    value = {
        1: (1, 2.5, True, None),
        None: {"b", "a"},
        "date": dt.date(2024, 1, 2),
        "time": dt.datetime(2024, 1, 2, 3, 4, tzinfo=dt.timezone.utc),
        "nan": [math.nan, math.inf, -math.inf],
        "colour": Colour.RED,
        "model": Model(),
        "data": Data(PurePosixPath("a/b")),
        "object": object(),
        "class": int,
    }
    result = plain(value)
    assert result == {
        "1": [1, 2.5, True, None],
        "None": ["a", "b"],
        "date": "2024-01-02",
        "time": "2024-01-02T03:04:00+00:00",
        "nan": ["nan", "inf", "-inf"],
        "colour": "red",
        "model": {"a": 1},
        "data": {"path": "a/b"},
        "object": "<builtins.object>",
        "class": "<builtins.int>",
    }
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    assert type(result["colour"]) is str


def test_text_that_cannot_be_encoded():
    assert plain({"\ud800": ["ü\udfff"]}) == {"?": ["ü?"]}


def test_typed_text_keeps_what_json_loses():
    shared = {"a": [1, None, 1e300, -math.inf, True, "1", "null", "é\n", 10**30]}
    value = {1: shared, "1": shared, None: dt.date(2024, 1, 2), "b": b"x", 1.5: {}}
    assert from_typed_text(typed_text(value)) == value
    assert math.isnan(from_typed_text(typed_text({"n": math.nan}))["n"])
    assert typed_text({"a": 1, "b": 2}) != typed_text({"b": 2, "a": 1})
    assert typed_text([shared, shared]) == typed_text([shared, {**shared}])


def test_typed_text_of_what_is_no_plain_data():
    value = {"a": Colour.RED, "b": Data(PurePosixPath("x/y")), "c": Model(), "d": (1, 2), "e": object()}
    plain_value = {"a": "red", "b": {"path": "x/y"}, "c": {"a": 1}, "d": [1, 2], "e": "<builtins.object>"}
    assert from_typed_text(typed_text(value)) == plain_value
