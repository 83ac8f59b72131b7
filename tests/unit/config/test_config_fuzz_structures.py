"""Random structures and random texts: a clean load or our own error, which holds no secret.

The examples are fixed (`derandomize`), so that a failure stays one; `CORPUS` holds what once failed or nearly did.
"""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf
from test_config_check import GOOD, project
from test_config_models import CONTRACT
from test_config_sensors import SENSORS

from kedro_dagster_component.config import DagsterConfig, load_dagster_config
from kedro_dagster_component.config.automation import CONDITIONS
from kedro_dagster_component.config.executor_options import bundled_schemas
from kedro_dagster_component.config.executors import EXECUTOR_KINDS
from kedro_dagster_component.config.load import content_problems
from kedro_dagster_component.errors import ConfigurationError
from kedro_dagster_component.introspection.conf_problems import file_problems, readable_content
from kedro_dagster_component.introspection.logger_calls import call_mistakes

SECRET = "hunter2-correct-horse"
ENVIRONMENT = {"SECRET": SECRET, "SHORT": "q7"}
FILES = (GOOD, CONTRACT, SENSORS)
FUZZ = settings(derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))


@cache
def words() -> tuple[str, ...]:
    """Every key of the models and every text of the valid files."""
    schema = DagsterConfig.model_json_schema()
    models = [schema, *schema["$defs"].values()]
    keys = {key for model in models for key in model.get("properties", ())}
    return tuple(sorted(keys | set(CONDITIONS) | set(_texts([yaml.safe_load(text) for text in FILES]))))


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for pair in value.items() for part in pair for text in _texts(part)]
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    return [value] if isinstance(value, str) else []


KEYS = st.sampled_from(words()) | st.text(max_size=4)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 70),
    st.floats(),
    st.dates(),
    st.text(max_size=6),
    st.sampled_from(words()),
    st.sampled_from(["${oc.env:SECRET}", "x${oc.env:SECRET}y", "${oc.env:SHORT}", "${oc.env:MISSING}", "{n}", "a...b"]),
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=8
)
ENTRIES = st.dictionaries(KEYS, VALUES, max_size=4)
TOP_LEVEL = {
    section: st.dictionaries(KEYS, ENTRIES | VALUES, max_size=3) | VALUES for section in DagsterConfig.model_fields
}
STRUCTURES = st.fixed_dictionaries({}, optional=TOP_LEVEL)

CORPUS: list[dict[str, Any]] = [
    {"schedules": {"${oc.env:SECRET}": {"cron_schedule": "${oc.env:SECRET}"}}},
    {"executors": {"a": {"celery_executor": {"broker": "${oc.env:SECRET}", "password": SECRET}}}},
    {"executors": {"a": {"celery_executor": [1], "password": SECRET}}},
    {"loggers": {"a": {"handlers": [{"class": "x", "formatter": "${oc.env:SECRET}"}]}}},
    {"jobs": {"a": {"pipeline": {"tags": ["${oc.env:SHORT}"]}, "executor": "${oc.env:SHORT}"}}},
    {"jobs": {"a": {"pipeline": {}, "loggers": [{"password": SECRET}], "owners": "${oc.env:SECRET}"}}},
    {"sensors": {"a": {"type": "file_arrived", "job": "x", "path": "${oc.env:SECRET}", "storage_options": SECRET[:0]}}},
    {"sensors": {"a": {"type": "asset_changed", "job": "${oc.env:SECRET}", "assets": "${oc.env:SECRET}"}}},
    {"assets": {"clean": {"automation_condition": {"${oc.env:SECRET}": None}}}},
    {"assets": {"clean": {"automation_condition": "${oc.env:SECRET}", "partitions": "${oc.env:SECRET}"}}},
    {"partitions": {"a": {"type": "multi", "dimensions": {"x": "${oc.env:SECRET}", "y": {"type": "multi"}}}}},
    {"jobs": {"{n}__${oc.env:SECRET}": {"pipeline": {"node_namespaces": ["{n}"]}}}},
    {"executors": {"a": {"docker_executor": {"registry": {"password": [SECRET], "url": "${oc.env:SECRET}"}}}}},
    {"executors": {"a": {"multiprocess": {"max_concurrent": "${oc.env:SECRET}", "start_method": "${oc.env:SECRET}"}}}},
    {"executors": {"a": {"k8s_job_executor": {"step_k8s_config": {"merge_behavior": "${oc.env:SECRET}"}}}}},
    {"executors": {"a": {"celery_docker_executor": {"docker": 3, "image": None, "retries": -1}}}},
    {"executors": {"a": {"in_process": {"retries": {1: 2}, True: False}}}},
    {"sensors": {"a": {"type": "file_arrived", "job": "x", "path": "${oc.env:SECRET}://x"}}},
    {"sensors": {"a": {"type": "file_arrived", "job": "x", "path": "://::s3::zip://::"}}},
    {"partitions": {"a": {"type": "daily", "start_date": "x", "fmt": "%Y%Y%"}}},
    {
        "partitions": {
            "a": {"type": "time_window", "start_date": "2024-01-01", "cron_schedule": "@daily", "fmt": "\0%\ud800"}
        }
    },
    {"assets": {"clean": {"pool": "${oc.env:SECRET} x", "kinds": ["${oc.env:SECRET} x"], "tags": {"a b": SECRET[:0]}}}},
    {"loggers": {"a": {"handlers": [{"class": "x", "level": "${oc.env:SECRET}"}, {"class": "x", "level": -1}]}}},
]


