"""What each materialisation tells of its data: in this process, in others, in a second project's, for keys, in a job of ops."""

from pathlib import Path

import pytest

REGISTRY = """
    from pathlib import Path

    from kedro.pipeline import node, pipeline

    def show_scores():
        from kedro.pipeline.preview_contract import MermaidPreview
        return MermaidPreview("graph LR\\n  a --> " + str(Path("data/scores.json").exists()))

    def show_nothing():
        raise RuntimeError("cannot be shown, see https://me:hunter2@host/x")

    def read(raw):
        return raw[raw["value"] > 1]

    def chunks(table):
        for start in range(0, len(table), 2):
            yield table.iloc[start:start + 2]

    def score(table, held):
        import numpy
        return {"rows": len(table), "test": {"r2": numpy.float64(0.5)}, "name": "x", "token": "hunter2"}

    def draw(table):
        from matplotlib.figure import Figure
        figure = Figure(figsize=(2, 1))
        figure.subplots().plot(table["value"])
        return figure

    def too_large(table):
        return b"\\x89PNG\\r\\n\\x1a\\n" + b"0" * 200_000

    def parts(table):
        return {str(key): group for key, group in table.groupby("name")}

    def by_region(key, table):
        return table.head(len(key))

    def by_day(table):
        return {"only": table}

    def register_pipelines():
        whole = [
            node(read, "raw", "table", name="read"),
            node(lambda table: table, "table", "held", name="hold"),
            node(lambda table: table, "table", "quiet", name="quieten"),
            node(lambda table: table, "table", "shown", name="show"),
            node(chunks, "table", "chunked", name="chunks"),
            node(parts, "table", "parted", name="parts"),
            node(score, ["table", "held"], "scores", name="score", preview_fn=show_scores),
            node(draw, "table", "plot", name="draw", preview_fn=show_nothing),
            node(too_large, "table", "large", name="too_large"),
        ]
        regions = [node(by_region, ["params:partition_key", "raw"], "regional", name="by_region")]
        days = [node(lambda key, raw: raw, ["params:partition_key", "raw"], "daily", name="by_day")]
        return {"__default__": pipeline(whole), "regions": pipeline(regions), "both": pipeline(regions + days)}
"""
CATALOG = """
    raw: {type: pandas.CSVDataset, filepath: data/raw.csv}
    table: {type: pandas.CSVDataset, filepath: data/table.csv, versioned: true, save_args: {index: false}}
    quiet: {type: pandas.CSVDataset, filepath: data/quiet.csv, metadata: {dagster: {include_metadata: []}}}
    shown:
      type: pandas.CSVDataset
      filepath: data/shown.csv
      metadata: {kedro-viz: {preview_args: {nrows: 2}, preview: false}}
    chunked: {type: pandas.CSVDataset, filepath: data/chunked.csv, save_args: {index: false, mode: a}}
    parted: {type: partitions.PartitionedDataset, path: data/parted, filename_suffix: .csv, dataset: pandas.CSVDataset}
    scores: {type: json.JSONDataset, filepath: data/scores.json}
    plot: {type: matplotlib.MatplotlibDataset, filepath: data/plot.png}
    large: {type: pickle.PickleDataset, filepath: data/large.pkl}
    regional: {type: pandas.CSVDataset, filepath: "data/region/${runtime_params:partition_key,none}.csv"}
    daily: {type: pandas.CSVDataset, filepath: "data/day/${runtime_params:partition_key,none}.csv"}
"""
DAGSTER = """
    partitions:
      day: {type: static, partition_keys: [monday]}
      region: {type: static, partition_keys: [eu, usa]}
    assets:
      regional: {partitions: region}
      daily: {partitions: day}
      shown: {include_metadata: [preview, column_metadata]}
    jobs:
      whole: {pipeline: {pipeline_name: __default__}}
      regions: {pipeline: {pipeline_name: regions}}
      both: {pipeline: {pipeline_name: both}}
"""
RAW = "name,value\na,1\nb,2\nc,3\na,4\nb,5\n"
WAYS = {
    "in_process": {"job": "whole"},
    "multiprocess": {"job": "whole", "executor": "multiprocess"},
    "second project": {"job": "b_whole"},
}
REGIONS = {"dagster/asset_partition_range_start": "eu", "dagster/asset_partition_range_end": "usa"}
OTHERS = {"regions": {"job": "regions", "tags": REGIONS}, "both": {"job": "both"}}


