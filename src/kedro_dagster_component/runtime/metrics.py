"""Metrics in JSON: structured, and each number for itself so that it can be plotted over time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from numbers import Real
from typing import Any

from kedro_dagster_component.masking import mask_values
from kedro_dagster_component.runtime.messages import PlainMetadata
from kedro_dagster_component.runtime.tables import plain_scalar

_MAX_VALUES = 200
"""More is data and no set of metrics."""
_MAX_NUMBERS = 50
_MAX_TEXT_LENGTH = 500


def metrics_of(data: Any) -> dict[str, PlainMetadata]:
    """Facts about metrics.

    Args:
        data: A mapping that holds a number at any depth, or a number; anything else, and what is too large to be
            metrics, gives nothing.

    Returns:
        Under `""` the whole mapping, structured; under its dotted path each number that is finite, 50 at most; a number
        under `value`.
    """
    if _is_number(data):
        return {"value": _number(data)}
    if not isinstance(data, Mapping) or _count(data) > _MAX_VALUES:
        return {}
    numbers = {".".join(path): value for path, value in _leaves(data) if _is_number(value)}
    if not numbers:
        return {}
    shown = list(numbers.items())[:_MAX_NUMBERS]
    return {"": PlainMetadata("json", mask_values(_plain(data))), **{name: _number(value) for name, value in shown}}


def _count(data: Any) -> int:
    """Values in mappings and lists, at any depth; stops counting above what can be metrics."""
    children = data.values() if isinstance(data, Mapping) else data if isinstance(data, list | tuple) else None
    if children is None:
        return 1
    count = 0
    for child in children:
        count += _count(child)
        if count > _MAX_VALUES:
            break
    return count


def _leaves(data: Mapping[Any, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Everything but mappings, with its path."""
    for key, value in data.items():
        below = (*path, str(key))
        if isinstance(value, Mapping):
            yield from _leaves(value, below)
        else:
            yield below, value


def _is_number(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, Real) and math.isfinite(value)


def _number(value: Any) -> PlainMetadata:
    scalar = plain_scalar(value)
    return PlainMetadata("int", scalar) if isinstance(scalar, int) else PlainMetadata("float", float(scalar))


def _plain(value: Any) -> Any:
    """What JSON can hold; infinities, NaN and unknown objects become text."""
    if isinstance(value, Mapping):
        return {str(key): _plain(child) for key, child in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(child) for child in value]
    scalar = plain_scalar(value)
    if isinstance(scalar, float) and not math.isfinite(scalar):
        return str(scalar)
    if scalar is None or isinstance(scalar, bool | int | float):
        return scalar
    return str(scalar)[:_MAX_TEXT_LENGTH]
