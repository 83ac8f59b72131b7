"""Which pipelines are shown together, and how names are written."""

import ast

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kedro_dagster_component.manifest import NodeEntry, ProjectManifest, ProjectRef
from kedro_dagster_component.scaffolder import _dagster_yml, _quoted, _yaml_text, choose_pipelines
from kedro_dagster_component.translate.exposure import Filters, check_producers, exposed_nodes


def entry(node_id: str, *outputs: str, name: str | None = None) -> NodeEntry:
    return NodeEntry(
        id=node_id, name=name or node_id, namespace=None, func="f", inputs=(), outputs=outputs, fingerprint=node_id
    )


def manifest(nodes: list[NodeEntry], path: str = "/p", **pipelines: tuple[str, ...]) -> ProjectManifest:
    return ProjectManifest(
        ref=ProjectRef(project_path=path),
        project_name="demo",
        package_name="demo",
        env="local",
        kedro_version="1.3.0",
        pipelines=pipelines,
        nodes={node.id: node for node in nodes},
        datasets={},
        parameters={},
    )


def test_pipelines_that_share_nodes_agree():
    project = manifest([entry("a", "x"), entry("b", "y")], one=("a",), two=("a", "b"), __default__=("a", "b"))

    assert choose_pipelines(project) == {"one": None, "two": None, "__default__": None}


def test_the_default_pipeline_comes_before_the_registry():
    nodes = [entry("a", "x", "y", "z"), entry("b", "x@pandas", "y", "z"), entry("c", "w")]
    project = manifest(nodes, one=("a",), two=("b",), __default__=("b", "c"))

    reason = "makes 'x' with node 'a', as '__default__' does with node 'b'; 2 more datasets like it"
    assert choose_pipelines(project) == {"one": reason, "two": None, "__default__": None}


def test_without_a_default_pipeline_the_first_one_wins():
    project = manifest([entry("a", "x"), entry("b", "x")], one=("a",), two=("b",))

    assert choose_pipelines(project) == {"one": None, "two": "makes 'x' with node 'b', as 'one' does with node 'a'"}


def test_nodes_of_one_name_are_told_apart_by_their_ids():
    nodes = [entry("train", "model"), entry("train_ab12cd", "model", name="train")]

    reasons = choose_pipelines(manifest(nodes, one=("train",), two=("train_ab12cd",)))

    assert reasons["two"] == "makes 'model' with node 'train_ab12cd', as 'one' does with node 'train'"


@given(st.lists(st.sets(st.integers(0, 7)), max_size=6))
def test_what_is_chosen_agrees_and_nothing_can_be_added(drawn):
    nodes = [entry(f"n{number}", f"d{number % 4}") for number in range(8)]
    consistent = [
        {number for number in numbers if number + 4 not in numbers} for numbers in drawn
    ]  # a Kedro pipeline makes no dataset twice
    pipelines = {f"p{index}": tuple(f"n{n}" for n in sorted(numbers)) for index, numbers in enumerate(consistent)}
    project = manifest(nodes, **pipelines)

    reasons = choose_pipelines(project)

    shown = [name for name, reason in reasons.items() if reason is None]
    assert list(reasons) == list(pipelines)
    assert not check_producers(project, exposed_nodes(project, Filters(pipelines=shown)))
    for name in set(reasons) - set(shown):
        assert check_producers(project, exposed_nodes(project, Filters(pipelines=[*shown, name])))


@pytest.mark.parametrize(
    "text", ["yes", "null", "1", "1e3", "a: b", "# x", "", " a", "größe", 'a"b\\c', "{{ x }}", "~"]
)
def test_any_name_reads_as_itself(text):
    assert yaml.safe_load(f"- {_yaml_text(text)}") == [text]
    assert ast.literal_eval(_quoted(text)) == text


def test_plain_names_stay_bare():
    assert [_yaml_text(name) for name in ("__default__", "a.b-c")] == ["__default__", "a.b-c"]


def test_a_pipeline_called_default_keeps_its_job(tmp_path):
    (tmp_path / "conf" / "base").mkdir(parents=True)
    project = manifest([entry("a", "x")], str(tmp_path), default=("a",), __default__=("a",), empty=())

    [(file, text)] = _dagster_yml(project, None, choose_pipelines(project)).items()

    assert file == tmp_path / "conf" / "base" / "dagster.yml"
    assert yaml.safe_load(text)["jobs"] == {
        "default": {"pipeline": {"pipeline_name": "default"}},
        "__default__": {"pipeline": {"pipeline_name": "__default__"}},
    }


def test_a_project_with_its_configuration_elsewhere_gets_no_dagster_yml(tmp_path, capsys):
    project = manifest([], str(tmp_path))

    assert not _dagster_yml(project, "local", {})
    assert "there is no folder" in capsys.readouterr().err


def test_a_project_without_pipelines_gets_a_file_to_start_from(tmp_path):
    (tmp_path / "conf" / "local").mkdir(parents=True)

    [text] = _dagster_yml(manifest([], str(tmp_path)), "local", {}).values()

    assert yaml.safe_load(text) == {"executors": {"parallel": {"multiprocess": {"max_concurrent": 4}}}}
