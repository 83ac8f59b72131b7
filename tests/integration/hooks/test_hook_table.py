"""Every way a run can start, and what the hooks of its Kedro project see: the same as under `kedro run`.

The table this module prints is the one in `docs/explanation/hooks.md`.
"""

import contextlib
from pathlib import Path

import pytest
from hook_traces import ALL_HOOKS, LEVELS, NODES

pytestmark = pytest.mark.slow

IN_PROCESS = {"execution": {"config": {"in_process": {}}}}
HEADS = {
    **{
        hook: hook.removesuffix("_run").removeprefix("on_").replace("_", " ")
        for hook in (*LEVELS["run"], *LEVELS["node"])
    },
    **{hook: hook.removeprefix("after_").removesuffix("_created") for hook in LEVELS["session"]},
    **{hook: hook.removesuffix("ed").replace("_dataset_", " ").replace("sav", "save") for hook in LEVELS["dataset"]},
}
DOCS = Path(__file__).parents[3] / "docs" / "explanation" / "hooks.md"
SUBSET = ("start", "check", "tell")


class Ways:
    """Ways to start a run, with what each should have run.

    `expected` holds (Dagster run ids, nodes that ran, node that failed, whether one process did all) by way.
    """

    def __init__(self, tracing):
        self.tracing, self.expected = tracing, {}

    def add(self, way, run_id, nodes=NODES, failed=(), *, one_process, ended="after_pipeline_run"):
        self.expected[way] = (run_id, tuple(nodes), tuple(failed), one_process, ended)

    def fail_once(self):
        (self.tracing.project / "fail_once").touch()

    def drive(self):
        """Those started from Python."""
        several = {"config": {"execution": {"config": {"multiprocess": {"max_concurrent": 2}}}}}
        flag = {"write": {str(self.tracing.project / "fail_once"): ""}}
        job = {"job": "everything"}
        requests = {
            "job, in-process": job,
            "job, `execute_in_process`": {**job, "executor": "api"},
            "retry of a step, in-process": {"job": "retried", **flag},
            "failed job, in-process": {**job, **flag},
            "re-execution from failure, in-process": {"reexecute": 3, **job},
            "job, multiprocess": {**job, **several},
            "retry of a step, multiprocess": {"job": "retried", **several, **flag},
            "failed job, multiprocess": {**job, **several, **flag},
            "re-execution from failure, multiprocess": {**job, **several, "reexecute": 7},
        }
        reports = self.tracing.drive(*requests.values())
        for (way, request), report in zip(requests.items(), reports, strict=True):
            nodes, failed, ended = NODES, (), "after_pipeline_run"
            assert report["success"] != way.startswith("failed"), (way, report)
            if "retry" in way:
                failed = ("check",)
            elif "failed" in way:
                nodes, failed, ended = ("start", "double"), ("check",), "on_pipeline_error"
            elif "re-execution" in way:
                nodes = ("check", "add", "tell")
            in_one = "config" not in request
            self.add(way, report["run_id"], nodes, failed, one_process=in_one, ended=ended)

    def launch(self):
        """Those of `dg launch`, which runs in several processes unless told otherwise."""
        config = ("--config-json", '{"execution": {"config": {"in_process": {}}}}')
        ways = {
            "`dg launch --assets`, all": (("--assets", "*", *config), NODES, True),
            "`dg launch --assets`, some": (("--assets", "numbers,checked,tell"), SUBSET, False),
            "`dg launch --assets`, one": (("--assets", "total"), ("add",), False),
        }
        for way, (arguments, nodes, in_one) in ways.items():
            self.add(way, self.tracing.dg_launch(*arguments), nodes, one_process=in_one)

    def serve(self, server):
        """Those of a running `dg dev`: its API, and its daemon."""
        self.fail_once()
        failing = server.launch("everything", config=IN_PROCESS)
        assert server.wait(failing) == "FAILURE"
        again = server.reexecute_from_failure(failing)
        self.add("API, re-execution from failure", again, ("check", "add", "tell"), one_process=True)
        server.start_schedule("scheduled_schedule")
        backfill = server.backfill(["numbers", "checked"])
        everything = server.launch(assets=["numbers", "checked", "total", "doubled", "tell"], config=IN_PROCESS)
        self.add("API, all assets", everything, one_process=True)
        self.add("API, some assets", server.launch(assets=["numbers", "checked", "tell"]), SUBSET, one_process=False)
        self.add("API, one asset", server.launch(assets=["total"], config=IN_PROCESS), ("add",), one_process=True)
        tick = server.run_with_tag("dagster/schedule_name", "scheduled_schedule")
        server.stop_schedule("scheduled_schedule")
        self.add("schedule tick", tick, one_process=True)
        filled = server.run_with_tag("dagster/backfill", backfill)
        self.add("backfill", filled, ("start", "check"), one_process=False)
        for way in ("API, re-execution from failure", "API, all assets", "API, some assets", "API, one asset"):
            assert server.wait(self.expected[way][0]) == "SUCCESS", way
        assert server.wait(tick) == server.wait(filled) == "SUCCESS"
        server.wait_for_all()  # a further tick of the schedule may have started a run


