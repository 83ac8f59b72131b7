"""The private names of Python's own library that this package touches."""

from __future__ import annotations

import atexit
import importlib
import logging.config
import multiprocessing
import os
import pathlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import wraps
from multiprocessing.spawn import get_preparation_data, prepare
from types import FrameType
from typing import Any

_BEFORE_CHILDREN = 1_000_000
"""Priority of what a process of `multiprocessing` does first when it ends: the highest."""


def stop_fork_server(*, at_once: bool = False) -> None:
    """End this process's fork server, if it has one.

    A process has one fork server for its life, with what it preloaded first; the next run may belong to another
    project. `multiprocessing` has no public way to end it. The same names from Python 3.10 to 3.13.

    Args:
        at_once: Whether to end it in the middle of its imports, after which it ends by itself.
    """
    server = getattr(sys.modules.get("multiprocessing.forkserver"), "_forkserver", None)
    process = getattr(server, "_forkserver_pid", None)
    if at_once and process is not None:
        os.kill(process, signal.SIGKILL)
    stop = getattr(server, "_stop", None)
    if stop is not None:
        stop()


def main_script() -> Mapping[str, Any]:
    """What `multiprocessing` tells each new process of the main script of this one, and of its command line.

    Every process that it starts runs that script once more, as a module: with that of `dagster` a forked step takes half
    as long again. Its fork server would preload it as `__main__`, but that of Python 3.11 looks for it under another name
    than it was told by.
    """
    told = get_preparation_data("ignore")
    return {name: told[name] for name in ("sys_argv", "init_main_from_name", "init_main_from_path") if name in told}


def run_main_script(told: Mapping[str, Any]) -> None:
    """Run a main script as a module, so that forks of this process find it run already.

    Args:
        told: From `main_script` of the process that is to start them. A script that raises is left to them.
    """
    process: Any = multiprocessing.current_process()
    process._inheriting = True  # noqa: SLF001 - as in any process that runs it: a script that starts one is refused
    try:
        prepare(dict(told))
    except BaseException:  # noqa: BLE001, S110 - whatever a script raises, `SystemExit` too
        pass
    finally:
        del process._inheriting  # noqa: SLF001


def end_like_a_program(inside: Callable[[], AbstractContextManager[None]]) -> None:
    """Have this process, one of `multiprocessing`, do at its end what a program does at its, and in the same order.

    First what is registered with `threading`: pools of processes end then, those of joblib and of `concurrent.futures`.
    A process of `multiprocessing` waits for its children before, for ever or for the minutes that idle workers live. A
    forked one never calls what is registered with `atexit`. Both are mended in later versions of Python, where the
    module `forkserver` knows `atexit`.

    Args:
        inside: Gives the surroundings in which that is done.
    """
    if not _processes_end_like_programs():
        from multiprocessing.util import Finalize

        Finalize(None, _end_threads_and_tell, (inside,), exitpriority=_BEFORE_CHILDREN)


def _processes_end_like_programs() -> bool:
    """Whether this version of Python sees to it that processes of `multiprocessing` do."""
    return hasattr(importlib.import_module("multiprocessing.forkserver"), "atexit")


def _end_threads_and_tell(inside: Callable[[], AbstractContextManager[None]]) -> None:
    with inside():
        threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001 - does nothing when it is called again
        atexit._run_exitfuncs()  # noqa: SLF001


def call_in_forks(call: Callable[[], None]) -> None:
    """Call something at the beginning of each fork of this process, and of none that such a fork makes itself."""
    own = os.getpid()

    def begin() -> None:
        if os.getppid() == own:
            call()

    os.register_at_fork(after_in_child=begin)


def leave_exit_handlers_to_this_process() -> None:
    """Have forks of this process call none of what is registered with `atexit` by now, but close their loggers."""
    if not _processes_end_like_programs():
        call_in_forks(_forget_exit_handlers)


def _forget_exit_handlers() -> None:
    atexit._clear()  # noqa: SLF001
    atexit.register(logging.shutdown)


