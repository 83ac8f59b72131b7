"""Several component instances in one run, hooks that keep state, and executors that are not ours."""

import time

import pytest
from dev_server import until
from hook_traces import LEVELS, NODES, Trace

pytestmark = pytest.mark.slow

IN_PROCESS = {"execution": {"config": {"in_process": {}}}}
SEVERAL = {"execution": {"config": {"multiprocess": {"max_concurrent": 2}}}}
FORKED = {"forkserver": {"preload_modules": ["kedro_dagster_component.component", "pandas"]}}  # quicker than `spawn`
SEVERAL_OF_DAGSTER = {"execution": {"config": {"multiprocess": {"max_concurrent": 2, "start_method": FORKED}}}}
SENSOR_SECONDS = 180
SECOND = "name_prefix: b_\ntranslation: {key_prefix: b}\nenv: stage"
KEYS = ["numbers", "checked", "b/numbers", "b/checked"]
ONLY_JOB = "jobs: {everything: {pipeline: {pipeline_name: __default__}}}"
EXECUTOR = """
    import dagster as dg

    defs = dg.Definitions(executor=dg.multi_or_in_process_executor)
"""


def versions_of_instances(trace):
    """Traces by Kedro environment: one instance runs in `local`, the other in `stage`."""
    env = {call["pid"]: call["env"] for call in trace.of("after_context_created")}
    return {name: Trace([call for call in trace.calls if env[call["pid"]] == name]) for name in set(env.values())}


@pytest.fixture(scope="module")
def two(tracing, tmp_path_factory):
    """(report, trace) by name; each instance has a process of its own even in-process, being two environments."""
    written = tracing(
        tmp_path_factory.mktemp("two"),
        instances={"one": "run_hooks: every_process", "two": SECOND},
        files={"conf/stage/.gitkeep": ""},
        dagster=ONLY_JOB,
    )
    requests = {
        "in-process": {"assets": KEYS},
        "multiprocess": {"assets": KEYS, "config": SEVERAL},
        "failed": {"assets": KEYS, "write": {str(written.project / "fail_once"): ""}},
        "one of two": {"assets": ["b/numbers"]},
    }
    reports = written.drive(*requests.values())
    traces = written.runs()
    return {name: (report, traces[report["run_id"]]) for name, report in zip(requests, reports, strict=True)}


def test_each_instance_of_a_run_has_its_own_hooks_once(two):
    report, trace = two["in-process"]
    assert report["success"], report
    instances = versions_of_instances(trace)
    assert len(instances) == 2
    for instance in instances.values():
        assert instance.counts()["before_pipeline_run"] == instance.counts()["after_pipeline_run"] == 1
        assert sorted(node for node, _ in instance.steps()) == ["check", "start"]
        assert instance.counts()["after_catalog_created"] == 1
    in_nodes = [call["time"] for call in trace.of(*LEVELS["node"])]
    assert max(call["time"] for call in trace.of("before_pipeline_run")) < min(in_nodes)
    assert min(call["time"] for call in trace.of("after_pipeline_run")) > max(in_nodes)


def test_a_failed_run_is_told_to_each_instance_once(two):
    _, trace = two["failed"]
    assert trace.counts()["on_pipeline_error"] == 2
    assert not trace.of("after_pipeline_run")
    errors = {name: instance.one("on_pipeline_error") for name, instance in versions_of_instances(trace).items()}
    (mine,) = [error for error in errors.values() if error["error"] == "ValueError"]
    (other,) = [error for error in errors.values() if error is not mine]
    assert (other["error"], other["class_name"]) == ("RunFailedError", "ValueError")


def test_an_instance_without_nodes_in_a_run_is_not_told(two):
    assert list(versions_of_instances(two["one of two"][1])) == ["stage"]


