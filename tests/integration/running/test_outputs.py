"""A job and a materialisation leave behind what `kedro run` does, byte for byte."""

import shutil

import pytest

REGISTRY = """
    import functools
    import json
    import logging
    import os
    import warnings
    from pathlib import Path

    from kedro.pipeline import node, pipeline

    logger = logging.getLogger(__name__)

    def clean(raw, threshold):
        logger.info("cleaning %s rows", len(raw))
        logging.getLogger("some.library").error("an error record")
        warnings.warn("a warning of the node", UserWarning)
        return raw[raw["value"] > threshold]

    def split(frame, options):
        middle = len(frame) // options["split"]["parts"]
        return {"train": frame.iloc[:middle], "test": frame.iloc[middle:]}

    def total(frame):
        return {"total": int(frame["value"].sum())}

    def power(n, total):
        return {"power": total["total"] ** n}

    class Note:
        def __init__(self, word):
            self.word = word

        def __call__(self, a, b):
            return f"{self.word}: {a} {b}"

    def chunks(frame):
        for start in range(0, len(frame), 2):
            yield frame.iloc[start:start + 2], {"start": start}

    def write_side_file(note):
        Path("data/side.txt").write_text(note + os.environ.get("KEDRO_ENV", "unset"))
        Path("data/where.txt").write_text(str(Path.cwd() == Path(__file__).parents[2]))

    def to_polars(frame):
        import polars
        return frame.with_columns(polars.lit(1).alias("one"))

    def parts(frame):
        return {str(key): group for key, group in frame.groupby("name")}

    def count_parts(loaders):
        return {key: len(load()) for key, load in sorted(loaders.items())}

    def take_new(files):
        return {key: len(frame) for key, frame in sorted(files.items())}

    def register_pipelines():
        nodes = [
            node(clean, ["raw", "params:limits.low"], "cleaned", name="clean"),
            node(split, {"frame": "cleaned", "options": "parameters"}, {"train": "train_part", "test": "test_part"},
                 name="split"),
            node(total, "train_part", "total_train", name="total_train"),
            node(total, "test_part", "total_test", name="total_test"),
            node(functools.partial(power, 3), "total_train", "powered", name="power"),
            node(Note("totals"), ["total_train", "total_test"], "note", name="note"),
            node(lambda frame: frame.describe(), "cleaned", "described", name="describe"),
            node(chunks, "cleaned", ["chunked", "chunk_log"], name="chunks"),
            node(write_side_file, "note", None, name="side"),
            node(lambda frame: frame, "cleaned", "wide@pandas", name="widen"),
            node(to_polars, "wide@polars", "wider", name="to_polars"),
            node(parts, "cleaned", "parted", name="parts"),
            node(count_parts, "parted", "part_counts", name="count_parts"),
            node(take_new, "incoming", "taken", confirms="incoming", name="take_new"),
            node(lambda taken, counts: [taken, counts], ["taken", "part_counts"], "cached", name="cache"),
            node(lambda cached: cached, "cached", "uncached", name="uncache"),
        ]
        return {"__default__": pipeline(nodes)}
"""
CATALOG = """
    raw: {type: pandas.CSVDataset, filepath: data/raw.csv}
    cleaned: {type: pandas.CSVDataset, filepath: data/cleaned.csv, save_args: {index: false}}
    "{kind}_part": {type: pandas.CSVDataset, filepath: "data/{kind}.csv", save_args: {index: false}}
    "total_{kind}": {type: json.JSONDataset, filepath: "data/total_{kind}.json"}
    powered: {type: pickle.PickleDataset, filepath: data/powered.pkl}
    note: {type: text.TextDataset, filepath: data/note.txt}
    described: {type: pandas.ParquetDataset, filepath: data/described.parquet}
    chunked: {type: pandas.CSVDataset, filepath: data/chunked.csv, save_args: {index: false, mode: a}}
    chunk_log: {type: json.JSONDataset, filepath: data/chunk_log.json}
    wide@pandas: {type: pandas.CSVDataset, filepath: data/wide.csv, save_args: {index: false}}
    wide@polars: {type: polars.CSVDataset, filepath: data/wide.csv}
    wider: {type: polars.CSVDataset, filepath: data/wider.csv}
    parted:
      type: partitions.PartitionedDataset
      path: data/parted
      filename_suffix: .csv
      dataset: {type: pandas.CSVDataset, save_args: {index: false}}
    part_counts: {type: json.JSONDataset, filepath: data/part_counts.json}
    incoming:
      type: partitions.IncrementalDataset
      path: data/incoming
      filename_suffix: .csv
      dataset: pandas.CSVDataset
    taken: {type: json.JSONDataset, filepath: data/taken.json}
    cached:
      type: kedro.io.CachedDataset
      dataset: {type: json.JSONDataset, filepath: data/cached.json}
    uncached: {type: json.JSONDataset, filepath: data/uncached.json}
"""
PARAMETERS = """
    limits: {low: 1, high: 9}
    split: {parts: 2}
"""
RAW = "name,value\na,1\nb,2\nc,3\na,4\nb,5\n"
FILES = {"data/raw.csv": RAW, "data/incoming/one.csv": RAW, "data/incoming/two.csv": RAW[:20]}
NODES = 16


