"""Manifests kept in files: where they lie, how they are written and when one is believed. Nothing here reads a project."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import os
import stat
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from kedro_dagster_component.introspection.footprint import Footprint
from kedro_dagster_component.manifest import (
    MANIFEST_FORMAT,
    DatasetEntry,
    NodeEntry,
    ProjectManifest,
    ProjectRef,
    Record,
)

CACHE_VARIABLE = "KEDRO_DAGSTER_CACHE"
"""Environment variable with the folder of the manifests; `off` switches the cache off everywhere."""

ENTRY_FORMAT = 3
"""Raised whenever an entry changes its meaning; one of another format is never used."""

_FOLDER_NAME = "kedro-dagster-component"
_OFF = "off"
_SUFFIX = ".manifest"
_PART_PREFIX, _PART_SUFFIX = ".kedro-dagster-", ".part"
_DIGITS = 32
_OWN_PATTERNS = (f"{'[0-9a-f]' * _DIGITS}{_SUFFIX}", f"{_PART_PREFIX}*{_PART_SUFFIX}")
"""Names of files made here: the folder may be one that the user shares with others."""
_KEPT_SECONDS = 90 * 24 * 60 * 60


class Entry(Record):
    """What stands in a file before the manifest.

    Attributes:
        format: `ENTRY_FORMAT` of the writer.
        manifest_format: `MANIFEST_FORMAT` of the writer.
        request: Digest of the project and the way it was opened.
        footprint: What the manifest depends on.
        watched: Digest of each file or pattern that the user wants to be watched too.
        differing: Where two readings at the same time differed; empty where they were equal. With any, there is no
            manifest.
        children: Programs that reading the project started, where the user names nothing to be watched instead; with
            any, there is no manifest.
    """

    format: int = ENTRY_FORMAT
    manifest_format: int = MANIFEST_FORMAT
    request: str
    footprint: Footprint
    watched: dict[str, str | None]
    differing: tuple[str, ...] = ()
    children: tuple[str, ...] = ()

    @property
    def is_kept(self) -> bool:
        """Whether there is a manifest."""
        return not (self.differing or self.children)


def cache_folder(project_path: Path, environment: Mapping[str, str] = os.environ) -> Path | None:
    """Where manifests are kept, made if need be: never inside the Kedro project.

    Returns:
        None where the cache is switched off, or no folder can be looked into.
    """
    if is_switched_off(environment):
        return None
    chosen = environment.get(CACHE_VARIABLE, "").strip()
    try:
        folder = Path(chosen).expanduser().absolute() if chosen else _of_platform(environment) / _FOLDER_NAME
        if folder.resolve().is_relative_to(project_path.resolve()):
            return None
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # no home, a file in the way
        return None
    return folder if os.access(folder, os.X_OK) else None


def is_of_use(file: Path) -> bool:
    """Whether a manifest is there, as in an image that cannot be written to, or one could be kept."""
    return file.exists() or os.access(file.parent, os.W_OK)


def is_switched_off(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether no manifest is to be kept or used, by the user's word for the whole process."""
    return environment.get(CACHE_VARIABLE, "").strip().lower() == _OFF


def file_name(ref: ProjectRef, owner: str) -> str:
    """Name of the file for a project opened in one way by one component; runtime parameters are no part of it.

    Args:
        ref: The project.
        owner: The component, by its file.
    """
    text = "\0".join([owner, sys.prefix, ref.model_copy(update={"runtime_params": {}}).model_dump_json()])
    return f"{hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]}{_SUFFIX}"


def read_entry(file: Path) -> tuple[Entry, str] | None:
    """What a file holds, and its manifest as text.

    Returns:
        None where it cannot be used: it is not there, is half written, comes from another version, or somebody else
        could have written it.
    """
    try:
        if not _is_trusted(file.stat()):
            return None
        head, _, text = file.read_text(encoding="utf-8").partition("\n")
        entry = Entry.model_validate_json(head)
    except (OSError, ValueError):
        return None
    is_current = (entry.format, entry.manifest_format) == (ENTRY_FORMAT, MANIFEST_FORMAT)
    return (entry, text) if is_current else None


def write_entry(file: Path, entry: Entry, text: str) -> None:
    """Write a file as a whole, readable by its owner only, in place of any that is there.

    Manifests beside it that nobody has written for a long time are cleared: of projects that are gone, mostly. One still
    in use is written again by its next load.

    Raises:
        OSError: It cannot be written.
    """
    handle, name = tempfile.mkstemp(prefix=_PART_PREFIX, suffix=_PART_SUFFIX, dir=file.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(f"{entry.model_dump_json()}\n{text}")
        os.replace(name, file)  # noqa: PTH105
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    with suppress(OSError):
        _clear_old(file.parent)


def _clear_old(folder: Path) -> None:
    oldest = time.time() - _KEPT_SECONDS
    for pattern in _OWN_PATTERNS:
        for other in folder.glob(pattern):
            if other.stat().st_mtime < oldest:
                other.unlink(missing_ok=True)


def pack(manifest: ProjectManifest) -> str:
    """A manifest as a text of one line, which `unpack` need not hold in memory as a whole."""
    return base64.b64encode(gzip.compress("\n".join(lines_of(manifest)).encode(), mtime=0)).decode()


def lines_of(manifest: ProjectManifest) -> Iterator[str]:
    """All that a manifest holds, as lines of JSON: one for each node and dataset, after one for the rest."""
    yield manifest.model_copy(update={"nodes": {}, "datasets": {}}).model_dump_json()
    for key, node in manifest.nodes.items():
        yield _PackedEntry(key=key, node=node).model_dump_json()
    for key, dataset in manifest.datasets.items():
        yield _PackedEntry(key=key, dataset=dataset).model_dump_json()


class _PackedEntry(Record):
    """One line after the first: a node or a dataset, with its key."""

    key: str
    node: NodeEntry | None = None
    dataset: DatasetEntry | None = None


def unpack(text: str) -> ProjectManifest:
    """The manifest of a text.

    Raises:
        ValueError: It holds none of this version.
    """
    try:
        with gzip.open(io.BytesIO(base64.b64decode(text, validate=True))) as lines:
            return _joined(iter(lines))
    except (EOFError, OSError, zlib.error) as error:
        raise ValueError(str(error)) from error


def _joined(lines: Iterator[bytes]) -> ProjectManifest:
    head = ProjectManifest.model_validate_json(next(lines, b""))
    nodes: dict[str, NodeEntry] = {}
    datasets: dict[str, DatasetEntry] = {}
    for packed in map(_PackedEntry.model_validate_json, lines):
        if packed.node is not None:
            nodes[packed.key] = packed.node
        elif packed.dataset is not None:
            datasets[packed.key] = packed.dataset
    return head.model_copy(update={"nodes": nodes, "datasets": datasets})


def _of_platform(environment: Mapping[str, str]) -> Path:
    """The folder for what can be made again, by the habits of the platform."""
    if sys.platform == "win32":
        local = environment.get("LOCALAPPDATA")
        return Path(local) if local else Path.home() / "AppData" / "Local"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    chosen = environment.get("XDG_CACHE_HOME", "")
    return Path(chosen) if os.path.isabs(chosen) else Path.home() / ".cache"  # noqa: PTH117


def _is_trusted(status: os.stat_result) -> bool:
    """Whether only this user, or the superuser, can have written a file."""
    if sys.platform == "win32":
        return True
    return status.st_uid in {0, os.geteuid()} and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
