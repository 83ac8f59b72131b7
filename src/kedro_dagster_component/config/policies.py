"""Retry, freshness and backfill policies."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator
from typing_extensions import Self

from kedro_dagster_component.config.finding import all_findings, finding, refuse
from kedro_dagster_component.config.scalars import Backoff, Count, Cron, Jitter, Seconds, Timezone
from kedro_dagster_component.config.section import Section, read_by_type

_WindowSeconds = Annotated[Seconds, Field(ge=60)]


class RetryPolicyConfig(Section):
    """When and how often a failed step is tried again."""

    max_retries: Count = Field(default=1, description="How often a failed step is tried again.")
    delay: Seconds | None = Field(default=None, description="Seconds before the next attempt.")
    backoff: Backoff | None = Field(default=None, description="How the delay grows: LINEAR or EXPONENTIAL.")
    jitter: Jitter | None = Field(default=None, description="How the delay is made random: FULL or PLUS_MINUS.")

    @model_validator(mode="after")
    def _check_delay(self) -> Self:
        if self.delay is None:
            all_findings(
                finding("there is no 'delay' that this could change", hint="add `delay: 2`, in seconds", at=(name,))
                for name in ("backoff", "jitter")
                if getattr(self, name) is not None
            )
        return self


class TimeWindowFreshnessConfig(Section):
    """Fresh as long as the last materialisation is recent."""

    type: Literal["time_window"] = Field(description="A window that moves with the clock.")
    fail_window_seconds: _WindowSeconds = Field(
        description="Stale once the last materialisation is older; at least 60."
    )
    warn_window_seconds: _WindowSeconds | None = Field(
        default=None, description="Warns once it is older than this; shorter than `fail_window_seconds`."
    )

    @model_validator(mode="after")
    def _check_windows(self) -> Self:
        if self.warn_window_seconds is not None and self.warn_window_seconds >= self.fail_window_seconds:
            message = "has to be shorter than 'fail_window_seconds'"
            raise refuse(message, at=("warn_window_seconds",), value=self.warn_window_seconds)
        return self


class CronFreshnessConfig(Section):
    """Fresh when materialised in time before each deadline."""

    type: Literal["cron"] = Field(description="Deadlines given by a cron schedule.")
    deadline_cron: Cron = Field(description="When the asset has to be there.")
    lower_bound_delta_seconds: _WindowSeconds = Field(
        description="How long before the deadline a materialisation counts; at least 60."
    )
    timezone: Timezone = Field(default="UTC", description="Timezone of the deadline.")


class SingleRunConfig(Section):
    """One run works on all partition keys of a backfill."""

    type: Literal["single_run"] = Field(description="One run for the whole backfill.")


class MultiRunConfig(Section):
    """A backfill becomes several runs."""

    type: Literal["multi_run"] = Field(description="Several runs, each with some of the keys.")
    max_partitions_per_run: Count = Field(default=1, description="Partition keys of one run.")


FRESHNESS_TYPES: dict[str, type[Section]] = {"time_window": TimeWindowFreshnessConfig, "cron": CronFreshnessConfig}
BACKFILL_TYPES: dict[str, type[Section]] = {"single_run": SingleRunConfig, "multi_run": MultiRunConfig}


def _read_freshness(value: Any) -> Any:
    return read_by_type(value, FRESHNESS_TYPES, "freshness policy")


def _read_backfill(value: Any) -> Any:
    return read_by_type(value, BACKFILL_TYPES, "backfill policy")


FreshnessPolicyConfig = Annotated[TimeWindowFreshnessConfig | CronFreshnessConfig, BeforeValidator(_read_freshness)]
"""A freshness policy, chosen by `type`."""

BackfillPolicyConfig = Annotated[SingleRunConfig | MultiRunConfig, BeforeValidator(_read_backfill)]
"""A backfill policy, chosen by `type`."""
