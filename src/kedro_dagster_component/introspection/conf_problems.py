"""What is wrong with configuration files that Kedro's loader refuses: every mistake with its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import yaml
from omegaconf import OmegaConf
from omegaconf.errors import GrammarParseError, OmegaConfBaseException

from kedro_dagster_component.config.environment import UNRESOLVED, KeyPath
from kedro_dagster_component.config.positions import Positions, read_all_positions, read_content, read_positions
from kedro_dagster_component.errors import Position, Problem
from kedro_dagster_component.introspection.failures import cause, safe_position
from kedro_dagster_component.introspection.positions import top_level_lines
from kedro_dagster_component.masking import mask_text

_CREDENTIALS = "credentials"
_GRAMMAR_HINT = (
    "write ${key}, ${resolver:argument} or ${resolver:argument,default}, with every '{' closed;\n"
    "a '${' that is meant as text is written '\\${'"
)
_RAISED = re.compile(r"(?P<error>\w+) raised while resolving interpolation: (?P<message>.*)")
"""What OmegaConf says of an exception in a resolver."""
_TAG = re.compile(r"could not determine a constructor for the tag '(?:tag:yaml\.org,2002:)?(?P<tag>[^']*)'")
_DEPTH = 20
"""Of mappings and lists in a file: more than any setting has."""
_NODE_LIMIT = re.compile(r"OMEGACONF_MAX_YAML_EXPANDED_NODES|expanded nodes|node expansion", re.IGNORECASE)
_NODE_LIMIT_HINT = (
    "split it into several files, write repeated entries as one factory with {placeholders},\n"
    "or set the environment variable OMEGACONF_MAX_YAML_EXPANDED_NODES to a larger number"
)
_HINTS: Mapping[str, str] = {
    r"Interpolation key '": "${name} is another key of the same kind of file; a value of globals.yml is ${globals:name}",
    r"Globals key '": "add it to globals.yml, or give a default: ${globals:name,default}",
    r"Runtime parameter '": "give it under 'runtime_params' in component.yaml, or a default: ${runtime_params:name,default}",
    r"interpolation type oc\.env": "Kedro reads environment variables in credentials only; in dagster.yml they work too",
    r"(?i)recursive interpolation": "these values refer to each other: write one of them out",
    r"Unsupported interpolation type": "resolvers of your own are named in CONFIG_LOADER_ARGS of settings.py",
}
"""The way out by what OmegaConf or Kedro says."""


def file_problems(files: Iterable[Path], kind: str) -> list[Problem]:
    """Why files cannot be loaded: the mistakes of each file's YAML, or what OmegaConf does not take.

    Args:
        files: Of one kind of configuration.
        kind: Of `credentials` no line is shown.
    """
    problems = [problem for file in files for problem in read_positions(file).problems or _refusal(file)]
    return [_shown(problem, kind) for problem in problems]


def interpolation_problems(folders: Iterable[Sequence[Path]]) -> list[Problem]:
    """Every interpolation that cannot be resolved; resolvers have to be registered as while loading.

    Args:
        folders: Files of one kind by folder: base, environment. Those of one are merged, as Kedro does.
    """
    problems: list[Problem] = []
    for files in folders:
        positions = read_all_positions(files)
        content = OmegaConf.unsafe_merge(*(OmegaConf.load(file) for file in files))
        problems += [interpolation_problem(positions, path, error) for path, error in _unresolved(content, ())]
    return problems


def readable_content(folders: Iterable[Sequence[Path]], *, is_soft: bool) -> dict[str, Any]:
    """What can be read of files that Kedro's loader refuses, so that the rest of their mistakes can be told.

    A file that is no valid YAML is passed over, `UNRESOLVED` stands for an interpolation that cannot be resolved.
    Resolvers have to be registered as while loading.

    Args:
        folders: Files of one kind by folder: base, environment.
        is_soft: Whether the environment is merged into what base holds, as in Kedro.
    """
    content: dict[str, Any] = {}
    for files in folders:
        merged = OmegaConf.unsafe_merge(*map(_readable, files))
        found = {key: value for key, value in _resolved(merged).items() if not str(key).startswith("_")}
        content = _merged(content, found) if is_soft else content | found
    return content


def interpolation_problem(positions: Positions, path: KeyPath, error: Exception) -> Problem:
    """The problem of one value that cannot be resolved."""
    message, hint = _explained(error)
    problem = positions.problem_at(positions.at(*path), path, message, hint)
    return _shown(problem, "")


def _explained(error: Exception) -> tuple[str, str | None]:
    if isinstance(error, GrammarParseError):
        return "this is no valid interpolation", _GRAMMAR_HINT
    message = mask_text((getattr(error, "msg", None) or str(error)).strip().split("\n")[0]).rstrip(".")
    raised = _RAISED.fullmatch(message)
    if raised is not None:
        return f"a resolver raised {raised['error']}: {raised['message']}", "see what it is called with"
    hint = next((hint for words, hint in _HINTS.items() if re.search(words, message)), None)
    return message[:1].lower() + message[1:], hint


def duplicate_problems(files: Sequence[Path]) -> list[Problem]:
    """Top-level keys that two files of one folder have, which Kedro refuses."""
    problems: list[Problem] = []
    for _, group in groupby(files, key=lambda file: file.parent):
        first_by_key: dict[str, Path] = {}
        for file in group:
            for key, line in top_level_lines(file).items():
                first = first_by_key.setdefault(key, file)
                if first != file and not key.startswith("_"):
                    message = f"the key '{key}' is there twice, first in {first}:{top_level_lines(first)[key]}"
                    hint = "files of one folder cannot share a key: put what is below it in one file"
                    problems.append(Problem(message, safe_position(file, line, 1), hint))
    return problems


def _refusal(file: Path) -> Iterator[Problem]:
    """What OmegaConf has against a file of valid YAML."""
    try:
        OmegaConf.load(file)
    except OmegaConfBaseException as error:
        path = tuple(part for part in re.split(r"[.\[\]]", str(getattr(error, "full_key", None) or "")) if part)
        yield interpolation_problem(read_all_positions([file]), path, error)
    except yaml.MarkedYAMLError as error:
        if _NODE_LIMIT.search(str(error)):
            message = "the file holds more than OmegaConf takes: each may have 10000 keys and values"
            yield Problem(message, Position(file), _NODE_LIMIT_HINT)
            return
        what = mask_text(": ".join(part for part in (error.context, error.problem) if part))
        tag = _TAG.search(what)
        mark = error.problem_mark or error.context_mark
        position = Position(file, mark.line + 1, mark.column + 1) if mark else Position(file)
        if tag is not None:
            yield Problem(
                f"cannot be loaded: it has the tag '{tag['tag']}'", position, "take it away: plain YAML has none"
            )
        else:
            yield Problem(f"cannot be loaded: {what}", position)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what is wrong with the file
        yield Problem(f"cannot be read: {cause(error)}", Position(file))


def _unresolved(node: Any, path: KeyPath) -> Iterator[tuple[KeyPath, Exception]]:
    keys = list(node.keys()) if OmegaConf.is_dict(node) else range(len(node))
    for key in keys:
        below = (*path, key if isinstance(key, int) and not OmegaConf.is_dict(node) else str(key))
        try:
            value = node[key]
        except Exception as error:  # noqa: BLE001 - a resolver may raise anything
            yield below, error
            continue
        if OmegaConf.is_config(value) and not OmegaConf.is_interpolation(node, key):
            yield from _unresolved(value, below)


def _readable(file: Path) -> Any:
    try:
        content = OmegaConf.load(file)
    except Exception:  # noqa: BLE001 - told by `file_problems`
        content = OmegaConf.create(_usual(read_content(file)))
    return content if OmegaConf.is_dict(content) else OmegaConf.create({})


def _merged(weak: Any, strong: Any) -> Any:
    """Mappings key by key, anything else replaced."""
    if not isinstance(weak, dict) or not isinstance(strong, dict):
        return strong
    return {**weak, **{key: _merged(weak[key], value) if key in weak else value for key, value in strong.items()}}


def _usual(content: Any, depth: int = 0) -> Any:
    """Without what OmegaConf refuses: keys that are nothing, what holds itself, interpolations of bad syntax."""
    if depth > _DEPTH:
        return None
    if isinstance(content, dict):
        return {key: _usual(value, depth + 1) for key, value in content.items() if isinstance(key, str | int | float)}
    if isinstance(content, list):
        return [_usual(item, depth + 1) for item in content]
    if isinstance(content, str):
        return UNRESOLVED if "${" in content else content
    return content if isinstance(content, int | float) else None


def _resolved(node: Any) -> Any:
    """A mapping or list as plain data."""
    if OmegaConf.is_dict(node):
        return {key: _value(node, key) for key in node}
    return [_value(node, index) for index in range(len(node))]


def _value(node: Any, key: Any) -> Any:
    try:
        value = node[key]
        return _resolved(value) if OmegaConf.is_config(value) else value
    except Exception:  # noqa: BLE001 - a resolver may raise anything
        return UNRESOLVED


def _shown(problem: Problem, kind: str) -> Problem:
    """The problem without a line that holds a secret."""
    place = problem.position
    if place is None or place.line is None:
        return problem
    position = Position(place.file) if kind == _CREDENTIALS else safe_position(place.file, place.line, place.column)
    if position.line is not None:
        return problem
    return Problem(f"line {place.line}: {problem.message}", position, problem.hint)
