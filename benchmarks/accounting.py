"""What a process took, seen from inside: CPU seconds by phase, and memory."""

from __future__ import annotations

import gc
import os
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def cpu_seconds() -> float:
    """CPU seconds of this process since its start, and of its children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def fine_cpu_seconds() -> float:
    """As `cpu_seconds`, but in steps smaller than the hundredth of a second that `os.times` has."""
    return time.process_time() + children_cpu_seconds()


def children_cpu_seconds() -> float:
    """CPU seconds of the children that have ended, and of theirs."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


def peak_bytes() -> int:
    """The most memory this process held at any time.

    Linux has a figure that starts anew with the program; that of `getrusage` includes what the parent held.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


class Stopwatch:
    """CPU seconds by phase.

    Attributes:
        seconds: By name of the phase, in the order they ended.
    """

    def __init__(self, *, collects_first: bool = False) -> None:
        """Start with no phase.

        Args:
            collects_first: Whether to collect garbage before each phase. A collection goes through all that was imported
                and takes longer than a short phase, so that it would count for whichever phase it happens to fall into.
        """
        self.seconds: dict[str, float] = {}
        self._collects_first = collects_first

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Add what happens inside to a phase."""
        if self._collects_first:
            gc.collect()
        start = fine_cpu_seconds()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + fine_cpu_seconds() - start
