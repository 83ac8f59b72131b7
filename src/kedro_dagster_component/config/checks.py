"""Checks of data: what the data of an asset has to be like, looked at in the step that makes it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from typing_extensions import Self

from kedro_dagster_component.config.finding import all_findings, finding, quote, refuse
from kedro_dagster_component.config.scalars import Amount, Cron, Seconds, Severity, Text, Timezone
from kedro_dagster_component.config.section import Section, read_by_type
from kedro_dagster_component.naming import identifier

_NAME = re.compile(r"[A-Za-z0-9_]+")

VALIDATOR = "validator"
"""Name of the check that Kedro's own validation of a dataset is shown as."""


def _check_name(text: str) -> str:
    if not _NAME.fullmatch(text):
        hint = f"for example '{identifier(text)}'"
        raise refuse(f"{quote(text)} is no name of a check: use letters, digits and '_'", hint=hint, value=text)
    if text == VALIDATOR:
        raise refuse(f"'{VALIDATOR}' is the check of Kedro's own validation", hint="take another name", value=text)
    return text


class _CheckConfig(Section):
    name: Annotated[Text, AfterValidator(_check_name)] | None = Field(
        default=None, description="Name of the check; without it, its type."
    )
    description: str | None = Field(default=None, description="What Dagster shows beside it.")
    severity: Severity = Field(default="ERROR", description="How bad it is when the check fails.")
    blocking: bool = Field(
        default=False, description="Whether steps downstream are left out when it fails with severity ERROR."
    )


class NotEmptyCheckConfig(_CheckConfig):
    """There is some data: a row, an entry, a character."""

    type: Literal["not_empty"] = Field(description="There is some data.")


class RowCountCheckConfig(_CheckConfig):
    """A table has so many rows."""

    type: Literal["row_count"] = Field(description="A table has so many rows.")
    min: Amount | None = Field(default=None, description="At least so many.")
    max: Amount | None = Field(default=None, description="At most so many.")

    @model_validator(mode="after")
    def _check_bounds(self) -> Self:
        if self.min is None and self.max is None:
            raise refuse("one of 'min' and 'max' is missing", hint="for example `min: 1`", at=("type",), at_key=True)
        if self.min is not None and self.max is not None and self.min > self.max:
            raise refuse(f"has to be at least 'min', {self.min}, got {self.max}", at=("max",), value=self.max)
        return self


class ColumnsCheckConfig(_CheckConfig):
    """A table has these columns, besides others or not."""

    type: Literal["columns"] = Field(description="A table has these columns, besides others or not.")
    columns: tuple[Text, ...] = Field(min_length=1, description="Their names.")


class FreshnessCheckConfig(_CheckConfig):
    """The asset was materialised in time: Dagster's own check, which runs on its own and never in the step."""

    type: Literal["freshness"] = Field(description="The asset was materialised in time; a check of Dagster's own.")
    lower_bound_delta_seconds: Annotated[Seconds, Field(gt=0)] = Field(
        description="How long ago, or before the deadline, a materialisation may be."
    )
    deadline_cron: Cron | None = Field(default=None, description="When the asset has to be there; without it, always.")
    timezone: Timezone = Field(default="UTC", description="Timezone of the deadline.")

    @model_validator(mode="after")
    def _check_fixed(self) -> Self:
        fixed = {
            "name": (self.name is not None, "Dagster names this check itself"),
            "description": (self.description is not None, "Dagster describes this check itself"),
            "blocking": (self.blocking, "a check of freshness runs in no step that could block another"),
        }
        all_findings(
            finding(message, hint="take it out", at=(field,), at_key=True)
            for field, (given, message) in fixed.items()
            if given
        )
        return self


CHECK_TYPES: dict[str, type[Section]] = {
    "not_empty": NotEmptyCheckConfig,
    "row_count": RowCountCheckConfig,
    "columns": ColumnsCheckConfig,
    "freshness": FreshnessCheckConfig,
}
DataCheckConfig = NotEmptyCheckConfig | RowCountCheckConfig | ColumnsCheckConfig


def _read_check(value: Any) -> Any:
    value = {"type": value} if isinstance(value, str) else value
    return read_by_type(value, CHECK_TYPES, "check")


def _check_names(checks: Sequence[Any]) -> Sequence[Any]:
    names = [check.name or check.type for check in checks]
    twice = {name for name, count in Counter(names).items() if count > 1}
    all_findings(
        finding(f"two checks are called '{name}'", hint="give one of them a `name` of its own", at=(index,), value=name)
        for index, name in enumerate(names)
        if name in twice and names.index(name) != index
    )
    return checks


def _with_short_form(schema: dict[str, Any]) -> None:
    schema["anyOf"] = [{"const": "not_empty", "type": "string"}, *schema["anyOf"]]


CheckConfig = Annotated[
    DataCheckConfig | FreshnessCheckConfig,
    BeforeValidator(_read_check),
    Field(json_schema_extra=_with_short_form),
]
"""A check, chosen by `type`, or by the type alone."""

CheckList = Annotated[tuple[CheckConfig, ...], AfterValidator(_check_names)]
"""Checks of one asset, each with a name of its own."""
