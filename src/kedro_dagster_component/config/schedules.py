"""Schedules."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, ValidatorFunctionWrapHandler, WrapValidator

from kedro_dagster_component.config.scalars import EMPTY_AS_MAPPING, Crons, ScheduleTags, Status, Timezone
from kedro_dagster_component.config.section import Section, name_or_inline


def _unless_left_out(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    """The default passes, which a key without a value means."""
    return value if value == () else handler(value)


class ScheduleConfig(Section):
    """When a job runs by itself."""

    cron_schedule: Annotated[Crons, WrapValidator(_unless_left_out)] = Field(
        default=(),
        description="A cron schedule or a list of them: five parts, or a name such as @daily. A job with partitions by "
        "time can leave it out: it then follows them.",
    )
    execution_timezone: Timezone | None = Field(
        default=None, description="Timezone of the cron schedule, such as Europe/Paris; UTC without it."
    )
    default_status: Status = Field(
        default="STOPPED",
        description="RUNNING starts the schedule when it is first loaded; STOPPED waits for a person.",
    )
    description: str | None = Field(default=None, description="Shown in Dagster.")
    metadata: Annotated[dict[str, Any], EMPTY_AS_MAPPING] = Field(default={}, description="Shown in Dagster.")
    tags: Annotated[ScheduleTags, EMPTY_AS_MAPPING] = Field(
        default={}, description="Tags of the schedule and of the runs it starts."
    )


ScheduleChoice = Annotated[ScheduleConfig | str | None, name_or_inline(ScheduleConfig.model_validate, "a schedule")]
"""The name of a schedule, or its settings."""
