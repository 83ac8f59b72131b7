"""Each command of `dg` that shows, checks or runs definitions, on the example."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from importlib.metadata import version

import pytest

TYPE = "kedro_dagster_component.KedroProjectComponent"
SUMMARY = "Show a Kedro project in Dagster and run it there, without any change to the project."
NO_SELECTIONS = version("antlr4-python3-runtime").startswith("4.9.")


def test_list_components(dg):
    rows = [line for line in dg.succeed("list", "components").splitlines() if "kedro" in line]
    assert len(rows) == 1
    assert TYPE in rows[0]
    assert SUMMARY in rows[0]


def test_inspect_component(dg):
    shown = dg.succeed("utils", "inspect-component", TYPE)
    assert SUMMARY in shown
    schema = json.loads(shown.partition("Component schema:")[2])
    assert {"project", "env", "select", "translation"} <= schema["properties"].keys()


def test_checks(dg):
    assert "All component YAML validated successfully" in dg.succeed("check", "yaml")
    assert "All definitions loaded successfully" in dg.succeed("check", "defs")


def test_list_defs(dg):
    defs = json.loads(dg.succeed("list", "defs", "--json"))
    assets = {asset["asset_key"]: asset for asset in defs["assets"]}
    assert assets["flights_clean"]["dependency_keys"] == ["flights"]
    assert assets["flights_clean"]["group_name"] == "data_processing"
    assert not assets["flights"]["is_executable"]
    assert "best_model_summary" in assets
    assert {job["name"] for job in defs["jobs"]} == {"everything", "processing", "train_linear", "report"}
    assert {schedule["name"] for schedule in defs["schedules"]} == {"everything_schedule"}


def test_launch_a_job(dg, examples):
    done = dg.run("launch", "--job", "processing", timeout=180)
    assert done.returncode == 0, done.stderr[-4000:]
    assert "RUN_SUCCESS" in done.stderr + done.stdout
    made = {path.name for path in (examples / "flights/data").rglob("*.parquet")}
    assert made


@pytest.mark.skipif(
    NO_SELECTIONS,
    reason="Dagster's selection parser needs another ANTLR runtime than OmegaConf 2.3, and fails beside it",
)
def test_launch_assets(dg):
    done = dg.run("launch", "--assets", "planes_clean,airports_clean", timeout=180)
    assert done.returncode == 0, done.stderr[-4000:]
    assert "RUN_SUCCESS" in done.stderr + done.stdout


def test_the_development_server(dg, tmp_path):
    port, output = _free_port(), tmp_path / "dev.log"
    with output.open("wb") as stream:
        server = subprocess.Popen(
            [dg.program, "dev", "--host", "127.0.0.1", "--port", str(port)],
            cwd=dg.folder,
            env=dg.environment,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        answer = _first_answer(f"http://127.0.0.1:{port}/graphql", server)
    finally:
        _end(server)
    assert answer, output.read_text(encoding="utf-8")[-4000:]
    keys = {".".join(node["assetKey"]["path"]) for node in answer["data"]["assetNodes"]}
    assert {"flights", "flights_clean", "linear.model", "best_model_summary"} <= keys


def _end(server):
    """End the server with everything it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGTERM)
    try:
        server.wait(30)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait(10)


def _free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def _first_answer(url, server, *, seconds=90):
    """The assets, once the server has loaded them; None where it ends before, or takes too long."""
    query = json.dumps({"query": "{ assetNodes { assetKey { path } } }"}).encode()
    request = urllib.request.Request(url, query, {"Content-Type": "application/json"})
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                answer = json.load(response)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            answer = None
        if answer and answer.get("data", {}).get("assetNodes"):
            return answer
        time.sleep(0.5)
    return None
