"""Secrets that are written out in `dagster.yml`: kept nowhere, but read again from there where they are used."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from kedro_dagster_component.errors import ConfigurationError, Position, Problem

_HEAD, _TAIL = "${written:", "}"
_TIMESTAMP = "tag:yaml.org,2002:timestamp"

_KeyPath = tuple[str | int, ...]


class TextLoader(yaml.SafeLoader):
    """Reads dates as text, as OmegaConf does."""


TextLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _TIMESTAMP]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def without_written_values(
    content: Mapping[str, Any], places: Iterable[_KeyPath], files: Sequence[str | Path]
) -> Mapping[str, Any]:
    """The content of `dagster.yml` in which references to its files stand for some values.

    A value that comes by interpolation from another place, or from a file in an archive, stays.

    Args:
        content: As Kedro's loader gives it.
        places: Of these values; they are text or numbers.
        files: Its files, base before environment.
    """
    wanted = list(places)
    sources = {str(file): _read(file) for file in reversed(files)} if wanted else {}
    references = {}
    for path in wanted:
        file = next((name for name, read in sources.items() if _at(read, path) is not None), None)
        if file is not None and _is_same(_at(sources[file], path), _at(content, path)):
            references[path] = _reference(file, path, {})
    return _replaced(content, (), references) if references else content


def is_written(value: object) -> bool:
    """Whether a value is a reference to one that is written out in a file."""
    return isinstance(value, str) and value.startswith(_HEAD) and value.endswith(_TAIL)


def with_placeholders_filled(reference: str, values: Mapping[str, str]) -> str:
    """A reference for what stands there with the placeholders of a job factory filled in.

    Args:
        reference: To what the factory says.
        values: By placeholder.
    """
    file, path, _ = _parts(reference)
    return _reference(file, path, values)


class WrittenValues:
    """Values of references; each file is read once."""

    def __init__(self) -> None:
        self._files: dict[str, Any] = {}

    def value(self, reference: str) -> str | int | float:
        """What a reference stands for.

        Raises:
            ConfigurationError: It is no longer there.
        """
        file, path, values = _parts(reference)
        if file not in self._files:
            self._files[file] = _read(file)
        value = _at(self._files[file], path)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            shown = ".".join(map(str, path))
            message = f"{shown}: what was written here when the definitions were made is gone"
            raise ConfigurationError([Problem(message, Position(Path(file)), "reload the definitions")])
        if isinstance(value, str):
            for name, text in values.items():
                value = value.replace(f"{{{name}}}", text)
        return value


def _reference(file: str, path: Iterable[str | int], values: Mapping[str, str]) -> str:
    return f"{_HEAD}{json.dumps([file, list(path), dict(values)])}{_TAIL}"


def _parts(reference: str) -> tuple[str, list[str | int], dict[str, str]]:
    """File, path in it, and what the placeholders in the value are filled with."""
    file, path, values = json.loads(reference[len(_HEAD) : -len(_TAIL)])
    return file, path, values


def _is_same(written: Any, used: Any) -> bool:
    return type(written) is type(used) and bool(written == used)


def _read(file: str | Path) -> Any:
    """Content of a file; None for one that is none, or is broken, which others tell."""
    try:
        return yaml.load(Path(file).read_text(encoding="utf-8"), Loader=TextLoader)  # noqa: S506  (a safe one)
    except (OSError, ValueError, yaml.YAMLError):
        return None


def _at(content: Any, path: Iterable[str | int]) -> Any:
    """The value at a path; None where there is none. Keys that are no text are compared as text, see `plain`."""
    for step in path:
        if isinstance(content, Mapping):
            content = (
                content[step] if step in content else next((content[key] for key in content if str(key) == step), None)
            )
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
