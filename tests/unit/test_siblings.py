"""Names that two instances want."""

from pathlib import Path

import pytest

from kedro_dagster_component.errors import ConfigurationError, Position
from kedro_dagster_component.siblings import Claims, claim_executor, claim_names, claims_of

HERE = Position(Path("b.yaml"), 1, 1)


class Executor:
    def __init__(self, name):
        self.name = name


def clash(claims, label, **names):
    with pytest.raises(ConfigurationError) as caught:
        claim_names(claims, label, HERE, names)
    return caught.value.problems


def test_names_are_claimed_once():
    claims = Claims()
    claim_names(claims, "a.yaml", HERE, {"op": ["clean"], "asset": ["x"], "resource": ["a"]})
    claim_names(claims, "b.yaml", HERE, {"op": ["b_clean"], "asset": ["b/x", "clean"], "resource": ["b"]})
    [problem] = clash(claims, "c.yaml", op=["clean", "other"], asset=["y"])
    assert problem.message == "the op 'clean' of this instance also belongs to a.yaml"
    assert problem.position == HERE
    assert "`name_prefix`" in problem.hint


def test_an_instance_may_be_built_twice():
    claims = Claims()
    for _ in range(2):
        claim_names(claims, "a.yaml", HERE, {"op": ["clean"]})
        claim_executor(claims, "a.yaml", HERE, Executor("x"))


def test_jobs_and_ops_share_their_names():
    claims = Claims()
    claim_names(claims, "a.yaml", HERE, {"job": ["train"], "asset": ["train"]})
    [problem] = clash(claims, "b.yaml", op=["train"])
    assert problem.message == "the op 'train' of this instance also belongs to a.yaml"


def test_every_kind_and_every_other_instance_is_named():
    claims = Claims()
    claim_names(claims, "a.yaml", HERE, {"asset": [f"x{i}" for i in range(8)], "resource": ["k"]})
    claim_names(claims, "b.yaml", HERE, {"asset": ["y"]})
    messages = [
        problem.message
        for problem in clash(claims, "c.yaml", asset=[*(f"x{i}" for i in range(8)), "y"], resource=["k"])
    ]
    assert "the assets 'x0', 'x1', 'x2', 'x3', 'x4' and 3 more of this instance also belong to a.yaml" in messages
    assert "the asset 'y' of this instance also belongs to b.yaml" in messages
    [resource] = clash(claims, "d.yaml", resource=["k"])
    assert resource.hint == "rename one of the two folders"


def test_one_executor():
    claims, one = Claims(), Executor("multiprocess")
    claim_executor(claims, "a.yaml", HERE, one)
    claim_executor(claims, "b.yaml", HERE, one)
    with pytest.raises(ConfigurationError) as caught:
        claim_executor(claims, "c.yaml", HERE, Executor("in_process"))
    [problem] = caught.value.problems
    assert problem.message == "the executor 'in_process' of this instance differs from 'multiprocess' of b.yaml"
    assert "`executor: null`" in problem.hint


def test_each_load_begins_anew():
    tree, other = object(), object()
    assert claims_of(tree) is claims_of(tree)
    assert claims_of(tree) is not claims_of(other)