def load(raw: dict[str, Any], text: str) -> str:
    """The message of the error; empty where there was none. Any other exception is the failure of the test."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "dagster.yml"
        file.write_text(text, encoding="utf-8")
        try:
            load_dagster_config(project(raw, file), environment=ENVIRONMENT)
        except ConfigurationError as error:
            return str(error)
    return ""


def check(raw: dict[str, Any]) -> None:
    message = load(raw, yaml.safe_dump(raw, allow_unicode=True))
    assert SECRET not in message
    assert "'q7'" not in message
    assert "Traceback" not in message
    assert "pydantic" not in message


@pytest.mark.parametrize("raw", CORPUS)
def test_corpus(raw: dict[str, Any]) -> None:
    check(raw)


@settings(FUZZ, max_examples=100)
@given(STRUCTURES)
def test_structures(raw: dict[str, Any]) -> None:
    check(raw)


@settings(FUZZ, max_examples=100)
@given(st.data())
def test_edits_of_valid_structures(data: st.DataObject) -> None:
    raw = yaml.safe_load(data.draw(st.sampled_from(FILES)))
    for _ in range(data.draw(st.integers(1, 3))):
        raw = _edited(raw, data)
    if isinstance(raw, dict):
        check({str(key): value for key, value in raw.items()})


def _edited(value: Any, data: st.DataObject) -> Any:
    if not isinstance(value, dict | list) or not value or data.draw(st.integers(0, 6)) == 0:
        return data.draw(VALUES)
    if isinstance(value, list):
        index = data.draw(st.integers(0, len(value) - 1))
        return [*value[:index], _edited(value[index], data), *value[index + 1 :]]
    key = data.draw(st.sampled_from(sorted(value, key=str)))
    if data.draw(st.integers(0, 5)) == 0:
        new = data.draw(KEYS)
        return {new if name == key else name: content for name, content in value.items()}
    return {**value, key: _edited(value[key], data)}


@st.composite
def executors(draw: st.DrawFn) -> dict[str, Any]:
    """An executor's own option names with any values."""
    kind = draw(st.sampled_from(EXECUTOR_KINDS))
    names = sorted(_names(bundled_schemas()[kind]))
    keys = st.sampled_from(names) | KEYS
    values = st.recursive(SCALARS, lambda inner: st.dictionaries(keys, inner, max_size=3) | st.lists(inner, max_size=2))
    return {"executors": {"a": {kind: draw(st.dictionaries(keys, values, max_size=4))}}}


def _names(schema: Any) -> set[str]:
    if isinstance(schema, dict):
        return {name.removesuffix("!") for name in schema} | {name for one in schema.values() for name in _names(one)}
    return {name for one in schema for name in _names(one)} if isinstance(schema, list) else {"a"}


@settings(FUZZ, max_examples=100)
@given(executors())
def test_options_of_executors(raw: dict[str, Any]) -> None:
    check(raw)


@settings(FUZZ, max_examples=100)
@given(
    part=st.sampled_from(["handlers", "formatters", "filters"]),
    entry=st.dictionaries(
        st.sampled_from(["class", "()", "format", "style", "datefmt", "validate", "filename", "level", "name", "."]),
        SCALARS
        | st.sampled_from(["logging.FileHandler", "logging.Formatter", "logging.Filter", "builtins.dict", "sys.stdout"])
        | st.sampled_from(["%(message)s", "%(x", "{x!y}", "{", "${x", "%", "$", "os"]),
        max_size=5,
    ),
)
def test_calls_of_loggers(part: str, entry: dict[str, Any]) -> None:
    for below, message, hint, _ in call_mistakes(part, entry):
        assert set(below) <= set(entry)
        assert message
        assert hint is None or hint


LINES = [line for text in FILES for line in text.splitlines(keepends=True)]
PIECES = st.sampled_from(
    [*"{}[]:,-#&*!|>'\"%@`\t\n \x07é\U0001f600\\0a", "<<: *a", "? ", "---\n", "${", "!!binary "]
) | (st.sampled_from(LINES))


@settings(FUZZ, max_examples=150)
@given(
    text=st.sampled_from(FILES),
    edits=st.lists(st.tuples(st.floats(0, 1), st.sampled_from([0, 0, 1, 20]), PIECES), max_size=4),
)
@example(text="a: &a [*a]\n", edits=[])
@example(text="? [a]\n: b\n", edits=[])
@example(text="jobs: !!python/name:os.system\n", edits=[])
@example(text="a: 1\n<<: *b\n", edits=[])
@example(text="\ufeffjobs: {}\n", edits=[])
@example(text="jobs: '${'\n", edits=[])
@example(text="jobs: {a: {pipeline: {}, partitions: 2024-01-01}}\n", edits=[])
@example(text="1: {}\ntrue: {}\nnull: {}\n2024-01-01: {}\n", edits=[])
def test_texts(text: str, edits: list[tuple[float, int, str]]) -> None:
    for place, length, piece in edits:
        at = int(place * len(text))
        text = text[:at] + piece + text[at + length :]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "dagster.yml"
        file.write_text(text, encoding="utf-8")
        readable = readable_content([[file]], is_soft=False)
        assert all(str(problem) for problem in content_problems(readable, [file]))
        try:
            content = OmegaConf.to_container(OmegaConf.load(file))
        except Exception:  # noqa: BLE001 - then the file has to be one with a problem of ours
            assert all(str(problem) for problem in file_problems([file], "dagster"))
            assert file_problems([file], "dagster")
            return
    if isinstance(content, dict) and all(isinstance(key, str) for key in content):
        load(content, text)
