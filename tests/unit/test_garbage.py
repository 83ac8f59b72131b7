import gc
import weakref

import pytest

from kedro_dagster_component.garbage import without_collections


class Loop:
    """Garbage that only a collection finds once nobody has it."""

    def __init__(self, size):
        self.me, self.size = self, [[] for _ in range(size)]


@pytest.fixture(autouse=True)
def as_before():
    """The collector goes on with whatever it has looked at before."""
    yield
    gc.unfreeze()
    gc.enable()


def load(size=1):
    """What a load made that nobody has any more."""
    with without_collections():
        assert not gc.isenabled()
        return weakref.ref(Loop(size))


def test_what_a_load_made_is_left_out_of_collections():
    made = load()
    assert gc.isenabled()
    gc.collect()
    assert made() is not None


def test_garbage_of_many_loads_is_found():
    load()
    size = gc.get_freeze_count()
    loads = [load(size) for _ in range(8)]
    alive = [made() is not None for made in loads]
    assert sum(alive) <= 3
    assert alive[-1]
    gc.collect()
    assert [made() is not None for made in loads] == alive


def test_nothing_is_left_out_after_a_load_that_fails():
    with pytest.raises(ValueError, match="no"), without_collections():
        raise ValueError("no")
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def test_a_collector_that_is_off_stays_as_it_is():
    gc.disable()
    gc.unfreeze()
    load()
    assert not gc.isenabled()
    assert gc.get_freeze_count() == 0
