"""Saves of local files that leave what was there until the new file is whole. Tried on kedro-datasets 9.0 to 9.6.

Kedro's datasets write in place: a process that is killed in a save leaves half a file. Those that write one local file
under `_filepath` can write it elsewhere, from where one call of the file system puts it in its place.
"""

# ruff: noqa: SLF001 (it is about nothing else)

from __future__ import annotations

import copy
import functools
import os
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path, PurePath
from typing import Any

from kedro.io import DatasetError

_PACKAGE = "kedro_datasets."
"""Whose datasets are known to write what they are given, and to read nothing of what was there."""

_ELSEWHERE = ("kedro_datasets.spark", "kedro_datasets.databricks", "kedro_datasets.snowflake")
"""Datasets whose files other machines write."""

_ARGUMENTS = ("_save_args", "_fs_open_args_save", "_writer_args")


def saving_whole(dataset: Any, root: str | None = None) -> Any:
    """Let a dataset leave what was there until its save is whole; one that cannot stays as it is.

    Args:
        dataset: Of one partition; it is changed.
        root: Folder beside which files are written, which has the same file system; None for that of the file. It
            should hold nothing that is listed: a killed process leaves its half file there.

    Returns:
        The dataset.
    """
    if _writes_a_local_file(dataset):
        dataset.save = functools.partial(_save_whole, dataset, root)
    return dataset


def type_saving_whole(dataset_type: Callable[..., Any], root: str) -> Callable[..., Any]:
    """What makes the datasets of the partitions of a PartitionedDataset, each of them `saving_whole`."""

    @functools.wraps(dataset_type, updated=())
    def make(**config: Any) -> Any:
        return saving_whole(dataset_type(**config), root)

    return make


def _writes_a_local_file(dataset: Any) -> bool:
    module = type(dataset).__module__
    if not module.startswith(_PACKAGE) or module.startswith(_ELSEWHERE):
        return False
    is_local = getattr(dataset, "_protocol", None) == "file" and getattr(dataset, "_version", None) is None
    return is_local and isinstance(getattr(dataset, "_filepath", None), PurePath) and not _appends(dataset)


def _appends(dataset: Any) -> bool:
    """Whether a save adds to what is there: pandas' and Python's `mode`, that of pandas' writers included."""
    given = [getattr(dataset, name, None) for name in _ARGUMENTS]
    modes = [str(arguments.get("mode", "")) for arguments in given if isinstance(arguments, Mapping)]
    return any(set(mode) & set("ax+") for mode in modes)


def _save_whole(dataset: Any, root: str | None, data: Any) -> None:
    target = Path(dataset._filepath).absolute()
    place = None if target.is_symlink() or target.is_dir() else _open_place(Path(root or target.parent).absolute())
    if place is None:
        type(dataset).save(dataset, data)
        return
    try:
        beside = copy.copy(dataset)
        beside._filepath = type(dataset._filepath)(place / target.name)
        type(beside).save(beside, data)
        target.parent.mkdir(parents=True, exist_ok=True)
        for made in place.iterdir():  # some formats are several files
            _put(made, target.parent / made.name)
    except DatasetError as error:
        raise DatasetError(str(error).replace(str(place), str(target.parent))) from error
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _open_place(root: Path) -> Path | None:
    """A new folder beside a folder; None where it would be on another file system or cannot be made."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        if root.stat().st_dev != root.parent.stat().st_dev:
            return None
        _clear_killed(root)
        prefix = f"{_places_of(root)}{_machine()}-{os.getpid()}-"
        return Path(tempfile.mkdtemp(prefix=prefix, dir=root.parent))
    except OSError:
        return None


def _places_of(root: Path) -> str:
    """How the names of the places beside a folder begin."""
    return f".{root.name}-saving-"


@functools.cache
def _machine() -> str:
    """The machine as part of a file name: process ids of another one say nothing here."""
    return re.sub(r"\W", "_", platform.node())


@functools.cache
def _clear_killed(root: Path) -> None:
    """Clear what processes of this machine that were killed in a save have left beside a folder; once in a process."""
    if sys.platform == "win32":  # asking for a process by a signal ends it there
        return
    names = re.compile(rf"{re.escape(_places_of(root))}{re.escape(_machine())}-(\d+)-")
    for place in list(root.parent.iterdir()):
        found = names.match(place.name)
        if found is not None and not _is_alive(int(found[1])):
            shutil.rmtree(place, ignore_errors=True)


def _is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's
        return True
    return True


def _put(made: Path, target: Path) -> None:
    if target.exists() and (made.is_dir() or target.is_dir()):
        shutil.rmtree(target) if target.is_dir() else target.unlink()
    elif target.exists():
        shutil.copymode(target, made)
    made.replace(target)
