"""Where a key stands in a YAML file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import yaml

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@lru_cache(maxsize=256)
def top_level_lines(file: Path) -> Mapping[str, int]:
    """1-based line of every top-level key of a file; empty where it cannot be read."""
    root = _root(file)
    if not isinstance(root, yaml.MappingNode):
        return {}
    return {str(key.value): key.start_mark.line + 1 for key, _ in root.value}


def key_position(file: Path, keys: Sequence[str]) -> tuple[int, int] | None:
    """1-based line and column of the key that a path of keys (list indices as text) ends at.

    Returns:
        None where the first key is not in the file; the position of the deepest key found where the path goes on.
    """
    node, found = _root(file), None
    for key in keys:
        entry = _entry(node, key)
        if entry is None:
            break
        key_node, node = entry
        found = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
    return found


def _entry(node: yaml.Node | None, key: str) -> tuple[yaml.Node, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        return next(((name, value) for name, value in node.value if name.value == key), None)
    if isinstance(node, yaml.SequenceNode) and key.isdigit() and int(key) < len(node.value):
        return node.value[int(key)], node.value[int(key)]
    return None


@lru_cache(maxsize=256)
def _root(file: Path) -> yaml.Node | None:
    try:
        root: yaml.Node | None = yaml.compose(file.read_text(encoding="utf-8"), Loader=_LOADER)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return None
    return root
