"""Jobs of partitioned nodes: over one definition and over two, what schedules ask for, failures and what is wrong."""

import json

import pytest

REGISTRY = """
    from pathlib import Path

    from kedro.pipeline import node, pipeline

    FAILS = Path("data/fails")

    def clean(raw):
        return {key: load() * 2 for key, load in raw.items()}

    def write(parts, suffix):
        ((key, load),) = parts.items()
        return f"{key}{suffix} {load()}"

    def total(texts):
        return {key: load() for key, load in texts.items()}

    def shout(key):
        if key == "us" and FAILS.exists():
            raise RuntimeError("not today")
        return key.upper()

    def after(text, word):
        return text + word

    def report(texts, total):
        return sorted(load() for load in texts.values()) + sorted(total)

    def register_pipelines():
        days = [
            node(clean, "raw", "parts", name="clean"),
            node(write, ["parts", "params:suffix"], "text", name="write"),
            node(total, "text", "total", name="total"),
        ]
        regions = [
            node(shout, "params:partition_key", "region", name="shout"),
            node(after, ["region", "params:word"], "region_text", name="after"),
        ]
        end = [node(report, ["region_text", "total"], "report", name="report")]
        return {"days": pipeline(days), "regions": pipeline(regions), "all": pipeline(days + regions + end)}
"""
HOOKS = """
    import json
    import logging

    from kedro.framework.hooks import hook_impl

    logger = logging.getLogger("demo.hooks")

    class Watch:
        def _log(self, moment, run_params, error=""):
            logger.info("RUN %s", json.dumps([moment, run_params["runtime_params"], str(error)]))

        @hook_impl
        def before_pipeline_run(self, run_params):
            self._log("before", run_params)

        @hook_impl
        def after_pipeline_run(self, run_params):
            self._log("after", run_params)

        @hook_impl
        def on_pipeline_error(self, run_params, error):
            self._log("error", run_params, error)
"""
CATALOG = """
    raw: {type: partitions.PartitionedDataset, path: data/raw, dataset: json.JSONDataset, filename_suffix: .json}
    parts: {type: partitions.PartitionedDataset, path: data/parts, dataset: json.JSONDataset, filename_suffix: .json}
    text: {type: text.TextDataset, filepath: "data/text/${runtime_params:partition_key,none}.txt", versioned: true}
    total: {type: json.JSONDataset, filepath: data/total.json}
    region_text: {type: text.TextDataset, filepath: "data/region/${runtime_params:partition_key,none}.txt"}
    report: {type: json.JSONDataset, filepath: data/report.json}
"""
DAGSTER = """
    partitions:
      day: {type: daily, start_date: "2024-01-01", end_date: "2024-01-05"}
      region: {type: static, partition_keys: [eu, us, asia]}
    assets:
      raw: {partitions: day}
      parts: {partitions: day}
      text: {partitions: day}
      region: {partitions: region}
      region_text: {partitions: region}
    jobs:
      days: {pipeline: {pipeline_name: days}, schedule: {}}
      first_days: {pipeline: {pipeline_name: days}, partitions: 2024-01-01...2024-01-02, schedule: {}}
      regions: {pipeline: {pipeline_name: regions}, schedule: {cron_schedule: "@daily"}}
      both: {pipeline: {pipeline_name: all}, partitions: latest, params: {word: "!"}, schedule: {}}
"""
DAYS = ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"]
REGIONS = ["asia", "eu", "us"]
PARTITION = "dagster/partition"


def between(first, last):
    return {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}


REQUESTS = {
    "days at a tick": {"schedule": "days_schedule", "at": "2024-01-04T00:00:00+00:00"},
    "first days at a tick": {"schedule": "first_days_schedule", "at": "2024-01-04T00:00:00+00:00"},
    "regions at a tick": {"schedule": "regions_schedule", "at": "2024-01-04T00:00:00+00:00"},
    "both": {"job": "both", "config": {"ops": {"write": {"config": {"params:suffix": " is"}}}}},
    "both, one key fails": {"job": "both", "call": "location.fail:break_it"},
    "both again": {"job": "both", "call": "location.fail:mend_it", "reexecute": 4},
    "both by a schedule": {"schedule": "both_schedule", "at": "2024-01-05T00:00:00+00:00"},
    "both through the API": {"job": "both", "executor": "api"},
    "both between processes, one key fails": {
        "job": "both",
        "call": "location.fail:break_it",
        "executor": "multiprocess",
    },
    "both again between processes": {
        "job": "both",
        "call": "location.fail:mend_it",
        "reexecute": 8,
        "executor": "multiprocess",
    },
    "a range of static keys": {"assets": ["region", "region_text"], "tags": between("us", "asia")},
    "an unknown key": {"assets": ["region"], "tags": {PARTITION: "mars"}},
    "an unknown end": {"assets": ["region"], "tags": between("eu", "mars")},
    "an empty range": {"assets": ["region"], "tags": between("asia", "eu")},
    "a day that is none": {"assets": ["parts"], "tags": {PARTITION: "2024-02-30"}},
}
FAIL = """
    from pathlib import Path

    FAILS = Path(ROOT) / "data/fails"

    def break_it():
        FAILS.touch()

    def mend_it():
        FAILS.unlink()
"""


