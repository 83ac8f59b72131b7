"""A hand-written Dagster asset takes Kedro's assets as arguments."""

import json

import pytest

REGISTRY = """
    from kedro.pipeline import node, pipeline

    def make(table):
        return table, {"rows": len(table)}, {"number": int(table["a"].sum())}

    def add_version(model):
        from pathlib import Path
        folder = Path("data/model.json/2999-01-01T00.00.00.000Z")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "model.json").write_text('{"number": -1}')

    def register_pipelines():
        return {"__default__": pipeline([
            node(make, "table", ["copied", "in_memory", "model"], name="make"),
            node(lambda memory: None, "in_memory", None, name="read_memory"),
            node(add_version, "model", None, name="interfere"),
        ])}
"""
CATALOG = """
    table: {type: pandas.CSVDataset, filepath: data/table.csv}
    copied: {type: pandas.CSVDataset, filepath: data/copied.csv, save_args: {index: false}}
    model: {type: json.JSONDataset, filepath: data/model.json, versioned: true}
"""
MINE = """
    import json
    import dagster as dg

    def note(context, **seen):
        context.log.info("SEEN " + json.dumps(seen))

    @dg.asset
    def takes_file(context, copied):
        note(context, rows=len(copied), kind=type(copied).__name__)

    @dg.asset(deps=["interfere"])
    def takes_versioned(context, model):
        note(context, **model)

    @dg.asset(deps=["read_memory"])
    def takes_memory(context, in_memory):
        note(context, **in_memory)

    @dg.asset
    def takes_external(context, table):
        note(context, rows=len(table))

    everything = dg.define_asset_job("everything", dg.AssetSelection.all(), executor_def=dg.multi_or_in_process_executor)
"""
WHOLE = [
    "copied",
    "in_memory",
    "model",
    "interfere",
    "read_memory",
    "takes_file",
    "takes_versioned",
    "takes_memory",
    "takes_external",
]


@pytest.fixture(scope="module")
def scene(tmp_path_factory, builder, locate):
    root = tmp_path_factory.mktemp("downstream")
    files = {"data/table.csv": "a\n1\n2\n"}
    project = builder(root / "project", registry=REGISTRY, catalog=CATALOG, parameters="", files=files).write()
    location = locate(root / "location", {"kedro": f"project: {project.root}"}, **{"location/defs/mine.py": MINE})
    requests = {
        "together": {"assets": WHOLE},
        "later": {"assets": ["takes_file", "takes_versioned", "takes_external"]},
        "behind_live": {"assets": ["takes_memory"]},
        "several": {"assets": WHOLE, "executor": "multiprocess"},
        "behind_stored": {"assets": ["takes_memory"]},
        "foreign_executor": {"job": "everything"},
    }
    return dict(zip(requests, location.run(*requests.values()), strict=True))


def seen(report):
    assert report["success"], report
    texts = [text.removeprefix("SEEN ") for _, text in report["logs"] if text.startswith("SEEN ")]
    return sorted(texts)


FILE, VERSIONED, MEMORY, EXTERNAL = (
    json.dumps(values) for values in ({"rows": 2, "kind": "DataFrame"}, {"number": 3}, {"rows": 2}, {"rows": 2})
)


@pytest.mark.parametrize("name", ["together", "several", "foreign_executor"])
def test_in_the_same_run(scene, name):
    assert seen(scene[name]) == sorted([FILE, VERSIONED, MEMORY, EXTERNAL])


def test_in_a_later_run_it_loads_what_is_there_then(scene):
    assert seen(scene["later"]) == sorted([FILE, json.dumps({"number": -1}), EXTERNAL])


def test_memory_of_an_older_run(scene):
    report = scene["behind_live"]
    assert not report["success"]
    text = "\n".join(report["failures"].values())
    assert "'takes_memory' needs the in-memory dataset 'in_memory', but its last run kept it in memory only" in text
    assert seen(scene["behind_stored"]) == [MEMORY]
