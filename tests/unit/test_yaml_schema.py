"""The schema of the attributes, as `dg check yaml` and editors use it."""

import pytest
from jsonschema import Draft202012Validator

from kedro_dagster_component import KedroProjectComponent

SCHEMA = KedroProjectComponent.get_model_cls().model_json_schema()


def errors(**attributes):
    """Path and message of each error."""
    return {
        (".".join(map(str, error.absolute_path)), error.message)
        for error in Draft202012Validator(SCHEMA).iter_errors(attributes)
    }


def test_it_is_a_schema():
    Draft202012Validator.check_schema(SCHEMA)
    assert "__DAGSTER_UNSET" not in str(SCHEMA)


@pytest.mark.parametrize("name", SCHEMA["properties"])
def test_examples_and_defaults_fit(name):
    field = SCHEMA["properties"][name]
    for value in [*field["examples"], field["default"], "{{ a_template }}"]:
        assert not errors(**{name: value})


@pytest.mark.parametrize(
    "value",
    [
        {"op": {"tags": "{{ t }}", "retry_policy": {"max_retries": "{{ n }}", "backoff": "{{ b }}"}}},
        {"op": {"backfill_policy": {"type": "multi_run", "max_partitions_per_run": 3}}},
        {"op": {"retry_policy": None, "backfill_policy": None}},
        {"translation": {"key_prefix": ["a", "b"], "tags": {"a": 1}, "metadata": {"x": [1]}, "skippable": "{{ s }}"}},
        {
            "partitions": {
                "m": {"type": "multi", "dimensions": {"a": "x", "b": {"type": "static", "partition_keys": ["k"]}}}
            }
        },
        {"pipelines": ["{{ p }}"]},
        {"runtime_params": {"any": {"thing": [1, None]}}},
    ],
)
def test_what_fits(value):
    assert not errors(**value)


@pytest.mark.parametrize(
    ("value", "path", "message"),
    [
        ({"pipelines": 3}, "pipelines", "3 is not of type 'array', 'null', 'string'"),
        ({"pipelines": "a"}, "pipelines", "'a' is not of type 'array', 'null'"),
        ({"include_hooks": "maybe"}, "include_hooks", "'maybe' is not of type 'boolean'"),
        ({"run_hooks": "onc"}, "run_hooks", "'onc' is not one of ['once', 'every_process']"),
        (
            {"op": {"retry_policy": {"max_retries": "many"}}},
            "op.retry_policy.max_retries",
            "'many' is not of type 'integer'",
        ),
        (
            {"op": {"retry_policy": {"backoff": "X"}}},
            "op.retry_policy.backoff",
            "'X' is not one of ['LINEAR', 'EXPONENTIAL', None]",
        ),
        (
            {"op": {"backfill_policy": {"type": "x"}}},
            "op.backfill_policy.type",
            "'x' is not one of ['single_run', 'multi_run']",
        ),
        ({"partitions": {"d": {"type": "daily"}}}, "partitions.d", "'start_date' is a required property"),
        ({"partitions": {"d": {}}}, "partitions.d", "'type' is a required property"),
    ],
)
def test_what_does_not_fit(value, path, message):
    assert errors(**value) == {(path, message)}


@pytest.mark.parametrize(
    ("value", "path"),
    [({"envv": 1}, ""), ({"op": {"envv": 1}}, "op"), ({"translation": {"envv": 1}}, "translation")],
)
def test_an_unknown_key_is_told_with_those_there_are(value, path):
    found = errors(**value)
    assert (path, "Additional properties are not allowed ('envv' was unexpected)") in found
    assert any(at == path and message.startswith("'envv' is not one of [") for at, message in found)
    assert len(found) == 2
