import functools

import pytest
from kedro.pipeline import node, pipeline
from pydantic import BaseModel, Field

from kedro_dagster_component.introspection.nodes import fingerprint_of, function_path, read_nodes
from kedro_dagster_component.manifest import NodeEntry


def clean(raw, *others, size=1, **more):
    """Clean it.

    Further down.
    """
    return raw


def chunks(raw):
    yield raw


class Model:
    """A callable object."""

    def __call__(self, raw):
        return raw

    def fit(self, raw):
        return raw


def test_function_paths_never_hold_an_address():
    here = __name__
    assert function_path(clean) == f"{here}.clean"
    assert function_path(functools.partial(clean, size=2)) == f"partial({here}.clean)"
    assert function_path(functools.partial(functools.partial(clean), size=2)) == f"partial({here}.clean)"
    assert function_path(functools.update_wrapper(functools.partial(clean), clean)) == f"{here}.clean"
    assert function_path(Model()) == f"{here}.Model"
    assert function_path(Model().fit) == f"{here}.Model.fit"
    assert function_path(functools.partial(Model())) == f"partial({here}.Model)"
    assert function_path(lambda x: x).endswith("<lambda>")
    assert function_path(len) == "builtins.len"


@pytest.mark.parametrize(
    "func", [clean, functools.partial(clean, size=2), Model(), Model().fit, lambda raw: raw, len, chunks]
)
def test_every_kind_of_function_makes_an_entry(func):
    table = read_nodes({"p": pipeline([node(func, "a", "b", name="n", tags=["z", "y"])])})
    entry = table.entries["n"]
    assert (entry.inputs, entry.outputs, entry.tags, entry.pipelines) == (("a",), ("b",), ("y", "z"), ("p",))
    assert entry.is_generator == (func is chunks)
    assert "0x" not in entry.func


def test_text_of_code_that_cannot_be_encoded():
    class Options(BaseModel):
        size: int = Field(1, description="Half \ud83d of a sign.")

    def clean(raw, options: Options):
        """A \ud800 that is no character, a ü that is one."""

    table = read_nodes({"p": pipeline([node(clean, ["raw", "params:options"], "b", name="n")])})
    read_back = NodeEntry.model_validate_json(table.entries["n"].model_dump_json())
    assert read_back.description == "A ? that is no character, a ü that is one."
    assert read_back.hints["params:options"].fields["size"].description == "Half ? of a sign."


def test_what_an_entry_says_of_its_function():
    entry = read_nodes({"p": pipeline([node(functools.partial(clean, size=2), ["a", "a"], "b", name="n")])}).entries[
        "n"
    ]
    assert entry.description == "Clean it.\n\nFurther down."
    assert entry.signature == "clean(raw, *others, size, **more)"
    assert entry.inputs == ("a",)
    assert entry.source is not None
    assert entry.source.file == __file__
    assert entry.source.line == clean.__code__.co_firstlineno


def test_the_fingerprint_is_the_same_everywhere_and_knows_no_tags():
    one = node(len, ["a"], ["b"], name="n", namespace="x", confirms="c", tags="t")
    assert fingerprint_of(one) == "18abaa31d5395a1a"
    assert fingerprint_of(one) == fingerprint_of(node(len, ["a"], ["b"], name="n", namespace="x", confirms="c"))


@pytest.mark.parametrize(
    "other",
    [
        node(clean, "a", "b", name="m"),
        node(chunks, "a", "b", name="n"),
        node(clean, "c", "b", name="n"),
        node(clean, {"raw": "a"}, "b", name="n"),
        node(clean, "a", ["b"], name="n"),
        node(clean, "a", "b", name="n", confirms="a"),
        node(clean, "a", "b", name="n", namespace="x"),
    ],
)
def test_the_fingerprint_tells_nodes_apart(other):
    assert fingerprint_of(node(clean, "a", "b", name="n")) != fingerprint_of(other)


def test_one_node_in_two_pipelines_is_one_entry_with_all_tags():
    first = node(clean, "a", "b", name="n", tags=["one"])
    table = read_nodes({"p": pipeline([first]), "q": pipeline([first], tags=["two"])})
    assert list(table.entries) == ["n"]
    assert table.entries["n"].tags == ("one", "two")
    assert table.entries["n"].pipelines == ("p", "q")
    assert table.doubtful == []


def test_distinct_nodes_of_one_name_get_distinct_ids():
    table = read_nodes(
        {"p": pipeline([node(clean, "a", "b", name="n")]), "q": pipeline([node(clean, "c", "d", name="n")])}
    )
    assert len(table.entries) == 2
    assert all(entry.name == "n" and entry.id.startswith("n-") for entry in table.entries.values())
    assert {entry.pipelines for entry in table.entries.values()} == {("p",), ("q",)}


def test_default_comes_first_and_the_registry_keeps_its_order():
    b, a = node(clean, "x", "y", name="b"), node(clean, "y", "z", name="a")
    table = read_nodes({"late": pipeline([node(clean, "1", "2", name="c")]), "__default__": pipeline([a, b])})
    assert list(table.entries) == ["b", "a", "c"]
    assert list(table.pipelines) == ["late", "__default__"]
    assert table.pipelines["__default__"] == ("b", "a")


def test_partials_that_differ_in_their_arguments_only_are_told():
    one = node(functools.partial(clean, size=1), "a", "b", name="n")
    two = node(functools.partial(clean, size=2), "a", "b", name="n")
    assert read_nodes({"p": pipeline([one]), "q": pipeline([two])}).doubtful == ["n"]
    same = node(functools.partial(clean, size=1), "a", "b", name="n")
    assert read_nodes({"p": pipeline([one]), "q": pipeline([same])}).doubtful == []
