"""Whether the classes that loggers of `dagster.yml` name can be imported, with the project's code at hand."""

from __future__ import annotations

import builtins
import difflib
import importlib
import os
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from kedro_dagster_component.config import load_dagster_config, read_all_positions
from kedro_dagster_component.config.environment import KeyPath, fill_in
from kedro_dagster_component.errors import ConfigurationError, Problem, did_you_mean
from kedro_dagster_component.introspection.failures import cause
from kedro_dagster_component.manifest import ProjectManifest

_EXTERNAL = "ext://"
_CALLED = ("class", "()")
_PARTS = ("handlers", "formatters", "filters")
Mistake = tuple[str, str | None]
"""Message and hint."""


def check_logger_classes(manifest: ProjectManifest) -> None:
    """See that every `class`, `()` and `ext://...` of the loggers can be imported.

    Raises:
        ConfigurationError: One cannot; the other mistakes of the configuration come with it.
    """
    filled = fill_in(manifest.dagster, os.environ)
    named = list(_named(filled.content))
    if not named:
        return
    mistakes = [(path, import_mistake(name, is_called=path[-1] in _CALLED)) for path, name in named]
    positions = read_all_positions(manifest.dagster_files, manifest.dagster, filled.secrets)
    problems = [positions.problem(path, mistake[0], hint=mistake[1]) for path, mistake in mistakes if mistake]
    if problems:
        raise ConfigurationError([*problems, *_others(manifest)])


def import_mistake(name: str, *, is_called: bool = True) -> Mistake | None:
    """Why something cannot be imported by its dotted name; None where it can.

    Args:
        name: Such as `logging.StreamHandler`; a name without dots is one of Python's own.
        is_called: Whether it has to be a class or function.
    """
    module_name, _, rest = name.partition(".")
    if not module_name or not rest:
        return None if hasattr(builtins, name) else _without_module(name)
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

    modules = [module for module in (logging, logging.handlers) if hasattr(module, name)]
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


def _named(content: Mapping[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    """Names to import, with their places; what has not the expected shape is passed over."""
    for name, logger in _items(content.get("loggers")):
        yield from _of_logger(logger, ("loggers", name))
    for name, job in _items(content.get("jobs")):
        for index, logger in _items(job.get("loggers") if isinstance(job, Mapping) else None):
            yield from _of_logger(logger, ("jobs", name, "loggers", index))


def _of_logger(logger: Any, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    if not isinstance(logger, Mapping):
        return
    for part in _PARTS:
        for name, entry in _items(logger.get(part)):
            for key, value in _items(entry):
                at = (*path, part, name, key)
                if isinstance(value, str) and value and (key in _CALLED or value.startswith(_EXTERNAL)):
                    yield at, value.removeprefix(_EXTERNAL)


def _items(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, Mapping):
        yield from value.items()
    elif isinstance(value, list | tuple):
        yield from enumerate(value)


def _others(manifest: ProjectManifest) -> list[Problem]:
    """The other mistakes; partitions may be defined in `component.yaml`, so any name of some passes."""
    try:
        load_dagster_config(manifest, partitions=_texts(manifest.dagster))
    except ConfigurationError as error:
        return list(error.problems)
    return []


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for _, child in _items(value):
        yield from _texts(child)
