"""What annotations of a node's function say of its parameters."""

import dataclasses
import functools
import typing

import pytest
from kedro.pipeline import node
from pydantic import BaseModel, Field

from kedro_dagster_component.introspection.annotations import read_hints
from kedro_dagster_component.manifest import ParameterHint


class Split(BaseModel):
    """How to split.

    More of it.
    """

    size: float = Field(description="Share of the test set.")
    seed: int | None = None
    other: list[int] = []
    inner: "Split | None" = None


@dataclasses.dataclass
class Plain:
    rate: float
    name: str


class Typed(typing.TypedDict):
    count: int


def hints(func, inputs):
    return read_hints(node(func, inputs, "out", name="n"))


def kinds(func, inputs):
    return {name: hint.kind for name, hint in hints(func, inputs).items()}


def scalars(data, a: int, b: float, c: bool, d: str | None = None, *, e: typing.Optional[int] = None, f=1):  # noqa: UP045
    return data


def test_scalars_by_place_and_by_name():
    expected = {"params:a": "int", "params:b": "float", "params:c": "bool", "params:d": "str"}
    assert kinds(scalars, ["x", "params:a", "params:b", "params:c", "params:d"]) == expected
    named = {"data": "x", "a": "params:a", "b": "params:b", "c": "params:c", "e": "params:e.f", "f": "params:f"}
    assert kinds(scalars, named) == {"params:a": "int", "params:b": "float", "params:c": "bool", "params:e.f": "int"}


def test_what_says_nothing():
    def untyped(x, y):
        return x

    def odd(x, a: None, b: list[int], c: typing.Any, d: "Missing"):  # noqa: F821
        return x

    assert hints(untyped, ["x", "params:a"]) == {}
    assert hints(odd, ["x", "params:a", "params:b", "params:c", "params:d"]) == {}
    assert hints(lambda x: x, "x") == {}
    assert hints(max, ["x", "params:a"]) == {}


def test_unions():
    def unions(x, a: int | str, b: typing.Union[int, None], c: "float | str | None", d: Split | None):  # noqa: UP007
        return x

    found = hints(unions, ["x", "params:a", "params:b", "params:c", "params:d"])
    assert {name: (hint.kind, hint.may_be_none) for name, hint in found.items()} == {
        "params:a": ("any", False),
        "params:b": ("int", True),
        "params:c": ("any", True),
        "params:d": (None, True),
    }


def take_int(x, a: int, f=1):
    return x


def take(x, options: Split):
    return x


def test_models():
    (hint,) = hints(take, ["x", "params:split"]).values()
    assert hint.description == "How to split."
    assert hint.fields["size"] == ParameterHint(kind="float", description="Share of the test set.")
    assert hint.fields["seed"] == ParameterHint(kind="int", may_be_none=True)
    assert "other" not in hint.fields
    assert hint.fields["inner"].fields["inner"].fields  # and so on, down to a depth


@pytest.mark.parametrize(("kind", "fields"), [(Plain, {"rate": "float", "name": "str"}), (Typed, {"count": "int"})])
def test_data_classes_and_typed_dictionaries(kind, fields):
    def take_one(x, options):
        return x

    take_one.__annotations__["options"] = kind
    (hint,) = hints(take_one, ["x", "params:o"]).values()
    assert {name: one.kind for name, one in hint.fields.items()} == fields
    assert hint.description is None


def test_wrapped_partial_and_callable_objects():
    @functools.wraps(take_int)
    def wrapped(*args, **kwargs):
        return take_int(*args, **kwargs)

    class Callable:
        def __call__(self, x, a: int):
            return x

    assert kinds(wrapped, ["x", "params:a"]) == {"params:a": "int"}
    assert kinds(functools.partial(take_int, f=2), ["x", "params:a"]) == {"params:a": "int"}
    assert kinds(Callable(), ["x", "params:a"]) == {"params:a": "int"}
