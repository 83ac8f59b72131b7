"""Where each key and value of a YAML file stands, and mistakes of the YAML itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import yaml

from kedro_dagster_component.config.environment import KeyPath, placeholder_at, value_at
from kedro_dagster_component.config.written import TextLoader
from kedro_dagster_component.config.yaml_mistakes import explain_yaml_error
from kedro_dagster_component.errors import Position, Problem

_MERGE = "<<"
_NOTHING = "tag:yaml.org,2002:null"
_NO_TEXT = {
    "tag:yaml.org,2002:int": "a number",
    "tag:yaml.org,2002:float": "a number",
    "tag:yaml.org,2002:bool": "true or false",
    _NOTHING: "nothing",
}
"""What a key is instead of text, by its tag."""
_INTERPOLATION = re.compile(
    r"\$\{\s*(?:(?P<globals>globals:)|(?P<runtime>runtime_params:(?=[^,]*$)))?\s*(?P<key>[\w.]+)\s*(,[^{}]*)?\}"
)
"""A value that is one interpolation of another key."""
_LONG_ENOUGH = 4
"""Characters of a value that is no part of an ordinary word."""
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_GOT = ", got "
"""Before it stands what was expected, behind it the value."""
_SAYS_NO_VALUE = ("expected ", "has to be ")
_Child = tuple[yaml.Node | None, yaml.Node]
"""Key (None in a list) and value."""


@dataclass(frozen=True)
class Place:
    """Where an entry stands.

    Attributes:
        key: Of its key; of the value in a list and at the top.
        value: Of its value; behind an alias, of what the alias stands for.
        text: The value as written, interpolations and all; None for a mapping or list.
        depth: How many steps of the path were found.
    """

    key: Position
    value: Position
    text: str | None
    depth: int


@dataclass(frozen=True)
class PositionTree:
    """The places of one file.

    Attributes:
        file: As given to `read_positions`.
        root: Top node; None for an empty file and one that is no YAML.
        problems: Mistakes of the YAML itself.
        mentions_environment: Whether any value comes from an environment variable (`oc.env`).
    """

    file: Path
    root: yaml.Node | None = None
    problems: tuple[Problem, ...] = ()
    mentions_environment: bool = False
    _children_by_node: dict[int, dict[str | int, _Child]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def is_mapping(self) -> bool:
        """Whether the file holds what a configuration is: a mapping."""
        return isinstance(self.root, yaml.MappingNode)

    def find(self, path: KeyPath) -> Place | None:
        """The place of an entry, or of the nearest one above it.

        Args:
            path: Keys and list indices; keys that are no text are compared as text.

        Returns:
            With the number of steps found; None where the file has no content.
        """
        if self.root is None:
            return None
        key: yaml.Node | None = None
        node, depth = self.root, 0
        for step in path:
            child = self._children(node).get(step if isinstance(node, yaml.SequenceNode) else str(step))
            if child is None:
                break
            (key, node), depth = child, depth + 1
        return self._place(key, node, depth)

    def _place(self, key: yaml.Node | None, node: yaml.Node, depth: int) -> Place:
        value = position_of(self.file, node)
        scalar = node if isinstance(node, yaml.ScalarNode) else None
        text = scalar.value if scalar is not None else None
        is_nothing = text == "" and key is not None and scalar is not None and not scalar.style
        key_position = position_of(self.file, key) if key is not None else value
        return Place(key_position, key_position if is_nothing else value, text, depth)

    def _children(self, node: yaml.Node) -> dict[str | int, _Child]:
        if id(node) not in self._children_by_node:
            children: dict[str | int, _Child] = {}
            self._children_by_node[id(node)] = children
            if isinstance(node, yaml.SequenceNode):
                children.update({index: (None, item) for index, item in enumerate(node.value)})
            elif isinstance(node, yaml.MappingNode):
                for key, value in _merged_first(node):
                    if key.value == _MERGE:
                        children.update(self._merged(value))
                    elif isinstance(key, yaml.ScalarNode):
                        children[key.value] = (key, value)
                        for name in _names_in_paths(key):
                            children.setdefault(name, (key, value))
        return self._children_by_node[id(node)]

    def _merged(self, node: yaml.Node) -> dict[str | int, _Child]:
        sources = reversed(node.value) if isinstance(node, yaml.SequenceNode) else (node,)
        merged: dict[str | int, _Child] = {}
        for source in sources:
            if isinstance(source, yaml.MappingNode):
                merged.update(self._children(source))
        return merged


class Places(Protocol):
    """What makes a problem of the path of an entry: `Positions`, or something that reads its files first."""

    def problem(self, path: KeyPath, message: str, *, hint: str | None = None, at_key: bool = False) -> Problem:
        """A mistake at an entry."""


@dataclass(frozen=True)
class Positions:
    """The places of all files that make up one configuration.

    Attributes:
        trees: Base before environment, as Kedro merges them.
        content: What they hold once merged, with a placeholder for each environment variable.
        secrets: Values of these variables, which no message shows.
        globals_files: What `${globals:...}` looks into, base before environment.
    """

    trees: tuple[PositionTree, ...] = ()
    content: Mapping[str, Any] = field(default_factory=dict)
    secrets: frozenset[str] = frozenset()
    globals_files: tuple[Path, ...] = ()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Mistakes of the YAML itself, file by file."""
        return tuple(problem for tree in self.trees for problem in tree.problems)

    @property
    def unread_files(self) -> tuple[Path, ...]:
        """Files that are no valid YAML, so that nobody knows what they hold."""
        return tuple(tree.file for tree in self.trees if tree.root is None and tree.problems)

    def place(self, path: KeyPath) -> Place | None:
        """The place of an entry: the file that has most of the path, of several the one that wins in Kedro."""
        found = [place for tree in reversed(self.trees) if (place := tree.find(path)) is not None]
        return max(found, key=lambda place: place.depth) if found else None

    def at(self, *path: str | int, at_key: bool = False) -> Position | None:
        """The position of an entry, or of the nearest one above it.

        Args:
            *path: Keys and list indices.
            at_key: Of its key rather than its value; where the entry itself is missing it is the key of the
                nearest one above in any case.

        Returns:
            Only the file where no step of the path is in any; None without files.
        """
        place = self.place(path)
        if place is None or (path and place.depth == 0):
            return Position(self.trees[-1].file) if self.trees else None
        return place.key if at_key or place.depth < len(path) else place.value

    def problem(self, path: KeyPath, message: str, *, hint: str | None = None, at_key: bool = False) -> Problem:
        """A mistake at an entry; the path stands before the message.

        A value that came from an environment variable is called by the name of the variable.
        """
        position = self.at(*path, at_key=at_key)
        if at_key:
            return self.problem_at(position, path, message, hint)
        source = self.source_text(path)
        if source is None:
            hints = filter(None, (hint, self._origin(path)))
            return self.problem_at(position, path, message, "\n".join(hints) or None)
        expected, got, _ = message.partition(_GOT)
        told = f": {expected}" if got and expected.startswith(_SAYS_NO_VALUE) else ""
        return self.problem_at(
            position, path, f"the value of {source} is wrong here{told}", "look at the variable it is from"
        )

    def problem_at(self, position: Position | None, path: KeyPath, message: str, hint: str | None) -> Problem:
        """A mistake at a position of its own, with the path of an entry before the message."""
        shown, text = show_path(path), self.without_secrets(message)
        return Problem(f"{shown}: {text}" if shown else text, position, self.without_secrets(hint) if hint else None)

    def source_text(self, path: KeyPath) -> str | None:
        """Where a value that may be an environment variable's comes from; None for any other value."""
        if (placeholder := placeholder_at(self.content, path)) is not None:
            return placeholder
        if not any(tree.mentions_environment for tree in self.trees):
            return None
        place = self.place(path)  # a loader of another kind has filled in the value itself
        return place.text if place is not None and place.text is not None and "${" in place.text else None

    def _origin(self, path: KeyPath) -> str | None:
        """Where a value that is all interpolation stands: `${key}` in these files, `${globals:key}` beside them."""
        place = self.place(path)
        found = _INTERPOLATION.fullmatch(place.text) if place is not None and place.text is not None else None
        if found is None:
            return None
        if found["runtime"]:
            return f"the value is the runtime parameter '{found['key']}': see `runtime_params` in component.yaml"
        keys, value = tuple(found["key"].split(".")), str(value_at(self.content, path)).casefold()
        trees = [read_positions(file) for file in self.globals_files] if found["globals"] else self.trees
        origins = (origin for tree in reversed(trees) if (origin := tree.find(keys)) is not None)
        right = (
            one for one in origins if one.depth == len(keys) and (one.text is None or one.text.casefold() == value)
        )
        return next((f"the value stands in {origin.value}" for origin in right), None)

    def without_secrets(self, text: str) -> str:
        """A text without the values of environment variables; short ones are only looked for in quotes."""
        for secret in sorted(self.secrets, key=len, reverse=True):
            text = text.replace(f"'{secret}'", "'***'")
            if len(secret) >= _LONG_ENOUGH:
                text = text.replace(secret, "***")
        return text


