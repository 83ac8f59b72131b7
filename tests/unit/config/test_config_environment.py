"""Environment variables in `dagster.yml`."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kedro_dagster_component.config import parse_dagster_config
from kedro_dagster_component.config.environment import (
    environment_placeholder,
    fill_in,
    placeholder_at,
    placeholders_below,
)
from kedro_dagster_component.errors import ConfigurationError

ENVIRONMENT = {"HOST": "example", "EMPTY": "", "ODD": "${oc.env:HOST}"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${oc.env:HOST}", "example"),
        ("redis://${oc.env:HOST}:${oc.env:PORT,6379}/0", "redis://example:6379/0"),
        ("${oc.env:EMPTY}", ""),
        ("${oc.env:NONE,null}", None),
        ("a ${oc.env:NONE,null}", "a None"),
        ("${oc.env:NONE,}", ""),
        ('${oc.env:NONE,"null"}', "null"),
        ('${oc.env:NONE,"${oc.env:HOST}/x"}', "example/x"),
        ("${oc.env:ODD}", "${oc.env:HOST}"),
        ("${other:HOST}", "${other:HOST}"),
        (3, 3),
    ],
)
def test_a_value_is_filled_in(text: object, value: object) -> None:
    assert fill_in({"a": [text]}, ENVIRONMENT).content == {"a": [value]}


def test_what_is_missing_is_told_with_its_place() -> None:
    content = {"a": {"b": ["x", "${oc.env:ONE} ${oc.env:TWO} ${oc.env:ONE}"]}, "c": '${oc.env:ONE,"${oc.env:TWO}"}'}

    filled = fill_in(content, ENVIRONMENT)

    assert filled.content == content
    assert filled.missing == ((("a", "b", 1), ("ONE", "TWO")), (("c",), ("TWO",)))


def test_places() -> None:
    content = {"a": ["x", "${oc.env:ONE}"], "b": {"c": "${oc.env:TWO}"}, "d": 1}

    assert list(placeholders_below(content)) == [("a", 1), ("b", "c")]
    assert placeholder_at(content, ("a", 1)) == "${oc.env:ONE}"
    assert placeholder_at(content, ("b", "c", 0)) == "${oc.env:TWO}"
    assert [placeholder_at(content, path) for path in [("a",), ("a", 0), ("d", "e"), ("x", "y"), ("a", 7)]] == [
        None
    ] * 5


@pytest.mark.parametrize("name", ["", "a b", "a,b", 3, None])
def test_a_name_that_no_variable_has(name: object) -> None:
    with pytest.raises(ValueError, match="name of an environment variable"):
        environment_placeholder(name)


@given(default=st.one_of(st.none(), st.text(), st.integers(), st.booleans()))
def test_every_default_comes_back_as_text(default: object) -> None:
    text = environment_placeholder("NONE", default)
    if isinstance(default, str) and "${" in default:
        return

    assert fill_in(text, {}).content == (None if default is None else str(default))
    assert fill_in(f"<{text}>", {}).content == f"<{default}>"
    assert fill_in(text, {"NONE": "x"}).content == "x"


def test_what_dagster_stores_takes_no_value_from_the_environment(tmp_path: Path) -> None:
    text = """
jobs: {a: {pipeline: {}, params: {b: ["${oc.env:HOST}"]}, schedule: {cron_schedule: "@daily", tags: {t: "${oc.env:HOST}"}}}}
executors: {a: {k8s_job_executor: {step_k8s_config: {job_metadata: {metadata: "${oc.env:HOST}"}}}}}
"""
    file = tmp_path / "dagster.yml"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigurationError) as caught:
        parse_dagster_config(yaml.safe_load(text), [file], environment=ENVIRONMENT)

    words = "a value from the environment cannot stand here: Dagster stores and shows it"
    assert [problem.message for problem in caught.value.problems] == [
        f"jobs.a.params.b[0]: {words}",
        f"jobs.a.schedule.tags.t: {words}",
    ]
