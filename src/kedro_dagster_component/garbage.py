"""What Python's collector of garbage looks at during a load and after it."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

_PROGRAMS = frozenset({"dagster", "dg"})
"""Those of Dagster that load definitions, code servers and the processes of runs and steps included."""
_GROWTH = 2
"""How many times as many objects may be left out of collections as there were when all were last looked at."""
_at_last_look = 0


@contextmanager
def without_collections(argv: Sequence[str] | None = None) -> Iterator[None]:
    """No garbage collection inside, where much is made and nothing thrown away: each would look through all of it.

    In Dagster's own programs, what is there at the end, all that has been imported and the definitions, lives as long as
    the process as a rule: the collections of what Dagster does next, and of a code server ever after, leave it out. Where
    such a process loads again and again, what is thrown away is found from time to time. A notebook, a script or a test
    has objects of others too, which are theirs to leave out or not. Nothing of this where the collector is off.

    Args:
        argv: The arguments of the process, its program first; None for those it has.
    """
    if not gc.isenabled():
        yield
        return
    leaves_out = _is_dagsters(sys.argv if argv is None else argv)
    gc.disable()
    try:
        if leaves_out:
            _look_at_what_was_left_out()
        yield
        if leaves_out:
            gc.freeze()
    finally:
        gc.enable()


def _is_dagsters(argv: Sequence[str]) -> bool:
    """Whether a command of Dagster's is what runs here, also by `python -m`; processes it spawns have its arguments."""
    program = Path(argv[0] if argv else "")
    return (program.parent.name if program.name == "__main__.py" else program.stem) in _PROGRAMS


def _look_at_what_was_left_out() -> None:
    global _at_last_look  # noqa: PLW0603 - there is one collector
    left_out = gc.get_freeze_count()
    gc.unfreeze()
    if left_out > _GROWTH * _at_last_look:
        if _at_last_look:
            gc.collect()
            gc.freeze()
            left_out = gc.get_freeze_count()
            gc.unfreeze()
        _at_last_look = left_out
