"""Loggers of jobs: handlers as Python's own `logging.config` makes them."""

import logging
import logging.handlers
import sys

import pytest

from kedro_dagster_component.config import LoggerConfig
from kedro_dagster_component.runtime.job_loggers import (
    build_handlers,
    close_handlers,
    configured_parts,
    log_event,
)
from kedro_dagster_component.runtime.logs import open_log_bridge

HERE = __name__
kept = []
"""Records of `Keeping` handlers."""
closed = []
"""Names of `Keeping` handlers that were closed."""


class Keeping(logging.Handler):
    """Keeps texts; it takes an argument of its own."""

    def __init__(self, label="", stream=None):
        super().__init__()
        self.label, self.stream = label, stream

    def emit(self, record):
        kept.append(f"{self.label}{self.format(record)}")

    def close(self):
        closed.append(self.label)
        super().close()


class Without(logging.Filter):
    """Drops records with a word."""

    def __init__(self, word):
        super().__init__()
        self.word = word

    def filter(self, record):
        return self.word not in record.getMessage()


class Loud(logging.Formatter):
    """Shouts."""

    def format(self, record):
        return super().format(record).upper()


class Marked(logging.Formatter):
    """Puts something behind each line."""

    def __init__(self, fmt=None, mark="!"):
        super().__init__(fmt)
        self.mark = mark

    def format(self, record):
        return super().format(record) + self.mark


def louder(mark="!"):
    return Loud(f"%(message)s{mark}")


def keeping(**options):
    return Keeping(**options)


@pytest.fixture(autouse=True)
def _nothing_kept():
    kept.clear()
    closed.clear()


@pytest.fixture
def log():
    logger = logging.getLogger("demo.nodes")
    before = logger.level
    logger.setLevel(logging.DEBUG)
    yield logger
    logger.setLevel(before)


PLAIN = {"plain": {"format": "%(message)s"}}


def handlers(*loggers):
    """Handlers of loggers as `dagster.yml` has them, in the form the plan of an instance keeps.

    Those without a formatter write the message alone.
    """
    plain = [
        logger
        | {"formatters": PLAIN | logger.get("formatters", {})}
        | ({"handlers": [{"formatter": "plain"} | one for one in logger["handlers"]]} if "handlers" in logger else {})
        for logger in loggers
    ]
    return build_handlers([LoggerConfig.model_validate(logger).model_dump() for logger in plain])


def ignore(_line):
    pass


def said(log, *loggers, level=logging.INFO, text="hello"):
    with open_log_bridge(ignore, handlers(*loggers)):
        log.log(level, text)
    log.error("after the run")
    return list(kept)


KEEPING = {"class": f"{HERE}.Keeping"}


def test_a_handler_by_its_class_or_by_a_function(log):
    assert said(log, {"handlers": [KEEPING | {"label": "a "}, {"()": f"{HERE}.keeping", "label": "b "}]}) == [
        "a hello",
        "b hello",
    ]


@pytest.mark.parametrize(
    ("formatter", "text"),
    [
        ({"format": "%(levelname)s|%(message)s"}, "INFO|hello"),
        ({"format": "{levelname}|{message}", "style": "{"}, "INFO|hello"),
        ({"class": f"{HERE}.Loud", "format": "%(name)s"}, "DEMO.NODES"),
        ({"()": f"{HERE}.louder"}, "HELLO!"),
        ({"()": f"{HERE}.louder", "mark": "?"}, "HELLO?"),
    ],
)
def test_formatters(log, formatter, text):
    logger = {"formatters": {"f": formatter}, "handlers": [KEEPING | {"formatter": "f"}]}
    assert said(log, logger) == [text]


@pytest.mark.parametrize("key", ["class", "()"])
def test_filters_by_class(log, key):
    logger = {"filters": {"f": {key: f"{HERE}.Without", "word": "secret"}}, "handlers": [KEEPING | {"filters": ["f"]}]}
    assert said(log, logger, text="a secret") == []
    assert said(log, logger, text="nothing") == ["nothing"]


def test_objects_by_name(log):
    [handler] = handlers({"handlers": [KEEPING | {"stream": "ext://sys.stderr"}]})
    assert handler.stream is sys.stderr


@pytest.mark.parametrize(
    ("logger_level", "handler_level", "level", "is_said"),
    [
        ("INFO", None, logging.INFO, True),
        ("INFO", None, logging.DEBUG, False),
        ("DEBUG", None, logging.DEBUG, True),
        ("DEBUG", "WARNING", logging.INFO, False),
        ("error", "debug", logging.WARNING, False),
        ("debug", "warn", logging.INFO, False),
        ("DEBUG", 30, logging.INFO, False),
    ],
)
def test_the_higher_of_two_levels_counts(log, logger_level, handler_level, level, is_said):
    handler = KEEPING | ({"level": handler_level} if handler_level else {})
    assert bool(said(log, {"log_level": logger_level, "handlers": [handler]}, level=level)) is is_said


