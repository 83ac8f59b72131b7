"""MLflow runs beside others: several instances, other settings, Dagster's own resource, a run process that is killed."""

import pytest
from mlflow_world import EXPERIMENT, TRUNCATING, World

SENSORS = """
import sys

import dagster as dg
from location.definitions import defs

repository = defs().get_repository_def()
with dg.DagsterInstance.get() as instance:
    (run,) = instance.get_runs()
    instance.report_run_failed(run)
    for _ in range(2):
        sensor = repository.get_sensor_def("kedro_run_hooks")
        (failed,) = instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.RUN_FAILURE).records
        context = dg.build_run_status_sensor_context(
            sensor_name=sensor.name,
            dagster_event=failed.event_log_entry.dagster_event,
            dagster_instance=instance,
            dagster_run=instance.get_run_by_id(run.run_id),
            repository_def=repository,
        )
        sensor(context)
    print(run.run_id)
"""
BY_HAND = """
    import dagster as dg
    import mlflow
    from dagster_mlflow import mlflow_tracking

    @dg.asset(deps=["fragile_metric"], required_resource_keys={"mlflow"})
    def by_hand(context):
        context.resources.mlflow.log_metric("by_hand", 1.0)
        context.add_output_metadata({"uri": mlflow.get_tracking_uri()})

    @dg.definitions
    def defs():
        options = {"experiment_name": "by-hand", "mlflow_tracking_uri": "http://localhost:%s"}
        return dg.Definitions(assets=[by_hand], resources={"mlflow": mlflow_tracking.configured(options)})
"""


@pytest.fixture(scope="module")
def company(tmp_path_factory, server):
    """One project three times: twice in one process, once in another environment and so in a child process."""
    files = {"conf/other/mlflow.yml": TRUNCATING % (server.uri, EXPERIMENT)}
    world = World(tmp_path_factory.mktemp("company"), server, files=files).write()
    for name, more in (("twin", ""), ("other", "env: other\n")):
        prefixes = f"name_prefix: {name}_\ntranslation: {{key_prefix: {name}}}\n"
        world.location.add(name, f"project: {world.project}\n{more}{prefixes}")
    world.location.write("by_hand.py", BY_HAND % server.port)
    return world


def test_each_instance_has_its_own_run(company, server):
    metrics, tables = [f"{prefix}fragile_metric" for prefix in ("", "twin/", "other/")], ["table", "other/table"]
    expected = server.content(*company.kedro_run("--pipeline", "pair"))
    truncated = server.content(*company.kedro_run("--pipeline", "pair", "--env", "other"))
    assert len(truncated["params"]["note"]) == 6000
    reports = company.drive({"assets": metrics + tables}, {"assets": metrics, "executor": "multiprocess"})
    for report in reports:
        assert report["success"], (report["error"], report["failures"])
        runs = {run.info.run_id: run for run in server.runs(dagster_run_id=report["run_id"])}
        assert [run.info.status for run in runs.values()] == ["FINISHED"] * 3
        ids = [report["saved"][key]["mlflow/run_id"] for key in metrics]
        assert set(ids) == runs.keys()
        assert sorted(company.dagster_tags(report["run_id"])["mlflow/run_id"].split(", ")) == sorted(ids)
        own, twin, other = (server.content(runs[run_id]) for run_id in ids)
        assert own["metrics"] == twin["metrics"] == other["metrics"] == {"fragile": 7.0}
        assert twin["params"] == {"seed": "7"}
        if report is reports[0]:
            assert (own, other) == (expected, truncated)


def test_a_resource_named_mlflow_keeps_its_own_run(company, server):
    keys = ["fragile_metric", "by_hand", "healed_metric"]
    (company.project / "data/healed").touch()
    for executor in ("api", "multiprocess"):  # a process each: the resource never ends its run
        (report,) = company.drive({"assets": keys, "executor": executor})
        assert report["success"], (report["error"], report["failures"])
        assert report["saved"]["by_hand"]["uri"] == f"http://localhost:{server.port}"
        runs = server.runs(dagster_run_id=report["run_id"])
        metrics = {server.client.get_experiment(run.info.experiment_id).name: run.data.metrics for run in runs}
        assert len(runs) == 2
        assert metrics == {EXPERIMENT: {"fragile": 7.0, "healed": 8.0}, "by-hand": {"by_hand": 1.0}}


def test_hooks_in_every_process_stay_in_the_run(tmp_path, server):
    world = World(tmp_path, server, "run_hooks: every_process\n").write()
    (world.project / "data/healed").touch()
    (report,) = world.drive({"job": "fragile", "executor": "multiprocess"})
    assert report["success"], report["failures"]
    (run,) = server.runs(dagster_run_id=report["run_id"])
    assert (run.info.status, run.data.metrics) == ("FINISHED", {"fragile": 7.0, "healed": 8.0})


def test_a_killed_run_process_fails_the_run(tmp_path, server):
    world = World(tmp_path, server).write()
    done = world.drive({"job": "killed"}, ok=False)
    assert done.returncode == -9
    (run,) = [run for run in server.runs(project_path=str(world.project)) if run.data.metrics == {"killed": 7.0}]
    assert run.info.status == "RUNNING"
    run_id = world.python(SENSORS).split()[-1]
    (after,) = server.runs(dagster_run_id=run_id)
    assert after.info.run_id == run.info.run_id
    assert (after.info.status, after.data.metrics) == ("FAILED", {"killed": 7.0})
