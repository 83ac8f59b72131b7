"""Which mistakes of a project concern an instance."""

import pytest

from kedro_dagster_component.config.project_problems import project_problems
from kedro_dagster_component.manifest import ExpandedJob, ProblemRecord, ProjectManifest, ProjectRef


def manifest(record, **params):
    jobs = {"a": ExpandedJob(key="a", config={"params": params} if params else {})}
    return ProjectManifest(
        ref=ProjectRef(project_path="/project"),
        project_name="p",
        package_name="p",
        env=None,
        kedro_version="1.7.0",
        pipelines={},
        nodes={},
        datasets={},
        parameters={},
        jobs=jobs,
        problems=(ProblemRecord(message="wrong", **record),),
    )


@pytest.mark.parametrize(
    ("record", "params", "counts"),
    [
        ({}, {}, (1, 0)),
        ({"node_ids": ("n",)}, {}, (1, 0)),
        ({"node_ids": ("n", "m")}, {}, (1, 0)),
        ({"node_ids": ("m",)}, {}, (0, 0)),
        ({"node_ids": ()}, {}, (0, 0)),
        ({"doubt": "unless"}, {}, (0, 1)),
        ({"parameter": "params:a.b"}, {"a": {"b": 1}}, (0, 0)),
        ({"parameter": "params:a.b"}, {"a": {"b": None}}, (0, 0)),
        ({"parameter": "params:a.b"}, {"a": 1}, (1, 0)),
        ({"parameter": "params:a.b"}, {"b": 1}, (1, 0)),
    ],
)
def test_what_counts(record, params, counts):
    assert tuple(map(len, project_problems(manifest(record, **params), ["n"]))) == counts


def test_a_doubt_is_part_of_the_message():
    [problem] = project_problems(manifest({"doubt": "unless a hook mends it", "file": "/f", "line": 2}), ["n"])[1]
    assert problem.message == "wrong, unless a hook mends it"
    assert str(problem.position) == "/f:2"
