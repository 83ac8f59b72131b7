"""Merging and comparing parameter values."""

import pytest

from kedro_dagster_component.plan import UNCHANGED, difference, merge_deep, nested_params


def test_a_deep_merge_replaces_all_but_mappings():
    base = {"a": {"b": 1, "c": [1, 2]}, "d": 1}
    assert merge_deep(base, {"a": {"c": [3]}, "e": {"f": 1}}) == {"a": {"b": 1, "c": [3]}, "d": 1, "e": {"f": 1}}
    assert merge_deep(base, {"a": 1, "d": {"x": 2}}) == {"a": 1, "d": {"x": 2}}
    assert base == {"a": {"b": 1, "c": [1, 2]}, "d": 1}


@pytest.mark.parametrize(
    ("value", "default", "expected"),
    [
        (1, 1, UNCHANGED),
        (1.0, 1, UNCHANGED),
        (1, 1.0, UNCHANGED),
        (1, 2, 1),
        (True, 1, True),
        (1, True, 1),
        (True, True, UNCHANGED),
        (None, None, UNCHANGED),
        (None, 1, None),
        ("1", 1, "1"),
        ([1, 2], [1, 2], UNCHANGED),
        ([2], [1], [2]),
        ({"a": 1, "b": {"c": 2.0}}, {"a": 1, "b": {"c": 2}, "d": 3}, UNCHANGED),
        ({"a": 2, "b": {"c": 2}}, {"a": 1, "b": {"c": 2}}, {"a": 2}),
        ({"b": {"c": 3, "e": 1}}, {"b": {"c": 2, "d": 1}}, {"b": {"c": 3, "e": 1}}),
        ({}, {"a": 1}, UNCHANGED),
        ({"a": 1}, None, {"a": 1}),
    ],
)
def test_what_differs(value, default, expected):
    assert difference(value, default) == expected
    assert repr(UNCHANGED) == "UNCHANGED"


def test_dotted_runtime_parameters_are_paths():
    given = {"a.b": 1, "a": {"c": 2}, "d": {"e.f": 3}, "a.g.h": 4}
    assert nested_params(given) == {"a": {"b": 1, "c": 2, "g": {"h": 4}}, "d": {"e.f": 3}}
