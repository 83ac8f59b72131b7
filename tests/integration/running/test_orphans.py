"""Step processes of a run whose own process is killed."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

DRIVER = Path(__file__).with_name("driver.py")
REGISTRY = """
    import os
    import time
    from pathlib import Path

    from kedro.pipeline import node, pipeline


    def sleep(stubborn):
        Path("sleeping").write_text(str(os.getpid()))
        try:
            time.sleep(600)
        finally:
            Path("ended").write_text("as by Ctrl-C")
            while stubborn:
                time.sleep(1)


    def register_pipelines():
        return {"__default__": pipeline([node(sleep, "params:stubborn", None, name="sleep")])}
"""
STARTS = {"forked": {}, "spawned": {"start_method": {"spawn": {}}}}


def is_running(pid):
    done = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return bool(done.stdout.strip()) and not done.stdout.strip().startswith("Z")


def until(condition, seconds):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.1)


@pytest.mark.skipif(sys.platform == "win32", reason="processes are killed by signal")
@pytest.mark.parametrize(("start", "stubborn"), [("forked", False), ("spawned", False), ("forked", True)])
def test_a_step_ends_when_the_process_of_its_run_is_killed(builder, locate, tmp_path, start, stubborn):
    project = tmp_path / "demo"
    builder(project, registry=REGISTRY, catalog="", parameters=f"stubborn: {str(stubborn).lower()}").write()
    location = locate(tmp_path / "location", {"kedro": f"project: {project}"})
    request = tmp_path / "requests.json"
    config = {"execution": {"config": {"multiprocess": STARTS[start]}}}
    request.write_text(json.dumps([{"job": "default", "config": config}]), encoding="utf-8")
    run = subprocess.Popen(
        [sys.executable, str(DRIVER), str(request), "unused.json"],
        cwd=location.root,
        env=location.environment(),
        stderr=subprocess.DEVNULL,
    )
    sleeping = project / "sleeping"
    until(lambda: sleeping.exists() and sleeping.read_text(), 240)
    step = int(sleeping.read_text())
    assert step != run.pid
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    until(lambda: not is_running(step), 60)
    assert (project / "ended").read_text() == "as by Ctrl-C"
