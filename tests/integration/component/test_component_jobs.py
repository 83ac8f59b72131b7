"""Each filter key of Kedro, through the project's own `Pipeline.filter`, becomes a job with the same nodes."""

import pytest

from tests.locations import CodeLocation
from tests.projects import KedroProjectBuilder

REGISTRY = """
    from kedro.pipeline import node, pipeline

    def same(*data):
        return data

    def register_pipelines():
        top = pipeline([
            node(same, "raw", "a", name="make_a", tags=["first"]),
            node(same, "a", "b", name="make_b", tags=["first", "second"]),
            node(same, "b", "c", name="make_c"),
            node(same, "c", None, name="publish"),
        ])
        inner = pipeline([node(same, "c", "d", name="make_d")], namespace="x.y", inputs={"c"})
        return {"__default__": top + inner, "top": top, "inner": inner}
"""
JOBS = {
    "names": ("{pipeline_names: [top, inner]}", "make_a make_b make_c publish x_y_make_d"),
    "tags": ("{pipeline_name: __default__, tags: [second]}", "make_b"),
    "node_names": ("{pipeline_name: __default__, node_names: [make_a, x.y.make_d]}", "make_a x_y_make_d"),
    "from_nodes": ("{pipeline_name: top, from_nodes: [make_b]}", "make_b make_c publish"),
    "to_nodes": ("{pipeline_name: top, to_nodes: [make_b]}", "make_a make_b"),
    "from_inputs": ("{pipeline_name: top, from_inputs: [b]}", "make_c publish"),
    "to_outputs": ("{pipeline_name: __default__, to_outputs: [b]}", "make_a make_b"),
    "node_namespaces": ("{pipeline_name: __default__, node_namespaces: [x]}", "x_y_make_d"),
    "two_filters": ("{pipeline_name: top, from_nodes: [make_b], to_outputs: [c]}", "make_b make_c"),
}


@pytest.fixture(scope="module")
def ops_by_job(tmp_path_factory):
    folder = tmp_path_factory.mktemp("jobs").resolve()
    dagster = "jobs:\n" + "".join(f"  {name}: {{pipeline: {text}}}\n" for name, (text, _) in JOBS.items())
    KedroProjectBuilder(folder / "demo", registry=REGISTRY, parameters=None, dagster=dagster).write()
    location = CodeLocation(folder / "location")
    location.add("demo", "project: '{{ context.project_root }}/../demo'")
    defs = location.load()
    return {job.name: {node.name for node in defs.resolve_job_def(job.name).nodes} for job in defs.jobs}


@pytest.mark.parametrize("name", JOBS)
def test_a_filter_key(ops_by_job, name):
    assert ops_by_job[name] == set(JOBS[name][1].split())
