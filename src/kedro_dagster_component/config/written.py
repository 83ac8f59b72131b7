"""Secrets that are written out in `dagster.yml`: kept nowhere, but read again from there where they are used."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from kedro_dagster_component.errors import ConfigurationError, Position, Problem

_HEAD, _TAIL = "${written:", "}"

_KeyPath = tuple[str | int, ...]


def without_written_values(
    content: Mapping[str, Any], places: Iterable[_KeyPath], files: Sequence[str | Path]
) -> Mapping[str, Any]:
    """The content of `dagster.yml` in which references to its files stand for some values.

    A value that comes by interpolation from another place, or from a file in an archive, stays.

    Args:
        content: As Kedro's loader gives it.
        places: Of these values; they are text.
        files: Its files, base before environment.
    """
    wanted = list(places)
    sources = {str(file): _read(file) for file in reversed(files)} if wanted else {}
    references = {}
    for path in wanted:
        file = next((name for name, read in sources.items() if _at(read, path) is not None), None)
        if file is not None and _at(sources[file], path) == _at(content, path):
            references[path] = f"{_HEAD}{json.dumps([file, *path])}{_TAIL}"
    return _replaced(content, (), references) if references else content


def is_written(value: object) -> bool:
    """Whether a value is a reference to one that is written out in a file."""
    return isinstance(value, str) and value.startswith(_HEAD) and value.endswith(_TAIL)


class WrittenValues:
    """Values of references; each file is read once."""

    def __init__(self) -> None:
        self._files: dict[str, Any] = {}

    def value(self, reference: str) -> str:
        """What a reference stands for.

        Raises:
            ConfigurationError: It is no longer there.
        """
        file, *path = json.loads(reference[len(_HEAD) : -len(_TAIL)])
        if file not in self._files:
            self._files[file] = _read(file)
        value = _at(self._files[file], path)
        if not isinstance(value, str):
            shown = ".".join(map(str, path))
            message = f"{shown}: the text that was here when the definitions were made is gone"
            raise ConfigurationError([Problem(message, Position(Path(file)), "reload the definitions")])
        return value


def _read(file: str | Path) -> Any:
    """Content of a file; None for one that is none, or is broken, which others tell."""
    try:
        return yaml.safe_load(Path(file).read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return None


def _at(content: Any, path: Iterable[str | int]) -> Any:
    """The value at a path; None where there is none."""
    for step in path:
        if isinstance(content, Mapping):
            content = content.get(step)
        elif isinstance(content, list) and isinstance(step, int) and step < len(content):
            content = content[step]
        else:
            return None
    return content


def _replaced(value: Any, path: _KeyPath, references: Mapping[_KeyPath, str]) -> Any:
    if path in references:
        return references[path]
    if isinstance(value, Mapping):
        return {key: _replaced(child, (*path, key), references) for key, child in value.items()}
    if isinstance(value, list):
        return [_replaced(child, (*path, index), references) for index, child in enumerate(value)]
    return value
