"""What a process must not share with its forks: connections, positions in open files, what is to be done at its end."""

from __future__ import annotations

import atexit
import os
import stat
import sys
import sysconfig
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from types import FrameType
from typing import Any

_DESCRIPTORS = Path("/proc/self/fd")
_IMPORTING = "<frozen importlib"
_SHARED = ("socket:", "pipe:", "anon_inode:[eventpoll]")
"""What the system calls connections, pools of processes and event loops."""
_OWN = str(Path(__file__).resolve().parent.parent)


class ProcessWatch:
    """Looks at this process while modules are imported, from its making on. Only for Linux.

    Attributes:
        exit_handlers: Names of the functions that code which is not installed has registered with `atexit`, by itself or
            through a library. Done in each fork, a temporary folder would be cleared that the others need; done in none,
            what a client has still to send would be lost.
    """

    def __init__(self) -> None:
        """Note what is open already."""
        self.exit_handlers: list[str] = []
        self._before = _open_descriptors()
        self._installed = tuple({*map(sysconfig.get_path, ("stdlib", "platstdlib", "purelib", "platlib")), _OWN})
        atexit.register = self._noting_handlers(atexit.register)

    def opened(self) -> list[str]:
        """Connections and files that were opened, and are still open; not those that are only added to, as logs are."""
        found = [name for number, name in _open_descriptors().items() if self._before.get(number) != name]
        return sorted(found)

    def _noting_handlers(self, register: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(register)
        def noted(function: Callable[..., Any], *args: Any, **options: Any) -> Any:
            if self._is_asked_by_user():
                self.exit_handlers.append(getattr(function, "__qualname__", repr(function)))
            return register(function, *args, **options)

        return noted

    def _is_asked_by_user(self) -> bool:
        """Whether the nearest code that is not installed calls, and not a library that is being imported."""
        frame: FrameType | None = sys._getframe(2)  # noqa: SLF001
        while frame is not None:
            file = frame.f_code.co_filename
            if file.startswith(_IMPORTING):
                return False
            if not file.startswith(("<", *self._installed)):
                return True
            frame = frame.f_back
        return False


def _open_descriptors() -> dict[int, str]:
    """What forks would share, by the number it is open under: a file by its name, all else by what the system calls it."""
    found = {}
    for link in _DESCRIPTORS.glob("*"):
        try:
            name, status = str(link.readlink()), os.fstat(int(link.name))
            flags = int((Path("/proc/self/fdinfo") / link.name).read_text().split("flags:")[1].split()[0], 8)
        except OSError:  # that of this very listing
            continue
        is_file = stat.S_ISREG(status.st_mode) and not flags & os.O_APPEND and status.st_nlink
        if is_file or name.startswith(_SHARED):
            found[int(link.name)] = Path(name).name if is_file else name.partition(":")[0]
    return found
