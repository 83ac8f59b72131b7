"""How the MLflow run ends where its Dagster run is cancelled, or is run by an executor that fires no hooks."""

import os
import signal
import subprocess
import sys
import time

import dagster as dg
import pytest
from mlflow_world import World

START = """
import sys

import dagster as dg
from dagster._core.code_pointer import ModuleCodePointer
from dagster._core.definitions.reconstruct import ReconstructableRepository

pointer = ModuleCodePointer("location.definitions", "defs", None)
job = ReconstructableRepository(pointer).get_reconstructable_job("waiting")
config = {"execution": {"config": {sys.argv[1]: {}}}}
with dg.DagsterInstance.get() as instance, dg.execute_job(job, instance, run_config=config, raise_on_error=False):
    pass
"""
SENSORS = """
import dagster as dg
from location.definitions import defs

repository = defs().get_repository_def()
with dg.DagsterInstance.get() as instance:
    (run,) = instance.get_runs()
    (done,) = instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.RUN_SUCCESS).records
    for _ in range(2):
        for sensor in repository.sensor_defs:
            if sensor.name == "kedro_run_hooks_succeeded":
                sensor(
                    dg.build_run_status_sensor_context(
                        sensor_name=sensor.name,
                        dagster_event=done.event_log_entry.dagster_event,
                        dagster_instance=instance,
                        dagster_run=run,
                        repository_def=repository,
                    )
                )
    print(run.run_id)
"""
EXECUTOR = """
    import dagster as dg

    defs = dg.Definitions(executor=dg.multi_or_in_process_executor)
"""


def python(world, code, *arguments):
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=world.location.root,
        env=world.env,
        capture_output=True,
        text=True,
        check=False,
    )


def until(condition, seconds):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.2)


@pytest.mark.parametrize("executor", ["in_process", "multiprocess"])
def test_a_cancelled_run_is_over_in_mlflow_too(tmp_path, server, executor):
    world = World(tmp_path, server).write()
    waiting = world.project / "data" / "waiting"
    run = subprocess.Popen(
        [sys.executable, "-c", START, executor], cwd=world.location.root, env=world.env, stderr=subprocess.DEVNULL
    )
    until(waiting.exists, 180)
    os.kill(run.pid, signal.SIGINT)
    run.wait(120)
    with world.instance() as instance:
        (cancelled,) = instance.get_runs()
    assert cancelled.status in {dg.DagsterRunStatus.CANCELED, dg.DagsterRunStatus.FAILURE}
    (found,) = server.runs(dagster_run_id=cancelled.run_id)
    assert (found.info.status, found.data.metrics) == ("FAILED", {"waiting": 7.0})


def test_an_executor_that_fires_no_hooks_still_gives_one_run(tmp_path, server):
    world = World(tmp_path, server, "executor: null\n").write()
    world.location.write("own.py", EXECUTOR)
    (report,) = world.drive({"assets": ["table"], "executor": "multiprocess"})
    assert report["success"], (report["error"], report["failures"])
    assert server.runs(dagster_run_id=report["run_id"]) == []
    assert sum("it logs nothing to MLflow" in text for _, text in report["logs"]) == 1
    told = python(world, SENSORS)
    assert told.returncode == 0, told.stderr
    (found,) = server.runs(dagster_run_id=report["run_id"])
    assert (found.info.status, found.data.metrics) == ("FINISHED", {})
