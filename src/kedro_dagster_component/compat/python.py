"""The one private name of Python's own library that this package touches."""

from __future__ import annotations

import sys


def stop_fork_server() -> None:
    """End this process's fork server, if it has one.

    A process has one fork server for its life, with what it preloaded first; the next run may belong to another
    project. `multiprocessing` has no public way to end it. The same name from Python 3.10 to 3.13.
    """
    module = sys.modules.get("multiprocessing.forkserver")
    stop = getattr(getattr(module, "_forkserver", None), "_stop", None)
    if stop is not None:
        stop()
