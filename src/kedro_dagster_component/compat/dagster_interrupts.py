"""Processes that nodes fork end by a signal as they do under `kedro run`.

Dagster handles SIGINT and SIGTERM where it executes steps, and what is forked meanwhile inherits that: a worker that a
pool ends by SIGTERM raised an exception then, which Python drops where it comes while the worker starts (in what is
registered for forks, in a finaliser), and the pool waited for it for ever.

`dagster._utils.interrupts`, whose handlers are told by their module: nothing public leads to them, 1.13.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_HANDLERS_ARE_OF = "dagster._utils.interrupts"
_DEFAULTS: dict[signal.Signals, Any] = {signal.SIGTERM: signal.SIG_DFL, signal.SIGINT: signal.default_int_handler}
"""Of a Python process."""


class _Forks(threading.local):
    """What a thread does around its forks.

    Attributes:
        mask: The signals that were blocked before the fork; None outside of one.
    """

    mask: set[int | signal.Signals] | None = None


_forks = _Forks()
_lock = threading.Lock()
_nodes = 0
"""How many blocks are open; forks of other times are Dagster's own."""
_is_registered = False


@contextmanager
def forks_with_own_handlers() -> Iterator[None]:
    """In every process that is forked inside, in any thread, Python's own handlers are in place of Dagster's.

    A handler that the project sets stays. Nothing of this on Windows, which does not fork.
    """
    global _nodes, _is_registered  # noqa: PLW0603 - what is registered for forks holds for the process
    with _lock:
        _nodes += 1
        if not _is_registered and hasattr(os, "register_at_fork"):
            os.register_at_fork(before=_before, after_in_parent=_after, after_in_child=_after_in_child)
            _is_registered = True
    try:
        yield
    finally:
        with _lock:
            _nodes -= 1


def _before() -> None:
    """No signal is to come between the fork and the new handlers."""
    if _nodes:
        _forks.mask = signal.pthread_sigmask(signal.SIG_BLOCK, _DEFAULTS)


def _after() -> None:
    mask, _forks.mask = _forks.mask, None
    if mask is not None:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _after_in_child() -> None:
    global _lock, _nodes
    if _forks.mask is None:
        return
    _lock, _nodes = threading.Lock(), 0  # another thread may have held it
    for number, default in _DEFAULTS.items():
        if getattr(signal.getsignal(number), "__module__", None) == _HANDLERS_ARE_OF:
            signal.signal(number, default)
    _after()
