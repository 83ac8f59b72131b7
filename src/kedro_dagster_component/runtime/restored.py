"""What was shown as text, and comes back from a launchpad, as the objects of the project's configuration."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from kedro_dagster_component.masking import mask_values
from kedro_dagster_component.plain import NOT_FINITE, plain


def restored(value: Any, configured: Any) -> Any:
    """A value of a launchpad where Dagster shows a configured one, which its configuration may not be able to hold.

    Args:
        value: What came back: text keys, no dates, no infinities, secrets masked.
        configured: What the project's configuration has in its place.

    Returns:
        The configured object wherever what was shown of it came back, at any depth; a changed text where a date, a
        time or an infinity is configured as one of these, where it can be read so; else the value. Keys of a mapping
        are those configured; new ones are of the same type where all of them are of one.
    """
    return _restored(value, configured, mask_values(plain(configured)))


def _restored(value: Any, configured: Any, shown: Any) -> Any:
    if _is_same(value, shown):
        return configured
    if isinstance(value, Mapping) and isinstance(configured, Mapping):
        return _mapping(value, configured, shown)
    if isinstance(value, list) and isinstance(configured, list | tuple):
        return [_item(item, index, configured, shown) for index, item in enumerate(value)]
    return _read_as(value, type(configured)) if isinstance(value, str) else value


def _mapping(value: Mapping[str, Any], configured: Mapping[Any, Any], shown: Mapping[str, Any]) -> dict[Any, Any]:
    keys = {str(key): key for key in configured}
    keys |= {key: key for key in configured if isinstance(key, str)}  # of `1` and `"1"` the text is meant
    return {
        keys[name] if name in keys else _new_key(name, configured): (
            _restored(item, configured[keys[name]], shown[name]) if name in keys else item
        )
        for name, item in value.items()
    }


def _item(item: Any, index: int, configured: Sequence[Any], shown: Sequence[Any]) -> Any:
    """An item of a list: the configured one that was shown so, wherever it was, else what stands beside it."""
    places = [place for place, one in enumerate(shown) if _is_same(item, one)]
    if places:
        return configured[index if index in places else places[0]]
    return _restored(item, configured[index], shown[index]) if index < len(configured) else item


def _new_key(name: str, configured: Mapping[Any, Any]) -> Any:
    kinds = {type(key) for key in configured}
    return _read_as(name, kinds.pop()) if len(kinds) == 1 else name


def _read_as(text: str, kind: type) -> Any:
    """A text as a value of a type, as YAML reads it; the text where it is none."""
    if kind is float and text in NOT_FINITE:
        return float(text)
    if kind not in _READ:
        return text
    try:
        found = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError):
        return text
    return found if type(found) is kind else text


_READ = frozenset({int, float, bool, dt.date, dt.datetime})


def _is_same(left: Any, right: Any) -> bool:
    """Equality of plain data; `1` and `True` differ, `1` and `1.0`, which Dagster does not tell apart, do not."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(_is_same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_is_same, left, right))
    return bool(left == right)
