"""Partition keys as names of steps, as parts of paths, and as Kedro's runtime parameters."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime

PARAMETER = "partition_key"
"""Runtime parameter that holds the key of a step."""

PARAMETERS = "partition_keys"
"""Runtime parameter that holds the keys of a run that has not exactly one."""

_MAX_SHOWN = 60
_SEPARATORS = ("...", "\a", "\b", "\f", "\n", "\r", "\t", "\v", "\0")
"""What Dagster does not take in a key: its mark of a range, and control characters."""


def step_name(key: str, *, by_time: bool) -> str:
    """A key as the name of one mapped step: letters, digits and underscores.

    Keys that differ in odd characters only get different names, by a hash; those of one format of time cannot
    meet, and stay readable.

    Args:
        key: As Dagster gives it.
        by_time: Whether it is a key of partitions by time.
    """
    plain = re.sub(r"[^A-Za-z0-9_]", "_", key)[:_MAX_SHOWN]
    if plain == key or by_time:
        return plain
    return f"{plain}_{hashlib.sha256(key.encode()).hexdigest()[:8]}"


def key_problem(key: str) -> str | None:
    """Why a key cannot be part of a path; None where it can.

    A key becomes a file name, or a folder and a file name: none may lead out of the folder it belongs in.
    """
    if not key.strip():
        return "is empty"
    if any(mark in key for mark in _SEPARATORS):
        return "holds '...' or a control character"
    if key.startswith(("/", "\\", "~")) or re.match(r"[A-Za-z][A-Za-z0-9+.-]*:[/\\]", key):  # C:/x, file:/x
        return "is an absolute path"
    parts = re.split(r"[/\\]", key)
    if any(part in (".", "..") for part in parts):
        return "leads out of its folder"
    if not all(parts):  # a//b is the file a/b
        return "has an empty part between slashes"
    return None


def key_parameters(
    key: str, dimensions: Mapping[str, str] | None, window: tuple[datetime, datetime] | None
) -> dict[str, str]:
    """Runtime parameters of a step that works on one key.

    Args:
        key: As Dagster gives it.
        dimensions: Key by dimension; None for a key without.
        window: Start and end (excluded) of its time; None without.

    Returns:
        `partition_key`; `partition_<dimension>` for each dimension; `partition_start` and `partition_end` in
        ISO 8601 with the offset of the partitions' timezone.
    """
    parameters = {PARAMETER: key}
    parameters.update({f"partition_{name}": value for name, value in (dimensions or {}).items()})
    if window is not None:
        start, end = window
        parameters.update(partition_start=start.isoformat(), partition_end=end.isoformat())
    return parameters
