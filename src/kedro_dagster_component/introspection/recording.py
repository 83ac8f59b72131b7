"""Notes what a process reads while it reads a project: by an audit hook, and over the shoulder of `os`.

Each thing is looked at before the one who asked for it sees it. So a change in the meantime makes what is noted too old,
which costs another reading, and never too new. What cannot be noted: clocks, random numbers, networks, child processes.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from types import FrameType
from typing import Any, TypeVar

from kedro_dagster_component.compat.python import watch_environment
from kedro_dagster_component.introspection.askers import Askers, Origin, module_search, on_whose_behalf
from kedro_dagster_component.introspection.digests import Digests, is_of_process, kind_of
from kedro_dagster_component.introspection.footprint import Footprint, python_in_use

V = TypeVar("V")

_ALWAYS = ("KEDRO_ENV", "PYTHONPATH")
_NOWHERE = ("/proc/", "/sys/", "/dev/")
_COMPILED = ".pyc"


class Recorder:
    """Notes everything from its `start` on; there is no way to take an audit hook away again."""

    def __init__(self, salt: str, *, private: str, package: str | None) -> None:
        """Note nothing yet.

        Args:
            salt: Of all digests.
            private: Folder of this process' own files, which count for nothing.
            package: Import name of a project that is installed, whose files count all the same.
        """
        self._salt, self._digests = salt, Digests(salt)
        self._askers = Askers(package)
        self._ignored = (*_NOWHERE, f"{os.path.abspath(private)}{os.sep}")  # noqa: PTH100
        self._environment = dict(os.environ)
        self._path = [os.path.abspath(folder) for folder in sys.path]  # noqa: PTH100
        self._files: dict[str, str | None] = {}
        self._folders: dict[str, str | None] = {}
        self._modules: dict[str, str | None] = {}
        self._kinds: dict[str, str] = {}
        self._variables = set(_ALWAYS)
        self._asks_for_all = self._is_lost = False
        self._own = threading.local()

    def start(self) -> None:
        """Note from now on what this process opens, lists, looks for, and asks of its environment."""
        sys.addaudithook(self._on_event)
        watch_environment(self._on_variable, self._on_all_variables)
        os.stat = self._noting_looks(os.stat)

    def footprint(self) -> Footprint | None:
        """All that was noted; None where something could not be."""
        with self._unnoted():
            for module in list(sys.modules.values()):  # those imported before the start too
                self._note(self._files, getattr(module, "__file__", None) or "", self._digests.of_file)
            variables = {name: self._digests.of_text(self._environment.get(name)) for name in self._variables}
            footprint = Footprint(
                salt=self._salt,
                files=self._files,
                folders=self._folders,
                modules=self._modules,
                kinds={path: kind for path, kind in self._kinds.items() if path not in self._files},
                variables=dict(sorted(variables.items())),
                environment=self._digests.of_environment(self._environment) if self._asks_for_all else None,
                python=python_in_use(),
                distributions={path: self._digests.of_distributions(path) for path in self._path},
            )
        return None if self._is_lost else footprint

    def _on_event(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = args
            if flags is None or flags & (os.O_WRONLY | os.O_RDWR) != os.O_WRONLY:
                self._look(self._files, path, self._digests.of_file)
        elif event in {"os.listdir", "os.scandir"}:
            looks_for_modules = module_search(sys._getframe(1))  # noqa: SLF001 - no public call is quick enough
            if looks_for_modules is None:
                self._look(self._folders, args[0], self._digests.of_folder)
            elif looks_for_modules:
                self._look(self._modules, args[0], self._digests.of_modules)
        elif event == "sqlite3.connect":
            self._look(self._files, args[0], self._digests.of_file)

    def _on_variable(self, name: str, frame: FrameType) -> None:
        origin = on_whose_behalf(frame, self._askers)
        if origin is Origin.PROJECT or (origin is Origin.ITS_LIBRARIES and not is_of_process(name)):
            self._variables.add(name)

    def _on_all_variables(self, frame: FrameType) -> None:
        if on_whose_behalf(frame, self._askers, for_kedro=False) is not Origin.NOBODY:
            self._asks_for_all = True

    def _noting_looks(self, stat: Callable[..., V]) -> Callable[..., V]:
        """`os.stat` that notes what was there: by it `exists` and the like of `os.path` and `pathlib` are made."""

        @wraps(stat)
        def looked(path: Any, *, dir_fd: int | None = None, follow_symlinks: bool = True) -> V:
            if dir_fd is None:
                self._look(self._kinds, path, kind_of)
            return stat(path, dir_fd=dir_fd, follow_symlinks=follow_symlinks)

        return looked

    def _look(self, noted: dict[str, V], path: Any, look: Callable[[str], V]) -> None:
        if getattr(self._own, "is_looking", False):
            return
        with self._unnoted():
            try:
                self._note(noted, path, look)
            except Exception:  # noqa: BLE001 - it would be the project's call that fails
                self._is_lost = True

    def _note(self, noted: dict[str, V], path: Any, look: Callable[[str], V]) -> None:
        name = _absolute(path)
        if name and name not in noted and not name.startswith(self._ignored) and not self._askers.is_installed(name):
            noted[name] = look(name)

    @contextmanager
    def _unnoted(self) -> Iterator[None]:
        """Nothing that this thread does inside is noted."""
        self._own.is_looking = True
        try:
            yield
        finally:
            self._own.is_looking = False


def _absolute(path: Any) -> str | None:
    """The path somebody asked for, of a compiled module that of its source; None for what is no path."""
    if path is None:  # `os.listdir()`
        path = os.curdir
    if not isinstance(path, str | bytes | os.PathLike) or not path:
        return None
    try:
        name = os.path.abspath(os.fsdecode(path))  # noqa: PTH100
    except OSError:  # the working directory is gone
        return None
    if name.endswith(_COMPILED):
        try:
            return importlib.util.source_from_cache(name)
        except ValueError:
            return name
    return name
