"""`pipelines`, `select` and `exclude`: what they leave, and what is told of names that do not exist."""

import pytest
from golden import golden

from kedro_dagster_component.translate.exposure import Filters, check_filters, check_producers, exposed_nodes

ODD = golden("odd_names")


def exposed(**filters):
    return sorted(exposed_nodes(ODD, Filters(**filters)))


def found(**filters):
    [(path, problem)] = check_filters(ODD, Filters(**filters))
    return path, problem.message, problem.hint


@pytest.mark.parametrize(
    ("pattern", "nodes"),
    [
        ("pipeline:train", ["model", "model_report", "train"]),
        ("tag:x", ["clean-data"]),
        ("namespace:a", ["a.b.inner"]),
        ("namespace:a.b", ["a.b.inner"]),
        ("node:größe.messen", ["größe.messen"]),
        ("dataset:d.1", ["a__b"]),
        ("dataset:t", ["input"]),
    ],
)
def test_each_form(pattern, nodes):
    assert exposed(select=[pattern]) == nodes
    assert check_filters(ODD, Filters(select=[pattern], exclude=[pattern])) == []
    assert exposed(exclude=[pattern]) == sorted(set(ODD.nodes) - set(nodes))


def test_filters_together():
    assert exposed() == sorted(ODD.nodes)
    assert exposed(pipelines=[]) == []
    assert exposed(pipelines=["odd_names", "a.b"]) == ["a.b.inner", "clean-data", "größe.messen"]
    assert exposed(pipelines=["odd_names"], select=["node:model", "tag:x"], exclude=["namespace:a"]) == ["clean-data"]


@pytest.mark.parametrize(
    ("filters", "path", "message", "hint"),
    [
        ({"pipelines": ["train", "trian"]}, ("pipelines", 1), "'trian' is no registered pipeline of Demo", "'train'?"),
        ({"select": ["pipeline:trian"]}, ("select", 0), "no pipeline 'trian' in Demo", "'train'?"),
        ({"select": ["tag:y"]}, ("select", 0), "no tag 'y' in Demo", "there is: 'x', 'Über-Nacht'"),
        ({"select": ["namespace:a.c"]}, ("select", 0), "no namespace 'a.c' in Demo", "'a.b'?"),
        ({"exclude": ["tag:x", "node:lonley"]}, ("exclude", 1), "no node 'lonley' in Demo", "'lonely'?"),
        ({"select": ["dataset:raw"]}, ("select", 0), "no node makes the dataset 'raw' in Demo", "there is: "),
        ({"select": ["nodes:x"]}, ("select", 0), "'nodes:x' is no selection", "did you mean 'node:x'?"),
        ({"select": ["lonely"]}, ("select", 0), "'lonely' is no selection", "did you mean 'node:lonely'"),
        ({"select": ["zzz"]}, ("select", 0), "'zzz' is no selection", "write 'pipeline:...', 'tag:...'"),
        ({"select": [":x"]}, ("select", 0), "':x' is no selection", "write 'pipeline:...', 'tag:...'"),
    ],
)
def test_names_that_do_not_exist(filters, path, message, hint):
    where, text, way_out = found(**filters)
    assert where == path
    assert text.startswith(message)
    assert hint in way_out


def test_nothing_of_a_kind():
    manifest = golden("odd_names")
    nodes = {name: node.model_copy(update={"tags": ()}) for name, node in manifest.nodes.items()}
    [(_, problem)] = check_filters(manifest.model_copy(update={"nodes": nodes}), Filters(select=["tag:x"]))
    assert problem.hint == "no node of Demo has a tag"


def test_two_producers_of_one_dataset():
    manifest = golden("odd_names")
    other = manifest.nodes["lonely"].model_copy(
        update={"id": "other", "name": "other", "outputs": ("model",), "pipelines": ("__default__", "second")}
    )
    nodes = {**manifest.nodes, "other": other}
    [problem] = check_producers(manifest.model_copy(update={"nodes": nodes}), nodes)
    assert problem.message == (
        "dataset 'model' is made by node 'other' (demo.pipeline_registry.take) of pipelines '__default__', 'second' and"
        " node 'train' (demo.pipeline_registry.train) of pipelines '__default__', 'train'; in Dagster one asset has one"
        " producer"
    )
    assert "`pipelines:`" in problem.hint
    assert check_producers(manifest, manifest.nodes) == []
