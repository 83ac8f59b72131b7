"""Whether the executors that jobs and the component use are installed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib.util import find_spec
from typing import Any

from kedro_dagster_component.config.environment import KeyPath
from kedro_dagster_component.config.executors import EXECUTOR_KINDS, EXECUTOR_PACKAGES, kind_of_options
from kedro_dagster_component.config.positions import Positions
from kedro_dagster_component.errors import Problem


def check_executors(content: Mapping[str, Any], positions: Positions, used: Iterable[str] = ()) -> Iterator[Problem]:
    """Executors whose package is missing.

    Those that nothing uses may be: one file serves the cluster and the laptop.

    Args:
        content: Mappings by section, as in the file, right or wrong.
        positions: Of its files.
        used: Names of executors that are used elsewhere (`component.yaml`).
    """
    users: dict[str, list[str]] = {name: [] for name in used}
    for name, job in _entries(content, "jobs"):
        executor = job.get("executor")
        if isinstance(executor, str):
            users.setdefault(executor, []).append(name)
        elif isinstance(executor, Mapping):
            kind = kind_of_options(executor)
            path: KeyPath = ("jobs", name, "executor", *((kind,) if kind in executor else ()))
            yield from _missing_package(kind, path, [], positions)
    for name, executor in _entries(content, "executors"):
        kinds = [kind for kind in EXECUTOR_KINDS if kind in executor]
        if name in users and len(kinds) == 1:
            yield from _missing_package(kinds[0], ("executors", name, kinds[0]), users[name], positions)


def kinds_in(content: Mapping[str, Any]) -> frozenset[str]:
    """Kinds of all executors of a configuration, right or wrong, used or not."""
    executors = [entry for _, entry in _entries(content, "executors")]
    inline = [job["executor"] for _, job in _entries(content, "jobs") if isinstance(job.get("executor"), Mapping)]
    found = {kind_of_options(executor) for executor in inline} | {key for entry in executors for key in entry}
    return frozenset(kind for kind in EXECUTOR_KINDS if kind in found)


def is_installed(kind: str) -> bool:
    """Whether the package of an executor kind is there; nothing is imported."""
    try:
        return find_spec(EXECUTOR_PACKAGES[kind].module) is not None
    except ValueError:  # somebody has put something else in its place
        return False


def _entries(content: Mapping[str, Any], section: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    entries = content.get(section)
    if isinstance(entries, Mapping):
        yield from ((str(name), entry) for name, entry in entries.items() if isinstance(entry, Mapping))


def _missing_package(kind: str | None, path: KeyPath, users: list[str], positions: Positions) -> Iterator[Problem]:
    if kind is None or is_installed(kind):
        return
    package = EXECUTOR_PACKAGES[kind]
    shown = " and ".join(f"job '{name}'" for name in users[:2])
    used_by = f" (used by {shown})" if shown else ""
    message = f"executor kind '{kind}' needs the package {package.distribution}{used_by}"
    hint = f"install it with: pip install 'kedro-dagster-component[{package.extra}]'"
    yield positions.problem(path, message, hint=hint, at_key=True)