def test_a_relative_file_starts_at_the_current_folder(log, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    built = handlers({"handlers": [{"class": "logging.FileHandler", "filename": "job.log"}]})
    monkeypatch.chdir("/")
    with open_log_bridge(ignore, built):
        log.info("hello")
    close_handlers(built)
    assert (tmp_path / "job.log").read_text() == "hello\n"


def test_settings_of_several_loggers_do_not_mix_and_stay_as_they_are(log):
    loggers = [
        LoggerConfig.model_validate(
            {"formatters": {"f": {"format": f"{name} %(message)s"}}, "handlers": [KEEPING | {"formatter": "f"}]}
        ).model_dump()
        for name in "ab"
    ]
    first, second = build_handlers(loggers), build_handlers(loggers)
    with open_log_bridge(ignore, [*first, *second]):
        log.info("x")
    assert kept == ["a x", "b x", "a x", "b x"]


def test_a_logger_without_handlers_writes_to_stdout(log, capsys):
    assert said(log, {}) == []
    [line] = capsys.readouterr().out.splitlines()
    assert line.endswith(" - demo.nodes - INFO - hello")
    assert build_handlers([]) == []


def test_a_handler_without_formatter_says_when_who_and_how_grave(log):
    with open_log_bridge(ignore, build_handlers([{"handlers": [KEEPING]}])):
        log.warning("hello")
    assert kept[0].endswith(" - demo.nodes - WARNING - hello")


def test_a_formatter_by_class_gets_its_arguments(log):
    formatter = {"class": f"{HERE}.Marked", "mark": "?", "format": "%(levelname)s %(message)s"}
    assert said(log, {"formatters": {"f": formatter}, "handlers": [KEEPING | {"formatter": "f"}]}) == ["INFO hello?"]


def test_handlers_are_off_when_the_run_fails(log):
    def fail():
        with open_log_bridge(ignore, handlers({"handlers": [KEEPING]})):
            raise RuntimeError("over")

    with pytest.raises(RuntimeError):
        fail()
    log.error("late")
    assert kept == []


def test_dagsters_events():
    logger = {
        "formatters": {"f": {"format": "%(levelname)s|%(name)s|%(message)s"}},
        "filters": {"f": {"class": f"{HERE}.Without", "word": "secret"}},
        "handlers": [KEEPING | {"formatter": "f", "filters": ["f"]}],
    }
    built = [*handlers(logger), *handlers(logger | {"log_level": "ERROR"})]
    log_event(built, "100% done", logging.INFO)
    log_event(built, "secret", logging.INFO)
    log_event(built, "detail", logging.DEBUG)
    assert kept == ["INFO|dagster|100% done"]
    log_event(built, "over", logging.ERROR)
    assert kept[1:] == ["ERROR|dagster|over"] * 2


@pytest.mark.parametrize(
    ("logger", "message"),
    [
        ({"handlers": [{"class": "nowhere.Handler"}]}, "handler '0' .*nowhere"),
        ({"handlers": [KEEPING | {"colour": 3}]}, "handler '0' .*colour"),
        ({"handlers": [KEEPING, {"class": "logging.FileHandler", "filename": "/nowhere/x"}]}, "handler '1' .*nowhere"),
        ({"handlers": [KEEPING], "formatters": {"f": {"()": "nowhere.f"}}}, "formatter 'f' .*nowhere"),
        ({"handlers": [KEEPING], "filters": {"f": {"class": f"{HERE}.Without"}}}, "filter 'f' .*word"),
    ],
)
def test_what_cannot_be_made(logger, message):
    with pytest.raises(ValueError, match=message):
        handlers(logger)


def test_handlers_before_one_that_cannot_be_made_are_closed():
    with pytest.raises(ValueError, match="nowhere"):
        handlers(
            {"handlers": [KEEPING | {"label": "first logger"}]},
            {"handlers": [KEEPING | {"label": "same logger"}, {"class": "nowhere.Handler"}]},
        )
    assert sorted(closed) == ["first logger", "same logger"]


def test_a_handler_may_pass_records_on_to_a_later_one():
    memory = {"class": "logging.handlers.MemoryHandler", "capacity": 10, "target": "z"}
    parts = configured_parts({}, {}, {"a": memory, "z": KEEPING})
    assert parts.handlers["a"].target is parts.handlers["z"]
    with pytest.raises(ValueError, match="handler 'a' of"):
        configured_parts({}, {}, {"a": memory | {"target": "a"}})
