"""Partitioned datasets: each key a step of its own, in every way of being partitioned."""

import json

import pytest

REGISTRY = """
    import logging
    from pathlib import Path

    from kedro.pipeline import node, pipeline

    logger = logging.getLogger(__name__)

    def clean(raw):
        return {key: load() * 2 for key, load in raw.items()}

    def count(parts, key, start):
        assert not isinstance(parts, dict) or list(parts) == [key]
        (load,) = parts.values()
        logger.info("KEY %s %s", key, start)
        return {"key": key, "value": load()}

    def keep(counted):
        return dict(counted, kept=True)

    def write(kept):
        return f"{kept['key']} {kept['value']} {kept['kept']}"

    def total(texts, parts):
        return {"texts": {key: load() for key, load in texts.items()}, "parts": sorted(parts)}

    def whole(region, info):
        return f"{region['name']} {info}"

    def register_pipelines():
        return {"__default__": pipeline([
            node(clean, "raw", "parts", name="clean"),
            node(count, ["parts", "params:partition_key", "params:partition_start"], "counted", name="count"),
            node(keep, "counted", "kept", name="keep"),
            node(write, "kept", "text", name="write"),
            node(total, ["text", "parts"], "total", name="total"),
        ])}
"""
CATALOG = """
    raw: {type: partitions.PartitionedDataset, path: data/raw, dataset: json.JSONDataset, filename_suffix: .json}
    parts:
      type: partitions.PartitionedDataset
      path: data/parts
      dataset: json.JSONDataset
      filename_suffix: .json
      overwrite: true
    text: {type: text.TextDataset, filepath: "data/text/${runtime_params:partition_key,none}.txt"}
    total: {type: json.JSONDataset, filepath: data/total.json}
"""
DAGSTER = """
    partitions:
      day: {type: daily, start_date: "2024-01-01", end_date: "2024-01-05"}
    assets:
      raw: {partitions: day}
      parts: {partitions: day}
      counted: {partitions: day}
      kept: {partitions: day}
      text: {partitions: day}
    jobs:
      everything: {pipeline: {pipeline_name: __default__}}
"""
PARAMETERS = """
    partition_key: none
    partition_start: none
"""
DAYS = ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"]


def tags(first, last=None):
    if last is None:
        return {"dagster/partition": first}
    return {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}


@pytest.fixture(scope="module")
def scene(tmp_path_factory, builder, locate):
    root = tmp_path_factory.mktemp("partitions")
    files = {f"data/raw/{day}.json": str(number) for number, day in enumerate(DAYS, start=1)}
    project = builder(
        root / "project", registry=REGISTRY, catalog=CATALOG, parameters=PARAMETERS, dagster=DAGSTER, files=files
    ).write()
    location = locate(root / "location", {"kedro": f"project: {project.root}"})
    requests = {
        "one": {"job": "everything", "tags": tags("2024-01-02")},
        "range": {"job": "everything", "tags": tags("2024-01-02", "2024-01-03")},
        "range_between": {"job": "everything", "tags": tags("2024-01-03", "2024-01-04"), "executor": "multiprocess"},
        "all": {"job": "everything"},
    }
    reports = dict(zip(requests, location.run(*requests.values()), strict=True))
    return reports, project.root


def partitions(report, asset):
    assert report["success"], report
    return [key for name, key in report["partitions"] if name == asset]


def test_one_key(scene):
    reports, root = scene
    for name in ("parts", "counted", "kept", "text"):
        assert partitions(reports["one"], name) == ["2024-01-02"]
    assert partitions(reports["one"], "total") == [None]
    assert (root / "data/text/2024-01-02.txt").read_text() == "2024-01-02 4 True"


@pytest.mark.parametrize(("name", "keys"), [("range", DAYS[1:3]), ("range_between", DAYS[2:4]), ("all", DAYS)])
def test_several_keys_in_one_run(scene, name, keys):
    reports, root = scene
    for asset in ("parts", "counted", "kept", "text"):
        assert sorted(partitions(reports[name], asset)) == keys
    assert json.loads((root / "data/total.json").read_text())["parts"] == DAYS
