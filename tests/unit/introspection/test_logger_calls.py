"""Loggers whose classes can be imported and do not take what is given to them."""

import logging
import logging.config

import pytest

from kedro_dagster_component.introspection.logger_calls import call_mistakes

HERE = __name__


class Own(logging.Handler):
    """Takes arguments of its own."""

    def __init__(self, target, *, colour="red"):
        super().__init__()


class Open(logging.Handler):
    """Passes on what it is given."""

    def __init__(self, target, **more):
        super().__init__()


class Marked(logging.Formatter):
    """Takes an argument of its own."""

    def __init__(self, fmt=None, mark="!"):
        super().__init__(fmt)


class Without(logging.Filter):
    """Needs a word."""

    def __init__(self, word):
        super().__init__()


class Callable:
    """A filter as Python 3.12 takes them."""

    def __call__(self, record):
        return True


def make(**options):
    return Own("x")


def found(part, entry):
    return [(below, message, hint, at_key) for below, message, hint, at_key in call_mistakes(part, entry)]


RIGHT = [
    ("handlers", {"class": "logging.StreamHandler"}),
    ("handlers", {"class": "logging.NullHandler"}),
    ("handlers", {"class": "logging.StreamHandler", "level": "INFO", "formatter": "f", "filters": [], "stream": "ext://sys.stdout"}),
    ("handlers", {"class": "logging.FileHandler", "filename": "a", "mode": "w", "encoding": "utf8", "delay": True}),
    ("handlers", {"class": "logging.handlers.RotatingFileHandler", "filename": "a", "maxBytes": 1, "backupCount": 2}),
    ("handlers", {"class": "logging.handlers.TimedRotatingFileHandler", "filename": "a", "when": "w6", "encoding": "utf-8"}),
    ("handlers", {"class": "logging.handlers.MemoryHandler", "capacity": 3, "target": "b", "flushLevel": "ERROR"}),
    ("handlers", {"class": "logging.handlers.SMTPHandler", "mailhost": ["h", 1], "fromaddr": "a", "toaddrs": "b", "subject": "c"}),
    ("handlers", {"class": f"{HERE}.Own", "target": "x", "colour": "blue"}),
    ("handlers", {"class": f"{HERE}.Open", "target": "x", "anything": 3}),
    ("handlers", {"()": f"{HERE}.make", "anything": 3}),
    ("handlers", {"class": "rich.logging.RichHandler", "rich_tracebacks": True}),
    ("handlers", {"class": "nowhere.Handler", "x": 1}),
    ("handlers", {}),
    ("formatters", {"format": "%(message)s", "datefmt": "%H:%M", "style": "%"}),
    ("formatters", {"format": "{levelname:<8}|{message}", "style": "{"}),
    ("formatters", {"format": "${message}", "style": "$"}),
    ("formatters", {"format": "nothing in it", "validate": False}),
    ("formatters", {"class": "logging.Formatter", "format": "%(message)s"}),
    ("formatters", {"class": f"{HERE}.Marked", "format": "%(message)s", "mark": "?"}),
    ("formatters", {"()": f"{HERE}.Marked", "format": "%(message)s"}),
    ("formatters", {"()": "logging.Formatter", "fmt": "%(message)s"}),
    ("formatters", {"class": "kedro_dagster_component.logging.DagsterJsonFormatter"}),
    ("formatters", {"()": "kedro_dagster_component.logging.dagster_rich_formatter"}),
    ("filters", {"()": "logging.Filter", "name": "kedro"}),
    ("filters", {"class": f"{HERE}.Without", "word": "x"}),
    ("filters", {"class": f"{HERE}.Callable"}),
]  # fmt: skip


@pytest.mark.parametrize(("part", "entry"), RIGHT, ids=[str(entry) for _, entry in RIGHT])
def test_what_can_be_called(part, entry):
    assert found(part, entry) == []


