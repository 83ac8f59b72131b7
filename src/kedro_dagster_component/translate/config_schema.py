"""Dagster configuration of a step's parameters and of the session resource."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg

from kedro_dagster_component.manifest import NodeEntry, ParameterEntry
from kedro_dagster_component.masking import MASK, mask_values


def parameter_fields(node: NodeEntry, parameters: Mapping[str, ParameterEntry]) -> dict[str, dg.Field]:
    """Configuration fields of a step, one for each parameter its node takes, prefilled as configured.

    Returns:
        Fields by the spelling nodes use (`params:a.b`, `parameters`); a secret is a field without default.
    """
    return {
        name: _field(parameters[name].value, name)
        if name in parameters and not parameters[name].is_secret
        else _secret_field(name)
        for name in node.parameters
    }


SESSION_SCHEMA: dict[str, dg.Field] = {
    "runtime_params": dg.Field(
        dg.Permissive(),
        default_value={},
        description="Runtime parameters of this run, as `kedro run --params`: nested, or with dotted keys. They win over those of the job and of "
        "the component; a step's own configuration wins over them.",
    ),
    "load_versions": dg.Field(
        dg.Permissive(),
        default_value={},
        description="Versions to load, by dataset name, as `kedro run --load-versions`, "
        "e.g. `model: 2026-01-31T12.00.00.000Z`.",
    ),
    "datasets": dg.Field(
        dg.Permissive(),
        default_value={},
        description="Catalog configuration to change for this run, by dataset name, merged over the entry, "
        "e.g. `companies: {filepath: data/01_raw/other.csv}`. `type` and `credentials` cannot be changed.",
    ),
    "is_async": dg.Field(
        bool, default_value=False, description="Load and save datasets in threads, as `kedro run --async`."
    ),
}
"""Configuration of the session resource, all of it optional."""


def job_run_config(resource_key: str, params: Mapping[str, Any]) -> dict[str, Any] | None:
    """Run configuration that shows a job's parameters in its launchpad; None where there is nothing to show.

    They are in force without it too: a launch that gives any configuration of its own replaces this one.

    Args:
        resource_key: Of the instance's session resource.
        params: Of the job, nested; secrets are left out.
    """
    shown = _shown(params, mask_values(params))
    if not shown:
        return None
    defaults = {name: field.default_value for name, field in SESSION_SCHEMA.items()}
    return {"resources": {resource_key: {"config": {**defaults, "runtime_params": shown}}}}


def _shown(params: Mapping[str, Any], masked: Mapping[str, Any]) -> dict[str, Any]:
    """What masking leaves as it is; of a mapping the rest."""
    shown: dict[str, Any] = {}
    for key, value in params.items():
        if value == masked[key]:
            shown[key] = value
        elif isinstance(value, Mapping) and isinstance(masked[key], Mapping) and (rest := _shown(value, masked[key])):
            shown[key] = rest
    return shown


def _field(value: Any, name: str) -> dg.Field:
    """A field whose default is a configured value.

    A mapping becomes one whose known keys have defaults of their own besides the whole default that the
    launchpad shows, so that a partial override keeps the keys beside it, and that accepts new keys. Numbers
    accept integers and floats alike, as Kedro does.
    """
    if value == MASK:
        return _secret_field(name)
    description = _describe(name)
    if isinstance(value, Mapping) and value:
        inner = {str(key): _field(item, f"{name}.{key}") for key, item in value.items()}
        return dg.Field(
            dg.Permissive(inner), is_required=False, default_value=_without_secrets(value), description=description
        )
    return dg.Field(_scalar_type(value), is_required=False, default_value=value, description=description)


def _secret_field(name: str) -> dg.Field:
    return dg.Field(dg.Any, is_required=False, description=_describe(name))


def _without_secrets(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_secrets(item) for key, item in value.items() if item != MASK}
    return value


def _scalar_type(value: Any) -> Any:
    if isinstance(value, bool):
        return dg.Bool
    if isinstance(value, (int, float)):
        return dg.Float
    if isinstance(value, str):
        return dg.String
    if isinstance(value, Mapping):
        return dg.Permissive()
    return dg.Any


def _describe(name: str) -> str:
    if name == "parameters":
        return "All parameters of the Kedro project."
    return f"Kedro parameter `{name.removeprefix('params:')}`."
