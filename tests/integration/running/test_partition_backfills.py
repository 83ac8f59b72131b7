"""Partitions under a real `dg dev`: backfills, schedules and sensors of its daemon, and what its pages show."""

import json
import os

import pytest

from tests.integration.hooks.dev_server import BACKFILL, RUNS, DevServer, until

pytestmark = pytest.mark.slow

REGISTRY = """
    from kedro.pipeline import node, pipeline

    def clean(raw):
        return {key: load() * 2 for key, load in raw.items()}

    def total(parts):
        return {key: load() for key, load in parts.items()}

    def shout(key):
        return key.upper()

    def link(text):
        return text + " linked"

    def bill(customers):
        return {"customer": list(customers), "sum": sum(load() for load in customers.values())}

    def register_pipelines():
        key = "params:partition_key"
        return {
            "days": pipeline([node(clean, "raw", "parts", name="clean"), node(total, "parts", "total", name="total")]),
            "regions": pipeline([node(shout, key, "region", name="shout")]),
            "chain": pipeline([node(shout, key, "first", name="begin"), node(link, "first", "second", name="link")]),
            "bills": pipeline([node(bill, "customers", "bills", name="bill")]),
        }
"""
HOOKS = """
    import json

    from kedro.framework.hooks import hook_impl

    class Watch:
        @hook_impl
        def before_pipeline_run(self, run_params):
            with open("trace.jsonl", "a") as file:
                file.write(json.dumps([run_params["pipeline_names"], run_params["runtime_params"]]) + "\\n")
"""
CATALOG = """
    _parts: &parts {type: partitions.PartitionedDataset, dataset: json.JSONDataset, filename_suffix: .json}
    raw: {<<: *parts, path: data/raw}
    parts: {<<: *parts, path: data/parts, overwrite: true}
    total: {type: json.JSONDataset, filepath: data/total.json}
    region: {type: text.TextDataset, filepath: "data/region/${runtime_params:partition_key,none}.txt"}
    first: {type: text.TextDataset, filepath: "data/first/${runtime_params:partition_key,none}.txt"}
    second: {type: text.TextDataset, filepath: "data/second/${runtime_params:partition_key,none}.txt"}
    customers: {<<: *parts, path: data/customers}
    bills: {type: json.JSONDataset, filepath: "data/bills/${runtime_params:partition_key,none}.json"}
"""
DAGSTER = """
    executors: {one: {in_process: {}}}
    partitions:
      day: {type: daily, start_date: "2024-01-01", end_date: "2024-01-05"}
      region: {type: static, partition_keys: [eu, us]}
      letter: {type: static, partition_keys: [a, b]}
      customer: {type: dynamic, name: customers}
    assets:
      raw: {partitions: day}
      parts: {partitions: day}
      region: {partitions: region}
      first: {partitions: letter, backfill_policy: {type: multi_run}}
      second: {partitions: letter, backfill_policy: {type: multi_run}}
      customers: {partitions: customer}
      bills: {partitions: customer}
    jobs:
      days: {pipeline: {pipeline_name: days}}
      regions: {pipeline: {pipeline_name: regions}, schedule: {cron_schedule: "* * * * *", default_status: RUNNING}}
      bills: {pipeline: {pipeline_name: bills}}
    sensors:
      new_customers:
        type: partitions_found
        dataset: customers
        remove: true
        default_status: RUNNING
        minimum_interval_seconds: 5
"""
DAYS = ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"]
STATUS = "query S($id: String!) { partitionBackfillOrError(backfillId: $id) { ... on PartitionBackfill { status } } }"
EVENTS = """
query E($run: ID!) { logsForRun(runId: $run, limit: 1000) { ... on EventConnection { events {
  __typename ... on ExecutionStepSuccessEvent { stepKey } ... on MaterializationEvent { partition assetKey { path } }
} } } }
"""
HEALTH = """
query H($keys: [AssetKeyInput!]) { assetNodes(assetKeys: $keys) {
  assetKey { path } partitionKeys partitionStats { numMaterialized numFailed numPartitions }
} }
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory, builder, locate):
    root = tmp_path_factory.mktemp("backfills")
    files = {f"data/raw/{day}.json": str(number) for number, day in enumerate(DAYS, start=1)}
    project = builder(
        root / "project",
        registry=REGISTRY,
        settings="from demo.hooks import Watch\n\nHOOKS = (Watch(),)\n",
        catalog=CATALOG,
        parameters="",
        dagster=DAGSTER,
        files={
            **files,
            "data/customers/acme.json": "3",
            "data/customers/nord/ost.json": "4",
            "src/demo/hooks.py": HOOKS,
        },
    ).write()
    location = locate(root / "location", {"kedro": f"project: {project.root}\nexecutor: one"})
    path = [str(location.root / "src"), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    env = {**location.environment(), "PYTHONPATH": os.pathsep.join(filter(None, path))}
    server = DevServer(location.root, env, root / "dg_dev.log")
    try:
        server.wait_until_ready()
        yield Scene(server, project.root)  # which asks for all backfills at once: the daemon takes its time for each
    finally:
        server.stop()


class Scene:
    """A server, and what its runs did."""

    def __init__(self, server, root):
        self.server, self.root = server, root
        days = {"partitionSetName": "days_partition_set", "repositorySelector": server.where}
        self._backfills = {
            "single_run": self._backfill(assetSelection=assets("parts"), partitionNames=DAYS[1:3]),
            "multi_run": self._backfill(assetSelection=assets("first", "second"), partitionNames=["a", "b"]),
            "job": self._backfill(selector=days, partitionNames=[DAYS[2], DAYS[3]]),
        }

    def _backfill(self, **params):
        answer = self.server.query(BACKFILL, params=params)
        assert answer["__typename"] == "LaunchBackfillSuccess", answer
        return answer["backfillId"]

    def runs_of(self, name):
        """Ids of the runs of a backfill, once it is over and went well."""
        backfill = self._backfills[name]

        def status():
            return self.server.query(STATUS, id=backfill)["status"]

        until(lambda: status() != "REQUESTED", 240, self.server.log)
        assert status() == "COMPLETED_SUCCESS", self.server.log()
        tag = {"key": "dagster/backfill", "value": backfill}
        return [run["runId"] for run in self.server.query(RUNS, filter={"tags": [tag]})["results"]]

    def did(self, run):
        """Steps that succeeded, and partitions by asset, of a run that went well."""
        assert self.server.wait(run) == "SUCCESS", self.server.log()
        events = self.server.query(EVENTS, run=run)["events"]
        steps = [event["stepKey"] for event in events if event["__typename"] == "ExecutionStepSuccessEvent"]
        made = {}
        for event in events:
            if event["__typename"] == "MaterializationEvent":
                made.setdefault(event["assetKey"]["path"][-1], []).append(event["partition"])
        return steps, {name: sorted(keys, key=str) for name, keys in made.items()}

    def seen_by_hooks(self):
        return [json.loads(line) for line in (self.root / "trace.jsonl").read_text().splitlines()]

    def health(self, *names):
        nodes = self.server.query(HEALTH, keys=[{"path": [name]} for name in names])
        return {node["assetKey"]["path"][-1]: (node["partitionKeys"], node["partitionStats"]) for node in nodes}


def assets(*names):
    return [{"path": [name]} for name in names]


def test_keys_in_storage_become_partitions_and_those_that_are_gone_do_not_stay(server):
    def keys():
        return server.health("bills")["bills"][0]

    until(lambda: keys() == ["acme", "nord/ost"], 120, server.server.log)
    _, made = server.did(server.server.launch("bills"))
    assert made == {"bills": ["acme", "nord/ost"]}
    assert json.loads((server.root / "data/bills/nord/ost.json").read_text()) == {"customer": ["nord/ost"], "sum": 4}
    (server.root / "data/customers/acme.json").unlink()
    until(lambda: keys() == ["nord/ost"], 120, server.server.log)


def test_one_run_for_several_keys(server):
    [run] = server.runs_of("single_run")
    steps, made = server.did(run)
    assert made == {"parts": DAYS[1:3]}
    assert sorted(steps) == [
        "clean.clean__done",
        "clean.clean__keys",
        "clean.clean__node[2024_01_02]",
        "clean.clean__node[2024_01_03]",
    ]
    assert [[], {"partition_keys": DAYS[1:3]}] in server.seen_by_hooks()


def test_a_run_for_each_key_is_one_plain_step_for_each_node(server):
    done = [server.did(run) for run in server.runs_of("multi_run")]
    assert [steps for steps, _ in done] == [["begin", "link"], ["begin", "link"]]
    assert sorted(made["second"] for _, made in done) == [["a"], ["b"]]
    assert (server.root / "data/second/b.txt").read_text() == "B linked"
    assert [[], {"partition_key": "a"}] in server.seen_by_hooks()


def test_a_backfill_of_a_job(server):
    [run] = server.runs_of("job")
    _, made = server.did(run)
    assert made == {"parts": DAYS[2:], "total": [None]}
    assert [["days"], {"partition_keys": DAYS[2:]}] in server.seen_by_hooks()


def test_the_health_of_partitions(server):
    for name in ("single_run", "job", "multi_run"):
        server.runs_of(name)
    stats = {name: stats for name, (_, stats) in server.health("parts", "second").items()}
    assert stats["parts"] == {"numMaterialized": 3, "numFailed": 0, "numPartitions": 4}
    assert stats["second"] == {"numMaterialized": 2, "numFailed": 0, "numPartitions": 2}


def test_a_schedule_of_static_partitions(server):
    run = server.server.run_with_tag("dagster/schedule_name", "regions_schedule")
    server.server.stop_schedule("regions_schedule")
    _, made = server.did(run)
    assert made == {"region": ["eu", "us"]}
    assert [["regions"], {"partition_keys": ["eu", "us"]}] in server.seen_by_hooks()
