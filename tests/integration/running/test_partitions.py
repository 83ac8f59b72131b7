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
PARAMETERS = ""
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


KINDS_REGISTRY = """
    import logging

    from kedro.pipeline import node, pipeline

    logger = logging.getLogger(__name__)

    def log(name, key):
        logger.info("GOT %s %s", name, key)

    def make(key):
        return {key: f"{key} made"}

    def widen(parts):
        log("widen", sorted(parts))
        return ",".join(load() for _, load in sorted(parts.items()))

    def stray(key):
        return {"elsewhere": "x"}

    def confirm(parts):
        return {key: data for key, data in parts.items()}

    def only_order(key):
        return None

    def nothing(key):
        return {}

    def cross(day, region):
        log("cross", f"{day} {region}")
        return f"{day} {region}"

    def of_day(crossed):
        log("of_day", sorted(crossed))
        return ",".join(load() for _, load in sorted(crossed.items()))

    def register_pipelines():
        key = "params:partition_key"
        return {
            "regions": pipeline([node(make, key, "regions", name="make"), node(widen, "regions", "wide", name="widen")]),
            "stray": pipeline([node(stray, key, "strays", name="stray")]),
            "incremental": pipeline([node(confirm, "steps", "confirmed", confirms="steps", name="confirm")]),
            "sink": pipeline([node(only_order, key, None, name="only_order")]),
            "nothing": pipeline([node(nothing, key, "empties", name="nothing")]),
            "days": pipeline([
                node(cross, ["params:partition_day", "params:partition_region"], "crossed", name="cross"),
                node(of_day, "crossed", "by_day", name="of_day"),
            ]),
            "plain": pipeline([node(make, key, "plain_regions", name="make_plain")]),
        }
"""
KINDS_HOOKS = """
    import json
    import logging

    from kedro.framework.hooks import hook_impl

    logger = logging.getLogger("demo.hooks")

    class Watch:
        @hook_impl
        def before_pipeline_run(self, run_params):
            logger.info("RUN %s", json.dumps(run_params["runtime_params"]))

        @hook_impl
        def before_node_run(self, node, catalog):
            logger.info("NODE %s", catalog.load("params:partition_key"))
"""
KINDS_CATALOG = """
    _parts: &parts {type: partitions.PartitionedDataset, dataset: text.TextDataset, filename_suffix: .txt, overwrite: true}
    regions: {<<: *parts, path: data/regions}
    strays: {<<: *parts, path: data/strays}
    confirmed: {<<: *parts, path: data/confirmed}
    empties: {<<: *parts, path: data/empties}
    plain_regions: {<<: *parts, path: data/plain_regions}
    steps: {type: partitions.IncrementalDataset, dataset: text.TextDataset, filename_suffix: .txt, path: data/steps}
    wide: {type: text.TextDataset, filepath: "data/wide/${runtime_params:partition_key,none}.txt"}
    crossed:
      type: text.TextDataset
      filepath: "data/crossed/${runtime_params:partition_day,none}/${runtime_params:partition_region,none}.txt"
      versioned: true
    by_day: {type: text.TextDataset, filepath: "data/by_day/${runtime_params:partition_key,none}.txt"}
"""
KINDS_DAGSTER = """
    partitions:
      region: {type: static, partition_keys: [north, "south west", "a/b"]}
      side: {type: static, partition_keys: [left, right]}
      day: {type: daily, start_date: "2024-01-01", end_date: "2024-01-03"}
      day_region: {type: multi, dimensions: {day: day, region: {type: static, partition_keys: [eu, us]}}}
    assets:
      "{any}regions": {partitions: region}
      regions: {partitions: region}
      plain_regions: {partitions: region, backfill_policy: {type: multi_run}}
      strays: {partitions: region}
      empties: {partitions: region}
      confirmed: {partitions: side}
      steps: {partitions: side}
      only_order: {partitions: side}
      wide:
        partitions: side
        partition_mappings:
          regions: {type: static, downstream_keys_by_upstream_key: {north: left, "south west": [left, right], "a/b": right}}
      crossed: {partitions: day_region}
      by_day: {partitions: day}
    jobs:
      days: {pipeline: {pipeline_name: days}}
"""


@pytest.fixture(scope="module")
def kinds(tmp_path_factory, builder, locate):
    root = tmp_path_factory.mktemp("kinds")
    files = {
        "src/demo/hooks.py": KINDS_HOOKS,
        "data/strays/north.txt": "before",
        "data/regions/other.txt": "not a key",
        "data/steps/left.txt": "l",
        "data/steps/right.txt": "r",
        "data/steps/CHECKPOINT": "zzz",
    }
    project = builder(
        root / "project",
        registry=KINDS_REGISTRY,
        settings="from demo.hooks import Watch\n\nHOOKS = (Watch(),)\n",
        catalog=KINDS_CATALOG,
        parameters="",
        dagster=KINDS_DAGSTER,
        files=files,
    ).write()
    for file in (project.root / "conf").rglob("parameters*"):
        file.unlink()
    location = locate(root / "location", {"kedro": f"project: {project.root}"})
    requests = {
        "make": {"assets": ["regions"]},
        "widen": {"assets": ["wide"]},
        "stray": {"assets": ["strays"], "tags": tags("north")},
        "confirm": {"assets": ["confirmed"], "tags": tags("right")},
        "sink": {"assets": ["only_order"], "tags": tags("left")},
        "nothing": {"assets": ["empties"], "tags": tags("north")},
        "plain": {"assets": ["plain_regions"], "tags": tags("a/b")},
        "cross": {"assets": ["crossed"]},
        "of_day": {"assets": ["by_day"], "tags": tags("2024-01-02")},
    }
    return dict(zip(requests, location.run(*requests.values()), strict=True)), project.root


