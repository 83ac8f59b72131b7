"""Options of executors against what each of them takes, with every mistake at its place.

Dagster itself checks them when a run starts, one executor at a time and in one sentence. The schemas here are those
of the executors, written down once (`tools/executor_schemas.py`) in a form that needs none of their packages.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from pydantic_core import InitErrorDetails

from kedro_dagster_component.config.finding import describe, finding, is_secret_key, quote, quotes_hint
from kedro_dagster_component.errors import did_you_mean

Schema = str | Mapping[str, Any]
"""What an option takes: the name of a scalar, or a mapping of one form to what it is made of.

`{"shape": {"a": ..., "b!": ...}}` exactly these keys, those with `!` required; `{"permissive": {...}}` others too;
`{"selector": {...}}` one of them; `{"list": ...}`, `{"map": ...}`, `{"nullable": ...}`, `{"choices": [...]}`,
`{"either": [scalar, ...]}`. Of `{"selector": {"env!": "String"}}` Dagster itself takes the value from the environment.
"""

REQUIRED = "!"
"""Behind the name of an option that has to be there."""
_LIMIT_OF_RUN = "max_concurrent"
_FROM_ONE = frozenset({_LIMIT_OF_RUN, "limit"})
"""Options that have to be at least 1, which no schema of Dagster's says."""
_BOOLEANS = {
    **dict.fromkeys(("true", "yes", "on", "y", "t", "1"), True),
    **dict.fromkeys(("false", "no", "off", "n", "f", "0"), False),
}
"""Texts that pydantic, and so kedro-dagster, takes for true and false."""
_Place = tuple[str | int, ...]


@cache
def bundled_schemas() -> Mapping[str, Schema]:
    """What each executor takes, by kind, in the versions of `bundled_versions`."""
    schemas: Mapping[str, Schema] = _bundled()["schemas"]
    return schemas


def bundled_versions() -> Mapping[str, str]:
    """Versions of the packages the schemas were made from, by the name of the package."""
    versions: Mapping[str, str] = _bundled()["versions"]
    return versions


def read_options(schema: Schema, value: Any, at: _Place = ()) -> tuple[Any, list[InitErrorDetails]]:
    """Options as the executor takes them, and what is wrong with them.

    A text that stands where a number, `true` or `false` is expected becomes one: what comes from an environment
    variable is text. A key without a value counts as not given.

    Args:
        schema: Of the executor.
        value: As written in the file; stays as it is.
        at: Put before the place of each mistake.
    """
    reading = _Reading()
    return reading.value(schema, value, at), reading.findings


def options_schema(schema: Schema) -> dict[str, Any]:
    """The JSON schema of options."""
    if isinstance(schema, str):
        return dict(_JSON_SCALARS[schema])
    form, inner = next(iter(schema.items()))
    return _JSON_FORMS[form](inner)


@cache
def _bundled() -> Mapping[str, Any]:
    text = files("kedro_dagster_component.config").joinpath("executor_schemas.json").read_text(encoding="utf-8")
    content: Mapping[str, Any] = json.loads(text)
    return content