def read_positions(path: str | Path) -> PositionTree:
    """The places of one YAML (or JSON) file.

    Args:
        path: Absolute.

    Returns:
        With `problems` where the file is unreadable, no valid YAML, has a key twice, or no mapping at its top.
    """
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return PositionTree(file, problems=(Problem("the file is not UTF-8 text", Position(file), "save it as UTF-8"),))
    except OSError as error:
        return PositionTree(file, problems=(Problem(f"cannot be read: {error.strerror}", Position(file)),))
    try:
        root = _compose(text)
    except (yaml.YAMLError, RecursionError) as error:
        return PositionTree(file, problems=(explain_yaml_error(file, text, error),))
    if root is None:
        return PositionTree(file)
    return PositionTree(file, root, tuple(_structure_problems(file, root)), "oc.env" in text)


def read_content(path: str | Path) -> dict[str, Any]:
    """What a file holds, by its own; dates stay text, and keys that Kedro leaves out are left out.

    Returns:
        Empty where the file is unreadable, no valid YAML, or holds no mapping.
    """
    try:
        content = yaml.load(Path(path).read_text(encoding="utf-8"), Loader=TextLoader)  # noqa: S506 - a safe one
    except (OSError, ValueError, yaml.YAMLError, RecursionError):
        return {}
    if not isinstance(content, dict):
        return {}
    return {key: value for key, value in content.items() if isinstance(key, str) and not key.startswith("_")}


