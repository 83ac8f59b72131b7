"""How mistakes and warnings look to somebody who calls `dg`."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

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
    "project": (
        {},
        "project: ../nowhere",
        "component.yaml:3:12: there is no Kedro project at ",
        "[tool.kedro] section",
    ),
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


WRONG = (
    PROJECT + "enviroment: local\npipelines: 3\nop: {retry_polcy: {}}\ntranslation: {key: '{{ node.nam }}', kind: x}"
)
TOLD = """\
{file}:4:3: unknown key 'enviroment'
    4 |   enviroment: local
          ^
  -> did you mean 'env'?

{file}:5:14: pipelines: expected a list, got the number 3
    5 |   pipelines: 3
                     ^
  -> write [3]

{file}:6:8: op: unknown key 'retry_polcy'
    6 |   op: {{retry_polcy: {{}}}}
               ^
  -> did you mean 'retry_policy'?

{file}:7:40: translation: unknown key 'kind'
    7 |   translation: {{key: '{{{{ node.nam }}}}', kind: x}}
                                               ^
  -> did you mean 'kinds'?
"""


@pytest.mark.parametrize(
    "command",
    [
        ("check", "defs", "--no-check-yaml"),
        ("list", "defs"),
        ("list", "defs", "--json"),
        ("launch", "--job", "default"),
        ("launch", "--assets", "cleaned"),
    ],
    ids=" ".join,
)
def test_mistakes_in_the_yaml(location, tmp_path, dg_in, command):
    KedroProjectBuilder(tmp_path / "demo").write()
    file = location.add("demo", WRONG)
    done = dg_in(location).run(*command)
    shown = done.stdout + done.stderr
    assert done.returncode != 0
    assert f"4 problems in the configuration\n\n{TOLD.format(file=file)}" in shown
    assert "Stack Trace" not in shown
    assert "Traceback" not in shown


@pytest.mark.parametrize("command", [("check", "yaml"), ("check", "defs")], ids=" ".join)
def test_mistakes_in_the_yaml_that_its_schema_shows(location, tmp_path, dg_in, command):
    """Dagster's own words, place by place; `dg check defs` looks at nothing else where the schema is not met."""
    KedroProjectBuilder(tmp_path / "demo").write()
    file = location.add("demo", WRONG)
    done = dg_in(location).run(*command)
    assert done.returncode != 0
    for line, message in {
        4: "attributes.enviroment Additional properties are not allowed ('enviroment' was unexpected)",
        5: "attributes.pipelines 3 is not of type 'array', 'null', 'string'",
        6: "attributes.op.retry_polcy Additional properties are not allowed ('retry_polcy' was unexpected)",
        7: "attributes.translation.kind Additional properties are not allowed ('kind' was unexpected)",
    }.items():
        assert f"{file}:{line} - kedro_dagster_component.KedroProjectComponent {message}" in done.stdout
    assert "attributes 'enviroment' is not one of ['project', 'package', 'env'" in done.stdout


@pytest.mark.parametrize("file", ["component.yaml", "defs.yaml"])
def test_mistakes_that_dg_check_yaml_does_not_look_at(location, tmp_path, dg_in, file):
    """It leaves out a file at the root of `defs/`."""
    KedroProjectBuilder(tmp_path / "demo").write()
    written = location.add("", WRONG, file=file)
    done = dg_in(location).run("check", "defs")
    assert done.returncode != 0
    assert f"4 problems in the configuration\n\n{TOLD.format(file=written)}" in done.stdout + done.stderr
    assert "Stack Trace" not in done.stdout + done.stderr


def test_the_traceback_on_request(location, tmp_path, dg_in, monkeypatch):
    monkeypatch.setenv("KEDRO_DAGSTER_TRACEBACK", "1")
    KedroProjectBuilder(tmp_path / "demo").write()
    location.add("demo", PROJECT + "executor: fast")
    done = dg_in(location).run("list", "defs")
    assert done.returncode != 0
    assert "Stack Trace" in done.stdout + done.stderr


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


@pytest.mark.slow
def test_dg_dev_shows_a_mistake_and_keeps_serving(location, tmp_path, dg_in):
    KedroProjectBuilder(tmp_path / "demo", dagster="jobs:\n  a: {pipeline: {pipeline_name: nope}}\n").write()
    location.add("demo", PROJECT)
    shell = dg_in(location)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path / "dev.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [shell.program, "dev", "--port", str(port)],
            cwd=shell.folder,
            env=shell.environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        shown = wait_for_error(port)
        assert server.poll() is None
    finally:
        # Not SIGINT: who starts the tests in the background has it ignored in all that they start.
        os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
    mistake = "dagster.yml:2:33: jobs.a.pipeline.pipeline_name: there is no pipeline 'nope'"
    assert shown.startswith("1 problem in the configuration")
    for text in (shown, log.read_text(encoding="utf-8")):
        assert mistake in text
        assert "Traceback" not in text


def wait_for_error(port):
    """What the UI shows for the code location that cannot be loaded."""
    query = "{workspaceOrError{... on Workspace{locationEntries{locationOrLoadError{... on PythonError{message}}}}}}"
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/graphql",
        json.dumps({"query": query}).encode(),
        {"Content-Type": "application/json"},
    )
    for _ in range(120):
        time.sleep(1)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                [entry] = json.load(answer)["data"]["workspaceOrError"]["locationEntries"]
        except (urllib.error.URLError, ConnectionError, ValueError):
            continue
        if entry["locationOrLoadError"]:
            return entry["locationOrLoadError"]["message"]
    raise AssertionError("dg dev never showed the code location")
