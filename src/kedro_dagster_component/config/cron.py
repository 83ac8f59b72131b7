"""Cron schedules as Dagster understands them: five fields, or a name such as `@daily`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kedro_dagster_component.config.finding import quote
from kedro_dagster_component.errors import did_you_mean

ALIASES = ("@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_ITEM = re.compile(r"(?P<first>\*|\w+)(?:-(?P<last>\w+))?(?:/(?P<step>\w+))?")
_NTH_WEEKDAY = re.compile(r"(?P<day>\w+)#[1-5]|l(?P<last>\d)")


@dataclass(frozen=True)
class _Field:
    """One of the five fields.

    Attributes:
        name: As the error calls it.
        first: Smallest number.
        last: Largest number.
        names: Words in place of numbers.
        takes_question_mark: Whether `?` means the same as `*`.
        takes_last: Whether `L` means the last one.
    """

    name: str
    first: int
    last: int
    names: tuple[str, ...] = ()
    takes_question_mark: bool = False
    takes_last: bool = False

    @property
    def range_text(self) -> str:
        words = f" or {self.names[0]}-{self.names[-1]}" if self.names else ""
        return f"{self.first}-{self.last}{words}"


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of the month", 1, 31, takes_question_mark=True, takes_last=True),
    _Field("month", 1, 12, names=_MONTHS),
    _Field("weekday", 0, 7, names=_WEEKDAYS, takes_question_mark=True),
)
_FORM = "the five parts are minute, hour, day of the month, month, weekday: '0 2 * * *' is every night at two"


def cron_mistake(text: str) -> tuple[str, str] | None:
    """What is wrong with a cron schedule.

    Args:
        text: As written in the file.

    Returns:
        The message, naming the wrong part, and the way out; None where nothing is wrong.
    """
    cleaned = text.strip().lower()
    if cleaned.startswith("@"):
        if cleaned in ALIASES:
            return None
        return f"unknown cron schedule {quote(text)}", did_you_mean(cleaned, ALIASES) or ""
    parts = cleaned.split()
    if len(parts) != len(_FIELDS):
        seconds = "; seconds cannot be given" if len(parts) == len(_FIELDS) + 1 else ""
        return f"bad cron schedule {quote(text)}: it has {_count(len(parts))}, not 5", _FORM + seconds
    for field, part in zip(_FIELDS, parts, strict=True):
        if (mistake := _part_mistake(field, part)) is not None:
            return f"bad cron schedule {quote(text)}: {mistake}", _FORM
    if parts[3] in ("2", "02", "feb") and parts[2] in ("30", "31"):
        return f"bad cron schedule {quote(text)}: February never has a day {parts[2]}", "use L for the last day"
    return None


def _count(number: int) -> str:
    return "1 part" if number == 1 else f"{number} parts"


def _part_mistake(field: _Field, part: str) -> str | None:
    items = part.split(",")
    if field.name == "weekday" and any(map(_NTH_WEEKDAY.fullmatch, items)):
        return _nth_weekday_mistake(field, items)
    return next((mistake for item in items if (mistake := _item_mistake(field, item)) is not None), None)


def _nth_weekday_mistake(field: _Field, items: list[str]) -> str | None:
    for item in items:
        match = _NTH_WEEKDAY.fullmatch(item)
        if match is None:
            return f"{field.name} '{item}' cannot stand beside a counted weekday such as 'mon#1'"
        if (mistake := _number_mistake(field, match["day"] or match["last"])) is not None:
            return mistake
    return None


def _item_mistake(field: _Field, item: str) -> str | None:
    if not item:
        return f"{field.name} has an empty part beside a comma"
    if item == "?" and field.takes_question_mark:
        return None
    match = _ITEM.fullmatch(item)
    if match is None or (match["first"] == "*" and match["last"]):
        return f"{field.name} '{item}' is not understood ({field.range_text}, *, a-b, */n, lists with commas)"
    if (step := match["step"]) is not None and (not step.isdecimal() or int(step) == 0):
        return f"{field.name} '{item}': the step after '/' has to be a number above 0"
    ends = [end for end in (match["first"], match["last"]) if end not in (None, "*")]
    return next((mistake for end in ends if (mistake := _number_mistake(field, end)) is not None), None)


def _number_mistake(field: _Field, text: str) -> str | None:
    if text in field.names or (text == "l" and field.takes_last):
        return None
    if text.isascii() and text.isdecimal() and field.first <= int(text) <= field.last:
        return None
    return f"{field.name} '{text}' is not in {field.range_text}"
