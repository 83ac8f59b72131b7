"""A run imports the registered pipelines of its nodes and no others, where the project's registry allows that."""

import pytest
from kedro.framework.project import pipelines

pytestmark = pytest.mark.skipif(not hasattr(pipelines, "set_requested"), reason="Kedro imports all of them before 1.5")

PIPELINE = """
import os
import sys

from kedro.pipeline import node, pipeline

if "introspection" not in " ".join(sys.orig_argv):
    noted = open("imports.txt", "a").write("{name}\\n")


def {name}():
    return "{name}"


def create_pipeline(**_):
    return pipeline([node({name}, None, "{name}_made", name="{name}_node")])
"""
FOUND = """
from kedro.framework.project import find_pipelines


def register_pipelines():
    found = find_pipelines()
    found["__default__"] = sum(found.values())
    return found
"""
COMPOSED = """
from kedro.framework.project import find_pipelines


def register_pipelines():
    found = find_pipelines()
    return {**found, "both": found["light"] + found["heavy"], "__default__": found["light"] + found["heavy"]}
"""
HOOKS = """
from kedro.framework.hooks import hook_impl
from kedro.framework.project import pipelines


class CountNodes:
    @hook_impl
    def before_pipeline_run(self, run_params, pipeline, catalog):
        with open("counted.txt", "a") as file:
            print(len(pipelines["__default__"].nodes), file=file)


HOOKS = (CountNodes(),)
"""
CATALOG = """
    "{name}_made": {type: text.TextDataset, filepath: "data/{name}.txt"}
"""
DAGSTER = """
    jobs:
      only_light: {pipeline: {pipeline_name: light}}
      only_heavy: {pipeline: {pipeline_name: heavy}}
"""


@pytest.fixture
def run(builder, locate, tmp_path):
    """Runs of a project with the pipelines `light` and `heavy`; after each, which of them were imported for it."""

    def run(*requests, registry=FOUND, settings="", more=None):
        root = tmp_path / "demo"
        files = {f"src/demo/pipelines/{name}/__init__.py": PIPELINE.format(name=name) for name in ("light", "heavy")}
        files |= {"src/demo/pipelines/__init__.py": "", **(more or {})}
        texts = {"registry": registry, "settings": settings, "catalog": CATALOG, "parameters": "", "dagster": DAGSTER}
        builder(root, **texts, files=files).write()
        reports = locate(tmp_path / "location", {"kedro": f"project: {root}"}).run(*requests)
        assert all(report["success"] for report in reports), reports
        noted = root / "imports.txt"
        return noted.read_text().split() if noted.exists() else [], reports

    return run


@pytest.mark.parametrize("executor", ["in_process", "multiprocess"])
@pytest.mark.parametrize("asked", [{"job": "only_light"}, {"assets": ["light_made"]}])
def test_other_pipelines_are_left_alone(run, executor, asked):
    imported, [report] = run({**asked, "executor": executor})
    assert set(imported) == {"light"}
    assert list(report["saved"]) == ["light_made"]


def test_a_later_run_of_the_process_imports_what_it_needs(run):
    imported, reports = run({"job": "only_light"}, {"job": "only_heavy"}, {"assets": ["light_made"]}, {})
    assert imported == ["light", "heavy"]
    assert [sorted(report["saved"]) for report in reports] == [
        ["light_made"],
        ["heavy_made"],
        ["light_made"],
        ["heavy_made", "light_made"],
    ]


@pytest.mark.parametrize("executor", ["in_process", "multiprocess"])
def test_a_registry_that_needs_all_of_them_gets_them(run, executor):
    imported, [report] = run({"job": "only_light", "executor": executor}, registry=COMPOSED)
    assert {"light", "heavy"} == set(imported)
    assert report["steps"] == ["light_node"]
    assert not [text for _, text in report["logs"] if "not found" in text]


def test_hooks_see_all_of_them_where_kedro_would_show_all(run, tmp_path):
    run({"assets": ["light_made"]}, settings=HOOKS)
    assert (tmp_path / "demo/counted.txt").read_text().split() == ["2"]


def test_without_a_job_nodes_see_what_the_import_of_other_pipelines_does(run):
    """As under `kedro run --nodes`; a job is as `kedro run --pipelines`."""
    more = {"src/demo/pipelines/heavy/nodes.py": "import os\nos.environ['HEAVY'] = 'there'"}
    imported, _ = run({"job": "only_light"}, {"assets": ["light_made"]}, more=more)
    assert imported == ["light", "heavy"]
