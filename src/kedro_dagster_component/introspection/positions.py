"""Where a key stands in a YAML file."""

from __future__ import annotations

from collections.abc import Mapping
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


@lru_cache(maxsize=256)
def _root(file: Path) -> yaml.Node | None:
    try:
        root: yaml.Node | None = yaml.compose(file.read_text(encoding="utf-8"), Loader=_LOADER)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return None
    return root
