"""How the MLflow run ends where its Dagster run is cancelled, or is run by an executor that fires no hooks."""

import os
import signal
import subprocess
import sys
import time

import dagster as dg
import pytest
from mlflow_world import EXPERIMENT, SEVERAL_OF_DAGSTER, World

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

DISABLED = """
    server: {mlflow_tracking_uri: "%s"}
    tracking: {disable_tracking: {pipelines: [__default__]}, experiment: {name: %s}}
"""
OFFERING = """
    from pathlib import Path

    import dagster as dg
    import mlflow
    from dagster._core.events import EngineEventData
    from kedro.framework.hooks import hook_impl


    class Offering:
        \"\"\"Plays another step that starts at once: it offers its MLflow run while the first step opens its own.\"\"\"

        @hook_impl
        def after_catalog_created(self):
            if Path("data/other").exists():
                return
            experiment = mlflow.get_experiment_by_name("demo-experiment")
            with dg.DagsterInstance.get() as instance:
                (run,) = instance.get_runs()
                tags = {"dagster_run_id": run.run_id}
                other = mlflow.MlflowClient().create_run(experiment.experiment_id, tags=tags).info.run_id
                offer = EngineEventData(metadata={"kedro/mlflow_offer.kedro": dg.MetadataValue.text(other)})
                instance.report_engine_event("an offer", run, offer)
            Path("data/other").write_text(other)


    HOOKS = (Offering(),)
"""


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
    world = World(tmp_path, server, "executor: null\n", several=SEVERAL_OF_DAGSTER).write()
    world.location.write("own.py", EXECUTOR)
    if server.client.get_experiment_by_name(EXPERIMENT) is None:  # steps that start at once would all try to make it
        server.client.create_experiment(EXPERIMENT)
    first = [f"{name}_metric" for name in ("fragile", "waiting", "killed")]  # they start at once, in several processes
    selected = ["table", "model", "score", "history", "applied_metric", *first]
    (report,) = world.drive({"assets": selected, "executor": "multiprocess"})
    assert report["success"], (report["error"], report["failures"])
    assert not [text for _, text in report["logs"] if "logs nothing to MLflow" in text]
    (found,) = server.runs(dagster_run_id=report["run_id"])
    assert found.info.status == "RUNNING"
    logged = server.content(found)
    assert world.dagster_tags(report["run_id"])["mlflow/run_id"] == found.info.run_id
    assert {saved["mlflow/run_id"] for saved in report["saved"].values()} == {found.info.run_id}
    world.python(SENSORS)
    (found,) = server.runs(dagster_run_id=report["run_id"])
    assert found.info.status == "FINISHED"
    assert server.content(found) == logged
    assert found.data.metrics.keys() >= {"score", "fragile", "waiting", "killed", "applied"}
    assert {"seed", "options-rate"} <= logged["params"].keys()
    assert logged["models"] == ["line"]


def test_without_our_hooks_a_pipeline_that_logs_nothing_opens_no_run(tmp_path, server):
    world = World(tmp_path, server, "executor: null\n", mlflow=DISABLED, several=SEVERAL_OF_DAGSTER).write()
    world.location.write("own.py", EXECUTOR)
    (report,) = world.drive({"assets": ["table"], "executor": "multiprocess"})
    assert report["success"], (report["error"], report["failures"])
    assert server.runs(dagster_run_id=report["run_id"]) == []


def test_of_steps_that_start_at_once_all_log_to_the_first_run_offered(tmp_path, server):
    world = World(
        tmp_path, server, "executor: null\n", files={"src/demo/settings.py": OFFERING}, several=SEVERAL_OF_DAGSTER
    ).write()
    world.location.write("own.py", EXECUTOR)
    (report,) = world.drive({"assets": ["fragile_metric"], "executor": "multiprocess"})
    assert report["success"], (report["error"], report["failures"])
    (found,) = server.runs(dagster_run_id=report["run_id"])
    assert found.info.run_id == (world.project / "data" / "other").read_text()
    assert found.data.metrics == {"fragile": 7.0}
    assert report["saved"]["fragile_metric"]["mlflow/run_id"] == found.info.run_id
