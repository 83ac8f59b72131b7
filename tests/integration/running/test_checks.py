"""Asset checks: of Kedro's own validation and of `checks:`, in the step that makes the data and alone."""

import kedro.io.core
import pytest

REGISTRY = """
    import pandas as pd
    from kedro.pipeline import node, pipeline
    from kedro.validation import CheckFailure, DataValidationError

    def positive(data):
        bad = data[data["a"] < 0]
        if len(bad):
            failure = CheckFailure("negative values", check="positive", column="a", failure_count=len(bad),
                                   failure_examples=list(bad["a"]))
            raise DataValidationError("a has negative values", failures=[failure])

    def clean(raw):
        return raw

    def chunks(cleaned):
        yield cleaned
        yield cleaned.rename(columns={"b": "c"})

    def hold(cleaned):
        return cleaned

    def nothing(held):
        return held.iloc[:0]

    def after(nothing):
        return nothing

    def minus(cleaned):
        return cleaned.assign(a=-1)

    def use(warned):
        return warned

    def region(cleaned):
        return {"eu": cleaned, "us": cleaned.iloc[:1]}

    def split(regions, key):
        return {key: regions[key]()}

    def register_pipelines():
        shared = [node(clean, "raw", "cleaned", name="clean")]
        return {
            "good": pipeline([*shared, node(chunks, "cleaned", "joined", name="chunks"),
                              node(hold, "cleaned", "held", name="hold")]),
            "blocked": pipeline([*shared, node(hold, "cleaned", "held", name="hold"),
                                 node(nothing, "held", "nothing", name="nothing"),
                                 node(after, "nothing", "after", name="after")]),
            "strict": pipeline([*shared, node(minus, "cleaned", "strict", name="strict")]),
            "warned": pipeline([*shared, node(minus, "cleaned", "warned", name="warned"),
                                node(use, "warned", "used", name="use")]),
            "regions": pipeline([*shared, node(region, "cleaned", "regions", name="region"),
                                 node(split, ["regions", "params:partition_key"], "parts", name="split")]),
        }
"""
CATALOG = """
    raw: {type: pandas.CSVDataset, filepath: data/raw.csv, validator: {class: demo.pipeline_registry.positive, on: [load]}}
    cleaned: {type: pandas.CSVDataset, filepath: data/cleaned.csv, save_args: {index: false}}
    joined: {type: pandas.CSVDataset, filepath: data/joined.csv, save_args: {index: false, mode: a}}
    nothing: {type: pandas.CSVDataset, filepath: data/nothing.csv, save_args: {index: false}}
    after: {type: pandas.CSVDataset, filepath: data/after.csv, save_args: {index: false}}
    strict:
      type: pandas.CSVDataset
      filepath: data/strict.csv
      validator: demo.pipeline_registry.positive
    warned:
      type: pandas.CSVDataset
      filepath: data/warned.csv
      validator: {class: demo.pipeline_registry.positive, severity: warn, on: save}
    used: {type: pandas.CSVDataset, filepath: data/used.csv}
    regions:
      type: partitions.PartitionedDataset
      path: data/regions
      dataset: {type: pandas.CSVDataset, save_args: {index: false}}
      filename_suffix: .csv
    parts:
      type: partitions.PartitionedDataset
      path: data/parts
      dataset: {type: pandas.CSVDataset, save_args: {index: false}}
      filename_suffix: .csv
"""
DAGSTER = """
    partitions:
      region: {type: static, partition_keys: [eu, us]}
    assets:
      raw: {checks: [not_empty]}
      cleaned:
        checks:
          - not_empty
          - {type: row_count, min: 1, max: 2, severity: warn}
          - {type: columns, columns: [a, b]}
          - {type: columns, columns: [a, z], name: more_columns}
      joined: {checks: [{type: row_count, min: 6, max: 6}, {type: columns, columns: [b]}]}
      held: {checks: [not_empty]}
      nothing: {checks: [{type: not_empty, blocking: true}]}
      parts: {partitions: region, checks: [{type: row_count, min: 4, max: 4}]}
    jobs:
      good: {pipeline: {pipeline_name: good}}
      blocked: {pipeline: {pipeline_name: blocked}}
      strict: {pipeline: {pipeline_name: strict}}
      warned: {pipeline: {pipeline_name: warned}}
      regions: {pipeline: {pipeline_name: regions}}
"""
REQUESTS = {
    "good": {"job": "good"},
    "good_between": {"job": "good", "executor": "multiprocess"},
    "alone": {"checks": ["cleaned:row_count", "raw:validator", "raw:not_empty"]},
    "blocked": {"job": "blocked"},
    "strict": {"job": "strict"},
    "warned": {"job": "warned"},
    "regions": {"job": "regions"},
    "regions_alone": {"checks": ["parts:row_count"]},
}

