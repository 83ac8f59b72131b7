"""What the annotations of a node's function say of the parameters it takes."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from kedro_dagster_component.compat.kedro import node_mappings
from kedro_dagster_component.manifest import ParameterHint, is_parameter
from kedro_dagster_component.plain import encodable

if TYPE_CHECKING:
    from kedro.pipeline.node import Node

_KINDS = {int: "int", float: "float", bool: "bool", str: "str"}
_ANY = "any"
_SEVERAL = object()
_MAX_DEPTH = 5
"""Levels of models in models: one may hold itself."""


def read_hints(node: Node) -> dict[str, ParameterHint]:
    """Hints by the name of the parameter, as the node spells it; only for annotations that say something.

    Annotations that cannot be evaluated (a name that is imported for the type checker only) say nothing.
    """
    spelled = dict(_arguments(node))
    if not spelled:
        return {}
    annotations = _annotations(_unwrapped(node.func))
    hints = {}
    for argument, name in spelled.items():
        hint = _hint(annotations.get(argument), None, _MAX_DEPTH)
        if hint is not None:
            hints[name] = hint
    return hints


def _arguments(node: Node) -> Iterator[tuple[str, str]]:
    """Argument and parameter, of the arguments that take one."""
    inputs, _ = node_mappings(node)
    if isinstance(inputs, Mapping):
        pairs = list(inputs.items())
    else:
        given = [inputs] if isinstance(inputs, str) else list(inputs or ())
        pairs = list(zip(_positional(node.func), given, strict=False))
    yield from ((argument, name) for argument, name in pairs if isinstance(name, str) and is_parameter(name))


def _positional(func: Callable[..., Any]) -> list[str]:
    """Names of the arguments that can be given by their place, up to the first that takes any number."""
    try:
        parameters = inspect.signature(func).parameters.values()
    except (TypeError, ValueError):
        return []
    by_place = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [parameter.name for parameter in parameters if parameter.kind in by_place]


def _annotations(owner: Any) -> Mapping[str, Any]:
    return _evaluated(owner) or _evaluated(getattr(type(owner), "__call__", None))  # noqa: B004 - of callable objects


def _evaluated(owner: Any) -> Mapping[str, Any]:
    try:
        return typing.get_type_hints(owner)
    except Exception:  # noqa: BLE001 - an annotation is the project's code
        return {}


def without_partials(func: Any) -> Any:
    """The function that a partial calls in the end."""
    while isinstance(func, functools.partial):
        func = func.func
    return func


def _unwrapped(func: Any) -> Any:
    """The function that a decorated one, or a partial, calls in the end."""
    try:
        return inspect.unwrap(without_partials(func))
    except ValueError:  # a wrapper of itself
        return func


def _hint(annotation: Any, description: str | None, depth: int) -> ParameterHint | None:
    """A hint; None where neither the annotation nor a description says anything."""
    kind, may_be_none = _without_none(annotation)
    fields: dict[str, ParameterHint] = {}
    if isinstance(kind, type) and kind not in _KINDS and depth:
        fields = {name: hint for name, hint in _fields(kind, depth - 1) if hint is not None}
        description = description or (_first_line(kind) if fields else None)
    shown = _ANY if kind is _SEVERAL else _KINDS.get(kind) if isinstance(kind, type) else None
    if shown is None and not fields and description is None:
        return None
    said = encodable(description) if description else description
    return ParameterHint(kind=shown, may_be_none=may_be_none, description=said, fields=fields)


def _fields(kind: type, depth: int) -> Iterator[tuple[str, ParameterHint | None]]:
    """Fields of a model of pydantic, a data class or a typed dictionary."""
    models = getattr(kind, "model_fields", None)
    if isinstance(models, Mapping):
        for name, field in models.items():
            yield str(field.alias or name), _hint(field.annotation, field.description, depth)
    elif dataclasses.is_dataclass(kind) or typing.is_typeddict(kind):
        for name, annotation in _annotations(kind).items():
            yield name, _hint(annotation, None, depth)


def _without_none(annotation: Any) -> tuple[Any, bool]:
    """`T` of `T | None`, `_SEVERAL` of a union of more than one type; and whether None is among them."""
    if typing.get_origin(annotation) in {typing.Union, types.UnionType}:
        given = typing.get_args(annotation)
        kinds = [kind for kind in given if kind is not types.NoneType]
        return kinds[0] if len(kinds) == 1 else _SEVERAL, len(kinds) < len(given)
    return annotation, False


def _first_line(kind: type) -> str | None:
    text = inspect.cleandoc(kind.__doc__) if kind.__doc__ else ""
    is_own = not dataclasses.is_dataclass(kind) or not text.startswith(f"{kind.__name__}(")  # made by the decorator
    return text.splitlines()[0] if text and is_own else None
