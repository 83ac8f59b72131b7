import importlib
import json
import multiprocessing
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kedro_dagster_component.manifest import ProjectRef
from kedro_dagster_component.runtime.fork_server import WarmUp, can_fork, fork_server, forking_config

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or "forkserver" not in multiprocessing.get_all_start_methods(), reason="forks nowhere else"
)
WARM = "kedro_dagster_component.runtime.warm"
FORKED = {"start_method": {"forkserver": {"preload_modules": [WARM]}}}
SPAWN = {"start_method": {"spawn": {}}}


@pytest.mark.parametrize(
    ("executor", "config", "expected"),
    [
        ("multiprocess", {}, FORKED),
        ("multiprocess", {"max_concurrent": 2}, {"max_concurrent": 2, **FORKED}),
        ("multiprocess", {"start_method": {}}, FORKED),
        ("multiprocess", SPAWN, None),
        ("multi_or_in_process_executor", {"multiprocess": {"max_concurrent": 2}}, {"multiprocess": {"max_concurrent": 2, **FORKED}}),
        ("multi_or_in_process_executor", {"multiprocess": SPAWN}, None),
        ("multi_or_in_process_executor", {"in_process": {}}, None),
        ("in_process", {}, None),
        ("docker", {"image": "x"}, None),
        ("mine", {"multiprocess": 4}, None),
    ],
)  # fmt: skip
def test_only_multiprocess_executors_that_do_not_choose_fork(executor, config, expected):
    before = json.dumps(config)
    assert can_fork(executor, config) == (expected is not None)
    if expected:
        assert forking_config(executor, config) == expected
    assert json.dumps(config) == before


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Writes a module that new processes can import."""
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])

    def write(name, text):
        (tmp_path / f"{name}.py").write_text(text)
        return name

    return write


JOB = """
import importlib

class Job:
    run_config_schema = None

    def __init__(self, module):
        self.module = module

    def get_definition(self):
        importlib.import_module(self.module)
        return self
"""


@pytest.fixture
def job_of(module):
    """A job that is loaded by importing a module."""
    jobs = importlib.import_module(module("jobs_of_modules", JOB))
    yield lambda name, text: jobs.Job(module(name, text))
    del sys.modules["jobs_of_modules"]


def test_a_project_that_cannot_be_opened_is_no_risk():
    with fork_server(WarmUp(ref=ProjectRef(project_path="/nowhere"))) as ready:
        assert ready() is None
    assert "KEDRO_DAGSTER_WARM" not in os.environ


def test_threads_of_the_code_location_are_a_risk(job_of):
    text = "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), name='mine', daemon=True).start()\n"
    with fork_server(WarmUp(job_of("with_a_thread", text))) as ready:
        assert ready() == "the code location starts threads when it is imported (mine)"


NATIVE = """
import ctypes

libc, thread = ctypes.CDLL(None), ctypes.c_ulong()
libc.pthread_create(ctypes.byref(thread), None, libc.pause, None)
libc.pthread_setname_np(thread, b"mine-in-c")
"""


def test_threads_of_compiled_code_are_a_risk_too(job_of):
    with fork_server(WarmUp(job_of("with_a_native_thread", NATIVE))) as ready:
        assert ready() == "the code location starts threads when it is imported (mine-in-c)"


def test_threads_that_are_ready_for_forks_are_no_risk(job_of):
    libraries = "import numpy\nimport pandas\nimport polars\nnumpy.ones((500, 500)) @ numpy.ones((500, 500))\n"
    with fork_server(WarmUp(job_of("with_libraries", libraries))) as ready:
        assert ready() is None


def test_a_code_location_that_cannot_be_loaded_is_a_risk(job_of):
    with fork_server(WarmUp(job_of("raises", "raise ValueError('no')"))) as ready:
        assert ready() == "the code location cannot be loaded (ValueError)"


def test_a_server_that_ends_is_a_risk(job_of):
    with fork_server(WarmUp(job_of("ends", "raise SystemExit(3)"))) as ready:
        assert ready() == "a process that has the code location imported cannot be had"
    with fork_server(WarmUp(job_of("ends_at_once", "import os\nos._exit(3)"))) as ready:
        assert ready() == "a process that has the code location imported cannot be had"


NAMED = """
import os, threading, time

threading.Thread(target=time.sleep, args=(60,), name=os.environ.get("NAMED", "too early"), daemon=True).start()
"""


def test_variables_that_are_set_while_the_server_starts_are_there_for_what_it_imports(job_of, monkeypatch):
    with fork_server(WarmUp(job_of("named", NAMED))) as ready:
        monkeypatch.setenv("NAMED", "in time")
        assert ready() == "the code location starts threads when it is imported (in time)"


def servers():
    """Processes that this one has started as fork servers."""
    return [path.parent for path in Path("/proc").glob("[0-9]*/environ") if is_server(path)]


def is_server(environ):
    try:
        parent = (environ.parent / "stat").read_text().rpartition(")")[2].split()[1]
        command = (environ.parent / "cmdline").read_bytes()
        return (
            parent == str(os.getpid()) and b".forkserver " in command and b"KEDRO_DAGSTER_WARM=" in environ.read_bytes()
        )
    except OSError:  # another user's, or ended
        return False


def test_nothing_is_left_of_a_server_that_nobody_waits_for(job_of):
    with fork_server(WarmUp(job_of("slow", "import time\ntime.sleep(1)\n"))):
        while not (found := servers()):  # it has its variables once it has begun
            time.sleep(0.01)
        [server] = found
    assert not server.exists()


MAIN = """
import multiprocessing
import sys
from pathlib import Path

import numpy as np

from kedro_dagster_component.runtime.fork_server import WarmUp, fork_server

with Path(sys.argv[1]).open("a") as file:
    file.write(f"{__name__} {sys.argv[2:]}\\n")
if "raise" in sys.argv and __name__ != "__main__":
    sys.exit(3)

class Mine:
    def say(self):
        print("a fork has", sys.argv[2:], flush=True)
        print(np.random.random(), flush=True)

if __name__ == "__main__":
    with fork_server(WarmUp()) as ready:
        print(ready())
        for _ in range(3):
            process = multiprocessing.get_context("forkserver").Process(target=Mine().say)
            process.start()
            process.join()
"""


@pytest.fixture
def run_script(tmp_path):
    """Runs a main script, and tells what it printed and how it was run."""

    def run(*arguments):
        script, runs = tmp_path / "the_script.py", tmp_path / "runs"
        script.write_text(MAIN)
        command = [sys.executable, script, runs, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
        return done.stdout.splitlines(), runs.read_text().splitlines(), done.stderr

    return run


def test_the_main_script_is_run_once_for_all_forks(run_script):
    (risk, *said), runs, _ = run_script("one", "two")
    assert risk == "None"
    assert said[::2] == ["a fork has ['one', 'two']"] * 3
    assert len({*said[1::2]}) == 3, "random numbers of its own, without a project too"
    assert runs == ["__main__ ['one', 'two']", "__mp_main__ ['one', 'two']"]


def test_a_main_script_that_raises_is_left_to_the_forks(run_script):
    said, runs, errors = run_script("raise")
    assert said == ["a process that has the code location imported cannot be had"]
    assert errors == ""
    assert set(runs) == {"__main__ ['raise']", "__mp_main__ ['raise']"}
