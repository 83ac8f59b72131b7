import importlib
import json
import multiprocessing
import os
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
FORKED = {"start_method": {"forkserver": {"preload_modules": ["__main__", WARM]}}}
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
    def __init__(self, module):
        self.module = module

    def get_definition(self):
        importlib.import_module(self.module)
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


def test_a_server_that_ends_is_a_risk(job_of, module):
    with fork_server(WarmUp(job_of("ends", "raise SystemExit(3)"))) as ready:
        assert ready() == "a process that has the code location imported cannot be had"
    with fork_server(WarmUp(), module("broken", "raise SystemExit(3)")) as ready:
        assert ready() == "a process that has the code location imported cannot be had"


NAMED = """
import os, threading, time

threading.Thread(target=time.sleep, args=(60,), name=os.environ.get("NAMED", "too early"), daemon=True).start()
"""


def test_variables_that_are_set_while_the_server_starts_are_there_for_what_it_imports(job_of, monkeypatch):
    with fork_server(WarmUp(job_of("named", NAMED))) as ready:
        monkeypatch.setenv("NAMED", "in time")
        assert ready() == "the code location starts threads when it is imported (in time)"


def test_nothing_is_left_of_a_server_that_nobody_waits_for(job_of, module):
    def servers():
        return [path for path in Path("/proc").glob("[0-9]*/cmdline") if b"with_a_name_of_its_own" in path.read_bytes()]

    job = job_of("slow", "import time\ntime.sleep(1)\n")
    with fork_server(WarmUp(job), module("with_a_name_of_its_own", "")):
        while not (found := servers()):  # it has no name before it has begun
            time.sleep(0.01)
        [server] = found
    assert not server.exists()