def logged(report):
    assert report["success"], report
    return [text.partition("GOT ")[2] for _, text in report["logs"] if "GOT " in text]


def test_odd_keys_and_a_static_mapping(kinds):
    reports, root = kinds
    assert sorted(partitions(reports["make"], "regions")) == ["a/b", "north", "south west"]
    assert (root / "data/regions/a/b.txt").read_text() == "a/b made"
    assert (root / "data/regions/other.txt").read_text() == "not a key"
    assert sorted(logged(reports["widen"])) == ["widen ['a/b', 'south west']", "widen ['north', 'south west']"]
    assert (root / "data/wide/left.txt").read_text() == "north made,south west made"


def test_a_key_that_is_not_the_steps_is_refused_before_anything_is_written(kinds):
    reports, root = kinds
    (failure,) = reports["stray"]["failures"].values()
    assert "A step for partition 'north' cannot save the partitions 'elsewhere'" in failure
    assert (root / "data/strays/north.txt").read_text() == "before"
    assert not (root / "data/strays/elsewhere.txt").exists()


def test_an_incremental_dataset_leaves_its_checkpoint_alone(kinds):
    reports, root = kinds
    assert partitions(reports["confirm"], "confirmed") == ["right"]
    assert (root / "data/steps/CHECKPOINT").read_text() == "zzz"
    assert (root / "data/confirmed/right.txt").read_text() == "r"


def test_a_node_without_outputs_one_that_saves_nothing_and_one_run_for_each_key(kinds):
    reports, _ = kinds
    assert partitions(reports["sink"], "only_order") == ["left"]
    assert partitions(reports["nothing"], "empties") == []
    assert any("saved nothing of 'empties'" in text for _, text in reports["nothing"]["logs"])
    assert partitions(reports["plain"], "plain_regions") == ["a/b"]
    assert reports["plain"]["steps"] == ["make_plain"]
    assert reports["sink"]["steps"] == [
        "only_order.only_order__keys",
        "only_order.only_order__node[left]",
        "only_order.only_order__done",
    ]


def seen_by_hooks(report, mark):
    assert report["success"], report
    return [text.partition(f" - {mark} ")[2] for _, text in report["logs"] if f" - {mark} " in text]


def test_hooks_see_the_keys(kinds):
    reports, _ = kinds
    assert seen_by_hooks(reports["sink"], "RUN") == ['{"partition_key": "left"}']
    assert seen_by_hooks(reports["make"], "RUN") == ['{"partition_keys": ["north", "south west", "a/b"]}']
    assert seen_by_hooks(reports["make"], "NODE") == ["north", "south west", "a/b"]


def test_two_dimensions_and_one_of_them(kinds):
    reports, root = kinds
    assert len(partitions(reports["cross"], "crossed")) == 4
    assert min(logged(reports["cross"])) == "cross 2024-01-01 eu"
    assert logged(reports["of_day"]) == ["of_day ['2024-01-02|eu', '2024-01-02|us']"]
    assert (root / "data/by_day/2024-01-02.txt").read_text() == "2024-01-02 eu,2024-01-02 us"


MIXED_DAGSTER = (
    KINDS_DAGSTER
    + """
      mixed: {pipeline: {pipeline_names: [regions, plain]}, partitions: all}
      mixed_days: {pipeline: {pipeline_names: [days, sink]}, partitions: latest}
"""
)


@pytest.fixture(scope="module")
def mixed(tmp_path_factory, builder, locate):
    root = tmp_path_factory.mktemp("mixed")
    project = builder(
        root / "project", registry=KINDS_REGISTRY, catalog=KINDS_CATALOG, parameters="", dagster=MIXED_DAGSTER
    ).write()
    location = locate(root / "location", {"kedro": f"project: {project.root}"})
    requests = {
        "mixed": {"job": "mixed"},
        "between": {"job": "mixed", "executor": "multiprocess"},
        "latest": {"job": "mixed_days"},
    }
    return dict(zip(requests, location.run(*requests.values()), strict=True)), project.root


@pytest.mark.parametrize("name", ["mixed", "between"])
def test_a_job_over_two_definitions(mixed, name):
    reports, root = mixed
    assert sorted(partitions(reports[name], "regions")) == ["a/b", "north", "south west"]
    assert sorted(partitions(reports[name], "wide")) == ["left", "right"]
    assert sorted(partitions(reports[name], "plain_regions")) == ["a/b", "north", "south west"]
    assert (root / "data/wide/right.txt").read_text() == "a/b made,south west made"
    steps = reports[name]["steps"]
    assert steps.index("make.make__done") < steps.index("widen.widen__keys")


def test_the_newest_of_a_job_over_two_definitions(mixed):
    reports, _ = mixed
    assert sorted(partitions(reports["latest"], "crossed")) == ["2024-01-02|eu", "2024-01-02|us"]
    assert partitions(reports["latest"], "by_day") == ["2024-01-02"]
    assert sorted(partitions(reports["latest"], "only_order")) == ["left", "right"]
