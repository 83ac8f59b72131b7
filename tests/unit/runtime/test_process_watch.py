"""What forks of a process would have to share, found out while modules are imported."""

import atexit
import logging
import socket
import sys

import pytest

from kedro_dagster_component.runtime.process_watch import ProcessWatch

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="steps are forked nowhere else")


@pytest.fixture
def watch(monkeypatch):
    monkeypatch.setattr(atexit, "register", atexit.register)  # as it was, afterwards
    return ProcessWatch()


def test_what_is_kept_open(watch, tmp_path):
    (tmp_path / "data.csv").write_text("a")
    with (tmp_path / "data.csv").open():
        assert watch.opened() == ["data.csv"]
    first, second = socket.socketpair()
    with first, second:
        assert watch.opened() == ["socket", "socket"]
    log = logging.FileHandler(tmp_path / "run.log")
    assert watch.opened() == []
    log.close()


def test_what_is_registered_for_the_end(watch):
    def close():
        pass

    atexit.register(close)
    atexit.unregister(close)
    by_library = eval(compile("lambda: atexit.register(print)", logging.__file__, "eval"), {"atexit": atexit})
    by_library()
    atexit.unregister(print)
    assert [name.rpartition(".")[2] for name in watch.exit_handlers] == ["close", "print"]


def test_libraries_that_are_imported_may_register_what_they_like(watch):
    scope = {}
    exec(compile("def imported(): register()", "<frozen importlib._bootstrap>", "exec"), scope)
    scope["register"] = eval(compile("lambda: atexit.register(print)", logging.__file__, "eval"), {"atexit": atexit})
    scope["imported"]()
    atexit.unregister(print)
    assert watch.exit_handlers == []