pytestmark = pytest.mark.skipif(not hasattr(kedro.io.core, "VALIDATOR_KEY"), reason="Kedro validates since 1.6")


@pytest.fixture(scope="module")
def reports(tmp_path_factory, builder, locate):
    root = tmp_path_factory.mktemp("checks")
    files = {"data/raw.csv": "a,b\n1,x\n2,y\n3,z\n"}
    project = builder(root / "project", registry=REGISTRY, catalog=CATALOG, dagster=DAGSTER, files=files).write()
    location = locate(root / "location", {"kedro": f"project: {project.root}"})
    return dict(zip(REQUESTS, location.run(*REQUESTS.values()), strict=True))


def outcomes(report):
    return {name: check["passed"] for name, check in report["checks"].items()}


@pytest.mark.parametrize("name", ["good", "good_between"])
def test_checks_of_data_in_hand(reports, name):
    report = reports[name]
    assert report["success"], report
    assert outcomes(report) == {
        "raw:validator": True,
        "cleaned:not_empty": True,
        "cleaned:row_count": False,
        "cleaned:columns": True,
        "cleaned:more_columns": False,
        "joined:row_count": True,
        "joined:columns": False,
        "held:not_empty": True,
    }
    assert report["checks"]["cleaned:row_count"]["severity"] == "WARN"
    assert report["checks"]["cleaned:row_count"]["description"] == "3 rows, expected at least 1 and at most 2"
    assert report["checks"]["cleaned:more_columns"]["severity"] == "ERROR"
    assert report["checks"]["cleaned:more_columns"]["metadata"] == {"columns": "a, b", "missing": "z"}


def test_checks_alone_run_no_node_and_no_hook(reports):
    report = reports["alone"]
    assert report["success"], report
    assert outcomes(report) == {"cleaned:row_count": False, "raw:validator": True, "raw:not_empty": True}
    assert not report["saved"]
    assert not any("Running node" in message or "Completed" in message for _, message in report["logs"])


def test_a_blocking_check_keeps_later_steps_from_running(reports):
    report = reports["blocked"]
    assert not report["success"]
    assert outcomes(report)["nothing:not_empty"] is False
    assert "nothing" in report["saved"]
    assert "after" not in report["saved"]
    assert set(report["failures"]) == {"nothing"}


def test_validation_that_fails_ends_the_node_and_tells_its_failures(reports):
    report = reports["strict"]
    assert not report["success"]
    assert "strict" not in report["saved"]
    check = report["checks"]["strict:validator"]
    assert (check["passed"], check["severity"]) == (False, "ERROR")
    assert check["metadata"]["failed checks"] == 1
    assert check["metadata"]["failures"]["records"] == [
        {"column": "a", "check": "positive", "message": "negative values", "count": 3, "examples": "-1, -1, -1"}
    ]


def test_validation_that_only_warns(reports):
    report = reports["warned"]
    assert report["success"], report
    check = report["checks"]["warned:validator"]
    assert (check["passed"], check["severity"]) == (False, "WARN")
    assert check["metadata"]["failed checks"] == 1


@pytest.mark.parametrize("name", ["regions", "regions_alone"])
def test_a_fan_out_is_checked_once_over_all_keys(reports, name):
    report = reports[name]
    assert report["success"], report
    check = report["checks"]["parts:row_count"]
    assert check["passed"], check
    assert check["count"] == 1
    assert check["metadata"]["rows"] == 4