@contextmanager
def loggers_stay_enabled() -> Iterator[None]:
    """`dictConfig` and `fileConfig` disable no logger while the block runs.

    By default they disable every logger they do not name, and a disabled logger makes no record that anybody could
    see. Both go through one private function, the same from Python 3.10 to 3.13.
    """
    original = logging.config._handle_existing_loggers  # type: ignore[attr-defined]  # noqa: SLF001

    def handle(existing: Any, child_loggers: Any, _disable_existing: Any) -> None:
        original(existing, child_loggers, False)

    logging.config._handle_existing_loggers = handle  # type: ignore[attr-defined]  # noqa: SLF001
    try:
        yield
    finally:
        logging.config._handle_existing_loggers = original  # type: ignore[attr-defined]  # noqa: SLF001


def watch_looks(on_look: Callable[[str, Any, FrameType], None]) -> None:
    """Tell who looks for a path or at a link, before they get an answer; for good.

    Reason: no audit event is raised for `stat` and the like, by which `exists`, `glob` and `resolve` are made.
    `pathlib` of Python 3.10 keeps a `stat` of its own in a private class. What is looked for relative to an open folder
    is left out.

    Args:
        on_look: Is told `stat`, `lstat`, `readlink` or `access`, the path, and the frame that asks.
    """
    for name in ("stat", "lstat", "readlink", "access"):
        look = getattr(os, name)
        noted = _noted_look(name, look, on_look)
        setattr(os, name, noted)
        for group in (os.supports_dir_fd, os.supports_effective_ids, os.supports_fd, os.supports_follow_symlinks):
            if look in group:  # asked by `shutil` for instance
                group.add(noted)
    accessor = getattr(pathlib, "_NormalAccessor", None)
    if accessor is not None:
        accessor.stat = staticmethod(os.stat)


def _noted_look(name: str, look: Callable[..., Any], on_look: Callable[[str, Any, FrameType], None]) -> Any:
    @wraps(look)
    def noted(path: Any, *args: Any, dir_fd: int | None = None, **options: Any) -> Any:
        if dir_fd is None:
            at_link = not options.get("follow_symlinks", True)
            on_look("lstat" if at_link else name, path, sys._getframe(1))  # noqa: SLF001
        return look(path, *args, dir_fd=dir_fd, **options)

    return noted


def path_of_descriptor(descriptor: int) -> str | None:
    """The path that was opened under a number; None where the system does not tell."""
    try:
        return str(pathlib.Path(f"/proc/self/fd/{descriptor}").readlink())
    except OSError:
        return None


def watch_environment(on_variable: Callable[[str, FrameType], None], on_all: Callable[[FrameType], None]) -> None:
    """Tell who asks for an environment variable, or for all of them, before they get an answer; for good.

    Reason: `os.environ` is no class of ours, and no audit event is raised when it is read. `os._Environ` of Python 3.10
    to 3.14: every way to read one leads through `__getitem__`, every way to read all through `__iter__`, after which C
    code takes the values one by one from the same instruction of the same frame, a view of the mapping in its own.

    Args:
        on_variable: Is told a name, and the frame that asks.
        on_all: Is told the frame that asks.
    """
    kind = type(os.environ)
    get, iterate = kind.__getitem__, kind.__iter__
    last: dict[str, Any] = {"frame": None, "instruction": -1}

    def noted_get(self: Any, key: Any) -> Any:
        frame = sys._getframe(1)  # noqa: SLF001
        is_of_view = frame.f_code.co_name == "__iter__" and _is_mapping_code(frame)
        is_of_all = frame is last["frame"] and frame.f_lasti == last["instruction"]
        if isinstance(key, str | bytes) and not is_of_view and not is_of_all:
            on_variable(os.fsdecode(key), frame)
        return get(self, key)

    def noted_iterate(self: Any) -> Any:
        frame: FrameType | None = sys._getframe(1)  # noqa: SLF001
        while frame is not None and _is_mapping_code(frame):
            frame = frame.f_back
        if frame is not None:
            last.update(frame=frame, instruction=frame.f_lasti)  # kept alive: another frame must not look like it
            on_all(frame)
        return iterate(self)

    kind.__getitem__ = noted_get  # type: ignore[method-assign]
    kind.__iter__ = noted_iterate  # type: ignore[method-assign]


def _is_mapping_code(frame: FrameType) -> bool:
    return "_collections_abc" in frame.f_code.co_filename
