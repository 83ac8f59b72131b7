"""From what Kedro's loader gave to a checked configuration, with all mistakes at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from kedro_dagster_component.config.check import check_against_project
from kedro_dagster_component.config.declared import Declared
from kedro_dagster_component.config.finding import KEY_MARK
from kedro_dagster_component.config.models import DagsterConfig
from kedro_dagster_component.config.positions import KeyPath, Positions, read_all_positions
from kedro_dagster_component.errors import ConfigurationError, Problem
from kedro_dagster_component.manifest import ProjectManifest

_ENTRY_DEPTH = 2
"""Section and name."""

_DEPTHS = (3, _ENTRY_DEPTH, 1)
"""What is left out so that the rest can still be checked: first single settings, then entries, then sections."""


def parse_dagster_config(raw: Mapping[str, Any], files: Sequence[str | Path]) -> tuple[DagsterConfig, Positions]:
    """The configuration from its merged form.

    Args:
        raw: Content of the `dagster*` files, merged and interpolated by the project's own loader.
        files: These files, base before environment; for positions only.

    Raises:
        ConfigurationError: With every mistake of every file.
    """
    positions = read_all_positions(files)
    config, problems = _validated(raw, positions)
    problems = [*positions.problems, *problems]
    if config is None or problems:
        raise ConfigurationError(problems)
    return config, positions


def load_dagster_config(
    manifest: ProjectManifest, *, partitions: Iterable[str] = ()
) -> tuple[DagsterConfig, Positions]:
    """The configuration of a project, checked against its pipelines.

    What is wrong in itself and what does not fit the project comes in one error.

    Args:
        manifest: The project, with the content and the files of its configuration.
        partitions: Names of partitions defined elsewhere (`component.yaml`).

    Raises:
        ConfigurationError: With every mistake of every file.
    """
    positions = read_all_positions(manifest.dagster_files)
    config, problems = _validated(manifest.dagster, positions)
    declared = Declared.of(manifest.dagster, partitions)
    if config is None:
        config = _remaining(manifest.dagster)
    if config is not None:
        problems = [*problems, *check_against_project(config, positions, manifest, declared=declared)]
    problems = [*positions.problems, *problems]
    if config is None or problems:
        raise ConfigurationError(problems)
    return config, positions


def _validated(raw: Mapping[str, Any], positions: Positions) -> tuple[DagsterConfig | None, list[Problem]]:
    try:
        return DagsterConfig.model_validate(dict(raw)), []
    except ValidationError as error:
        return None, [_problem(line, positions) for line in error.errors(include_url=False)]


def _remaining(raw: Mapping[str, Any]) -> DagsterConfig | None:
    """The configuration without what is wrong, so that the rest can be checked; None where that is still wrong."""
    kept = dict(raw)
    for depth in _DEPTHS:
        try:
            return DagsterConfig.model_validate(kept)
        except ValidationError as error:
            for line in error.errors(include_url=False):
                kept = _without(kept, _left_out(line["loc"], depth))
    try:
        return DagsterConfig.model_validate(kept)
    except ValidationError:
        return None


def _left_out(location: KeyPath, depth: int) -> KeyPath:
    """What to leave out for a mistake; a job whose filter is wrong goes as a whole."""
    is_filter = location[0] == "jobs" and location[2:3] == ("pipeline",)
    return location[: _ENTRY_DEPTH if is_filter else depth]


def _without(content: Mapping[Any, Any], path: KeyPath) -> dict[Any, Any]:
    """A copy without the entry at a path; the same where there is none."""
    first, *rest = path
    copy = dict(content)
    if not rest or rest[0] == KEY_MARK:
        copy.pop(first, None)
    elif isinstance(copy.get(first), Mapping):
        copy[first] = _without(copy[first], tuple(rest))
    return copy


def _problem(line: ErrorDetails, positions: Positions) -> Problem:
    context = line["ctx"]
    path: KeyPath = tuple(step for step in line["loc"] if step != KEY_MARK)
    message, hint = context["message"], context["hint"] or None
    source = positions.source_text(path)
    if source is not None:
        message, hint = f"the value of {source} is wrong here", "look at the setting it comes from"
    position = positions.at(*path, at_key=context["at_key"])
    shown = positions.problem(path[:-1] if context["at_key"] else path, message, hint=hint)
    return Problem(shown.message, position, hint)
