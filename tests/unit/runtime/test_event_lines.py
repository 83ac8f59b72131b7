"""Log lines of a step on their way to the event log: all of them, in order, soon, and once."""

import itertools
import logging
import os
import signal
import threading
import time

import dagster as dg
import pytest

from kedro_dagster_component.runtime.event_lines import LineBatches, open_line_batches

_PATIENCE = 30


@pytest.fixture
def instance(tmp_path):
    with dg.DagsterInstance.local_temp(str(tmp_path)) as made:
        yield made


def run(instance, body):
    """Run a body in an op whose lines are batched; the lines and events of the run, in the order of the log."""

    @dg.op
    def step(context):
        with open_line_batches(context.log, context.instance, context.run_id):
            body(context)

    @dg.job
    def one():
        step()

    result = one.execute_in_process(instance=instance, raise_on_error=False)
    return instance.all_logs(result.run_id)


def texts(entries):
    return [entry.user_message for entry in entries if not entry.is_dagster_event]


def wait_for(condition):
    end = time.monotonic() + _PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_all_lines_in_order_between_the_events_around_them(instance):
    def body(context):
        for number in range(250):
            context.log.info("line %s", number)
        context.log_event(dg.AssetMaterialization("made"))
        context.log.info("behind")

    entries = run(instance, body)
    kinds = [entry.dagster_event.event_type_value if entry.is_dagster_event else "line" for entry in entries]
    made = kinds.index("ASSET_MATERIALIZATION")
    assert texts(entries) == [*(f"line {number}" for number in range(250)), "behind"]
    assert kinds[made - 250 : made] == ["line"] * 250
    assert kinds[made + 1] == "line"
    assert kinds.index("STEP_START") < made - 250
    times = [entry.timestamp for entry in entries]
    assert times == sorted(times)
    assert {entry.step_key for entry in entries if not entry.is_dagster_event} == {"step"}


def test_a_line_is_seen_while_the_node_goes_on(instance):
    seen = []

    def body(context):
        context.log.info("still here")
        wait_for(lambda: "still here" in texts(instance.all_logs(context.run_id)))
        seen.append(True)

    run(instance, body)
    assert seen


def test_a_warning_and_what_came_before_it_are_written_at_once(instance):
    seen = []

    def body(context):
        context.log.info("before")
        context.log.warning("now")
        seen.extend(texts(instance.all_logs(context.run_id)))

    run(instance, body)
    assert seen == ["before", "now"]


def test_an_error_leaves_no_line_behind(instance):
    def body(context):
        context.log.info("last words")
        raise RuntimeError

    entries = run(instance, body)
    failed = [
        entry.dagster_event.event_type_value if entry.is_dagster_event else entry.user_message for entry in entries
    ]
    assert failed.index("last words") < failed.index("STEP_FAILURE")


def test_lines_of_threads(instance):
    def body(context):
        def say(name):
            for number in range(50):
                context.log.info("%s %s", name, number)

        threads = [threading.Thread(target=say, args=(name,)) for name in "abcd"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    said = texts(run(instance, body))
    assert len(said) == 200
    for name in "abcd":
        assert [text for text in said if text.startswith(name)] == [f"{name} {number}" for number in range(50)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_process_says_its_own_lines_and_no_others(instance):
    def body(context):
        context.log.info("parent, before")
        child = os.fork()
        if child == 0:
            context.log.info("child")
            os.kill(os.getpid(), signal.SIGKILL)  # nothing is tidied up
        os.waitpid(child, 0)
        context.log.info("parent, after")

    assert texts(run(instance, body)) == ["parent, before", "child", "parent, after"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_forks_amid_lines_never_wait_for_a_lock(instance):
    def body(context):
        for number in range(30):
            context.log.info("parent %s", number)
            child = os.fork()
            if child == 0:
                context.log.info("child %s", number)
                os._exit(0)
            wait_for(lambda pid=child: os.waitpid(pid, os.WNOHANG) != (0, 0))

    assert texts(run(instance, body)) == [f"{who} {number}" for number in range(30) for who in ("parent", "child")]


def test_afterwards_everything_is_as_before(instance):
    def body(context):
        context.log.info("inside")

    @dg.op
    def two(context):
        body(context)
        with open_line_batches(context.log, instance, context.run_id):
            body(context)
        context.log.info("behind")
        assert texts(instance.all_logs(context.run_id)) == ["inside", "inside", "behind"]

    @dg.job
    def one():
        two()

    assert one.execute_in_process(instance=instance).success


def test_an_instance_in_memory_gets_its_lines_too():
    with dg.DagsterInstance.ephemeral() as made:
        assert texts(run(made, lambda context: context.log.info("line"))) == ["line"]


class Kept(logging.Handler):
    """Keeps what it is given one by one."""

    def __init__(self):
        super().__init__()
        self.records = []

    def emit(self, record):
        self.records.append(record.getMessage())


def line(text, level=logging.INFO):
    return logging.makeLogRecord({"msg": text, "levelno": level})


def test_several_lines_are_one_write():
    writes, writer = [], Kept()
    batches = LineBatches(writer, lambda records: writes.append([one.getMessage() for one in records]))
    for number in range(1000):
        batches.handle(line(str(number)))
    batches.end()
    assert list(itertools.chain.from_iterable(writes)) == [str(number) for number in range(1000)]
    assert len(writes) < 100
    assert max(map(len, writes)) <= 100
    assert writer.records == []


def test_lines_that_cannot_be_written_together_are_written_one_by_one():
    writer = Kept()

    def fail(records):
        raise OSError

    batches = LineBatches(writer, fail)
    batches.handle(line("one"))
    batches.handle(line("two", logging.ERROR))
    assert writer.records == ["one", "two"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_ended_while_lines_are_written_has_each_once(number):
    writes = []

    def end(_number, _frame):
        raise KeyboardInterrupt

    def write(records):
        signal.raise_signal(number)
        writes.append([one.getMessage() for one in records])

    batches = LineBatches(Kept(), write)
    batches.handle(line("one"))
    before = signal.signal(number, end)
    try:
        with pytest.raises(KeyboardInterrupt):
            batches.handle(line("two", logging.WARNING))
        assert signal.getsignal(number) is end
    finally:
        signal.signal(number, before)
    batches.end()
    assert writes == [["one", "two"]]


def test_what_the_storage_says_while_it_writes_is_not_written():
    writes = []

    def write(records):
        batches.handle(line("chatter"))
        writes.append([one.getMessage() for one in records])

    batches = LineBatches(Kept(), write)
    batches.handle(line("line", logging.WARNING))
    batches.end()
    assert writes == [["line"]]
