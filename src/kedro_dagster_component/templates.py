"""Templates in `component.yaml`, `{{ ... }}`, rendered as Dagster does, with mistakes in words for the person who wrote them.

Dagster's own rendering leaves out what does not exist where text stands around it: `{{ contxt.project_root }}/demo`
becomes `/demo`. Here that is a mistake.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jinja2
from jinja2.nativetypes import NativeEnvironment
from jinja2.utils import missing
from pydantic import BaseModel

from kedro_dagster_component.errors import Finding, ValuePath, did_you_mean
from kedro_dagster_component.masking import mask_text

_MARK = re.compile(r"\{\{|\{%|\{#")
_OLD_NAMES = frozenset({"automation_condition", "project_root", "load_component_at_path", "build_defs_at_path"})
"""Variables of templates that Dagster keeps for old files only."""
_NO_KINDS: Mapping[str, type[BaseModel]] = {}


@dataclass(frozen=True)
class Rendered:
    """Content with its templates rendered.

    Attributes:
        content: A copy, the same shape as before; where a template fails the text stands as it was.
        findings: One for each template that fails.
    """

    content: Any
    findings: tuple[Finding, ...] = ()


def is_template(value: object) -> bool:
    """Whether a value is a text that holds a template."""
    return isinstance(value, str) and _MARK.search(value) is not None


def holds_template(content: Any, path: ValuePath) -> bool:
    """Whether the value at a path, or one that the path leads through, is a template."""
    for step in path:
        if isinstance(content, Mapping):
            content = content.get(step)
        elif isinstance(content, list | tuple) and isinstance(step, int) and step < len(content):
            content = content[step]
        else:
            break
    return is_template(content)


def render(
    content: Any,
    scope: Mapping[str, Any],
    path: ValuePath = (),
    *,
    kinds: Mapping[str, type[BaseModel]] = _NO_KINDS,
    as_text: bool = False,
) -> Rendered:
    """Content with all its templates rendered; text without a template stays as it is.

    Args:
        content: Mappings, lists and scalars.
        scope: Variables of the templates.
        path: Of the content, for the findings.
        kinds: Of variables that can be None, for the findings.
        as_text: Whether a template that gives a number, true or false gives the text it came from.
    """
    findings: list[Finding] = []

    def rendered(value: Any, at: ValuePath) -> Any:
        if isinstance(value, Mapping):
            return {key: rendered(child, (*at, key)) for key, child in value.items()}
        if isinstance(value, list | tuple):
            return [rendered(child, (*at, index)) for index, child in enumerate(value)]
        if not is_template(value):
            return value
        try:
            return _value(value, scope, as_text=as_text)
        except Exception as error:  # noqa: BLE001 - a template can call anything
            findings.append(Finding(at, *_explained(error, value, scope, kinds)))
            return value

    return Rendered(rendered(content, path), tuple(findings))


def syntax_findings(content: Any, path: ValuePath = ()) -> Iterator[Finding]:
    """One for each template that cannot be read, whatever its variables are."""
    if isinstance(content, Mapping | list | tuple):
        items = content.items() if isinstance(content, Mapping) else enumerate(content)
        for step, value in items:
            yield from syntax_findings(value, (*path, step))
    elif is_template(content):
        try:
            _template(content)
        except jinja2.TemplateSyntaxError as error:
            yield Finding(path, *_explained(error, content, {}, {}))


def _value(text: str, scope: Mapping[str, Any], *, as_text: bool) -> Any:
    value: Any = _template(text).render(**scope)
    if isinstance(value, _Undefined):
        raise value.error()
    if as_text and isinstance(value, bool | int | float):
        return _template(text, as_text=True).render(**scope)
    return value


class _NothingThereError(jinja2.UndefinedError):
    """A template uses what does not exist: the variable `name`, or the attribute `name` of `owner`."""

    def __init__(self, message: str | None, owner: Any, name: str | None) -> None:
        super().__init__(message)
        self.owner, self.name = owner, name


class _Undefined(jinja2.Undefined):
    """What a template gets for a name that does not exist: it can be tested and given a default, and is no text."""

    __slots__ = ()

    def __init__(self, hint: str | None = None, obj: Any = missing, name: str | None = None, exc: Any = None) -> None:
        def raised(message: str | None) -> _NothingThereError:
            return _NothingThereError(message, obj, name)

        super().__init__(hint, obj, name, raised)  # type: ignore[arg-type]  # called with the message, as a class is

    def error(self) -> _NothingThereError:
        """The error of using it."""
        return _NothingThereError(self._undefined_message, self._undefined_obj, self._undefined_name)

    def __str__(self) -> str:
        """Nothing for an attribute of None, as Jinja has it: a free input has no node."""
        if self._undefined_obj is None:
            return ""
        raise self.error()

    __html__ = __str__


class _Environment(jinja2.Environment):
    def getattr(self, obj: Any, attribute: str) -> Any:
        """As Jinja's, for objects too that raise errors of their own when they are asked for an item."""
        try:
            return super().getattr(obj, attribute)
        except Exception:
            if hasattr(obj, attribute):
                raise
            return self.undefined(obj=obj, name=attribute)