WRONG = [
    ("handlers", {"class": "logging.FileHandler"}, [((), "'logging.FileHandler' needs 'filename'", None, True)]),
    ("handlers", {"class": "logging.FileHandler", "filenam": "a", "mod": "w"}, [
        (("filenam",), "'logging.FileHandler' takes no 'filenam'", "did you mean 'filename'?", True),
        (("mod",), "'logging.FileHandler' takes no 'mod'", "did you mean 'mode'?", True),
    ]),
    ("handlers", {"class": "logging.NullHandler", "x": 1}, [
        (("x",), "'logging.NullHandler' takes no 'x'", "there is: 'level'", True),
    ]),
    ("handlers", {"class": f"{HERE}.Open"}, [((), f"'{HERE}.Open' needs 'target'", None, True)]),
    ("handlers", {"class": "logging.Formatter"}, [
        (("class",), "'logging.Formatter' is no handler", "a handler is a subclass of logging.Handler, such as logging.StreamHandler", False),
    ]),
    ("handlers", {"()": "collections.OrderedDict"}, [
        (("()",), "'collections.OrderedDict' is no handler", "a handler is a subclass of logging.Handler, such as logging.StreamHandler", False),
    ]),
    ("handlers", {"class": "logging.handlers.TimedRotatingFileHandler", "filename": "a", "when": "dayly", "encoding": "utf9"}, [
        (("when",), "'dayly' is no interval of a rotating file", "write one of S, M, H, D, midnight, or W0 (Monday) to W6", False),
        (("encoding",), "unknown encoding 'utf9'", "for example 'utf-8'", False),
    ]),
    ("formatters", {"format": "%(message"}, [
        (("format",), "bad format '%(message': invalid format '%(message' for '%' style", "a value is written %(message)s; other styles need 'style'", False),
    ]),
    ("formatters", {"format": "{message}"}, [
        (("format",), "bad format '{message}': invalid format '{message}' for '%' style", "a value is written %(message)s; other styles need 'style'", False),
    ]),
    ("formatters", {"format": "{message!x}", "style": "{"}, [
        (("format",), "bad format '{message!x}': invalid format: invalid conversion: 'x'", "a value is written {message}", False),
    ]),
    ("formatters", {"format": "%(message)s", "style": "#"}, [
        (("style",), "'#' is no style of a format", "the styles are '%', '{' and '$'", False),
    ]),
    ("formatters", {"class": "logging.LogRecord"}, [
        (("class",), "'logging.LogRecord' is no formatter", "a formatter is a subclass of logging.Formatter", False),
    ]),
    ("formatters", {"class": f"{HERE}.Marked", "format": "%(message)s", "mrk": "?"}, [
        (("mrk",), f"'{HERE}.Marked' takes no 'mrk'", "did you mean 'mark'?", True),
    ]),
    ("formatters", {"class": f"{HERE}.Marked", "format": "%(message)s"}, [
        (("class",), f"'{HERE}.Marked' does not take a format, a date format and a style, in this order",
         "write '()' in place of 'class' to give it its own arguments by name", False),
    ]),
    ("filters", {"class": f"{HERE}.Without"}, [((), f"'{HERE}.Without' needs 'word'", None, True)]),
    ("filters", {"class": "logging.LogRecord"}, [
        (("class",), "'logging.LogRecord' is no filter", "a filter is a subclass of logging.Filter", False),
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("part", "entry", "mistakes"), WRONG, ids=[str(entry) for _, entry, _ in WRONG])
def test_what_would_fail_in_the_run(part, entry, mistakes):
    assert found(part, entry) == mistakes


@pytest.mark.parametrize(
    ("part", "entry"),
    [(part, entry) for part, entry in RIGHT if part != "handlers" and "class" not in entry],
    ids=str,
)
def test_logging_itself_agrees(part, entry):
    logging.config.dictConfig(
        {"version": 1, "incremental": False, "disable_existing_loggers": False, part: {"x": entry}}
    )
