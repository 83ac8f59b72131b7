"""The JSON schema of a component's attributes, for editors, `dg check yaml` and `dg utils inspect-component`.

Dagster's own schema says of everything but text "this, or a text" (the text could be a template). A checker can then
only say that a value fits none of two schemas. Here a text has to hold a template where something else is wanted, and
the rest stands beside it: a wrong key deep inside is told as that key.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]

_PLAIN_TEXT: Schema = {"type": "string", "not": {"pattern": r"\{\{|\{%|\{#"}}
"""A text that holds no template."""
_ABOUT_TEXT = ("enum", "const", "pattern")
"""Keywords that would refuse a template."""
_UNSET = "__DAGSTER_UNSET_DEFAULT__"
"""What Dagster writes where a default is no plain value."""

_HELP = ("title", "description", "examples", "default")


def attributes_schema(derived: Schema, strict: Mapping[str, Any], translation: Mapping[str, Any]) -> Schema:
    """Dagster's schema of the attributes with better ones for the fields that have them.

    Args:
        derived: Dagster's own, with the help of all fields.
        strict: Of the rendered attributes.
        translation: Dagster's own of `translation`.

    Returns:
        All in one, without references.
    """
    opened = {name: _opened(value) for name, value in _inlined(strict)["properties"].items()}
    opened["translation"] = _opened({**_inlined(translation), "type": ["object", "null"]})
    properties = {
        name: {**opened.get(name, {}), **_help(value)} if name in opened else value
        for name, value in derived["properties"].items()
    }
    return {**derived, "properties": properties, "propertyNames": {"enum": list(properties)}}


def _help(schema: Schema) -> Schema:
    return {key: schema[key] for key in _HELP if key in schema and schema[key] != _UNSET}


def _inlined(schema: Mapping[str, Any]) -> Schema:
    """The same without references; the models are no trees without end."""
    definitions = schema.get("$defs", {})

    def inline(value: Any) -> Any:
        if isinstance(value, list):
            return [inline(item) for item in value]
        if not isinstance(value, Mapping):
            return value
        rest = {key: inline(child) for key, child in value.items() if key not in {"$ref", "$defs"}}
        if "$ref" not in value:
            return rest
        return {**inline(definitions[value["$ref"].rpartition("/")[2]]), **rest}

    inlined: Schema = inline(schema)
    return inlined


def _opened(schema: Schema) -> Schema:
    """A value's schema that takes a template too."""
    merged = _merged(schema)
    merged = {key: _opened_below(key, value) for key, value in merged.items() if value != _UNSET}
    if merged.get("additionalProperties") is False:
        merged["propertyNames"] = {"enum": list(merged["properties"])}
    kinds = _kinds(merged)
    if not kinds or ("string" in kinds and not set(_ABOUT_TEXT) & set(merged)):
        return merged
    about_text = {key: merged.pop(key) for key in _ABOUT_TEXT if key in merged}
    refused = {"type": _one(kinds), **about_text} if "string" not in kinds else about_text
    open_kinds = list(dict.fromkeys([*kinds, "string"]))
    return {**merged, "type": _one(open_kinds), "if": _PLAIN_TEXT, "then": refused}


def _opened_below(key: str, value: Any) -> Any:
    if key == "properties":
        return {name: _opened(child) for name, child in value.items()}
    if key in {"items", "additionalProperties"} and isinstance(value, Mapping):
        return _opened(dict(value))
    return value


def _merged(schema: Schema) -> Schema:
    """One schema for a choice between schemas of different types: keywords of one type do not touch another."""
    choices = schema.get("anyOf")
    if not choices:
        return schema
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    choices = [_merged(choice) for choice in choices]
    by_type = [choice for choice in choices if "const" in choice.get("properties", {}).get("type", {})]
    others = [choice for choice in choices if choice not in by_type]
    merged = _by_type(by_type) if len(by_type) > 1 else {}
    for choice in others if len(by_type) > 1 else choices:
        kinds = [*_kinds(merged), *_kinds(choice)]
        if "enum" in choice and _kinds(choice) == ["string"] and {"type": "null"} in choices:
            choice = {**choice, "enum": [*choice["enum"], None]}  # noqa: PLW2901 - null is a choice too
        merged = {**choice, **merged, "type": _one(list(dict.fromkeys(kinds)))}
    return {**merged, **rest}


def _by_type(choices: list[Schema]) -> Schema:
    """Mappings that are told apart by their key `type`."""
    names = [choice["properties"]["type"]["const"] for choice in choices]
    return {
        "type": "object",
        "required": ["type"],
        "properties": {"type": {"enum": names}},
        "allOf": [
            {
                "if": {"properties": {"type": {"const": name}}, "required": ["type"]},
                "then": {
                    "properties": {key: _opened(child) for key, child in choice["properties"].items()},
                    "required": choice.get("required", []),
                    "additionalProperties": False,
                },
            }
            for name, choice in zip(names, choices, strict=True)
        ],
    }


def _kinds(schema: Schema) -> list[str]:
    kinds = schema.get("type", [])
    return [kinds] if isinstance(kinds, str) else list(kinds)


def _one(kinds: list[str]) -> str | list[str]:
    return kinds[0] if len(kinds) == 1 else kinds
