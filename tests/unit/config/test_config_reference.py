"""The reference page and the schema for editors, both made from the models."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import yaml
from config_reading import parse
from test_config_models import CONTRACT, KEDRO_DAGSTER_FILES
from test_config_sensors import SENSORS

from kedro_dagster_component.config import DagsterConfig
from tools.dagster_yml_reference import main
from tools.dagster_yml_schema import editor_schema
from tools.dagster_yml_text import EXAMPLES


def as_json(value: Any) -> Any:
    """As an editor reads YAML: dates are text, keys are text."""
    if isinstance(value, dict):
        return {str(key): as_json(child) for key, child in value.items()}
    if isinstance(value, list):
        return [as_json(child) for child in value]
    return value.isoformat() if isinstance(value, dt.date) else value


def refusals(text: str) -> list[str]:
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft7Validator(editor_schema())
    return [error.message for error in validator.iter_errors(as_json(yaml.safe_load(text)))]


def test_the_files_are_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == 0, capsys.readouterr().out


def test_the_examples_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INBOX_KEY", "x")
    monkeypatch.setenv("REDIS_PASSWORD", "x")
    config = parse("\n".join(EXAMPLES.values()), tmp_path)

    assert set(EXAMPLES) == set(DagsterConfig.model_fields)
    assert config.model_fields_set == set(EXAMPLES)


NOTHING = """\
jobs: {one: {pipeline: {tags: }, executor: , schedule: , loggers: , params: , owners: , partitions: , retry_policy: }}
assets: {model: {owners: , kinds: , tags: , pool: , partitions: , partition_mappings: , code_version: }}
schedules: {a: {cron_schedule: '@daily', execution_timezone: , tags: , metadata: , default_status: }}
loggers: {l: {handlers: , formatters: , filters: , log_level: }}
executors: {d: {docker_executor: {image: , networks: }}, m: {multiprocess: {max_concurrent: }}, i: {in_process: }}
partitions: {p: {type: daily, start_date: 2024-01-31, timezone: , end_offset: }}
automation: {default_status: , minimum_interval_seconds: }
sensors: {s: {type: asset_changed, job: one, assets: , asset_keys: [a], require: , minimum_interval_seconds: }}
"""


def test_a_key_without_a_value_means_the_default(tmp_path: Path) -> None:
    config = parse(NOTHING, tmp_path)

    assert (config.jobs["one"].owners, config.assets["model"].kinds, config.loggers["l"].log_level) == ((), (), "INFO")
    assert config.schedules["a"].default_status == "STOPPED"
    assert config.partitions["p"].timezone == "UTC"
    assert config.assets["model"].model_fields_set >= {"owners", "partitions"}  # which win over the catalog's


@pytest.mark.parametrize(
    "text",
    [
        CONTRACT,
        NOTHING,
        "---\n",
        SENSORS,
        "\n".join(EXAMPLES.values()),
        *(file.read_text(encoding="utf-8") for file in KEDRO_DAGSTER_FILES),
        "jobs:\nloggers:\n_anything: {x: 1}\n",
        "executors: ${globals:executors}\njobs: {a: {pipeline: '${globals:p}', tags: , executor: {max_concurrent: 2}}}",
        "executors: {a: {multiprocess: {max_concurrent: '${oc.env:N,4}'}}, b: {in_process: }}",
        "executors: {a: {multiprocess: {max_concurrent: '4'}}, b: {celery_docker_executor: {networks: [x]}}}",
        "schedules: {a: {cron_schedule: '@daily', default_status: running}}",
    ],
)
def test_the_schema_takes_what_is_right(text: str) -> None:
    assert refusals(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "job: {}",
        "jobs: {a: {}}",
        "jobs: {a: {pipeline: {}, exeutor: x}}",
        "jobs: {a: {pipeline: {}, executor: {max_concurent: 1}}}",
        "jobs: {a: {pipeline: {}, executor: 3}}",
        "executors: {a: {multiprocess: {max_concurrent: 0}}}",
        "executors: {a: {multiprocess: {max_concurrent: four}}}",
        "executors: {a: {in_process: {}, multiprocess: {}}}",
        "schedules: {a: {cron_schedule: []}}",
        "schedules: {a: {cron_schedule: '@daily', default_status: ON}}",
        "sensors: {a: {type: nothing, job: x}}",
        "partitions: {a: {type: daily}}",
        "assets: {a: {automation_condition: eagr}}",
    ],
)
def test_the_schema_refuses_what_is_wrong(text: str) -> None:
    assert refusals(text)
