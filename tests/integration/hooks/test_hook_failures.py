"""Runs that fail, are killed or are cancelled: who is told, how often, and with what error."""

import contextlib
import os
import signal
import subprocess
import time

import pytest
from dev_server import until

pytestmark = pytest.mark.slow

IN_PROCESS = {"execution": {"config": {"in_process": {}}}}
SEVERAL = {"execution": {"config": {"multiprocess": {"max_concurrent": 2}}}}
SENSOR_SECONDS = 180
OTHER = "name_prefix: b_\ntranslation: {key_prefix: b}\nenv: stage"
SETTINGS = """
    from demo.hooks import Trace
    from demo.raising import Raising

    HOOKS = (Trace("project"), Raising())
"""
RAISING = '''
    from pathlib import Path

    from kedro.framework.hooks import hook_impl


    class Raising:
        """Raises in the hook that the file `raise_in` names."""

        def act(self, hook):
            if Path("raise_in").exists() and Path("raise_in").read_text() == hook:
                raise KeyError(f"raised by {hook}")

        @hook_impl(trylast=True)
        def after_context_created(self):
            self.act("after_context_created")

        @hook_impl(trylast=True)
        def before_pipeline_run(self):
            self.act("before_pipeline_run")

        @hook_impl(trylast=True)
        def after_pipeline_run(self):
            self.act("after_pipeline_run")

        @hook_impl(trylast=True)
        def on_pipeline_error(self):
            self.act("on_pipeline_error")

        @hook_impl(trylast=True)
        def before_node_run(self, node):
            if node.name == "check":
                self.act("before_node_run")
'''
PLUGIN = """
from pathlib import Path

from kedro.framework.hooks import hook_impl


@hook_impl
def after_node_run(node):
    if Path("raise_in").exists() and Path("raise_in").read_text() == "plugin" and node.name == "check":
        raise RuntimeError("raised by a plugin")


class Hooks:
    pass


hooks = Hooks()
hooks.after_node_run = after_node_run
"""
HOOKS_THAT_RAISE = ("before_pipeline_run", "after_pipeline_run", "before_node_run", "after_context_created", "plugin")


@pytest.fixture(scope="module")
def written(tracing, tmp_path_factory):
    written = tracing(
        tmp_path_factory.mktemp("failures"),
        instances={"kedro": "", "other": OTHER},
        settings=SETTINGS,
        files={"src/demo/raising.py": RAISING, "conf/stage/.gitkeep": ""},
    )
    written.add_plugin("breaking-plugin", PLUGIN)
    return written


@pytest.fixture(scope="module")
def runs(written):
    """(report, trace) by name, of runs started from Python."""
    fail, raise_in = str(written.project / "fail_once"), str(written.project / "raise_in")
    job = {"job": "everything"}
    requests = {
        "in-process": {**job, "write": {fail: ""}},
        "in-process again": job,
        "api": {**job, "executor": "api", "write": {fail: ""}},
        "several": {**job, "config": SEVERAL, "write": {fail: ""}},
        "killed step": {"job": "die", "config": SEVERAL},
        "retried": {"job": "hopeless", "config": SEVERAL},
        **{hook: {**job, "write": {raise_in: hook}} for hook in HOOKS_THAT_RAISE},
        "api before": {**job, "executor": "api", "write": {raise_in: "before_pipeline_run"}},
        "api after": {**job, "executor": "api", "write": {raise_in: "after_pipeline_run"}},
        "error": {**job, "write": {raise_in: "on_pipeline_error", fail: ""}},
    }
    reports = written.drive(*requests.values())
    (written.project / "raise_in").unlink()
    traces = written.runs()
    return {name: (report, traces.get(report["run_id"])) for name, report in zip(requests, reports, strict=True)}


def told_of_error(trace):
    assert not trace.of("after_pipeline_run")
    return trace.one("on_pipeline_error")


def test_in_one_process_the_hooks_get_the_exception_itself(runs):
    for name in ("in-process", "api"):
        report, trace = runs[name]
        error = told_of_error(trace)
        assert (error["error"], error["message"]) == ("ValueError", "the node's own words")
        assert error["frames"] > 2
        node_error = trace.one("on_node_error")
        assert (node_error["error"], node_error["frames"][-1]) == ("ValueError", "check")
        assert not report["success"]
    assert runs["in-process again"][0]["success"]


def test_between_processes_the_error_keeps_class_message_and_traceback(runs):
    error = told_of_error(runs["several"][1])
    assert (error["error"], error["class_name"], error["step"]) == ("RunFailedError", "ValueError", "check")
    assert "the node's own words" in error["message"]
    assert "in check" in error["original_traceback"]
    assert runs["several"][1].one("on_node_error")["error"] == "ValueError"


def test_after_the_last_retry_the_error_is_still_that_of_the_node(runs):
    trace = runs["retried"][1]
    error = told_of_error(trace)
    assert (error["class_name"], error["step"]) == ("ValueError", "despair")
    assert "in despair" in error["original_traceback"]
    assert trace.counts()["on_node_error"] == 2


