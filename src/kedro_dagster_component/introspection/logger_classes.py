"""Whether what loggers of `dagster.yml` name can be imported and called, with the project's code at hand."""

from __future__ import annotations

import difflib
import importlib
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kedro_dagster_component.config import Positions, read_all_positions
from kedro_dagster_component.config.environment import KeyPath, fill_in
from kedro_dagster_component.config.loggers import with_own_names
from kedro_dagster_component.errors import Problem, did_you_mean
from kedro_dagster_component.introspection.failures import cause
from kedro_dagster_component.introspection.logger_calls import CallMistake, call_mistakes, file_of
from kedro_dagster_component.manifest import ProblemRecord, ProjectManifest

_EXTERNAL = "ext://"
_CALLED = ("class", "()")
_PARTS = ("handlers", "formatters", "filters")
Mistake = tuple[str, str | None]
"""Message and hint."""


def check_logger_classes(manifest: ProjectManifest) -> list[Problem]:
    """What keeps the loggers from being made: names that cannot be imported, and calls with the wrong arguments."""
    filled = fill_in(manifest.dagster, os.environ)
    found = [
        (path, mistake)
        for path, part, entry in _entries(filled.content)
        for mistake in (*_import_mistakes(entry), *call_mistakes(part, entry))
    ]
    if not found:
        return []
    positions = read_all_positions(manifest.dagster_files, manifest.dagster, filled.secrets, manifest.globals_files)
    return [_problem(path, mistake, positions) for path, mistake in found]


def check_logger_folders(manifest: ProjectManifest) -> list[ProblemRecord]:
    """Folders of log files that are not there; a run may see others, or make them first."""
    filled = fill_in(manifest.dagster, os.environ)
    missing = [
        (path, folder)
        for path, part, entry in _entries(filled.content)
        if part == "handlers" and (file := file_of(entry)) is not None
        if not (manifest.project_path / (folder := Path(file).parent)).is_dir()
    ]
    if not missing:
        return []
    positions = read_all_positions(manifest.dagster_files, manifest.dagster, filled.secrets, manifest.globals_files)
    hint = "make it, with a .gitkeep where the project is in git: a handler does not"
    problems = (
        positions.problem((*path, "filename"), f"there is no folder '{folder.as_posix()}'", hint=hint)
        for path, folder in missing
    )
    return [ProblemRecord.of(problem, doubt="without which runs of jobs with this logger fail") for problem in problems]


def _problem(path: KeyPath, mistake: CallMistake, positions: Positions) -> Problem:
    below, message, hint, at_key = mistake
    at = (*path, *below)
    if not at_key:
        return positions.problem(at, message, hint=hint)
    return positions.problem_at(positions.at(*at, at_key=True), path, message, hint)


def _import_mistakes(entry: Mapping[str, Any]) -> Iterator[CallMistake]:
    for key, value in entry.items():
        if isinstance(value, str) and value and (key in _CALLED or value.startswith(_EXTERNAL)):
            mistake = import_mistake(value.removeprefix(_EXTERNAL), is_called=key in _CALLED)
            if mistake is not None:
                yield (key,), *mistake, False


def import_mistake(name: str, *, is_called: bool = True) -> Mistake | None:
    """Why something cannot be imported by its dotted name; None where it can.

    Args:
        name: Such as `logging.StreamHandler`; `logging.config` takes no names of Python's own.
        is_called: Whether it has to be a class or function.
    """
    module_name, _, rest = name.partition(".")
    if not module_name or not rest:
        return _without_module(name)
    try:
        found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        return _missing_module(error.name or module_name, name)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the module's own code may raise anything
        return f"cannot import '{module_name}': {cause(error)}", None
    path = module_name
    for part in rest.split("."):
        try:
            found = _member(found, path, part)
        except AttributeError:
            return _missing_member(found, path, part)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - as above
            return f"cannot import '{path}.{part}': {cause(error)}", None
        path = f"{path}.{part}"
    return None if callable(found) or not is_called else (f"'{name}' is nothing that can be called", None)


def _member(found: Any, path: str, part: str) -> Any:
    if hasattr(found, part):
        return getattr(found, part)
    try:
        return importlib.import_module(f"{path}.{part}")
    except ModuleNotFoundError as error:
        if error.name in (path, f"{path}.{part}"):
            raise AttributeError from None
        raise


def _without_module(name: str) -> Mistake:
    import logging.handlers

    modules = [module for module in (logging, logging.handlers) if isinstance(getattr(module, name, None), type)]
    hint = f"write '{modules[0].__name__}.{name}'" if modules else "for example 'logging.StreamHandler'"
    return f"'{name}' is no import path: it needs the name of its module", hint


def _missing_module(missing: str, name: str) -> Mistake:
    close = difflib.get_close_matches(missing, sys.stdlib_module_names, n=1, cutoff=0.85)
    hint = f"did you mean '{close[0]}'?" if close else f"install it in the environment of this Python: {sys.executable}"
    return f"cannot import '{name}': there is no module '{missing}'", hint


def _missing_member(found: Any, path: str, part: str) -> Mistake:
    kind = "the module" if hasattr(found, "__spec__") else "the class"
    close = did_you_mean(part, [name for name in dir(found) if not name.startswith("_")]) or ""
    return f"{kind} '{path}' has no '{part}'", close if close.startswith("did you mean") else None


def _entries(content: Mapping[str, Any]) -> Iterator[tuple[KeyPath, str, Mapping[str, Any]]]:
    """Handlers, formatters and filters with their places; what has not the expected shape is passed over."""
    for name, logger in _items(content.get("loggers")):
        yield from _of_logger(logger, ("loggers", name))
    for name, job in _items(content.get("jobs")):
        for index, logger in _items(job.get("loggers") if isinstance(job, Mapping) else None):
            yield from _of_logger(logger, ("jobs", name, "loggers", index))


def _of_logger(logger: Any, path: KeyPath) -> Iterator[tuple[KeyPath, str, Mapping[str, Any]]]:
    if not isinstance(logger, Mapping):
        return
    for part in _PARTS:
        for name, entry in _items(logger.get(part)):
            if isinstance(entry, Mapping):
                yield (*path, part, name), part, with_own_names(entry)


def _items(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, Mapping):
        yield from value.items()
    elif isinstance(value, list | tuple):
        yield from enumerate(value)
