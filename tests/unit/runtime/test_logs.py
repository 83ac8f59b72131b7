"""The bridge from a process's log records to a sink: what it leaves behind, and what it stands."""

import logging
import logging.config
import warnings

import pytest

from kedro_dagster_component.runtime.logs import open_log_bridge


@pytest.fixture
def log():
    logger = logging.getLogger("demo.bridge")
    logger.setLevel(logging.INFO)
    yield logger
    logger.setLevel(logging.NOTSET)


@pytest.fixture
def lines():
    return []


def texts(lines):
    return [line.message for line in lines]


def test_everything_is_as_before_afterwards(log, lines):
    root, dagster = logging.getLogger(), logging.getLogger("dagster")
    before = (logging.Logger.callHandlers, list(root.handlers), list(dagster.handlers), dagster.level)
    showing = warnings.showwarning
    with open_log_bridge(lines.append):
        logging.disable(logging.CRITICAL)
        logging.captureWarnings(True)
        root.handlers.clear()
        dagster.addHandler(logging.NullHandler())
        dagster.setLevel(logging.CRITICAL)
        dagster.disabled = True
    assert (logging.Logger.callHandlers, root.handlers, dagster.handlers, dagster.level) == before
    assert (warnings.showwarning, logging.root.manager.disable, dagster.disabled) == (showing, 0, False)
    log.error("after")
    assert lines == []


def test_of_two_bridges_the_inner_one_gets_the_records(log, lines):
    inner = []
    with open_log_bridge(lines.append):
        log.info("one")
        with open_log_bridge(inner.append):
            log.info("two")
        log.info("three")
    assert (texts(lines), texts(inner)) == (["one", "three"], ["two"])


def test_an_error_in_the_block_ends_the_bridge(log, lines):
    with pytest.raises(KeyError), open_log_bridge(lines.append):
        raise KeyError
    log.error("after")
    assert lines == []


def test_another_library_wraps_the_same_place_while_it_is_open(log, lines, monkeypatch):
    monkeypatch.setattr(logging.Logger, "callHandlers", logging.Logger.callHandlers)  # put back after the test
    seen = []

    def wrap():  # as sentry-sdk does
        beneath = logging.Logger.callHandlers

        def call_handlers(logger, record):
            seen.append(record.getMessage())
            beneath(logger, record)

        logging.Logger.callHandlers = call_handlers

    with open_log_bridge(lines.append):
        wrap()
        log.info("one")
    log.info("between")
    with open_log_bridge(lines.append):
        log.info("two")
    assert texts(lines) == ["one", "two"]
    assert seen == ["one", "between", "two"]


def test_what_the_sink_logs_itself_does_not_come_back(log, lines):
    def sink(line):
        lines.append(line)
        log.info("written to the storage")

    with open_log_bridge(sink):
        log.info("one")
    assert texts(lines) == ["one"]


def test_the_level_of_a_logger_counts_and_that_of_a_handler_does_not(log, lines):
    handler = logging.NullHandler(logging.CRITICAL)
    log.addHandler(handler)
    log.addFilter(lambda record: "secret" not in record.getMessage())
    with open_log_bridge(lines.append):
        log.debug("too fine")
        log.info("a secret")
        log.info("one")
    log.removeHandler(handler)
    log.filters.clear()
    assert texts(lines) == ["one"]


def test_a_record_that_cannot_be_formatted_stops_nobody(log, lines, monkeypatch):
    monkeypatch.setattr(logging, "raiseExceptions", False)
    with open_log_bridge(lines.append):
        log.info("%d", "no number")
        log.info("one")
    assert texts(lines) == ["one"]


def test_the_stack_of_a_record_comes_with_it(log, lines):
    with open_log_bridge(lines.append):
        log.info("here", stack_info=True)
    (text,) = texts(lines)
    assert text.startswith("here\nStack (most recent call last):\n")
    assert "test_the_stack_of_a_record_comes_with_it" in text


def test_a_traceback_that_another_process_made_text_of_comes_with_its_record(log, lines):
    record = log.makeRecord(log.name, logging.ERROR, "", 0, "failed", (), None)
    record.exc_text = "Traceback: there"
    with open_log_bridge(lines.append):
        log.handle(record)
    assert texts(lines) == ["failed\nTraceback: there"]
