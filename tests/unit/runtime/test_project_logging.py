"""A project's `conf/logging.yml`, applied beside what the process logs already."""

import logging
import logging.handlers

import pytest

from kedro_dagster_component.errors import StepError
from kedro_dagster_component.runtime.project_logging import apply_logging, read_project_logging
from kedro_dagster_component.runtime.record_tap import records_to

HERE = __name__
kept = []


class Keeping(logging.Handler):
    """Keeps messages."""

    def emit(self, record):
        kept.append((record.name, record.getMessage()))


class Redacting(logging.Filter):
    """Takes out a secret."""

    def filter(self, record):
        record.msg = record.msg.replace("hunter2", "***")
        return True


KEEPING = {"class": f"{HERE}.Keeping"}


@pytest.fixture(autouse=True)
def _loggers_as_before():
    """The loggers these tests configure, as they were."""
    kept.clear()
    names = (None, "demo", "demo.nodes", "dagster", "dagster.x", "apart")
    before = {
        name: (log.level, log.propagate, list(log.handlers), list(log.filters))
        for name in names
        for log in [logging.getLogger(name)]
    }
    yield
    for name, (level, propagate, handlers, filters) in before.items():
        log = logging.getLogger(name)
        log.level, log.propagate, log.handlers[:], log.filters[:] = level, propagate, handlers, filters
    logging.getLogger().manager._clear_cache()


def apply(*, handlers=None, root=None, **config):
    apply_logging({"version": 1, "handlers": handlers or {"keep": KEEPING}, "root": root, **config})


# Where it is read


def test_a_project_without_one(tmp_path):
    assert read_project_logging(str(tmp_path)) == {}


@pytest.mark.parametrize("name", ["logging.yml", "logging.yaml", "logging.json"])
def test_where_kedro_looks(tmp_path, name):
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / name).write_text('{"version": 1}')
    assert read_project_logging(str(tmp_path)) == {"version": 1}


def test_a_file_of_the_environment_wins(tmp_path, monkeypatch):
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/logging.yml").write_text("version: 1")
    (tmp_path / "other.yml").write_text("version: 2")
    monkeypatch.setenv("KEDRO_LOGGING_CONFIG", "other.yml")
    assert read_project_logging(str(tmp_path)) == {"version": 2}
    monkeypatch.setenv("KEDRO_LOGGING_CONFIG", str(tmp_path / "conf/logging.yml"))
    assert read_project_logging("/") == {"version": 1}


@pytest.mark.parametrize(
    ("text", "message"), [("a: b: c", "is no YAML"), ("- a", "holds no mapping"), ("", "no mapping")]
)
def test_a_file_that_is_none(tmp_path, text, message):
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/logging.yml").write_text(text)
    with pytest.raises(StepError, match=rf"logging.yml {message}|{message}"):
        read_project_logging(str(tmp_path))


# What it does


def test_handlers_are_added_and_none_is_removed():
    root = logging.getLogger()
    before = list(root.handlers)
    apply(root={"level": "INFO", "handlers": ["keep"]}, disable_existing_loggers=True)
    assert root.handlers[: len(before)] == before
    assert root.level == logging.INFO
    logging.getLogger("demo").info("hello")
    assert kept == [("demo", "hello")]
    assert not logging.getLogger("demo.nodes").disabled


def test_levels_and_handlers_of_a_logger():
    apply(loggers={"demo": {"level": "WARNING", "handlers": ["keep"]}, "demo.nodes": {"level": "DEBUG"}})
    logging.getLogger("demo").info("too fine")
    logging.getLogger("demo.nodes").debug("fine")
    logging.getLogger("elsewhere").error("not ours")
    assert kept == [("demo.nodes", "fine")]


@pytest.mark.parametrize(
    ("before", "entry", "after"),
    [
        (True, {"propagate": False}, False),
        (False, {"propagate": True}, True),
        (False, {"level": "INFO"}, False),
        (True, None, True),
    ],
)
def test_propagation_is_as_configured_else_as_it_was(before, entry, after):
    logging.getLogger("apart").propagate = before
    apply(loggers={"apart": entry}, root={"propagate": False})
    assert logging.getLogger("apart").propagate is after
    assert logging.getLogger().propagate


def test_filters_of_a_logger():
    apply(
        filters={"redact": {"()": f"{HERE}.Redacting"}},
        loggers={"demo": {"level": "INFO", "handlers": ["keep"], "filters": ["redact"]}},
    )
    logging.getLogger("demo").info("the password is hunter2")
    assert kept == [("demo", "the password is ***")]


def test_a_filter_that_is_not_there():
    with pytest.raises(ValueError, match=r"logger 'demo' .* there is no filter 'redact'"):
        apply(loggers={"demo": {"filters": ["redact"]}})


@pytest.mark.parametrize("key", ["class", "()"])
@pytest.mark.parametrize("name", ["kedro.logging.RichHandler", "rich.logging.RichHandler"])
def test_handlers_that_draw_on_a_terminal_are_left_out(key, name):
    before = list(logging.getLogger().handlers)
    behind = {"class": "logging.handlers.MemoryHandler", "capacity": 10, "target": "rich"}
    apply(
        handlers={"rich": {key: name}, "behind": behind, "keep": KEEPING},
        root={"handlers": ["rich", "behind", "keep"], "level": "INFO"},
    )
    [added] = logging.getLogger().handlers[len(before) :]
    assert isinstance(added, Keeping)


def test_dagsters_loggers_and_records_are_left_alone():
    level = logging.getLogger("dagster").level
    apply(
        loggers={"dagster": {"level": "CRITICAL", "handlers": ["keep"]}, "dagster.x": {"propagate": False}},
        root={"handlers": ["keep"], "level": "DEBUG"},
    )
    assert logging.getLogger("dagster").level == level
    assert logging.getLogger("dagster.x").propagate
    logging.getLogger().handle(logging.LogRecord("dagster.x", logging.ERROR, "", 0, "an event", None, None))
    logging.getLogger("dagstery").error("a name that begins the same")
    assert kept == [("dagstery", "a name that begins the same")]


def test_what_dagster_s_storage_logs_is_the_project_s_only_while_the_project_is_at_work():
    apply(root={"level": "INFO", "handlers": ["keep"]})
    logging.getLogger("alembic.runtime").warning("a table of the run's log")
    with records_to(lambda logger, record: None):
        logging.getLogger("alembic.runtime").warning("a table of the node")
    logging.getLogger("demo").warning("from a thread of the project")
    assert [message for _, message in kept] == ["a table of the node", "from a thread of the project"]


def test_relative_files_start_at_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = {"class": "logging.FileHandler", "filename": "project.log", "formatter": "f"}
    apply(
        formatters={"f": {"format": "%(name)s: %(message)s"}},
        handlers={"file": file},
        loggers={"demo": {"level": "INFO", "handlers": ["file"]}},
    )
    logging.getLogger("demo").info("hello")
    logging.getLogger("demo").handlers[0].close()
    assert (tmp_path / "project.log").read_text() == "demo: hello\n"


def test_an_empty_configuration_changes_nothing():
    before = list(logging.getLogger().handlers)
    apply_logging({})
    assert logging.getLogger().handlers == before
