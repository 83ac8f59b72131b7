import re
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kedro_dagster_component.partition_keys import key_parameters, key_problem, step_name


@pytest.mark.parametrize(
    "key",
    [
        "../../x",
        "..",
        "a/../b",
        ".",
        "a/.",
        "/etc/passwd",
        "\\\\host",
        "C:/x",
        "C:\\x",
        "~/x",
        "file:/x",
        "s3://bucket/x",
        "a//b",
        "a/",
        "",
        "  ",
        "a\0b",
        "a...b",
        "a\nb",
    ],
)
def test_keys_that_are_refused(key):
    assert key_problem(key)


@pytest.mark.parametrize(
    "key", ["a", "2024-01-01", "a/b", "..a", "a..b", "ä ö", "a|b", "x.y", "100%", "${oc.env:HOME}"]
)
def test_keys_that_are_taken(key):
    assert key_problem(key) is None


@given(st.text(min_size=1), st.text(min_size=1))
def test_names_of_steps_are_valid_and_do_not_collide(one, other):
    names = step_name(one, by_time=False), step_name(other, by_time=False)
    assert all(re.fullmatch("[A-Za-z0-9_]+", name) for name in names)
    assert (names[0] == names[1]) == (one == other)


def test_names_of_steps_by_time_stay_readable():
    assert step_name("2024-01-01-12:00", by_time=True) == "2024_01_01_12_00"
    assert step_name("plain_1", by_time=False) == "plain_1"


def test_parameters_of_a_key():
    assert key_parameters("a", None, None) == {"partition_key": "a"}
    window = (datetime(2024, 1, 1, tzinfo=timezone.utc), datetime(2024, 1, 2, tzinfo=timezone.utc))
    assert key_parameters("2024-01-01|eu", {"day": "2024-01-01", "region": "eu"}, window) == {
        "partition_key": "2024-01-01|eu",
        "partition_day": "2024-01-01",
        "partition_region": "eu",
        "partition_start": "2024-01-01T00:00:00+00:00",
        "partition_end": "2024-01-02T00:00:00+00:00",
    }
