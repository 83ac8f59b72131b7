"""How processes that nodes fork take signals, with the handlers that Dagster has while a step executes."""

import multiprocessing
import os
import signal
import sys
import threading
import time

import pytest
from dagster._core.errors import raise_execution_interrupts

from kedro_dagster_component.compat.dagster_interrupts import forks_with_own_handlers

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows does not fork")
FORK = multiprocessing.get_context("fork")
DEFAULTS = [signal.SIG_DFL, signal.default_int_handler]


def handlers():
    return [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]


def in_fork(check):
    """Whether something holds in a forked process."""
    process = FORK.Process(target=lambda: os._exit(0 if check() else 1))
    process.start()
    process.join(20)
    return process.exitcode == 0


@pytest.fixture
def step():
    """While a step of Dagster executes."""
    with raise_execution_interrupts():
        yield


def test_a_fork_of_a_node_has_pythons_handlers_and_its_parent_dagsters(step):
    before, mask = handlers(), signal.pthread_sigmask(signal.SIG_BLOCK, ())
    assert before != DEFAULTS
    with forks_with_own_handlers():
        assert in_fork(lambda: handlers() == DEFAULTS)
        assert in_fork(lambda: signal.pthread_sigmask(signal.SIG_BLOCK, ()) == mask)
        assert in_fork(lambda: in_fork(lambda: handlers() == DEFAULTS))
        assert handlers() == before
        assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == mask
    assert in_fork(lambda: handlers() == before)


def test_a_fork_is_ended_by_a_signal(step):
    with forks_with_own_handlers():
        process = FORK.Process(target=time.sleep, args=(60,))
        process.start()
        process.terminate()
        process.join(20)
    assert process.exitcode == -signal.SIGTERM


def test_forks_of_threads_too(step):
    found = []
    with forks_with_own_handlers():
        thread = threading.Thread(target=lambda: found.append(in_fork(lambda: handlers() == DEFAULTS)))
        thread.start()
        thread.join(20)
    assert found == [True]


def test_a_handler_of_the_project_stays(step):
    before = handlers()

    def own(_number, _frame):
        os._exit(3)

    signal.signal(signal.SIGTERM, own)
    try:
        with forks_with_own_handlers():
            assert in_fork(lambda: handlers() == [own, signal.default_int_handler])
    finally:
        signal.signal(signal.SIGTERM, before[0])