class _Reading:
    """One pass over the options of one executor."""

    def __init__(self) -> None:
        self.findings: list[InitErrorDetails] = []

    def value(self, schema: Schema, value: Any, at: _Place) -> Any:
        if isinstance(schema, str):
            return self._scalar(schema, value, at)
        form, inner = next(iter(schema.items()))
        return _FORMS[form](self, inner, value, at)

    def shape(self, fields: Mapping[str, Schema], value: Any, at: _Place) -> Any:
        return self._mapping(fields, value, at, is_open=False)

    def permissive(self, fields: Mapping[str, Schema], value: Any, at: _Place) -> Any:
        return self._mapping(fields, value, at, is_open=True)

    def selector(self, fields: Mapping[str, Schema], value: Any, at: _Place) -> Any:
        names = [name.removesuffix(REQUIRED) for name in fields]
        if isinstance(value, str) and value in names:
            value = {value: {}}
        if not isinstance(value, Mapping):
            hint = (did_you_mean(value, names) if isinstance(value, str) else None) or _one_of(names)
            return self._refuse(f"expected a mapping of one key, got {_got(value, at)}", value, at, hint)
        if not value:
            return self._refuse("expected one key, got an empty mapping", value, at, _one_of(names))
        chosen = {key: child for key, child in value.items() if child is not None}
        value = value if len(value) == 1 else chosen or value
        if len(value) > 1:
            first, second = list(value)[:2]
            message = f"both {quote(str(first))} and {quote(str(second))} are given"
            return self._refuse(message, value, (*at, str(second)), "keep one of them", key=True)
        given = {key: {} if child is None else child for key, child in value.items()}
        return self._mapping({name.removesuffix(REQUIRED): inner for name, inner in fields.items()}, given, at)

    def list_(self, inner: Schema, value: Any, at: _Place) -> Any:
        if not isinstance(value, list | tuple):
            hint = f"write [{value}]" if isinstance(value, str | int) and not _is_secret(at) else None
            return self._refuse(f"expected a list, got {_got(value, at)}", value, at, hint)
        return [self.value(inner, item, (*at, index)) for index, item in enumerate(value)]

    def map_(self, inner: Schema, value: Any, at: _Place) -> Any:
        if not isinstance(value, Mapping):
            return self._refuse(f"expected a mapping, got {_got(value, at)}", value, at)
        return {key: self.value(inner, child, (*at, key)) for key, child in self._text_keys(value, at).items()}

    def nullable(self, inner: Schema, value: Any, at: _Place) -> Any:
        return None if value is None else self.value(inner, value, at)

    def choices(self, names: list[str], value: Any, at: _Place) -> Any:
        if value in names:
            return value
        hint = did_you_mean(value, names) if isinstance(value, str) else None
        return self._refuse(f"expected {_one_of(names)}, got {_got(value, at)}", value, at, hint)

    def either(self, forms: list[Schema], value: Any, at: _Place) -> Any:
        scalar, other = forms
        return self.value(other if isinstance(value, Mapping) else scalar, value, at)

    def _mapping(self, fields: Mapping[str, Schema], value: Any, at: _Place, *, is_open: bool = False) -> Any:
        if not isinstance(value, Mapping):
            return self._refuse(f"expected a mapping, got {_got(value, at)}", value, at)
        inner_by_name = {name.removesuffix(REQUIRED): inner for name, inner in fields.items()}
        given = {key: child for key, child in self._text_keys(value, at).items() if child is not None}
        read: dict[str, Any] = {}
        for key, child in given.items():
            if key in inner_by_name:
                read[key] = self._field(key, inner_by_name[key], child, (*at, key))
            elif is_open:
                read[key] = child
            else:
                self._refuse(
                    f"unknown option {quote(key)}", None, (*at, key), did_you_mean(key, inner_by_name), key=True
                )
        unknown = [key for key in given if key not in inner_by_name]
        for name in fields:
            plain = name.removesuffix(REQUIRED)
            if plain != name and plain not in given and not any(_means(key, plain) for key in unknown):
                self._refuse(f"'{plain}' is missing", None, (*at, plain), _takes(fields[name]), key=True)
        return read

    def _field(self, name: str, inner: Schema, value: Any, at: _Place) -> Any:
        read = self.value(inner, value, at)
        if name in _FROM_ONE and isinstance(read, int) and not isinstance(read, bool) and read < 1:
            hint = "leave it out for Dagster's own default" if name == _LIMIT_OF_RUN else None
            return self._refuse(f"has to be at least 1, got {_got(value, at)}", value, at, hint)
        return read

    def _text_keys(self, value: Mapping[Any, Any], at: _Place) -> dict[str, Any]:
        for key in value:
            if not isinstance(key, str):
                self._refuse(
                    f"a key has to be text, got {describe(key)}", key, (*at, str(key)), quotes_hint(key), key=True
                )
        return {key: child for key, child in value.items() if isinstance(key, str)}

    def _scalar(self, name: str, value: Any, at: _Place) -> Any:
        expected, read = _SCALARS[name]
        found = read(value)
        if found is not None:
            return found
        hint = quotes_hint(value) if expected == "text" and not _is_secret(at) else None
        return self._refuse(f"expected {expected}, got {_got(value, at)}", value, at, hint)

    def _refuse(self, message: str, value: Any, at: _Place, hint: str | None = None, *, key: bool = False) -> None:
        self.findings.append(finding(message, hint=hint, at=at, at_key=key, value=value))