def read_documents(path: str | Path) -> tuple[PositionTree, ...]:
    """The places of a YAML file with one document or several.

    Args:
        path: Absolute.

    Returns:
        One tree for each document; none for a file that cannot be read or is no valid YAML.
    """
    file = Path(path)
    try:
        roots = list(yaml.compose_all(file.read_text(encoding="utf-8"), Loader=_Loader))
    except (OSError, ValueError, yaml.YAMLError, RecursionError):
        return ()
    return tuple(PositionTree(file, root, tuple(_structure_problems(file, root))) for root in roots)


def read_all_positions(
    files: Sequence[str | Path],
    content: Mapping[str, Any] | None = None,
    secrets: frozenset[str] = frozenset(),
    globals_files: Sequence[str | Path] = (),
) -> Positions:
    """The places of several files, base before environment; the other arguments as in `Positions`."""
    trees = tuple(read_positions(file) for file in files)
    return Positions(trees, content or {}, secrets, tuple(Path(file) for file in globals_files))


def position_of(file: Path, node: yaml.Node) -> Position:
    """Where a node begins."""
    return Position(file, node.start_mark.line + 1, node.start_mark.column + 1)


def show_path(path: KeyPath) -> str:
    """A path as in a message: `jobs.train.loggers[0]`, odd keys in quotes."""
    shown = ""
    for step in path:
        if isinstance(step, int):
            shown += f"[{step}]"
        else:
            plain = step if step.replace("_", "").replace("-", "").isalnum() else f'"{step}"'
            shown += f".{plain}" if shown else plain
    return shown


def _compose(text: str) -> yaml.Node | None:
    try:
        return yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError:
        if _Loader is not yaml.SafeLoader:
            yaml.compose(text, Loader=yaml.SafeLoader)  # the same mistake, in words that `explain_yaml_error` knows
        raise


def _merged_first(node: yaml.MappingNode) -> list[tuple[yaml.Node, yaml.Node]]:
    return sorted(node.value, key=lambda pair: pair[0].value != _MERGE)


def _names_in_paths(key: yaml.ScalarNode) -> tuple[str, ...]:
    """What a key that is no text is called in a path, besides what is written."""
    if key.tag not in _NO_TEXT:
        return ()
    value = yaml.safe_load(key.value)
    return (str(value), str(int(value))) if isinstance(value, bool) else (str(value),)


def _structure_problems(file: Path, root: yaml.Node) -> Iterator[Problem]:
    if not isinstance(root, yaml.MappingNode):
        is_empty = isinstance(root, yaml.ScalarNode) and root.value in ("", "null", "~")
        if not is_empty:
            hint = "write sections such as 'jobs:' at the left edge"
            yield Problem("the file has no mapping at its top", position_of(file, root), hint)
        return
    yield from _top_level_problems(file, root)
    pending: list[yaml.CollectionNode] = [root]
    seen = {id(root)}
    while pending:
        node = pending.pop()
        if isinstance(node, yaml.MappingNode):
            yield from _key_problems(file, node, is_top=node is root)
        children = [part for pair in node.value for part in pair] if isinstance(node, yaml.MappingNode) else node.value
        for child in children:
            if isinstance(child, yaml.CollectionNode) and id(child) not in seen:
                seen.add(id(child))
                pending.append(child)


def _top_level_problems(file: Path, root: yaml.MappingNode) -> Iterator[Problem]:
    """Keys that are no text, which Kedro's loader fails on at the top of a file."""
    for key, _ in root.value:
        if isinstance(key, yaml.ScalarNode) and (kind := _NO_TEXT.get(key.tag)) is not None:
            message = f"a key at the top of a file has to be text: YAML reads '{key.value}' as {kind}"
            yield Problem(message, position_of(file, key), f'put it in quotes: "{key.value}"')


def _key_problems(file: Path, node: yaml.MappingNode, *, is_top: bool) -> Iterator[Problem]:
    first_by_key: dict[str, yaml.Node] = {}
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            hint = "put text that begins with '{' or '[' in quotes"
            yield Problem("a mapping or list stands where a key should", position_of(file, key), hint)
        elif key.tag == _NOTHING and not is_top:
            message = f"a key has to be text: YAML reads '{key.value}' as nothing"
            yield Problem(message, position_of(file, key), f'put it in quotes: "{key.value}"')
        elif key.value in first_by_key:
            line = first_by_key[key.value].start_mark.line + 1
            yield Problem(
                f"the key '{key.value}' is there twice, first in line {line}", position_of(file, key), "keep one"
            )
        else:
            first_by_key[key.value] = key
