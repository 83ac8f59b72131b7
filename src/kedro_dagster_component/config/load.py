"""From what Kedro's loader gave to a checked configuration, with all mistakes at once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from kedro_dagster_component.config.check import check_against_project
from kedro_dagster_component.config.check_executors import check_executors
from kedro_dagster_component.config.check_jobs import is_repeated
from kedro_dagster_component.config.declared import Declared
from kedro_dagster_component.config.environment import (
    FilledIn,
    KeyPath,
    fill_in,
    is_unresolved,
    placeholders_below,
)
from kedro_dagster_component.config.executor_options import Schema
from kedro_dagster_component.config.executors import executor_context
from kedro_dagster_component.config.finding import KEY_MARK
from kedro_dagster_component.config.models import DagsterConfig
from kedro_dagster_component.config.positions import Positions, read_all_positions
from kedro_dagster_component.config.remaining import remaining
from kedro_dagster_component.errors import ConfigurationError, Position, Problem
from kedro_dagster_component.manifest import ProjectManifest

_WITH_STORED = ("jobs", "schedules", "sensors", "assets")
_STORED = frozenset(
    {"description", "tags", "run_tags", "metadata", "params", "owners", "kinds", "group_name", "code_version", "pool"}
)


def parse_dagster_config(
    raw: Mapping[str, Any], files: Sequence[str | Path], *, environment: Mapping[str, str] | None = None
) -> tuple[DagsterConfig, Positions]:
    """The configuration from its merged form.

    Args:
        raw: Content of the `dagster*` files, merged and interpolated by the project's own loader, with a placeholder
            for each environment variable.
        files: These files, base before environment; for positions only.
        environment: Values of the variables; None for those of this process.

    Raises:
        ConfigurationError: With every mistake of every file.
    """
    source = _Source.read(raw, files, environment)
    config, problems = source.validated()
    if config is None or problems:
        raise ConfigurationError(problems)
    return config, source.positions


def load_dagster_config(
    manifest: ProjectManifest,
    *,
    partitions: Iterable[str] = (),
    executors: Iterable[str] = (),
    executor_schemas: Mapping[str, Schema] | None = None,
    environment: Mapping[str, str] | None = None,
) -> tuple[DagsterConfig, Positions]:
    """The configuration of a project, checked against its pipelines.

    What is wrong in itself and what does not fit the project comes in one error.

    Args:
        manifest: The project, with the content and the files of its configuration.
        partitions: Names of partitions defined elsewhere (`component.yaml`).
        executors: Names of executors that are used elsewhere (`component.yaml`).
        executor_schemas: What installed executors take, by kind, where it is not what the bundled schemas say.
        environment: Values of the environment variables it names; None for those of this process.

    Raises:
        ConfigurationError: With every mistake of every file.
    """
    source = _Source.read(manifest.dagster, manifest.dagster_files, environment, manifest.globals_files)
    context = executor_context(executor_schemas or {})
    config, problems = source.validated(context)
    declared = Declared.of(manifest.dagster, partitions, is_whole=not source.positions.unread_files)
    checked = config
    if checked is None:
        checked, left_out = remaining(source.filled.content, context)
        declared = replace(declared, left_out=left_out)
    if checked is not None:
        known = source.unknown_places()
        found = check_against_project(checked, source.positions, source.fill_jobs(manifest), declared=declared)
        problems += [one for one in found if one.position not in known and not is_repeated(one, problems)]
    problems += check_executors(source.filled.content, source.positions, executors)
    if config is None or problems:
        raise ConfigurationError(problems)
    return config, source.positions


def content_problems(raw: Mapping[str, Any], files: Sequence[str | Path]) -> list[Problem]:
    """What is wrong in itself, where the project cannot be told to check the rest; arguments as above."""
    try:
        parse_dagster_config(raw, files)
    except ConfigurationError as error:
        return list(error.problems)
    return []


@dataclass(frozen=True)
class _Source:
    """What is read, and where it stands."""

    positions: Positions
    filled: FilledIn
    environment: Mapping[str, str]

    @classmethod
    def read(
        cls,
        raw: Mapping[str, Any],
        files: Sequence[str | Path],
        environment: Mapping[str, str] | None,
        globals_files: Sequence[str | Path] = (),
    ) -> _Source:
        given = os.environ if environment is None else environment
        filled = fill_in(dict(raw), given)
        return cls(read_all_positions(files, raw, filled.secrets, globals_files), filled, given)

    def validated(self, context: Mapping[str, Any] | None = None) -> tuple[DagsterConfig | None, list[Problem]]:
        """The configuration, None where it is wrong in itself; and all that is wrong in itself or in its files."""
        problems = [*self.positions.problems, *self.missing(), *self._stored()]
        try:
            return DagsterConfig.model_validate(self.filled.content, context=context), problems
        except ValidationError as error:
            lines = error.errors(include_url=False)
        unknown = [path for path, _ in self.filled.missing]
        lines = [line for line in lines if not any(line["loc"][: len(path)] == path for path in unknown)]
        told = {place for problem in problems if (place := problem.position) is not None and place.line}
        lines = [line for line in lines if not self._is_no_key(line["loc"])]
        found = (_problem(line, self.positions) for line in lines)
        return None, [*problems, *(problem for problem in found if problem.position not in told)]

    def _is_no_key(self, location: KeyPath) -> bool:
        """Whether what Kedro takes for a key at the top is a text that stands in place of a mapping."""
        if len(location) > 1 or all(tree.root is None or tree.is_mapping for tree in self.positions.trees):
            return False
        place = self.positions.place(location)
        return place is None or place.depth == 0

    def fill_jobs(self, manifest: ProjectManifest) -> ProjectManifest:
        """The manifest with the variables' values in the jobs that factories make."""
        jobs = {
            name: job.model_copy(update={"config": fill_in(job.config, self.environment).content})
            for name, job in manifest.jobs.items()
        }
        return manifest.model_copy(update={"jobs": jobs})

    def unknown_places(self) -> frozenset[Position | None]:
        """Places of values that could not be filled in, of which nobody can say whether they are right."""
        return frozenset(self.positions.at(*path) for path, _ in self.filled.missing)

    def missing(self) -> list[Problem]:
        """Environment variables that are not there."""
        problems = []
        for path, names in self.filled.missing:
            if is_unresolved(self.filled.content, path):
                continue
            several = "' and '".join(names)
            is_are = "variable '{}' is" if len(names) == 1 else "variables '{}' are"
            message = f"the environment {is_are.format(several)} not set"
            hint = (
                f"set it in the environment of every Dagster process, or give a default: ${{oc.env:{names[0]},default}}"
            )
            problems.append(self.positions.problem_at(self.positions.at(*path), path, message, hint))
        return problems

    def _stored(self) -> list[Problem]:
        """Environment variables in texts that Dagster keeps and shows."""
        return [
            self.positions.problem_at(
                self.positions.at(*path),
                path,
                "a value from the environment cannot stand here: Dagster stores and shows it",
                "write it out",
            )
            for path in placeholders_below(self.positions.content)
            if _is_stored(path) and not is_unresolved(self.positions.content, path)
        ]


def _is_stored(path: KeyPath) -> bool:
    """Whether Dagster keeps a setting and shows it to everybody."""
    settings = path[3:] if path[2:3] == ("schedule",) else path[2:]
    return path[0] in _WITH_STORED and bool(settings) and settings[0] in _STORED


def _problem(line: ErrorDetails, positions: Positions) -> Problem:
    context = line["ctx"]
    path: KeyPath = tuple(step for step in line["loc"] if step != KEY_MARK)
    message, hint, at_key = context["message"], context["hint"] or None, context["at_key"]
    if not at_key:
        return positions.problem(path, message, hint=hint)
    return positions.problem_at(positions.at(*path, at_key=True), path[:-1], message, hint)