@pytest.fixture(scope="module")
def ways(tracing, tmp_path_factory):
    written = tracing(tmp_path_factory.mktemp("table"), instances={"kedro": "pipelines: [__default__]"})
    ways = Ways(written)
    written.kedro_run()
    ways.drive()
    ways.launch()
    with contextlib.ExitStack() as stack:
        server = written.start_server()
        stack.callback(server.stop)
        ways.serve(server)
    return ways


@pytest.fixture(scope="module")
def traces(ways):
    """Traces by way; `kedro run` is the first."""
    runs = ways.tracing.runs()
    found = {way: runs[run_id] for way, (run_id, *_) in ways.expected.items() if run_id in runs}
    return {"`kedro run`": runs[None], **found}


@pytest.fixture(scope="module")
def kedro_steps(traces):
    return dict(traces["`kedro run`"].steps())


def test_every_way_left_a_trace_and_nothing_else_did(ways, traces):
    assert sorted(traces) == sorted(["`kedro run`", *ways.expected])
    known = {run_id for run_id, *_ in ways.expected.values()}
    for run_id, trace in ways.tracing.runs().items():
        assert run_id in known or run_id is None or trace.of("on_pipeline_error", "after_pipeline_run")
    assert len({call["pid"] for call in traces["`kedro run`"].calls}) == 1


def test_run_hooks_fire_once_before_the_first_node_and_after_the_last(ways, traces):
    for way, trace in each(ways, traces):
        ended = ways.expected[way][-1]
        others = {"after_pipeline_run", "on_pipeline_error"} - {ended}
        assert trace.counts()["before_pipeline_run"] == trace.counts()[ended] == 1, way
        assert not trace.of(*others), way
        in_nodes = [call["time"] for call in trace.of(*LEVELS["node"], *LEVELS["dataset"])]
        assert trace.one("before_pipeline_run")["time"] < min(in_nodes), way
        assert trace.one(ended)["time"] > max(in_nodes), way
        assert trace.one("before_pipeline_run")["pid"] == trace.one(ended)["pid"], way
        assert trace.one("before_pipeline_run")["same"], way


def test_node_and_dataset_hooks_fire_once_for_each_attempt_in_kedros_order(ways, traces, kedro_steps):
    for way, trace in each(ways, traces):
        _, nodes, failed, *_ = ways.expected[way]
        attempts = trace.steps()
        whole = [(node, calls) for node, calls in attempts if calls[-1][0] != "on_node_error"]
        broken = [(node, calls) for node, calls in attempts if calls[-1][0] == "on_node_error"]
        assert sorted(node for node, _ in whole) == sorted(nodes), way
        assert sorted(node for node, _ in broken) == sorted(failed), way
        for node, calls in whole:
            assert calls == kedro_steps[node], way
        for node, calls in broken:
            assert calls[:-1] == kedro_steps[node][: len(calls) - 1], way
            assert [hook for hook, _ in calls[-2:]] == ["before_node_run", "on_node_error"], way


def test_context_and_catalog_hooks_fire_once_in_each_process_before_its_first_node(ways, traces):
    for way, trace in each(ways, traces):
        _, nodes, failed, one_process, _ = ways.expected[way]
        processes = trace.processes()
        assert len(processes) == (1 if one_process else 1 + len(nodes) + len(failed)), way
        for process in processes.values():
            assert [call["hook"] for call in process.calls[:2]] == ["after_context_created", "after_catalog_created"], (
                way
            )
            assert process.counts()["after_context_created"] == process.counts()["after_catalog_created"] == 1, way


def test_all_processes_of_a_run_have_its_one_version(ways, traces):
    versions = {}
    for way, trace in each(ways, traces):
        run_ids = {call["run_id"] for call in trace.of("before_node_run", "after_node_run")}
        told = {call["run_params"]["run_id"] for call in trace.of(*LEVELS["run"])}
        assert {call["version"] for call in trace.calls} == run_ids == told, way
        versions[way] = told.pop()
    assert len(set(versions.values())) == len(versions)


def test_the_table(ways, traces):
    lines = table(ways, traces)
    print("\n" + "\n".join(lines))  # noqa: T201  (what the docs show; `pytest -s`)
    shown = [line.partition(" | ")[0] for line in DOCS.read_text(encoding="utf-8").splitlines()]
    assert lines[0] in DOCS.read_text(encoding="utf-8")
    assert [line.partition(" | ")[0] for line in lines if line.partition(" | ")[0] not in shown] == []


def each(ways, traces):
    return [(way, traces[way]) for way in ways.expected]


def table(ways, traces):
    """Counts of hook calls by way of starting, in Markdown."""
    rows = [["Way of starting", "processes", *(HEADS[hook] for hook in ALL_HOOKS)]]
    rows.append(["---", *["--:" for _ in rows[0][1:]]])
    for way, trace in traces.items():
        counts = trace.counts()
        rows.append([way, str(len(trace.processes())), *(str(counts[hook]) for hook in ALL_HOOKS)])
    return ["| " + " | ".join(row) + " |" for row in rows]
