"""One MLflow run for each Dagster run, with what `kedro run` logs, in every way of starting."""

import json
import re
from collections import Counter

import pytest

ALL = ["table", "model", "score", "history", "applied_metric"]


@pytest.fixture(scope="module")
def expected(world, server):
    """What `kedro run` logs."""
    (run,) = world.kedro_run()
    assert run.info.status == "FINISHED"
    return server.content(run)


@pytest.fixture(scope="module")
def in_one_process(world):
    """One after the other, in one process: nothing of one run may show in the next."""
    names = ["job", "quiet", "open", "adhoc", "api", "flaky", "fragile", "again"]
    requests = [
        {"job": "train"},
        {"job": "quiet"},
        {"job": "open"},
        {"assets": ALL},
        {"job": "train", "executor": "api"},
        {"job": "flaky"},
        {"job": "fragile"},
        {"job": "fragile", "reexecute": 6, "write": {str(world.project / "data/healed"): ""}},
    ]
    return dict(zip(names, world.drive(*requests), strict=True))


@pytest.fixture(scope="module")
def in_many_processes(world, in_one_process):
    (world.project / "data" / "tried").unlink()
    (world.project / "data" / "healed").unlink()
    names = ["job", "quiet", "flaky", "fragile", "again", "killed"]
    requests = [
        {"job": "train", "executor": "multiprocess"},
        {"job": "quiet", "executor": "multiprocess"},
        {"job": "flaky", "executor": "multiprocess"},
        {"job": "fragile", "executor": "multiprocess"},
        {
            "job": "fragile",
            "executor": "multiprocess",
            "reexecute": 3,
            "write": {str(world.project / "data/healed"): ""},
        },
        {"job": "killed", "executor": "multiprocess"},
    ]
    return dict(zip(names, world.drive(*requests), strict=True))


@pytest.fixture(params=["in_one_process", "in_many_processes"])
def reports(request):
    return request.getfixturevalue(request.param)


def only_run(server, report):
    (run,) = server.runs(dagster_run_id=report["run_id"])
    return run


def test_in_process_ways_log_what_kedro_run_logs(server, expected, in_one_process):
    for name in ("job", "adhoc", "api"):
        report = in_one_process[name]
        assert report["success"], report["error"]
        run = only_run(server, report)
        assert run.info.status == "FINISHED"
        assert server.content(run) == expected, name
    assert expected["metrics"].keys() == {"score", "applied", "history.rows", "history.twice"}
    assert expected["params"]["options-deep-er-still"] == "1"
    assert expected["tags"]["note"].startswith("long long")
    assert expected["models"] == ["line"]
    assert expected["artifacts"] == ["table.csv"]


def test_multiprocess_logs_what_kedro_run_logs(server, expected, in_many_processes):
    report = in_many_processes["job"]
    assert report["success"], report["failures"]
    run = only_run(server, report)
    assert run.info.status == "FINISHED"
    assert server.content(run) == expected


def test_a_disabled_pipeline_logs_nothing(world, server, reports):
    assert world.kedro_run("--pipeline", "quiet") == []
    report = reports["quiet"]
    assert report["success"], report["failures"]
    assert server.runs(dagster_run_id=report["run_id"]) == []
    assert not any("mlflow" in name for name in world.dagster_tags(report["run_id"]))
    assert not any("mlflow" in name for name in report["saved"]["quiet_metric"])


def test_a_retry_stays_in_the_run(server, reports):
    report = reports["flaky"]
    assert report["success"], report["failures"]
    assert report["retries"] == ["flaky_node"]
    run = only_run(server, report)
    assert run.info.status == "FINISHED"
    assert run.data.metrics == {"flaky": 7.0}


def test_a_reexecution_opens_its_own(world, server, reports):
    failed, again = reports["fragile"], reports["again"]
    assert not failed["success"]
    first, second = only_run(server, failed), only_run(server, again)
    assert first.info.run_id != second.info.run_id
    assert (first.info.status, first.data.metrics) == ("FAILED", {"fragile": 7.0})
    assert (second.info.status, second.data.metrics) == ("FINISHED", {"healed": 8.0})
    assert world.dagster_tags(again["run_id"])["mlflow/run_id"] == second.info.run_id


def test_a_killed_step_fails_the_run(server, in_many_processes):
    report = in_many_processes["killed"]
    assert not report["success"]
    run = only_run(server, report)
    assert run.info.status == "FAILED"
    assert run.data.metrics == {"killed": 7.0}


def test_a_run_left_open_by_a_node_ends_with_it(server, in_one_process):
    run = only_run(server, in_one_process["open"])
    assert run.info.status == "FINISHED"
    nested = server.runs(**{"mlflow.parentRunId": run.info.run_id})
    assert Counter(one.info.status for one in nested) == {"FINISHED": 2}


def test_run_and_materialisations_lead_to_mlflow(world, server, reports):
    report = reports["job"]
    run = only_run(server, report)
    url = f"{server.uri}/#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}"
    tags = world.dagster_tags(report["run_id"])
    assert tags["mlflow/run_id"] == run.info.run_id
    assert tags["mlflow/run_url"] == url
    for metadata in report["saved"].values():
        assert metadata["mlflow/run_url"] == url
        assert metadata["mlflow/run_id"] == run.info.run_id
    with world.instance() as instance:
        events = [entry.dagster_event for entry in instance.all_logs(report["run_id"]) if entry.dagster_event]
    (opened,) = [event for event in events if (event.message or "").startswith("Opened MLflow run")]
    assert opened.engine_event_data.metadata["mlflow/run_url"].value == url


def test_no_other_run_was_opened(server, expected, in_one_process, in_many_processes):
    reports = [*in_one_process.values(), *in_many_processes.values()]
    logged = [report for report in reports if report["run_id"] and report["steps"] != ["first_quiet"]]
    by_run = Counter(run.data.tags.get("dagster_run_id") for run in server.runs())
    assert {report["run_id"] for report in logged} <= by_run.keys()
    assert all(by_run[report["run_id"]] == 1 for report in logged)


def test_steps_do_not_rename_the_run(server, reports):
    """`km.random_name` gives every process another name."""
    run = only_run(server, reports["job"])
    started = re.findall(r"Mlflow run '(\S+)' - '\w+' has started", json.dumps(reports["job"]["logs"]))
    assert set(started) == {run.info.run_name}
