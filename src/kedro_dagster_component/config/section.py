"""The base of every model of `dagster.yml`, and choices between a name and inline settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ModelWrapValidatorHandler,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic.fields import FieldInfo
from typing_extensions import Self

from kedro_dagster_component.config.finding import describe, explained, quote, refuse
from kedro_dagster_component.errors import did_you_mean

S = TypeVar("S", bound="Section")


class Section(BaseModel):
    """Frozen, strict about unknown keys, and with errors in plain English."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)  # most of them are used by no load

    takes_nothing: ClassVar[bool] = True
    """Whether a key without a value means the default."""

    @model_validator(mode="wrap")
    @classmethod
    def _explain(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return handler(_without_nothing(data, cls.model_fields) if cls.takes_nothing else data)
        except ValidationError as error:
            raise explained(error, cls.model_fields) from None


def _without_nothing(data: Any, fields: Mapping[str, FieldInfo]) -> Any:
    """A key without a value means the default, as everywhere in Kedro; where nothing is a value it stays one."""
    if not isinstance(data, Mapping) or None not in data.values():
        return data
    defaults = {name: field.default for name, field in fields.items() if not field.is_required()}
    return {key: defaults.get(key) if value is None and isinstance(key, str) else value for key, value in data.items()}


def name_or_inline(read: Callable[..., object], noun: str, *, takes_context: bool = False) -> BeforeValidator:
    """A value that is either the name of an entry elsewhere in the file or such an entry itself.

    Args:
        read: Makes the entry from a mapping.
        noun: What it is, with its article: `an executor`.
        takes_context: Whether `read` is given the context of the validation too.
    """

    def choose(value: Any, info: ValidationInfo) -> Any:
        return _name_or_inline(value, read, noun, (info.context,) if takes_context else ())

    return BeforeValidator(choose)


def read_by_type(value: Any, models_by_type: Mapping[str, type[S]], noun: str) -> Any:
    """One of several models, chosen by the key `type`; a model that is already built stays as it is.

    Raises:
        ValidationError: No mapping, no `type`, an unknown one, or mistakes in the rest.
    """
    if isinstance(value, tuple(models_by_type.values())):
        return value
    if not isinstance(value, Mapping):
        raise refuse(
            f"expected a mapping with a 'type', got {describe(value)}", hint=_types(models_by_type), value=value
        )
    if "type" not in value:
        raise refuse("'type' is missing", hint=_types(models_by_type), at=("type",), at_key=True, value=value)
    kind = value["type"]
    model = models_by_type.get(kind) if isinstance(kind, str) else None
    if model is None:
        got = quote(kind) if isinstance(kind, str) else describe(kind)
        raise refuse(
            f"unknown type of {noun}: {got}", hint=did_you_mean(str(kind), models_by_type), at=("type",), value=kind
        )
    return model.model_validate(dict(value))


def _types(models_by_type: Mapping[str, object]) -> str:
    return "the types are " + ", ".join(sorted(models_by_type))


def _name_or_inline(value: Any, read: Callable[..., object], noun: str, context: tuple[Any, ...]) -> Any:
    if value is None or isinstance(value, Section):
        return value
    if isinstance(value, Mapping):
        return read(value, *context)
    if isinstance(value, str) and value.strip():
        return value
    got = "an empty text" if isinstance(value, str) else describe(value)
    raise refuse(f"expected the name of {noun} or its settings as a mapping, got {got}", value=value)