RESET = """
    import shutil
    from pathlib import Path

    def reset():
        \"\"\"Keep what a run left, and start the next one from the data as it was.\"\"\"
        root = Path({root!r})
        number = len(list(root.glob("left_*")))
        (root / "data").rename(root / f"left_{{number}}")
        shutil.copytree(root / "before", root / "data")
"""
WAYS = {
    "in_process": {"job": "default"},
    "api": {"job": "default", "executor": "api"},
    "adhoc": {},
    "multiprocess": {"job": "default", "executor": "multiprocess"},
}


@pytest.fixture(scope="module")
def scene(tmp_path_factory, builder, locate, kedro_run, digests):
    """What Kedro leaves behind, and jobs and a materialisation in turn, each starting from the same data."""
    root = tmp_path_factory.mktemp("outputs")
    project = builder(root / "project", registry=REGISTRY, catalog=CATALOG, parameters=PARAMETERS, files=FILES).write()
    data = project.root / "data"
    shutil.copytree(data, project.root / "before")
    kedro_run(project.root)
    reset = {"location/reset.py": RESET.format(root=str(project.root))}
    location = locate(root / "location", {"kedro": f"project: {project.root}"}, **reset)
    reports = location.run(*[{**request, "call": "location.reset:reset"} for request in WAYS.values()])
    left = [project.root / f"left_{number}" for number in range(len(WAYS))]
    files = dict(zip(["kedro", *WAYS], map(digests, [*left, data]), strict=True))
    return files, dict(zip(WAYS, reports, strict=True))


@pytest.mark.parametrize("way", WAYS)
def test_same_bytes_as_kedro_run(scene, way):
    files, reports = scene
    assert reports[way]["failures"] == {}
    assert reports[way]["success"], reports[way]["error"]
    assert files[way] == files["kedro"]
    assert {"side.txt", "where.txt", "chunked.csv", "parted/a.csv", "incoming/CHECKPOINT"} <= set(files[way])


@pytest.mark.parametrize("way", WAYS)
def test_one_event_for_each_dataset(scene, way):
    report = scene[1][way]
    assert len(report["steps"]) == NODES
    assert sorted(report["order"]) == sorted(set(report["order"]))
    assert report["saved"]["cleaned"]["dagster/row_count"] == 4
    assert report["saved"]["chunked"]["dagster/row_count"] == 4
    assert report["saved"]["cleaned"]["kedro/size_bytes"] == len("name,value\nb,2\nc,3\na,4\nb,5\n")


@pytest.mark.parametrize("way", WAYS)
def test_records_of_the_node_are_in_the_run_log(scene, way):
    logs = scene[1][way]["logs"]
    records = {(level, text) for level, text in logs}
    assert (20, "demo.pipeline_registry - cleaning 5 rows") in records
    assert (40, "some.library - an error record") in records
    assert any(level == 30 and "a warning of the node" in text for level, text in records)
    assert any(level == 20 and "Completed node: clean" in text for level, text in records)
    assert any(level == 20 and "Loading data from raw" in text for level, text in records)
    assert [text for _, text in logs].count("demo.pipeline_registry - cleaning 5 rows") == 1
