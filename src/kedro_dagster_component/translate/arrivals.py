"""Files that were not there, or were older, at the last look: on any filesystem fsspec knows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_STATES = (
    *("mtime", "LastModified", "last_modified", "Last-Modified", "updated", "modify", "modificationTime"),
    *("ETag", "etag", "created"),
)
"""What filesystems call the time or the state of a file, the most telling first."""


@dataclass(frozen=True)
class Arrivals:
    """What one look found.

    Attributes:
        new: Signature (time or tag, and size) of each file that is new or has changed, by path, sorted by path.
        look: Number of looks so far that found something, this one included; from 1 where it did.
        cursor: What the next look starts from.
    """

    new: Mapping[str, str]
    look: int
    cursor: str


def look_for_files(pattern: str, storage_options: Mapping[str, Any], project_path: str, cursor: str | None) -> Arrivals:
    """Look for files.

    Args:
        pattern: A path or URL with `*`, `?` and `**`; a relative path starts at the project.
        storage_options: Arguments of the fsspec filesystem.
        project_path: Root of the Kedro project.
        cursor: Of the look before; None for the first one, to which every file is new.

    Returns:
        Files only, also those that links point to, no folders. A file that vanished is forgotten: it is new when it
        comes back.
    """
    import fsspec  # comes with Kedro; only a look needs it

    is_url = "://" in pattern
    filesystem, path = fsspec.core.url_to_fs(
        pattern if is_url else (Path(project_path) / pattern).as_posix(), **storage_options
    )
    # Those of object stores keep what they listed once, and fsspec keeps the filesystem for the life of the process.
    filesystem.invalidate_cache()
    files = {
        filesystem.unstrip_protocol(name) if is_url else name: _signature(info)
        for name, listed in sorted(filesystem.glob(path, detail=True).items())
        if (info := _behind_link(filesystem, name, listed)).get("type") == "file"
    }
    before: dict[str, Any] = json.loads(cursor) if cursor else {"look": 0, "files": {}}
    new = {name: state for name, state in files.items() if before["files"].get(name) != state}
    look = before["look"] + bool(new)
    return Arrivals(new=new, look=look, cursor=json.dumps({"look": look, "files": files}))


def _behind_link(filesystem: Any, name: str, listed: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a link points to, since listings describe the link itself; empty for a link to nothing."""
    if not listed.get("islink"):
        return listed
    try:
        info: Mapping[str, Any] = filesystem.info(name)
    except FileNotFoundError:
        return {}
    return info


def _signature(info: Mapping[str, Any]) -> str:
    """Times are coarse on some filesystems; the size tells a file that is still being written from the finished one."""
    state = next((info[key] for key in _STATES if info.get(key) is not None), "")
    return f"{state}/{info.get('size')}"
