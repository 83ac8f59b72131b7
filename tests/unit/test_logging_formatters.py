"""Formatters for a project's `logging.yml`."""

import json
import logging
import sys

import pytest

from kedro_dagster_component.logging import DagsterJsonFormatter, DagsterRichFormatter


def record_of(**extra):
    try:
        1 / 0  # noqa: B018  (it is to fail)
    except ZeroDivisionError:
        record = logging.getLogger("demo").makeRecord(
            "demo", logging.ERROR, "demo.py", 1, "it %s", ("broke",), sys.exc_info(), extra=extra
        )
    logging.Formatter("%(asctime)s %(message)s").format(record)  # as another handler of the same logger would
    return record


def test_json_holds_the_traceback_and_what_the_record_was_given():
    line = json.loads(DagsterJsonFormatter().format(record_of(order=7)))
    assert line.pop("timestamp")
    traceback = line.pop("exception")
    assert traceback.startswith("Traceback")
    assert traceback.endswith("ZeroDivisionError: division by zero")
    assert line == {"event": "it broke", "level": "error", "logger": "demo", "order": 7}


@pytest.mark.parametrize("formatter", [DagsterJsonFormatter, DagsterRichFormatter])
def test_what_other_handlers_leave_on_a_record_is_not_shown(formatter):
    text = formatter().format(record_of())
    assert "asctime" not in text
    assert "division by zero" in text
