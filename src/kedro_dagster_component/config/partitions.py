"""Partitions definitions and partition mappings."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, cast

from pydantic import (
    BeforeValidator,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import InitErrorDetails
from typing_extensions import Self

from kedro_dagster_component.config.finding import all_findings, finding, findings_below, quote, refusal, refuse
from kedro_dagster_component.config.scalars import Cron, Number, Text, Timezone
from kedro_dagster_component.config.section import Section, name_or_inline, read_by_type
from kedro_dagster_component.partition_keys import key_problem

_FORMATS = ("%Y-%m-%d", "%Y-%m-%d-%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S")
_FORBIDDEN = ("...", "\a", "\b", "\f", "\n", "\r", "\t", "\v", "\0")
_NAME_HINT = "under which Dagster stores the keys, or make it an entry under 'partitions:'"
_FORBIDDEN_IN_DIMENSIONS = "|,[]"
"""Dagster writes keys of two dimensions as `a|b`, and lists of keys as `[a,b]`."""
_DIMENSION_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PROBE = dt.datetime(2011, 12, 23, 21, 47)  # noqa: DTZ001 - only its parts count
"""A moment no two parts of which are alike."""
_DIRECTIVES = {"year": "%Y", "month": "%m", "day": "%d", "hour": "%H", "minute": "%M"}
_PARTS = tuple(_DIRECTIVES)
_PARTS_OF_ALIASES = {
    "@hourly": "hour",
    **dict.fromkeys(("@daily", "@midnight", "@weekly"), "day"),
    "@monthly": "month",
    **dict.fromkeys(("@yearly", "@annually"), "year"),
}
_DIMENSIONS = 2
"""Dagster's limit (and least number) of dimensions."""


def _date_as_text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value


_Moment = Annotated[str, BeforeValidator(_date_as_text)]
_MinuteOffset = Annotated[Number, Field(ge=0, le=59)]
_HourOffset = Annotated[Number, Field(ge=0, le=23)]


def parse_moment(text: str, fmt: str | None = None) -> dt.datetime | None:
    """A start or end as written in the file.

    Args:
        text: In `fmt`, or as `2024-01-31`, `2024-01-31 12:00`, `2024-01-31-12:00`.
        fmt: As for `strptime`; None for the usual forms only.

    Returns:
        Without timezone; None where the text is neither.
    """
    for candidate in (*((fmt,) if fmt else ()), *_FORMATS):
        try:
            return dt.datetime.strptime(text.strip(), candidate)  # noqa: DTZ007 - `timezone` is another setting
        except (ValueError, re.error):  # the second for a format with the same directive twice
            continue
    return None


def _finest_part(cron: str) -> str:
    """The part of a date and time by which two ticks in a row differ."""
    text = cron.strip().lower()
    if text.startswith("@"):
        return _PARTS_OF_ALIASES[text]
    minute, hour, day, _, weekday = text.split()
    if not minute.isdecimal():
        return "minute"
    if not hour.isdecimal():
        return "hour"
    return "month" if day.isdecimal() and weekday in ("*", "?") else "day"


def _format_mistake(fmt: str, finest: str) -> tuple[str, str | None] | None:
    """Why keys of a format would not tell partitions apart, and the way out; None where they do."""
    if any(part in fmt for part in _FORBIDDEN):
        return "a key cannot hold '...' or control characters", None
    try:
        read = dt.datetime.strptime(_PROBE.strftime(fmt), fmt)  # noqa: DTZ007 - see `_PROBE`
    except (ValueError, re.error) as error:
        return f"{quote(fmt)} is no format of a date: {error}", "for example '%Y-%m-%d'"
    parts = _PARTS[: _PARTS.index(finest) + 1]
    lost = next((part for part in parts if getattr(read, part) != getattr(_PROBE, part)), None)
    if lost is None:
        return None
    return f"the format {quote(fmt)} does not tell the {lost} of a partition", f"add {_DIRECTIVES[lost]}"


def _moment_findings(moments: Mapping[str, str | None], fmt: str | None) -> list[InitErrorDetails]:
    hint = "write it as '2024-01-31' or '2024-01-31 12:00'"
    return [
        finding(f"{quote(text)} is no date", hint=hint, at=(key,), value=text)
        for key, text in moments.items()
        if text is not None and parse_moment(text, fmt) is None
    ]


