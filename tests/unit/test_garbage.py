import gc
import os
import weakref

import pytest

from kedro_dagster_component.garbage import without_collections

COMMAND = ["/bin/dg", "list", "defs"]


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
    with without_collections(COMMAND):
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
    with pytest.raises(ValueError, match="no"), without_collections(COMMAND):
        raise ValueError("no")
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def test_a_collector_that_is_off_stays_as_it_is():
    gc.disable()
    gc.unfreeze()
    load()
    assert not gc.isenabled()
    assert gc.get_freeze_count() == 0


@pytest.mark.parametrize(
    ("argv", "is_left_out"),
    [
        (["/env/bin/dagster", "job", "execute"], True),
        (["C:\\env\\Scripts\\dg.exe"] if os.name == "nt" else ["dg"], True),
        (["/env/lib/dagster/__main__.py", "api", "grpc"], True),
        (["/env/bin/pytest", "dagster"], False),
        (["/env/lib/ipykernel_launcher.py"], False),
        (["/env/lib/pytest/__main__.py"], False),
        ([""], False),
        ([], False),
    ],
)
def test_only_what_dagsters_own_programs_make_is_left_out(argv, is_left_out):
    with without_collections(argv):
        assert not gc.isenabled()
    assert gc.isenabled()
    assert (gc.get_freeze_count() > 0) is is_left_out


def test_what_somebody_else_left_out_stays_left_out():
    gc.freeze()
    count = gc.get_freeze_count()
    with without_collections(["notebook"]):
        assert gc.get_freeze_count() >= count > 0
    assert gc.get_freeze_count() >= count
