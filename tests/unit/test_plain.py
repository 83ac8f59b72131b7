import datetime as dt
import enum
import json
import math
from dataclasses import dataclass
from pathlib import PurePosixPath

from pydantic import BaseModel

from kedro_dagster_component.plain import plain


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
