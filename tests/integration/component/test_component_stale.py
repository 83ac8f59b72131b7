"""Dagster marks the assets whose node has changed since they were made, and no others."""

import dagster as dg
import pytest
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleCauseCategory
from dagster._core.loader import LoadingContextForTest

REGISTRY = """
    from kedro.pipeline import node, pipeline
    from demo.nodes import clean, count

    def register_pipelines():
        nodes = [
            node(clean, ["raw", "params:options"], "cleaned", name="clean"),
            node(count, ["cleaned", "params:other"], "counted", name="count"),
        ]
        return {"__default__": pipeline(nodes)}
"""
NODES = """
    LIMIT = 1

    def clean(raw, options):
        return raw[raw["a"] >= LIMIT]

    def count(cleaned, other):
        return cleaned.describe()
"""
PARAMETERS = "options: {low: 1, deep: {high: 2}}\nother: 1\nunused: 1\n"
CATALOG = """
    raw: {type: pandas.CSVDataset, filepath: data/raw.csv}
    cleaned: {type: pandas.CSVDataset, filepath: data/cleaned.csv}
    counted: {type: pandas.CSVDataset, filepath: data/counted.csv}
"""
CODE, SETTINGS = "src/demo/nodes.py", "conf/base/parameters.yml"
CHANGES = {
    "nothing": (CODE, "", "", set()),
    "a node's code": (CODE, ">= LIMIT", "> LIMIT", {"cleaned"}),
    "what a node leads to": (CODE, "LIMIT = 1", "LIMIT = 0", {"cleaned"}),
    "the other node's code": (CODE, "describe()", "head()", {"counted"}),
    "a parameter": (SETTINGS, "high: 2", "high: 3", {"cleaned"}),
    "the other parameter": (SETTINGS, "other: 1", "other: 2", {"counted"}),
    "a parameter that no node takes": (SETTINGS, "unused: 1", "unused: 2", set()),
    "a comment": (CODE, "LIMIT = 1", "LIMIT = 1  # the least", set()),
    "an entry of the catalog": (
        "conf/base/catalog.yml",
        "counted.csv}",
        "counted.csv, save_args: {index: true}}",
        set(),
    ),
}


def changed(defs, instance):
    """Assets that Dagster says have other code than that which made them."""
    graph = defs.resolve_asset_graph()
    resolver = CachingStaleStatusResolver(instance, graph, LoadingContextForTest(instance))
    found = {key: resolver.get_stale_causes(key) for key in graph.materializable_asset_keys}
    return {
        key.to_user_string()
        for key, causes in found.items()
        for cause in causes
        if cause.category == StaleCauseCategory.CODE and cause.asset_key == key
    }


@pytest.fixture(scope="module")
def instance():
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def test_what_has_changed_is_marked(location, project, instance):
    files = {CODE: NODES, "data/raw.csv": "a\n0\n1\n2\n"}
    root = project(registry=REGISTRY, catalog=CATALOG, parameters=PARAMETERS, files=files).root
    location.add("demo", 'project: "{{ context.project_root }}/../demo"\ncache: "off"')
    assert location.load().resolve_job_def("default").execute_in_process(instance=instance).success
    for what, (name, old, new, expected) in CHANGES.items():
        file = root / name
        before = file.read_text(encoding="utf-8")
        assert old in before
        file.write_text(before.replace(old, new) if old else before, encoding="utf-8")
        assert changed(location.load(), instance) == expected, what
        file.write_text(before, encoding="utf-8")
