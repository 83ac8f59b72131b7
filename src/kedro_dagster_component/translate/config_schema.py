"""Dagster configuration of a step's parameters and of the session resource."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg

from kedro_dagster_component.manifest import DatasetEntry, NodeEntry, ParameterEntry, ParameterHint
from kedro_dagster_component.masking import MASK, mask_values
from kedro_dagster_component.plain import NOT_FINITE
from kedro_dagster_component.plan import StepPlan

_NO_HINT = ParameterHint()
_KINDS: Mapping[str, Any] = {"int": dg.Int, "float": dg.Float, "bool": dg.Bool, "str": dg.String}


def parameter_fields(taker: NodeEntry | StepPlan, parameters: Mapping[str, ParameterEntry]) -> dict[str, dg.Field]:
    """Configuration fields of a step, one for each parameter its nodes take, prefilled as configured.

    Returns:
        Fields by the spelling nodes use (`params:a.b`, `parameters`); a secret is a field without default.
    """
    hints = taker.hints
    return {
        name: _field(parameters[name].value, name, hints.get(name, _NO_HINT))
        if name in parameters and not parameters[name].is_secret
        else _secret_field(name, hints.get(name, _NO_HINT))
        for name in taker.parameters
    }


def session_fields(datasets: Mapping[str, Mapping[str, Any]]) -> dict[str, dg.Field]:
    """Configuration of the session resource, all of it optional.

    Args:
        datasets: What the launchpad shows of the catalog, by name.
    """
    return {**_SESSION_FIELDS, "datasets": dg.Field(dg.Permissive(), default_value=datasets, description=_DATASETS)}


def changeable_configs(datasets: Mapping[str, DatasetEntry]) -> dict[str, dict[str, Any]]:
    """What a launch may change of each dataset, as the catalog has it, without secrets.

    Args:
        datasets: Those an instance exposes, by name.

    Returns:
        By name; nothing where there are more datasets than a person reads in a launchpad. A dataset of several
        transcoded entries is left out: each is changed by a name of its own.
    """
    if len(datasets) > _MAX_SHOWN_DATASETS:
        return {}
    shown = {
        name: _without_secrets({key: value for key, value in dataset.config.items() if key not in _FIXED_KEYS})
        for name, dataset in datasets.items()
        if dataset.in_catalog and dataset.spellings == (name,)
    }
    return {name: config for name, config in shown.items() if config}


_FIXED_KEYS = frozenset({"type", "credentials", "metadata", "versioned", "validator"})
"""Keys of a catalog entry that a launch cannot change, or has no reason to."""
_MAX_SHOWN_DATASETS = 200
_DATASETS = (
    "Catalog configuration to change for this run, by dataset name, merged over the entry, "
    "e.g. `companies: {filepath: data/01_raw/other.csv}`. What is shown and left as it is changes nothing. `type` and "
    "`credentials` cannot be changed."
)
_SESSION_FIELDS: dict[str, dg.Field] = {
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
    "is_async": dg.Field(
        bool, default_value=False, description="Load and save datasets in threads, as `kedro run --async`."
    ),
}


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
    defaults = {name: field.default_value for name, field in _SESSION_FIELDS.items()}
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


def _field(value: Any, name: str, hint: ParameterHint) -> dg.Field:
    """A field whose default is a configured value.

    A mapping becomes one whose known keys have defaults of their own besides the whole default that the
    launchpad shows, so that a partial override keeps the keys beside it, and that accepts new keys; those that its
    model has and the configuration lacks are known too, without a default.
    """
    if value == MASK:
        return _secret_field(name, hint)
    description = _describe(name, hint)
    if isinstance(value, Mapping) and value:
        known = {
            str(key): _field(item, f"{name}.{key}", hint.fields.get(str(key), _NO_HINT)) for key, item in value.items()
        }
        more = {key: _unset_field(f"{name}.{key}", one) for key, one in hint.fields.items() if key not in known}
        return dg.Field(
            dg.Permissive({**known, **more}),
            is_required=False,
            default_value=_without_secrets(value),
            description=description,
        )
    return dg.Field(
        _or_none(_scalar_type(value, hint), hint), is_required=False, default_value=value, description=description
    )


def _secret_field(name: str, hint: ParameterHint) -> dg.Field:
    return dg.Field(dg.Any, is_required=False, description=_describe(name, hint))


def _unset_field(name: str, hint: ParameterHint) -> dg.Field:
    """A field of a model that the configuration says nothing of: its default is the model's own."""
    kind = dg.Permissive() if hint.fields else _KINDS.get(hint.kind or "", dg.Any)
    return dg.Field(_or_none(kind, hint), is_required=False, description=_describe(name, hint))


def _without_secrets(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_secrets(item) for key, item in value.items() if item != MASK}
    return value


def _or_none(kind: Any, hint: ParameterHint) -> Any:
    return dg.Noneable(kind) if hint.may_be_none and kind is not dg.Any else kind


def _scalar_type(value: Any, hint: ParameterHint) -> Any:
    """A type that takes the configured value: a number is any number, as in Kedro, unless the annotation says `int`.

    Anything where the annotation names several types, one of which the value has.
    """
    if hint.kind == "any":
        return dg.Any
    if isinstance(value, bool):
        return dg.Bool
    if isinstance(value, int) and hint.kind == "int":
        return dg.Int
    if isinstance(value, (int, float)):
        return dg.Float
    if isinstance(value, str) and value in NOT_FINITE:  # a number that is shown as text: any number may take its place
        return dg.Any
    if isinstance(value, str):
        return dg.String
    if isinstance(value, Mapping):
        return dg.Permissive()
    return dg.Any


def _describe(name: str, hint: ParameterHint) -> str:
    if hint.description:
        return hint.description
    if name == "parameters":
        return "All parameters of the Kedro project."
    return f"Kedro parameter `{name.removeprefix('params:')}`."
