"""Notes what a process reads while it reads a project: by an audit hook, and over the shoulder of `os`.

Each thing is looked at before the one who asked for it sees it. So a change in the meantime makes what is noted too old,
which costs another reading, and never too new. What cannot be noted: clocks, random numbers, networks, child processes.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from kedro_dagster_component.compat.python import path_of_descriptor, watch_environment, watch_looks
from kedro_dagster_component.introspection.askers import (
    Askers,
    Origin,
    module_search,
    on_whose_behalf,
    resolves_links,
)
from kedro_dagster_component.introspection.digests import Digests, is_of_process, kind_of, link_of
from kedro_dagster_component.introspection.footprint import Footprint, python_in_use

V = TypeVar("V")

_ALWAYS = ("KEDRO_ENV", "PYTHONPATH")
_NOWHERE = ("/proc/", "/sys/")
_DEVICES, _MEMORY = "/dev/", "/dev/shm/"  # noqa: S108 - a folder in memory, with files as in any other
_COMPILED = ".pyc"
_STARTS = frozenset({"subprocess.Popen", "os.system", "os.posix_spawn", "os.fork", "os.forkpty"})
_LISTINGS = frozenset({"os.listdir", "os.scandir"})
_TEMPORARY = frozenset({"tempfile.mkdtemp", "tempfile.mkstemp"})


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
        self._ignored: tuple[str, ...] = (*_NOWHERE, f"{os.path.abspath(private)}{os.sep}")  # noqa: PTH100
        self._environment = dict(os.environ)
        self._path = [os.path.abspath(folder) for folder in sys.path]  # noqa: PTH100
        self._files: dict[str, str | None] = {}
        self._folders: dict[str, str | None] = {}
        self._modules: dict[str, str | None] = {}
        self._kinds: dict[str, str] = {}
        self._links: dict[str, str] = {}
        self._children: set[str] = set()
        self._variables = set(_ALWAYS)
        self._asks_for_all = self._is_lost = False
        self._own = threading.local()

    def start(self) -> None:
        """Note from now on what this process opens, lists, looks for, and asks of its environment."""
        sys.addaudithook(self._on_event)
        watch_environment(self._on_variable, self._on_all_variables)
        watch_looks(self._on_look)
        importlib.invalidate_caches()  # folders on the import path were listed before, and would not be again

    def footprint(self) -> Footprint | None:
        """All that was noted; None where something could not be."""
        with self._unnoted():
            for module in list(sys.modules.values()):  # those imported before the start too
                self._note(self._files, getattr(module, "__file__", None) or "", self._digests.of_file)
            self._note_import_path()
            variables = {name: self._digests.of_text(self._environment.get(name)) for name in self._variables}
            footprint = Footprint(
                salt=self._salt,
                files=self._files,
                folders=self._folders,
                modules=self._modules,
                kinds={path: kind for path, kind in self._kinds.items() if path not in self._files},
                links=self._links,
                children=tuple(sorted(self._children)),
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
        elif event in _LISTINGS:
            self._on_listing(args[0], sys._getframe(1))  # noqa: SLF001 - no public call is quick enough
        elif event == "sqlite3.connect":
            for path in _files_of_database(args[0]):
                self._look(self._files, path, self._digests.of_file)
        elif event in _TEMPORARY:
            self._ignored += (os.path.abspath(os.fsdecode(args[0])),)  # noqa: PTH100
        elif event in _STARTS:
            self._on_start(event, args, sys._getframe(1))  # noqa: SLF001

    def _on_listing(self, path: Any, frame: FrameType) -> None:
        looks_for_modules = module_search(frame)
        if isinstance(path, int):
            path = path_of_descriptor(path) or ""
        if looks_for_modules is None:
            self._look(self._folders, path, self._digests.of_folder)
        elif looks_for_modules:
            self._look(self._modules, path, self._digests.of_modules)

    def _on_start(self, event: str, args: tuple[Any, ...], frame: FrameType) -> None:
        if on_whose_behalf(frame, self._askers, for_kedro=False) is not Origin.NOBODY:
            self._children.add(_program(args[0]) if args else event.partition(".")[2])

    def _on_variable(self, name: str, frame: FrameType) -> None:
        origin = on_whose_behalf(frame, self._askers)
        if origin is Origin.PROJECT or (origin is Origin.ITS_LIBRARIES and not is_of_process(name)):
            self._variables.add(name)

    def _on_all_variables(self, frame: FrameType) -> None:
        if on_whose_behalf(frame, self._askers, for_kedro=False) is not Origin.NOBODY:
            self._asks_for_all = True

    def _on_look(self, name: str, path: Any, frame: FrameType) -> None:
        """Note what is there. A file that a library looks for is read, be it by native code that nobody sees."""
        if name in {"stat", "access"}:
            self._look(self._kinds, path, kind_of)
            if on_whose_behalf(frame, self._askers, for_kedro=False) is Origin.ITS_LIBRARIES:
                self._look(self._files, path, self._digests.of_file, counts=os.path.isfile)
        elif not resolves_links(frame):
            self._look(self._links, path, link_of)
        else:  # a new link on the way to a file is seen by the content of that file
            self._look(self._links, path, link_of, counts=os.path.islink)

    def _note_import_path(self) -> None:
        """Of places that modules were looked for in vain: Python asks nobody for them who could be heard."""
        for path, finder in list(sys.path_importer_cache.items()):
            if finder is None:
                self._note(self._kinds, path, kind_of)
        added = {os.path.abspath(folder) for folder in sys.path}.difference(self._path)  # noqa: PTH100
        self._path += sorted(folder for folder in added if not self._is_ignored(folder))

    def _look(
        self, noted: dict[str, V], path: Any, look: Callable[[str], V], counts: Callable[[Any], bool] | None = None
    ) -> None:
        if getattr(self._own, "is_looking", False):
            return
        with self._unnoted():
            try:
                if counts is None or counts(path):
                    self._note(noted, path, look)
            except Exception:  # noqa: BLE001 - it would be the project's call that fails
                self._is_lost = True

    def _note(self, noted: dict[str, V], path: Any, look: Callable[[str], V]) -> None:
        name = _absolute(path)
        if name and name not in noted and not self._is_ignored(name) and not self._askers.is_installed(name):
            noted[name] = look(name)

    def _is_ignored(self, path: str) -> bool:
        return path.startswith(self._ignored) or (path.startswith(_DEVICES) and not path.startswith(_MEMORY))

    @contextmanager
    def _unnoted(self) -> Iterator[None]:
        """Nothing that this thread does inside is noted."""
        self._own.is_looking = True
        try:
            yield
        finally:
            self._own.is_looking = False


def _files_of_database(name: Any) -> Iterable[str]:
    """The file of a SQLite database, and that of its latest changes, from what was given to open it."""
    path = os.fsdecode(name)
    if path.startswith("file:"):
        path = unquote(urlsplit(path).path)
    return (path, f"{path}-wal") if path else ()


def _program(command: Any) -> str:
    """The name of a program, without its arguments: these may hold a secret."""
    text = os.fsdecode(command) if isinstance(command, str | bytes | os.PathLike) else ""
    return Path(text.split()[0]).name if text.split() else "a program"


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
