"""`python -m kedro_dagster_component explain` on a real project."""

import json
import sys

import pytest

from kedro_dagster_component.command import main
from tests.locations import CodeLocation
from tests.projects import KedroProjectBuilder

REGISTRY = """
    from kedro.pipeline import node, pipeline

    def same(data):
        return data

    def weigh(data, weight):
        return data

    def register_pipelines():
        cleaning = pipeline([node(same, "raw", "clean", name="clean-raw", tags=["nightly"])])
        scores = [
            node(weigh, ["clean", "params:weight"], f"{variant}.scores", name=f"{variant}.score", namespace=variant)
            for variant in ("a", "b")
        ]
        upload = node(same, "a.scores", None, name="upload")
        return {"__default__": cleaning + pipeline(scores) + pipeline([upload]), "cleaning": cleaning, "scoring": pipeline(scores)}
"""
CATALOG = """
    raw: {type: pandas.CSVDataset, filepath: data/raw.csv}
    clean: {type: pandas.CSVDataset, filepath: data/clean.csv, metadata: {dagster: {owners: ["team:data"]}}}
    "{variant}.scores": {type: pandas.CSVDataset, filepath: "data/{variant}/${runtime_params:partition_key,all}.csv"}
"""
DAGSTER = """
    partitions: {region: {type: static, partition_keys: [eu]}}
    assets: {clean: {pool: db, checks: [not_empty]}, b.scores: {partitions: region}}
    jobs:
      everything: {pipeline: {pipeline_name: __default__}, params: {weight: 2}}
      "{variant}__score": {pipeline: {pipeline_name: scoring, node_namespaces: ["{variant}"]}}
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explain").resolve()
    KedroProjectBuilder(
        folder / "demo", registry=REGISTRY, catalog=CATALOG, dagster=DAGSTER, parameters="weight: 1"
    ).write()
    location = CodeLocation(folder / "location")
    location.add("demo", "project: ../../../../../demo\nname_prefix: x_\ntranslation: {key_prefix: prod}")
    return location.root


@pytest.fixture(scope="module")
def explained(root):
    """Facts by what they say, of every object, from `--json` and one load."""
    path = list(sys.path)
    with pytest.MonkeyPatch.context() as patch:
        out = Output()
        patch.setattr(sys, "stdout", out)
        assert main(["explain", "--json", "--path", str(root)]) == 0
    sys.path[:] = path
    ((label, objects),) = json.loads(out.text).items()
    assert label.endswith("defs/demo/component.yaml")
    return {(one["kind"], one["name"]): one for one in objects}


class Output:
    def __init__(self):
        self.text = ""

    def write(self, text):
        self.text += text

    def flush(self):
        pass


def facts(one, what):
    return [(fact["value"], fact["why"]) for fact in one["facts"] if fact["what"] == what]


def test_every_object_is_explained(explained):
    names = {kind: {name for other, name in explained if other == kind} for kind in ("node", "dataset", "job")}
    assert names["node"] == {"clean-raw", "a.a.score", "b.b.score", "upload"}
    assert names["dataset"] == {"raw", "clean", "a.scores", "b.scores"}
    assert names["job"] == {"x_everything", "x_a__score", "x_b__score"}
    assert all(fact["why"] or fact["what"] == "check" for one in explained.values() for fact in one["facts"])


def test_a_node(explained):
    node = explained["node", "clean-raw"]
    assert node["place"].endswith("pipeline_registry.py:4")
    assert facts(node, "op") == [("x_clean_raw", "the node's name made a valid identifier")]
    assert facts(node, "asset") == [("prod/clean", "its output 'clean'")]
    assert facts(node, "pool")[0][0] == "db"
    assert facts(node, "tags") == [("nightly", "tags of the node")]
    assert facts(node, "jobs")[0][0] == "x_everything"
    assert facts(explained["node", "upload"], "asset")[0][1].startswith("it has no outputs")
    assert facts(explained["node", "a.a.score"], "config")[0][0] == "params:weight = 1"


def test_a_dataset(explained):
    clean = explained["dataset", "clean"]
    assert clean["place"].endswith("catalog.yml:3")
    ((key, why),) = facts(clean, "asset")
    assert (key, why) == ("prod/clean", "changed by `translation`, or by a subclass")
    assert facts(clean, "owners") == [("team:data", "`metadata.dagster.owners` of its catalog entry")]
    assert facts(clean, "group") == [("cleaning", "the first registered pipeline that holds node 'clean-raw'")]
    assert facts(clean, "check") == [("not_empty", "Holds some data.")]
    assert [value for value, _ in facts(clean, "taken by")] == ["a.a.score", "b.b.score"]
    scores = explained["dataset", "b.scores"]
    assert facts(scores, "type")[0][1] == "the pattern '{variant}.scores' of the catalog fits it"
    assert facts(scores, "group") == [("b", "the namespace of node 'b.b.score'")]
    assert facts(scores, "partitions")[0][1] == "`partitions` of 'b.scores' in dagster.yml"
    assert facts(explained["dataset", "raw"], "external")


def test_a_job(explained):
    job = explained["job", "x_b__score"]
    assert facts(job, "job")[0][1] == "made by the job factory '{variant}__score' of dagster.yml"
    assert facts(job, "step") == [("x_b_b_score", "node 'b.b.score'")]
    assert facts(job, "kind")[0][0] == "asset job"
    everything = explained["job", "x_everything"]
    assert facts(everything, "params") == [("weight: 2", "`params` of the job")]


def test_what_a_person_reads(root, capsys, monkeypatch):
    monkeypatch.syspath_prepend(str(root))
    assert main(["explain", "--path", str(root), "--dataset", "clean"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("defs/demo/component.yaml")
    assert lines[2] == "dataset clean   ../demo/conf/base/catalog.yml:3"
    (pool,) = [line.split() for line in lines if line.split()[:1] == ["pool"]]
    assert " ".join(pool) == "pool db `pool` of 'clean' in dagster.yml ../demo/conf/base/dagster.yml:3:24"
    assert main(["explain", "--path", str(root), "--dataset", "claen"]) == 2
    assert capsys.readouterr().err == "there is no dataset 'claen'\n  -> did you mean 'clean'?\n"