def _means(wrong: str, right: str) -> bool:
    return (did_you_mean(wrong, [right]) or "").startswith("did you mean")


def _is_secret(at: _Place) -> bool:
    return any(is_secret_key(part) for part in at)


def _got(value: Any, at: _Place) -> str:
    return describe(value, is_secret=_is_secret(at))


def _one_of(names: list[str]) -> str:
    return " or ".join(f"'{name}'" for name in names) if len(names) < 4 else "one of " + ", ".join(sorted(names))


def _takes(schema: Schema) -> str | None:
    """What to write for an option; None where its name says it."""
    form, inner = ("", {}) if isinstance(schema, str) else next(iter(schema.items()))
    if form not in ("selector", "shape") or not inner:
        return None
    names = [name.removesuffix(REQUIRED) for name in inner]
    return f"it takes {_one_of(names)}" if form == "selector" else f"its keys are {', '.join(sorted(names))}"


def whole_number(value: Any) -> int | None:
    """A whole number, also as text and as `4.0`; None for anything else."""
    number = _number(value)
    if isinstance(number, float):
        return int(number) if number.is_integer() else None
    return number


def _number(value: Any) -> float | None:
    if isinstance(value, str):
        for read in (int, float):
            with contextlib.suppress(ValueError):
                return read(value)
        return None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _boolean(value: Any) -> bool | None:
    if isinstance(value, str):
        return _BOOLEANS.get(value.strip().lower())
    return bool(value) if isinstance(value, int | float) and value in (0, 1) else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


_SCALARS: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "String": ("text", _text),
    "Int": ("a whole number", whole_number),
    "Float": ("a number", _number),
    "Bool": ("true or false", _boolean),
    "Any": ("anything", lambda value: value),
}
"""What a message calls it and what reads it (None where it is something else), by Dagster's name."""

_FORMS: Mapping[str, Callable[[_Reading, Any, Any, _Place], Any]] = {
    "shape": _Reading.shape,
    "permissive": _Reading.permissive,
    "selector": _Reading.selector,
    "list": _Reading.list_,
    "map": _Reading.map_,
    "nullable": _Reading.nullable,
    "choices": _Reading.choices,
    "either": _Reading.either,
}


_JSON_SCALARS: Mapping[str, dict[str, Any]] = {
    "String": {"type": "string"},
    "Int": {"type": ["integer", "string"], "pattern": "^[+-]?[0-9]+$"},
    "Float": {"type": ["number", "string"], "pattern": "^[+-]?[0-9.]+$"},
    "Bool": {"type": "boolean"},
    "Any": {},
}


def _mapping_schema(fields: Mapping[str, Schema], *, is_open: bool) -> dict[str, Any]:
    properties = {name.removesuffix(REQUIRED): options_schema(inner) for name, inner in fields.items()}
    required = [name.removesuffix(REQUIRED) for name in fields if name.endswith(REQUIRED)]
    for name in _FROM_ONE & properties.keys():
        properties[name] |= {"minimum": 1}
    for name in fields:
        if not name.endswith(REQUIRED) and properties[name]:  # a key without a value counts as not given
            properties[name] = {"anyOf": [properties[name], {"type": "null"}]}
    content: dict[str, Any] = {"type": "object", "additionalProperties": is_open}
    return content | ({"properties": properties} if properties else {}) | ({"required": required} if required else {})


def _selector_schema(fields: Mapping[str, Schema]) -> dict[str, Any]:
    one = _mapping_schema({name.removesuffix(REQUIRED): inner for name, inner in fields.items()}, is_open=False)
    return {**one, "maxProperties": 1}


_JSON_FORMS: Mapping[str, Callable[[Any], dict[str, Any]]] = {
    "shape": lambda fields: _mapping_schema(fields, is_open=False),
    "permissive": lambda fields: _mapping_schema(fields, is_open=True),
    "selector": _selector_schema,
    "list": lambda inner: {"type": "array", "items": options_schema(inner)},
    "map": lambda inner: {"type": "object", "additionalProperties": options_schema(inner)},
    "nullable": lambda inner: {"anyOf": [options_schema(inner), {"type": "null"}]},
    "choices": lambda names: {"enum": names},
    "either": lambda forms: {"anyOf": [options_schema(form) for form in forms]},
}
