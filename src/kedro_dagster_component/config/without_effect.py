"""Settings that are taken and do nothing, for a warning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kedro_dagster_component.config.environment import KeyPath
from kedro_dagster_component.config.executors import WITHOUT_EFFECT, kind_of_options
from kedro_dagster_component.config.positions import Positions
from kedro_dagster_component.errors import Problem


def settings_without_effect(content: Mapping[str, Any], positions: Positions) -> Iterator[Problem]:
    """What a correct `dagster.yml` says in vain.

    Args:
        content: Mappings by section, as in the file.
        positions: Of its files.
    """
    for name, executor in _entries(content, "executors"):
        yield from _options(executor, ("executors", name), positions)
    for name, job in _entries(content, "jobs"):
        yield from _options(job.get("executor"), ("jobs", name, "executor"), positions)


def _options(executor: object, path: KeyPath, positions: Positions) -> Iterator[Problem]:
    kind = kind_of_options(executor) if isinstance(executor, Mapping) else None
    if kind is None or not isinstance(executor, Mapping):
        return
    at, options = ((*path, kind), executor[kind]) if kind in executor else (path, executor)
    for name in WITHOUT_EFFECT.get(kind, {}):
        if isinstance(options, Mapping) and options.get(name) is not None:
            message = f"'{name}' has no effect on a '{kind}'"
            hint = "how many steps run at once is up to the Celery workers; take it out"
            yield positions.problem((*at, name), message, hint=hint, at_key=True)


def _entries(content: Mapping[str, Any], section: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    entries = content.get(section)
    if isinstance(entries, Mapping):
        yield from ((str(name), entry) for name, entry in entries.items() if isinstance(entry, Mapping))
