"""The JSON schema of `dagster.yml` for editors, made from the models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kedro_dagster_component.config import DagsterConfig
from kedro_dagster_component.config.executors import EXECUTOR_KINDS, FLAT_KEYS_BY_KIND

Schema = dict[str, Any]

_INTERPOLATION = {
    "type": "string",
    "pattern": r"\$\{",
    "description": "A value from elsewhere: `${key}`, `${globals:key}`, `${runtime_params:key}`, `${oc.env:NAME}`.",
}
_DRAFT = "http://json-schema.org/draft-07/schema#"
"""The newest draft that every YAML editor knows."""


def model_schema() -> Schema:
    """The schema of the models, without titles and without empty defaults."""
    schema: Schema = _cleaned(DagsterConfig.model_json_schema())
    return schema


def editor_schema() -> Schema:
    """The schema of what a file may hold: with interpolations, empty sections and short forms."""
    schema = model_schema()
    definitions = {name: _opened_model(model) for name, model in schema.pop("$defs").items()}
    executor = definitions["ExecutorConfig"]
    executor |= {"minProperties": 1, "maxProperties": 1}
    definitions["JobConfig"]["properties"]["executor"]["anyOf"].insert(1, _flat_executor())
    definitions["Interpolation"] = _INTERPOLATION
    opened = _opened_model(schema)
    opened["type"] = ["object", "null"]
    opened["patternProperties"] = {"^_": {"description": "Left out by Kedro: values for interpolations."}}
    defined = {name: definitions[name] for name in sorted(definitions)}
    moved: Schema = _moved({**opened, "definitions": defined})
    return {"$schema": _DRAFT, "title": "dagster.yml of a Kedro project", **moved}


def _cleaned(value: Any) -> Any:
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    kept = {key: child for key, child in value.items() if not (key == "title" and isinstance(child, str))}
    if kept.get("default", 0) is None:
        del kept["default"]
    return {key: _cleaned(child) for key, child in kept.items()}


def _opened_model(model: Schema) -> Schema:
    properties = {name: _opened(value) for name, value in model.get("properties", {}).items()}
    return {**model, "properties": properties}


def _opened(schema: Schema) -> Schema:
    """A value's schema that takes an interpolation too, and nothing where the default is meant."""
    schema = _below(schema)
    described: Schema = {key: schema[key] for key in ("description", "default") if key in schema}
    rest = {key: value for key, value in schema.items() if key not in described}
    choices: list[Schema] = rest["anyOf"] if set(rest) == {"anyOf"} else [rest]
    if "default" in schema:
        choices = [*choices, {"type": "null"}]
    if not any(map(_takes_any_text, choices)):
        choices = [*choices, {"$ref": "#/$defs/Interpolation"}]
    shown = choices[0] if len(choices) == 1 else {"anyOf": choices}
    return {**described, **shown}


def _below(schema: Schema) -> Schema:
    opened = dict(schema)
    if "enum" in opened:
        opened["enum"] = list(dict.fromkeys([*opened["enum"], *map(str.lower, opened["enum"])]))
    for key in ("items", "additionalProperties"):
        if isinstance(opened.get(key), Mapping):
            opened[key] = _opened(opened[key])
    if "properties" in opened:
        opened["properties"] = {name: _opened(value) for name, value in opened["properties"].items()}
    if "anyOf" in opened:
        opened["anyOf"] = [_below(choice) for choice in opened["anyOf"]]
    return opened


def _takes_any_text(schema: Schema) -> bool:
    kinds = schema.get("type")
    is_text = kinds == "string" or (isinstance(kinds, list) and "string" in kinds) or not schema
    return is_text and not {"enum", "pattern", "const"} & set(schema)


def _flat_executor() -> Schema:
    """Options without their kind, as kedro-dagster has them inside a job."""
    names = sorted(set().union(*FLAT_KEYS_BY_KIND.values()))
    return {
        "type": "object",
        "description": f"Options of the first of {', '.join(EXECUTOR_KINDS)} that has them all.",
        "properties": {name: {} for name in names},
        "additionalProperties": False,
    }


def _moved(value: Any) -> Any:
    """With references as the older drafts have them."""
    if isinstance(value, list):
        return [_moved(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _moved(child) for key, child in value.items()}
    return value.replace("#/$defs/", "#/definitions/") if isinstance(value, str) else value