def test_hooks_keep_state_in_every_process_where_they_are_asked_to(two):
    report, trace = two["multiprocess"]
    assert report["success"], report
    instances = versions_of_instances(trace)
    (every,) = [one for one in instances.values() if one.counts()["before_pipeline_run"] > 1]
    (once,) = [one for one in instances.values() if one is not every]
    for process in every.processes().values():
        assert process.calls[2]["hook"] == "before_pipeline_run"
        assert process.counts()["before_pipeline_run"] == 1
    assert all(call["state"] == "set by before_pipeline_run" for call in every.of(*LEVELS["node"]))
    assert every.counts()["after_pipeline_run"] == once.counts()["before_pipeline_run"] == 1
    assert all(call["state"] is None for call in once.of(*LEVELS["node"]))
    assert all(call["state"] for call in two["in-process"][1].of(*LEVELS["node"]))


@pytest.fixture(scope="module")
def plain(tracing, tmp_path_factory):
    """A location whose executor is its own, and not wrapped."""
    written = tracing(tmp_path_factory.mktemp("plain"), instances={"kedro": "executor: null"}, dagster=ONLY_JOB)
    written.location.write("own.py", EXECUTOR)
    return written


@pytest.fixture(scope="module")
def plain_runs(plain):
    """Traces by name, once every sensor has had its turn."""
    server = plain.start_server()
    try:
        ids = {"several": server.launch(assets=["numbers", "checked"], config=SEVERAL_OF_DAGSTER)}
        server.wait(ids["several"])
        (plain.project / "fail_once").touch()
        ids["failed"] = server.launch(assets=["numbers", "checked"], config=SEVERAL_OF_DAGSTER)
        server.wait(ids["failed"])
        ids["again"] = server.reexecute_from_failure(ids["failed"])
        ids["one process"] = server.launch(assets=["numbers", "checked"], config=IN_PROCESS)
        ids["job"] = server.launch("everything", config=SEVERAL_OF_DAGSTER)
        for run_id in ids.values():
            server.wait(run_id)
        owed = [ids["several"], ids["failed"], ids["again"]]
        until(lambda: all(ended(plain.trace(), run_id) for run_id in owed), SENSOR_SECONDS, server.log)
        time.sleep(35)  # one interval of the sensors
    finally:
        server.stop()
    trace = plain.trace()
    return {name: by_version(trace, run_id) for name, run_id in ids.items()}


def ended(trace, run_id):
    return any(
        call["run_params"]["dagster_run_id"] == run_id for call in trace.of("after_pipeline_run", "on_pipeline_error")
    )


def by_version(trace, run_id):
    versions = {call["version"] for call in trace.of(*LEVELS["run"]) if call["run_params"]["dagster_run_id"] == run_id}
    return Trace([call for call in trace.calls if call["version"] in versions])


def test_without_our_executor_sensors_fire_the_run_hooks_once_after_the_run(plain_runs):
    for name, last in {
        "several": "after_pipeline_run",
        "failed": "on_pipeline_error",
        "again": "after_pipeline_run",
    }.items():
        trace = plain_runs[name]
        assert [call["hook"] for call in trace.of(*LEVELS["run"])] == ["before_pipeline_run", last], name
        assert trace.one(last)["pid"] == trace.one("before_pipeline_run")["pid"]
        assert trace.one(last)["pid"] not in {call["pid"] for call in trace.of(*LEVELS["node"])}
    error = plain_runs["failed"].one("on_pipeline_error")
    assert (error["class_name"], error["step"]) == ("ValueError", "check")
    assert [node for node, _ in plain_runs["again"].steps()] == ["check"]


def test_in_one_process_and_in_jobs_nothing_is_second_best(plain_runs):
    for name, nodes in {"one process": ("start", "check"), "job": NODES}.items():
        trace = plain_runs[name]
        assert trace.counts()["before_pipeline_run"] == trace.counts()["after_pipeline_run"] == 1, name
        in_nodes = [call["time"] for call in trace.of(*LEVELS["node"])]
        assert trace.one("before_pipeline_run")["time"] < min(in_nodes) < max(in_nodes)
        assert trace.one("after_pipeline_run")["time"] > max(in_nodes)
        assert sorted(node for node, _ in trace.steps()) == sorted(nodes)


def test_every_run_has_a_version_of_its_own(plain_runs):
    versions = [trace.one("before_pipeline_run")["version"] for trace in plain_runs.values()]
    assert len(set(versions)) == len(versions)
