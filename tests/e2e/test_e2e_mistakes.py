"""How mistakes and warnings look to somebody who calls `dg`."""

import pytest

from tests.locations import CodeLocation
from tests.projects import KedroProjectBuilder

EMPTY_REGISTRY = "def register_pipelines():\n    return {}\n"
PROJECT = "project: '{{ context.project_root }}/../demo'\n"
MISTAKES = {
    "attribute": (
        {},
        PROJECT + "select: ['node:claen']",
        "component.yaml:4:12: no node 'claen' in Demo",
        "did you mean 'clean'?",
    ),
    "project": ({}, "project: ../nowhere", "component.yaml:3:3: there is no Kedro project at ", "[tool.kedro] section"),
    "file": (
        {"dagster": "jobs:\n  a: {pipeline: {pipeline_name: nope}}\n"},
        PROJECT,
        "dagster.yml:2:33: jobs.a.pipeline.pipeline_name: there is no pipeline 'nope'",
        "there is: '__default__'",
    ),
}


@pytest.fixture
def location(tmp_path):
    return CodeLocation(tmp_path / "location")


@pytest.mark.parametrize("command", [("check", "defs"), ("list", "defs")], ids=" ".join)
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake(location, tmp_path, dg_in, command, mistake):
    texts, attributes, message, way_out = MISTAKES[mistake]
    KedroProjectBuilder(tmp_path / "demo", **texts).write()
    location.add("demo", attributes)
    done = dg_in(location).run(*command)
    shown = done.stdout + done.stderr
    assert done.returncode != 0
    assert "1 problem in the configuration" in shown
    assert message in shown
    assert f"  -> {way_out}" in shown or way_out in shown
    assert "Stack Trace" not in shown
    assert "Traceback" not in shown
    assert 'File "' not in shown


@pytest.mark.parametrize("command", [("check", "defs"), ("list", "defs")], ids=" ".join)
def test_a_wrong_type_is_told_by_dagster_with_its_line(location, tmp_path, dg_in, command):
    KedroProjectBuilder(tmp_path / "demo").write()
    file = location.add("demo", PROJECT + "pipelines: 3")
    done = dg_in(location).run(*command)
    assert done.returncode != 0
    assert f"{file}:4" in done.stdout + done.stderr


@pytest.mark.parametrize("command", [("check", "defs"), ("list", "defs")], ids=" ".join)
def test_a_warning_is_shown_once(location, tmp_path, dg_in, command):
    KedroProjectBuilder(tmp_path / "demo", registry=EMPTY_REGISTRY).write()
    file = location.add("demo", PROJECT)
    done = dg_in(location).run(*command)
    shown = done.stdout + done.stderr
    assert done.returncode == 0
    assert shown.count("set `include_hooks: true`") == 1
    assert f"{file}:3" in shown


@pytest.mark.parametrize("file", ["component.yaml", "defs.yaml"])
def test_a_kedro_project_made_a_dagster_project(tmp_path, dg_in, file):
    location = CodeLocation(KedroProjectBuilder(tmp_path / "demo").write().root)
    location.add("", file=file)
    assert "cleaned" in dg_in(location).succeed("list", "defs")