@pytest.fixture(scope="module")
def scene(tmp_path_factory, builder, locate):
    root = tmp_path_factory.mktemp("metadata")
    for name in ("first", "second"):
        files = {"data/raw.csv": RAW}
        builder(root / name, registry=REGISTRY, catalog=CATALOG, parameters="{}", dagster=DAGSTER, files=files).write()
    instances = {
        "one": f"project: {root / 'first'}",
        "two": f"project: {root / 'second'}\nname_prefix: b_\ntranslation: {{key_prefix: b}}",
    }
    requests = {**WAYS, **OTHERS}
    reports = dict(zip(requests, locate(root / "location", instances).run(*requests.values()), strict=True))
    for report in reports.values():
        assert report["success"], report["error"] or report["failures"]
    return root, reports


@pytest.fixture(params=WAYS)
def saved(scene, request):
    """Metadata by asset of one way to run the project."""
    return {name.removeprefix("b/"): told for name, told in scene[1][request.param]["saved"].items()}


def logs(scene, way):
    return [text for level, text in scene[1][way]["logs"] if level >= 30]


def test_tables(saved):
    for name in ("table", "held", "chunked", "parted"):
        assert saved[name]["dagster/row_count"] == 4, name
        assert [column for column, _ in saved[name]["dagster/column_schema"]] == ["name", "value"], name
    assert saved["table"]["kedro/size_bytes"] == len(RAW) - len("a,1\n")
    assert saved["table"]["kedro/save_version"]
    assert saved["parted"]["kedro/size_bytes"] > 0
    assert "kedro/preview" not in saved["table"]
    assert "kedro/size_bytes" not in saved["held"]


def test_times_and_sizes_of_loads(saved):
    told = saved["table"]
    assert 0 < told["kedro/load_seconds"] < told["kedro/seconds"]
    assert 0 < told["kedro/save_seconds"] < told["kedro/seconds"]
    [load] = told["kedro/loads"]
    assert (load["dataset"], load["bytes"]) == ("raw", len(RAW))
    assert load["seconds"] > 0


def test_what_is_asked_for_comes_before_times(saved):
    names = list(saved["scores"])
    assert names.index("kedro/metrics") < names.index("kedro/size_bytes") < names.index("kedro/seconds")
    assert saved["scores"]["kedro/seconds"] == round(saved["scores"]["kedro/seconds"], 6)


def test_metrics(saved):
    told = saved["scores"]
    assert told["kedro/metrics"] == {"rows": 4, "test": {"r2": 0.5}, "name": "x", "token": "***"}
    assert (told["kedro/metrics/rows"], told["kedro/metrics/test.r2"]) == (4, 0.5)


def test_figures(saved):
    assert saved["plot"]["kedro/figure"].startswith("![preview](data:image/png;base64,iVBOR")


def test_what_a_dataset_has_of_its_own(saved):
    told = {"dagster/column_schema", "dagster/row_count", "kedro/size_bytes", "kedro/preview"}
    assert not told & saved["quiet"].keys()
    assert told & saved["shown"].keys() == {"dagster/column_schema", "kedro/preview"}
    assert saved["shown"]["kedro/preview"] == [{"name": "b", "value": 2}, {"name": "c", "value": 3}]


def test_what_a_node_shows_of_itself(saved):
    assert saved["scores"]["kedro/node_preview"] == "```mermaid\ngraph LR\n  a --> True\n```"
    assert "kedro/node_preview" not in saved["plot"]
    assert "kedro/node_preview" not in saved["table"]


@pytest.mark.parametrize("way", WAYS)
def test_what_cannot_be_told_is_a_warning(scene, way):
    found = "\n".join(logs(scene, way))
    assert "No figures in the metadata of 'large': the picture has 200008 bytes" in found
    assert "No preview in the metadata of 'draw': cannot be shown, see https://***@host/x" in found


@pytest.mark.parametrize("way", OTHERS)
def test_each_key_has_its_own(scene, way):
    root, reports = scene
    files = {key: root / "first" / "data" / "region" / f"{key}.csv" for key in ("eu", "usa")}
    told = [entry for entry in reports[way]["all_saved"] if entry["asset"] == "regional"]
    assert {entry["partition"]: entry["metadata"]["dagster/partition_row_count"] for entry in told} == {
        "eu": 2,
        "usa": 3,
    }
    assert {entry["partition"]: entry["metadata"]["kedro/size_bytes"] for entry in told} == {
        key: Path(file).stat().st_size for key, file in files.items()
    }
    assert all("dagster/column_schema" in entry["metadata"] for entry in told)


def test_a_run_makes_new_data_of_the_same_code(scene):
    versions = [scene[1][way]["tags"]["table"] for way in ("in_process", "multiprocess")]
    assert versions[0]["dagster/code_version"] == versions[1]["dagster/code_version"]
    assert len(versions[0]["dagster/code_version"]) == 16
    assert versions[0]["dagster/data_version"] != versions[1]["dagster/data_version"]
