"""One template: its value, or why it has none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import jinja2
from jinja2.nativetypes import NativeEnvironment
from jinja2.utils import missing
from pydantic import BaseModel

from kedro_dagster_component.errors import did_you_mean
from kedro_dagster_component.masking import mask_text

_OLD_NAMES = frozenset({"automation_condition", "project_root", "load_component_at_path", "build_defs_at_path"})
"""Variables of templates that Dagster keeps for old files only."""


class TemplateError(Exception):
    """A template has no value.

    Attributes:
        message: Why, as in `Problem`.
        hint: As in `Problem`.
    """

    def __init__(self, message: str, hint: str | None) -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


def evaluate(
    text: str, scope: Mapping[str, Any], kinds: Mapping[str, type[BaseModel]], *, as_text: bool = False
) -> Any:
    """The value of a template, an object of any kind; the arguments are those of `templates.render`.

    Raises:
        TemplateError: It fails, or uses what does not exist.
    """
    try:
        value: Any = _template(text).render(**scope)
        if as_text and isinstance(value, bool | int | float):
            value = _template(text, as_text=True).render(**scope)
    except Exception as error:
        raise TemplateError(*_explained(error, text, scope, kinds)) from error
    if isinstance(value, _Undefined):
        raise TemplateError(*_what_is_missing(value.error(), text, scope, kinds))
    return value


def check_syntax(text: str) -> None:
    """Only read a template.

    Raises:
        TemplateError: That fails.
    """
    try:
        _template(text)
    except jinja2.TemplateSyntaxError as error:
        raise TemplateError(*_explained(error, text, {}, {})) from error


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
