"""Cron schedules."""

from __future__ import annotations

import pytest

from kedro_dagster_component.config.cron import ALIASES, cron_mistake

GOOD = [
    *ALIASES,
    "@Daily",
    "0 2 * * *",
    " 0  2 * * * ",
    "*/15 8-18 * * MON-FRI",
    "0 0 L * *",
    "0 0 ? * ?",
    "0 0 * jan,mar-may *",
    "5/15 * * * *",
    "0 0 * * 5#2",
    "0 0 * * mon#1,fri#5",
    "0 0 * * L5",
    "0 0 * * 7",
    "0 22-4 * * *",
]
BAD = [
    ("0 25 * * *", "hour '25' is not in 0-23"),
    ("60 0 * * *", "minute '60' is not in 0-59"),
    ("0 0 0 * *", "day of the month '0' is not in 1-31"),
    ("0 0 * foo *", "month 'foo' is not in 1-12 or jan-dec"),
    ("0 0 * * 8", "weekday '8' is not in 0-7 or sun-sat"),
    ("0 0 * * 9#1", "weekday '9' is not in 0-7 or sun-sat"),
    ("0 0 * * sun,wed#2", "weekday 'sun' cannot stand beside a counted weekday such as 'mon#1'"),
    ("*/0 * * * *", "minute '*/0': the step after '/' has to be a number above 0"),
    ("*/x * * * *", "minute '*/x': the step after '/' has to be a number above 0"),
    ("1,, * * * *", "minute has an empty part beside a comma"),
    ("1-- * * * *", "minute '1--' is not understood (0-59, *, a-b, */n, lists with commas)"),
    ("*-5 * * * *", "minute '*-5' is not understood (0-59, *, a-b, */n, lists with commas)"),
    ("? * * * *", "minute '?' is not understood (0-59, *, a-b, */n, lists with commas)"),
    ("0 0 31 2 *", "February never has a day 31"),
    ("0 2 * *", "it has 4 parts, not 5"),
    ("x", "it has 1 part, not 5"),
    ("", "it has 0 parts, not 5"),
]


@pytest.mark.parametrize("text", GOOD)
def test_good(text: str) -> None:
    assert cron_mistake(text) is None


@pytest.mark.parametrize(("text", "expected"), BAD)
def test_bad(text: str, expected: str) -> None:
    mistake = cron_mistake(text)

    assert mistake is not None
    assert mistake[0] == f"bad cron schedule '{text}': {expected}"
    assert mistake[1]


def test_six_parts_are_explained() -> None:
    mistake = cron_mistake("0 0 2 * * *")

    assert mistake is not None
    assert mistake[1].endswith("seconds cannot be given")


def test_unknown_alias() -> None:
    assert cron_mistake("@dayly") == ("unknown cron schedule '@dayly'", "did you mean '@daily' or '@yearly'?")
