"""What Python's collector of garbage looks at during a load and after it."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_GROWTH = 2
"""How many times as many objects may be left out of collections as there were when all were last looked at."""
_at_last_look = 0


@contextmanager
def without_collections() -> Iterator[None]:
    """No garbage collection inside, where much is made and nothing thrown away: each would look through all of it.

    What is there at the end, all that has been imported and the definitions, lives as long as the process as a rule: the
    collections of what Dagster does next, and of a code server ever after, leave it out. Where a process loads again and
    again, what is thrown away is found from time to time. Nothing of this where the collector is off.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        _look_at_what_was_left_out()
        yield
        gc.freeze()
    finally:
        gc.enable()


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