def test_a_killed_step_is_told_once(runs):
    error = told_of_error(runs["killed step"][1])
    assert error["step"] == "die_node"
    assert error["class_name"] == "ChildProcessCrashException"
    assert "terminated by signal 9 (SIGKILL)" in error["message"]
    assert not runs["killed step"][1].of("after_node_run", "on_node_error")


def test_a_raising_hook_fails_the_run_and_is_named(runs):
    for hook in HOOKS_THAT_RAISE:
        report, _ = runs[hook]
        text = report["error"] + "".join(report["failures"].values())
        assert not report["success"], hook
        name = "Hooks.after_node_run of the plugin breaking-plugin" if hook == "plugin" else f"Raising.{hook}"
        assert f"{name} failed" in text, text
    assert "RuntimeError: raised by a plugin" in runs["plugin"][0]["failures"]["check"]


def test_who_is_told_of_a_raising_hook_is_as_in_kedro(runs):
    before, after, node = (runs[hook][1] for hook in HOOKS_THAT_RAISE[:3])
    assert not before.of("after_pipeline_run", "on_pipeline_error", "before_node_run")
    assert not after.of("on_pipeline_error")
    assert after.counts()["after_pipeline_run"] == 1
    assert (
        told_of_error(node)["error"]
        == told_of_error(runs["plugin"][1])["error"].replace("Runtime", "Key")
        == "KeyError"
    )
    assert not runs["after_context_created"][0]["steps"]
    for name in ("api before", "api after"):
        assert not runs[name][1].of("on_pipeline_error")
    assert not runs["api before"][1].of("before_node_run")
    assert not runs["api before"][0]["success"]
    assert runs["api after"][0]["success"]  # Dagster only logs what the end of a resource raises
    assert runs["error"][1].counts()["on_pipeline_error"] == 1
    assert "Raising.on_pipeline_error failed" in runs["error"][0]["error"]


@pytest.fixture(scope="module")
def server(written, runs):
    server = written.start_server()
    yield server
    server.stop()


def wait_for_node(written, start):
    """Start a run whose node waits; its id, and the pid that runs the node."""
    waiting = written.project / "waiting"
    waiting.unlink(missing_ok=True)
    run_id = start()
    until(lambda: waiting.exists() and waiting.read_text(), 90)
    return run_id, int(waiting.read_text())


def is_running(pid):
    with contextlib.suppress(OSError):
        done = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return bool(done.stdout.strip()) and not done.stdout.strip().startswith("Z")
    return False


def test_a_killed_run_is_told_by_the_sensor_once_and_no_other_run_is_told_again(written, server, runs):
    started = {name: (report["run_id"], trace) for name, (report, trace) in runs.items() if trace}
    run_id, pid = wait_for_node(written, lambda: server.launch("wait", config=IN_PROCESS))
    os.kill(pid, signal.SIGKILL)
    assert server.wait(run_id) == "FAILURE"
    until(lambda: written.runs()[run_id].of("on_pipeline_error"), SENSOR_SECONDS, server.log)
    failed = server.launch("die", config=SEVERAL)
    assert server.wait(failed) == "FAILURE"
    time.sleep(35)  # one interval of the sensor
    traces = written.runs()
    error = told_of_error(traces[run_id])
    assert error["pid"] != pid
    assert "terminated by signal 9 (SIGKILL)" in error["message"]
    assert traces[run_id].counts()["before_pipeline_run"] == 1
    assert told_of_error(traces[failed])
    for name, (other, trace) in started.items():
        assert traces[other].counts() == trace.counts(), name


@pytest.mark.parametrize("config", [IN_PROCESS, SEVERAL], ids=["in-process", "multiprocess"])
def test_cancelling_ends_the_node_tells_the_hooks_and_leaves_no_process(written, server, config):
    run_id, pid = wait_for_node(written, lambda: server.launch("wait", config=config))
    server.terminate(run_id)
    assert server.wait(run_id) == "CANCELED"
    assert not (written.project / "waiting").exists()
    trace = written.runs()[run_id]
    error = told_of_error(trace)
    assert (
        "Interrupted" in f"{error['error']} {error['message']}"
    )  # live in the run's own process, where it has no message
    for seen in {pid, *trace.pids()}:
        until(lambda seen=seen: not is_running(seen), 20)


def test_cancelling_ends_a_node_in_the_child_process_of_another_instance(written, server):
    both = {"assets": ["numbers", "b/waited"], "config": IN_PROCESS}
    run_id, pid = wait_for_node(written, lambda: server.launch(**both))
    server.terminate(run_id)
    assert server.wait(run_id) == "CANCELED"
    assert not (written.project / "waiting").exists()
    trace = written.runs()[run_id]
    errors = trace.of("on_pipeline_error")
    assert len(errors) == 2
    assert all("Interrupted" in error["message"] for error in errors)
    assert pid not in {error["pid"] for error in errors}
    for seen in {pid, *trace.pids()}:
        until(lambda seen=seen: not is_running(seen), 20)
