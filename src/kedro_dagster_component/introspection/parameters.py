"""The parameters nodes take, with their configured values and without their secrets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kedro_dagster_component.manifest import ParameterEntry
from kedro_dagster_component.masking import MASK, is_secret_key, mask_values
from kedro_dagster_component.plain import plain


def read_parameters(names: Iterable[str], values_by_name: Mapping[str, Any]) -> dict[str, ParameterEntry]:
    """Entries of the parameters that are configured.

    Args:
        names: As nodes spell them; repeats count once.
        values_by_name: See `feed`.

    Returns:
        By name, in order; a name without a configured value has no entry.
    """
    return {name: _entry(name, values_by_name[name]) for name in dict.fromkeys(names) if name in values_by_name}


def feed(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Every value of the configuration under the name nodes take it by, as Kedro does it.

    Returns:
        `{"parameters": {a: {b: 1}}, "params:a": {b: 1}, "params:a.b": 1}`
    """
    values: dict[str, Any] = {"parameters": parameters}

    def add(name: str, value: Any) -> None:
        values[f"params:{name}"] = value
        if isinstance(value, Mapping):
            for key, child in value.items():
                add(f"{name}.{key}", child)

    for key, value in parameters.items():
        add(str(key), value)
    return values


def _entry(name: str, value: Any) -> ParameterEntry:
    keys = name.removeprefix("params:").split(".") if name.startswith("params:") else []
    is_secret = value is not None and not isinstance(value, bool) and any(is_secret_key(key) for key in keys)
    return ParameterEntry(name=name, value=MASK if is_secret else mask_values(plain(value)), is_secret=is_secret)
