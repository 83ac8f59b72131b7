"""Dagster names made of Kedro names."""

import keyword
import re

import pytest
from dagster._core.definitions.utils import DISALLOWED_NAMES
from hypothesis import given
from hypothesis import strategies as st

from kedro_dagster_component.naming import group_name, identifier, short_hash, tag_value, tags_from, unique_identifiers

VALID = re.compile(r"[A-Za-z0-9_]+")
NAMES = st.lists(st.text(alphabet="ab-._ é0", min_size=1, max_size=4))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("clean", "clean"),
        ("a-b.c d", "a_b_c_d"),
        ("a__b", "a__b"),
        ("größe", "gr__e"),
        ("1st", "1st"),
        ("input", "input_"),
    ],
)
def test_an_identifier_resembles_its_name(name, expected):
    assert identifier(name) == expected


@pytest.mark.parametrize("name", ["", "日本", "---", "_"])
def test_a_name_of_which_nothing_is_left(name):
    assert re.fullmatch(r"_[0-9a-f]{6}", identifier(name))
    assert identifier("日本") != identifier("中国")


@pytest.mark.parametrize("name", sorted(DISALLOWED_NAMES) + keyword.kwlist)
def test_reserved_words(name):
    assert identifier(name) == f"{name}_"


@given(NAMES)
def test_identifiers_are_valid_and_unique(names):
    result = unique_identifiers(names, taken=["a", "a_b"], suffix="_node")
    assert list(result) == list(dict.fromkeys(names))
    assert len(set(result.values())) == len(result)
    assert not set(result.values()) & {"a", "a_b"}
    assert all(VALID.fullmatch(value) for value in result.values())


@given(NAMES)
def test_one_name_does_not_depend_on_the_order_of_the_others(names):
    distinct = [name for name in names if not name.startswith("_")]
    assert unique_identifiers(distinct) == unique_identifiers(distinct[::-1])


def test_names_that_become_equal():
    result = unique_identifiers(["a-b", "a_b", "a.b"])
    assert result["a_b"] == "a_b"
    assert result["a-b"] == f"a_b_{short_hash('a-b')}"
    assert result["a.b"] == f"a_b_{short_hash('a.b')}"


def test_a_name_that_is_taken():
    assert unique_identifiers(["train"], taken=["train"], suffix="_node") == {"train": "train_node"}
    result = unique_identifiers(["train", "train_node"], taken=["train"], suffix="_node")
    assert result == {"train": "train_node", "train_node": "train_node_node"}
    assert unique_identifiers(["x"], taken=["x", "x_2"]) == {"x": "x_3"}


def test_tags():
    assert tag_value("Über Nacht!") == "_ber_Nacht_"
    long = tag_value("x" * 70)
    assert len(long) == 63
    assert long != tag_value("x" * 71)
    assert tags_from(["b", "a c"]) == {"kedro/a_c": "", "kedro/b": ""}


def test_groups():
    assert group_name("a.b") == "a/b"
    assert group_name("a-b.ü") == "a_b/_"
    assert group_name("a..b") == "a/_/b"
