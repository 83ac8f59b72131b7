"""A project's own `conf/logging.yml` and a job's loggers, beside Dagster's log."""

import json

import pytest

REGISTRY = """
import logging

from kedro.pipeline import Pipeline, node

from kedro_dagster_component.logging import getLogger


def speak(number):
    logging.getLogger("demo.nodes").info("number %s", number)
    logging.getLogger("demo.nodes").debug("too fine")
    logging.getLogger("apart").warning("kept apart")
    getLogger("shim").warning("through the shim")
    try:
        raise ValueError("inner")
    except ValueError:
        logging.getLogger("demo.nodes").exception("it broke")
    print("just printed")
    return number


def register_pipelines():
    return {"__default__": Pipeline([node(speak, "params:number", "spoken", name="speak")])}
"""
LOGGING = """
version: 1
disable_existing_loggers: true
formatters:
  json: {class: kedro_dagster_component.logging.DagsterJsonFormatter}
handlers:
  rich: {class: kedro.logging.RichHandler}
  file: {class: logging.FileHandler, filename: project.log, formatter: json, level: INFO}
loggers:
  demo: {level: INFO}
  apart: {level: INFO, handlers: [file], propagate: false}
root: {handlers: [rich, file], level: CRITICAL}
"""
DAGSTER = """
loggers:
  own:
    log_level: DEBUG
    formatters: {plain: {format: "%(levelname)s|%(name)s|%(message)s"}}
    handlers: [{class: logging.FileHandler, filename: job.log, formatter: plain}]
jobs:
  speaking: {pipeline: {pipeline_name: __default__}, loggers: [own]}
"""


@pytest.fixture(scope="module")
def spoken(builder, locate, tmp_path_factory):
    """Reports of an in-process and a multiprocess run of the same job, and the project's folder."""
    root = tmp_path_factory.mktemp("logging")
    project = builder(
        root / "demo",
        registry=REGISTRY,
        parameters="number: 7\n",
        dagster=DAGSTER,
        files={"conf/logging.yml": LOGGING},
    )
    project.write()
    location = locate(root / "location", {"kedro": f"project: {root / 'demo'}"})
    reports = location.run({"job": "speaking"}, {"job": "speaking", "executor": "multiprocess"})
    return root / "demo", reports


def test_records_reach_dagster_once_whatever_the_project_configures(spoken):
    _, reports = spoken
    for report in reports:
        assert report["success"], report["error"]
        texts = [message for _, message in report["logs"]]
        assert sum("demo.nodes - number 7" in text for text in texts) == 1
        assert sum("apart - kept apart" in text for text in texts) == 1
        assert sum("through the shim" in text for text in texts) == 1
        broken = [text for text in texts if "it broke" in text]
        assert len(broken) == 1
        assert "ValueError: inner" in broken[0]
        assert not any("too fine" in text or "just printed" in text for text in texts)


def test_the_projects_handlers_write_below_the_project(spoken):
    project, reports = spoken
    lines = [json.loads(line) for line in (project / "project.log").read_text(encoding="utf-8").splitlines()]
    events = [line["event"] for line in lines]
    assert events.count("number 7") == len(reports)
    assert events.count("kept apart") == len(reports)
    assert not any(line["logger"].startswith("dagster") for line in lines)


def test_a_jobs_loggers_get_the_nodes_kedros_and_dagsters_records(spoken):
    project, reports = spoken
    text = (project / "job.log").read_text(encoding="utf-8")
    assert text.count("INFO|demo.nodes|number 7") == len(reports)
    assert "|kedro.pipeline.node|Running node: speak" in text
    assert 'DEBUG|dagster|Finished execution of step "speak"' in text
    assert text.count(" of speaking started") == text.count(" of speaking succeeded") == len(reports)
