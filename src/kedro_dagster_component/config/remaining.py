"""What is left of a configuration without its mistakes, so that the rest can still be checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from kedro_dagster_component.config.environment import KeyPath
from kedro_dagster_component.config.finding import KEY_MARK
from kedro_dagster_component.config.models import DagsterConfig

_DEPTHS = (4, 3, 2, 1)
"""What is left out: first what is below a setting, then settings, then entries, then sections."""


def remaining(
    raw: Mapping[str, Any], context: Mapping[str, Any] | None
) -> tuple[DagsterConfig | None, frozenset[KeyPath]]:
    """The configuration without what is wrong in itself.

    Args:
        raw: With the values of environment variables.
        context: Of the validation.

    Returns:
        None where it is still wrong; and the paths of what was left out.
    """
    kept, left_out = _with_filters(raw)
    for depth in _DEPTHS:
        try:
            return DagsterConfig.model_validate(kept, context=context), frozenset(left_out)
        except ValidationError as error:
            for line in error.errors(include_url=False):
                path = line["loc"][:depth]
                left_out.add(tuple(step for step in path if step != KEY_MARK))
                kept = _without(kept, path)
    try:
        return DagsterConfig.model_validate(kept, context=context), frozenset(left_out)
    except ValidationError:
        return None, frozenset(left_out)


def _with_filters(raw: Mapping[str, Any]) -> tuple[dict[str, Any], set[KeyPath]]:
    """With an empty filter for each job that has none that can be read: its other settings count all the same."""
    jobs = raw.get("jobs")
    if not isinstance(jobs, Mapping):
        return dict(raw), set()
    lacking = {key: job for key, job in jobs.items() if _lacks_filter(job)}
    filled = {**jobs, **{key: {**job, "pipeline": {}} for key, job in lacking.items()}}
    return {**raw, "jobs": filled}, {("jobs", key, "pipeline") for key in lacking}


def _lacks_filter(job: object) -> bool:
    return isinstance(job, Mapping) and not isinstance(job.get("pipeline"), Mapping)


def _without(content: Mapping[Any, Any], path: KeyPath) -> dict[Any, Any]:
    """A copy without the entry at a path; the same where there is none."""
    first, *rest = path
    copy = dict(content)
    if not rest or rest[0] == KEY_MARK:
        copy.pop(first, None)
    elif isinstance(copy.get(first), Mapping):
        copy[first] = _without(copy[first], tuple(rest))
    return copy