class TimePartitionsConfig(Section):
    """What all partitions by time have in common."""

    _finest: ClassVar[str] = "day"

    start_date: _Moment = Field(description="First partition, such as '2024-01-31' or '2024-01-31 12:00'.")
    end_date: _Moment | None = Field(default=None, description="End of the last partition; open without it.")
    timezone: Timezone = Field(default="UTC", description="Timezone of start, end and partition keys.")
    fmt: Text | None = Field(default=None, description="Format of the partition keys, as for Python's strftime.")
    end_offset: Number = Field(
        default=0, description="Moves the last partition: 1 adds the period that is not over, -1 leaves one out."
    )

    @property
    def start(self) -> dt.datetime:
        """`start_date` without timezone."""
        return cast("dt.datetime", parse_moment(self.start_date, self.fmt))  # it was read before

    @property
    def end(self) -> dt.datetime | None:
        """`end_date` without timezone; None where the partitions go on."""
        return None if self.end_date is None else parse_moment(self.end_date, self.fmt)

    @model_validator(mode="after")
    def _check_moments(self) -> Self:
        all_findings(_moment_findings({"start_date": self.start_date, "end_date": self.end_date}, self.fmt))
        if self.end is not None and self.end <= self.start:
            raise refuse("has to be after 'start_date'", at=("end_date",), value=self.end_date)
        if self.fmt is not None and (mistake := _format_mistake(self.fmt, self._finest_part())) is not None:
            raise refuse(mistake[0], hint=mistake[1], at=("fmt",), value=self.fmt)
        return self

    @model_validator(mode="wrap")
    @classmethod
    def _check_moments_too(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Tells of dates also where another setting is wrong."""
        try:
            return handler(data)
        except ValidationError as error:
            found = findings_below(error, ())
            wrong = {line["loc"][:1] for line in error.errors(include_url=False)}
        given = data if isinstance(data, dict) else {}
        fmt = given.get("fmt") if isinstance(given.get("fmt"), str) else None
        moments = {key: _date_as_text(given.get(key)) for key in ("start_date", "end_date") if (key,) not in wrong}
        texts = {key: text for key, text in moments.items() if isinstance(text, str)}
        raise refusal(*found, *_moment_findings(texts, fmt))

    def _finest_part(self) -> str:
        return self._finest


class HourlyPartitionsConfig(TimePartitionsConfig):
    """A partition for each hour."""

    _finest: ClassVar[str] = "hour"

    type: Literal["hourly"] = Field(description="A partition for each hour.")
    minute_offset: _MinuteOffset = Field(default=0, description="Minute at which a partition starts.")


class DailyPartitionsConfig(TimePartitionsConfig):
    """A partition for each day."""

    type: Literal["daily"] = Field(description="A partition for each day.")
    minute_offset: _MinuteOffset = Field(default=0, description="Minute at which a partition starts.")
    hour_offset: _HourOffset = Field(default=0, description="Hour at which a partition starts.")


class WeeklyPartitionsConfig(DailyPartitionsConfig):
    """A partition for each week."""

    type: Literal["weekly"] = Field(description="A partition for each week.")  # type: ignore[assignment]
    day_offset: Annotated[Number, Field(ge=0, le=6)] = Field(
        default=0, description="Weekday on which a partition starts; 0 is Sunday."
    )


class MonthlyPartitionsConfig(DailyPartitionsConfig):
    """A partition for each month."""

    _finest: ClassVar[str] = "month"

    type: Literal["monthly"] = Field(description="A partition for each month.")  # type: ignore[assignment]
    day_offset: Annotated[Number, Field(ge=1, le=31)] = Field(
        default=1, description="Day of the month on which a partition starts."
    )


class TimeWindowPartitionsConfig(TimePartitionsConfig):
    """A partition for each tick of a cron schedule."""

    type: Literal["time_window"] = Field(description="A partition for each tick of a cron schedule.")
    cron_schedule: Cron = Field(description="When a partition ends and the next one starts.")
    fmt: Text = Field(description="Format of the partition keys, as for Python's strftime.")

    def _finest_part(self) -> str:
        return _finest_part(self.cron_schedule)


class StaticPartitionsConfig(Section):
    """A fixed list of partitions."""

    type: Literal["static"] = Field(description="A fixed list of partitions.")
    partition_keys: tuple[Text, ...] = Field(min_length=1, description="The keys, each once.")

    @field_validator("partition_keys", mode="after")
    @classmethod
    def _check_keys(cls, keys: tuple[str, ...]) -> tuple[str, ...]:
        counts = Counter(keys)
        repeated = [index for index, key in enumerate(keys) if counts[key] > 1 and key in keys[:index]]
        forbidden = [index for index, key in enumerate(keys) if any(part in key for part in _FORBIDDEN)]
        unsafe = {
            index: problem
            for index, key in enumerate(keys)
            if index not in forbidden and (problem := key_problem(key)) is not None
        }
        hint = "keys become parts of paths"
        all_findings(
            [
                *(finding(f"the key {quote(keys[index])} is there twice", at=(index,)) for index in repeated),
                *(finding("a key cannot hold '...' or control characters", at=(index,)) for index in forbidden),
                *(
                    finding(f"the key {quote(keys[index])} {problem}", hint=hint, at=(index,), value=keys[index])
                    for index, problem in unsafe.items()
                ),
            ]
        )
        return keys


class DynamicPartitionsConfig(Section):
    """Partitions that are added while Dagster runs."""

    type: Literal["dynamic"] = Field(description="Partitions that are added while Dagster runs.")
    name: Text | None = Field(
        default=None, description="Under which Dagster stores the keys; without it the name of this entry."
    )


PARTITION_TYPES: dict[str, type[Section]] = {
    "hourly": HourlyPartitionsConfig,
    "daily": DailyPartitionsConfig,
    "weekly": WeeklyPartitionsConfig,
    "monthly": MonthlyPartitionsConfig,
    "time_window": TimeWindowPartitionsConfig,
    "static": StaticPartitionsConfig,
    "dynamic": DynamicPartitionsConfig,
}
"""Model by `type`; `multi` is added below, once it exists."""


def read_partitions(value: Any) -> Any:
    """A partitions definition, chosen by `type`.

    Raises:
        ValidationError: It is wrong.
    """
    return read_by_type(value, PARTITION_TYPES, "partitions")


_OnePartitions = (
    HourlyPartitionsConfig
    | DailyPartitionsConfig
    | WeeklyPartitionsConfig
    | MonthlyPartitionsConfig
    | TimeWindowPartitionsConfig
    | StaticPartitionsConfig
    | DynamicPartitionsConfig
)


def _read_inline(value: Any) -> Any:
    """Partitions without an entry of their own, from whose name dynamic ones could take theirs."""
    read = read_partitions(value)
    if isinstance(read, DynamicPartitionsConfig) and read.name is None:
        raise refuse("'name' is missing", hint=_NAME_HINT, at=("name",), at_key=True, value=value)
    return read


def _read_dimension(value: Any) -> Any:
    if isinstance(value, dict) and value.get("type") == "multi":
        raise refuse("a dimension cannot have dimensions itself", at=("type",), value="multi")
    read = _read_inline(value)
    if (mistake := dimension_mistake(read)) is not None:
        raise refuse(mistake, value=value)
    return read


def dimension_mistake(partitions: object) -> str | None:
    """Why partitions cannot be a dimension; None where they can."""
    if isinstance(partitions, StaticPartitionsConfig):
        texts = partitions.partition_keys
    else:
        texts = tuple(filter(None, [getattr(partitions, "fmt", None)]))
    wrong = next((text for text in texts if set(text) & set(_FORBIDDEN_IN_DIMENSIONS)), None)
    return None if wrong is None else f"{quote(wrong)} holds one of {' '.join(_FORBIDDEN_IN_DIMENSIONS)}"


class MultiPartitionsConfig(Section):
    """Partitions with two dimensions."""

    type: Literal["multi"] = Field(description="Partitions with two dimensions.")
    dimensions: dict[Text, Annotated[_OnePartitions | str, name_or_inline(_read_dimension, "partitions")]] = Field(
        description="The two dimensions by name: the name of other partitions, or their settings."
    )

    @field_validator("dimensions", mode="after")
    @classmethod
    def _check_dimensions(cls, dimensions: dict[str, Any]) -> dict[str, Any]:
        if len(dimensions) != _DIMENSIONS:
            message = f"expected {_DIMENSIONS} dimensions, got {len(dimensions)}"
            raise refuse(message, hint="Dagster takes exactly two", value=dimensions)
        all_findings(
            finding(f"{quote(name)} is no name of a dimension: use letters, digits and '_'", at=(name,), at_key=True)
            for name in dimensions
            if not _DIMENSION_NAME.fullmatch(name)
        )
        return dimensions


PARTITION_TYPES["multi"] = MultiPartitionsConfig

PartitionsConfig = Annotated[_OnePartitions | MultiPartitionsConfig, BeforeValidator(read_partitions)]
"""A partitions definition, chosen by `type`."""

PartitionsChoice = Annotated[
    _OnePartitions | MultiPartitionsConfig | str | None, name_or_inline(_read_inline, "partitions")
]
"""The name of partitions, or their settings."""
