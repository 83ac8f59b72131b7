"""What a launchpad's text means where the configuration has an object."""

import datetime as dt
import math
from pathlib import PurePosixPath

import pytest

from kedro_dagster_component.masking import mask_values
from kedro_dagster_component.plain import plain
from kedro_dagster_component.runtime.restored import restored

DAY, MOMENT = dt.date(2024, 1, 31), dt.datetime(2024, 1, 31, 10, 30, tzinfo=dt.timezone.utc)
INF = math.inf
OBJECTS = [DAY, MOMENT, dt.time(1, 2), INF, -INF, None, True, 1, 2.5, "x", PurePosixPath("a/b"), dt.timedelta(days=1)]
NESTED = {
    1: {"day": DAY, 2.5: [None, MOMENT, {3: -INF}]},
    False: "yes",
    "api_key": "hidden",
    "list": [{"token": "hidden", "n": 1}, [DAY, [None]]],
    DAY: (1, DAY),
}


def shown(value):
    return mask_values(plain(value))


@pytest.mark.parametrize("value", [*OBJECTS, NESTED, [NESTED], {"a": NESTED}])
def test_what_comes_back_unchanged_is_the_configured_object(value):
    assert restored(shown(value), value) is value
    assert restored({"a": shown(value), "b": 1}, {"a": value, "b": 2}) == {"a": value, "b": 1}
    assert restored([shown(value), "new"], [value]) == [value, "new"]


def test_a_key_is_the_configured_one():
    assert restored({"1": {"day": "2024-01-31", "2.5": []}}, NESTED) == {1: {"day": DAY, 2.5: []}}
    assert restored({"1": "new"}, {1: "a", "1": "b"}) == {"1": "new"}


@pytest.mark.parametrize(
    ("configured", "given", "expected"),
    [
        ({1: "a", 2: "b"}, {"3": "c"}, {3: "c"}),
        ({1: "a", 2: "b"}, {"x": "c"}, {"x": "c"}),
        ({1: "a", "y": "b"}, {"3": "c"}, {"3": "c"}),
        ({DAY: "a"}, {"2024-02-01": "c"}, {dt.date(2024, 2, 1): "c"}),
        ({}, {"3": "c"}, {"3": "c"}),
    ],
)
def test_a_new_key_is_of_the_type_of_those_beside_it(configured, given, expected):
    assert restored(given, configured) == expected


@pytest.mark.parametrize(
    ("configured", "given", "expected"),
    [
        (DAY, "2025-02-01", dt.date(2025, 2, 1)),
        (DAY, "tomorrow", "tomorrow"),
        (DAY, "2024-13-45", "2024-13-45"),
        (DAY, "2025-02-01 10:00:00", "2025-02-01 10:00:00"),
        (MOMENT, "2025-02-01T10:00:00+00:00", MOMENT.replace(2025, 2, 1, 10, 0)),
        (INF, "-inf", -INF),
        (INF, 3, 3),
        (INF, "much", "much"),
        ("inf", "-inf", "-inf"),
        (1, True, True),
        (True, 1, 1),
        (DAY, {"a": 1}, {"a": 1}),
        ("[", "{", "{"),
    ],
)
def test_a_changed_value(configured, given, expected):
    found = restored(given, configured)
    assert (type(found), found) == (type(expected), expected)


def test_nan_comes_back():
    assert math.isnan(restored("nan", math.inf))
    assert math.isnan(restored(["nan", 1], [math.nan])[0])


def test_items_of_a_list_are_found_where_they_were_moved():
    assert restored(["2024-02-01", "2024-01-31"], [DAY]) == [dt.date(2024, 2, 1), DAY]
    assert restored(["x", None, "2024-01-31"], [DAY, None, "x"]) == ["x", None, DAY]
    assert restored([{"token": "***", "n": 2}], [{"token": "hidden", "n": 1}]) == [{"token": "hidden", "n": 2}]
    assert restored([], [DAY]) == []
