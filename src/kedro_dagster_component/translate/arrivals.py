"""Files that were not there, or were older, at the last look: on any filesystem fsspec knows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SIGNATURES = ("mtime", "LastModified", "last_modified", "updated", "ETag", "etag", "size")
"""What filesystems call the time or the state of a file, the most telling first."""


@dataclass(frozen=True)
class Arrivals:
    """What one look found.

    Attributes:
        new: Signature (time, tag or size) of each file that is new or has changed, by path, sorted by path.
        cursor: What the next look starts from.
    """

    new: Mapping[str, str]
    cursor: str


def look_for_files(pattern: str, storage_options: Mapping[str, Any], project_path: str, cursor: str | None) -> Arrivals:
    """Look for files.

    Args:
        pattern: A path or URL with `*`, `?` and `**`; a relative path starts at the project.
        storage_options: Arguments of the fsspec filesystem.
        project_path: Root of the Kedro project.
        cursor: Of the look before; None for the first one, to which every file is new.

    Returns:
        Files only, no folders. A file that vanished is forgotten: it is new when it comes back.
    """
    import fsspec  # comes with Kedro; only a look needs it

    is_url = "://" in pattern
    filesystem, path = fsspec.core.url_to_fs(
        pattern if is_url else (Path(project_path) / pattern).as_posix(), **storage_options
    )
    found = filesystem.glob(path, detail=True)
    files = {name: _signature(info) for name, info in sorted(found.items()) if info.get("type") == "file"}
    shown = {(filesystem.unstrip_protocol(name) if is_url else name): state for name, state in files.items()}
    known = json.loads(cursor) if cursor else {}
    new = {name: state for name, state in shown.items() if known.get(name) != state}
    return Arrivals(new=new, cursor=json.dumps(shown))


def _signature(info: Mapping[str, Any]) -> str:
    return next((str(info[key]) for key in _SIGNATURES if info.get(key) is not None), "")