class _NativeEnvironment(_Environment, NativeEnvironment):
    pass


_NATIVE = _NativeEnvironment(undefined=_Undefined)
_TEXT = _Environment(undefined=_Undefined)


@lru_cache(maxsize=256)
def _template(text: str, *, as_text: bool = False) -> jinja2.Template:
    return (_TEXT if as_text else _NATIVE).from_string(text)


def _explained(
    error: Exception, text: str, scope: Mapping[str, Any], kinds: Mapping[str, type[BaseModel]]
) -> tuple[str, str | None]:
    """Message and hint."""
    if isinstance(error, _NothingThereError):
        return _what_is_missing(error, text, scope, kinds)
    if isinstance(error, jinja2.TemplateSyntaxError):
        return f"the template cannot be read: {(error.message or '').rstrip('.')}", None
    shown = mask_text(" ".join(str(error).split())).rstrip(".")
    if type(error).__name__ == "ResolutionException":  # a sentence of Dagster's
        return shown, None
    return f"the template fails: {type(error).__name__}: {shown}", None


def _what_is_missing(
    error: _NothingThereError, text: str, scope: Mapping[str, Any], kinds: Mapping[str, type[BaseModel]]
) -> tuple[str, str | None]:
    name = str(error.name)
    if error.owner is missing:
        known = [variable for variable in scope if variable not in _OLD_NAMES]
        return f"templates have no variable '{name}' here", did_you_mean(name, known)
    owner = next(
        (variable for variable, value in scope.items() if value is error.owner and f"{variable}.{name}" in text), None
    )
    if error.owner is None and owner is not None and owner in kinds:
        known = [*_public_names(kinds[owner])]
        if name in known:
            return f"`{owner}` is none here", f"write {{{{ {owner}.{name} if {owner} else 'something else' }}}}"
        return f"`{owner}` has no '{name}'", did_you_mean(name, known)
    shown = f"`{owner}`" if owner else f"a {type(error.owner).__name__}"
    return f"{shown} has no '{name}'", did_you_mean(name, _public_names(error.owner))


def _public_names(owner: Any) -> Iterator[str]:
    """What a template may ask an object, or an object of a model, for."""
    allowed = getattr(owner, "_accessible_attributes", None)
    model = owner if isinstance(owner, type) else type(owner)
    if isinstance(owner, Mapping):
        yield from map(str, owner)
    elif isinstance(allowed, set | frozenset):  # a variable of Dagster's
        yield from allowed
    elif issubclass(model, BaseModel):
        yield from model.model_fields
        yield from (
            name for kind in model.__mro__[:-1] for name, value in vars(kind).items() if _is_own_property(kind, value)
        )
    else:
        yield from (name for name in dir(owner) if not name.startswith("_"))


def _is_own_property(kind: type, value: object) -> bool:
    return isinstance(value, property) and kind is not BaseModel