@pytest.fixture(scope="module")
def scene(tmp_path_factory, builder, locate):
    root = tmp_path_factory.mktemp("jobs")
    files = {f"data/raw/{day}.json": str(number) for number, day in enumerate(DAYS, start=1)}
    project = builder(
        root / "project",
        registry=REGISTRY,
        settings="from demo.hooks import Watch\n\nHOOKS = (Watch(),)\n",
        catalog=CATALOG,
        parameters="{suffix: ' was', word: '?'}",
        dagster=DAGSTER,
        files={**files, "src/demo/hooks.py": HOOKS},
    ).write()
    fail = FAIL.replace("ROOT", repr(str(project.root)))
    location = locate(
        root / "location", {"kedro": f"project: {project.root}\nmemory_datasets: stored"}, **{"location/fail.py": fail}
    )
    return dict(zip(REQUESTS, location.run(*REQUESTS.values()), strict=True)), project.root


def partitions(report, asset):
    return sorted(str(key) for name, key in report["partitions"] if name == asset)


def moments(report):
    """Run-level hooks: which, and the runtime parameters they saw."""
    said = [json.loads(text.partition(" - RUN ")[2]) for _, text in report["logs"] if " - RUN " in text]
    return [(moment, params) for moment, params, _ in said]


@pytest.mark.parametrize(
    ("name", "assets"),
    [
        ("days at a tick", {"parts": ["2024-01-03"], "text": ["2024-01-03"], "total": ["None"]}),
        ("first days at a tick", {"parts": DAYS[:2], "text": DAYS[:2], "total": ["None"]}),
        ("regions at a tick", {"region": REGIONS, "region_text": REGIONS}),
        ("both by a schedule", {"parts": DAYS[3:], "region": REGIONS, "region_text": REGIONS, "report": ["None"]}),
        ("both through the API", {"parts": DAYS[3:], "region": REGIONS, "region_text": REGIONS, "report": ["None"]}),
        ("a range of static keys", {"region": ["asia", "us"], "region_text": ["asia", "us"]}),
    ],
)
def test_runs(scene, name, assets):
    report = scene[0][name]
    assert report["success"], report
    assert {asset: partitions(report, asset) for asset in assets} == assets


def test_hooks_of_runs_see_the_keys(scene):
    reports, _ = scene
    [(first, params), (last, _)] = moments(reports["days at a tick"])
    assert (first, last, params["partition_key"]) == ("before", "after", "2024-01-03")
    assert moments(reports["first days at a tick"])[0] == ("before", {"partition_keys": DAYS[:2]})
    assert moments(reports["a range of static keys"])[0] == ("before", {"partition_keys": ["us", "asia"]})
    for name in ("both", "both by a schedule", "both through the API"):
        before, after = moments(reports[name])
        assert (before[0], after[0]) == ("before", "after")
        assert before[1] == after[1] == {"word": "!", "partition_keys": ["eu", "us", "asia", "2024-01-04"]}
    assert [moment for moment, _ in moments(reports["both, one key fails"])] == ["before", "error"]


def test_a_job_over_two_definitions_takes_configuration_and_parameters(scene):
    reports, root = scene
    assert reports["both"]["success"], reports["both"]
    assert reports["both"]["saved"]["text"]["kedro/save_version"]
    texts = sorted((root / "data/text/2024-01-04.txt").rglob("*.txt"))
    assert texts[0].read_text() == "2024-01-04 is 8"
    assert (root / "data/region/eu.txt").read_text() == "EU!"


def test_a_job_over_two_definitions_records_versions_as_a_job_of_assets(scene):
    reports, _ = scene

    def tags(name, asset, partition):
        [found] = [tags for key, one, tags in reports[name]["partition_tags"] if (key, one) == (asset, partition)]
        return found

    of_ops, of_assets = tags("both", "region_text", "eu"), tags("regions at a tick", "region_text", "eu")
    assert of_ops.keys() == of_assets.keys() >= {"dagster/code_version", "dagster/input_data_version/region"}
    assert of_ops["dagster/code_version"] == of_assets["dagster/code_version"]
    assert "dagster/input_data_version/total" in tags("both", "report", None)


@pytest.mark.parametrize("where", ["", " between processes"])
def test_a_key_that_fails_stops_no_other_and_only_it_runs_again(scene, where):
    reports, root = scene
    failed, again = reports[f"both{where}, one key fails"], reports[f"both again{where}"]
    assert list(failed["failures"]) == ["shout.shout__node[us]"]
    assert "not today" in failed["failures"]["shout.shout__node[us]"]
    assert partitions(failed, "region") == ["asia", "eu"]
    assert partitions(failed, "total") == ["None"]
    assert "region_text" not in failed["saved"]
    assert again["success"], again
    assert partitions(again, "region") == ["us"]
    assert partitions(again, "region_text") == REGIONS
    assert {name.partition(".")[0] for name in again["steps"]} == {"shout", "after", "report"}
    assert json.loads((root / "data/report.json").read_text())[:3] == ["ASIA!", "EU!", "US!"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("an unknown key", "There is no partition 'mars'"),
        ("an unknown end", "mars"),  # Dagster's own words, as for the day
        ("an empty range", "There is no partition key to work on: nothing is between 'asia' and 'eu'"),
        ("a day that is none", "2024-02-30"),
    ],
)
def test_keys_that_are_none(scene, name, message):
    report = scene[0][name]
    assert not report["success"]
    assert message in report["error"] + "".join(report["failures"].values())
    assert report["saved"] == {}
