"""The private names of Python's own library that this package touches."""

from __future__ import annotations

import logging.config
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def stop_fork_server() -> None:
    """End this process's fork server, if it has one.

    A process has one fork server for its life, with what it preloaded first; the next run may belong to another
    project. `multiprocessing` has no public way to end it. The same name from Python 3.10 to 3.13.
    """
    module = sys.modules.get("multiprocessing.forkserver")
    stop = getattr(getattr(module, "_forkserver", None), "_stop", None)
    if stop is not None:
        stop()


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
