"""Settings of `assets:` in `dagster.yml`, and of `metadata: {dagster: ...}` in the catalog, as Dagster's own."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

import dagster as dg

from kedro_dagster_component.config.assets import AssetConfig
from kedro_dagster_component.config.automation import AutomationConditionConfig
from kedro_dagster_component.config.policies import (
    BackfillPolicyConfig,
    CronFreshnessConfig,
    FreshnessPolicyConfig,
    MultiRunConfig,
    RetryPolicyConfig,
)

_MAX_KINDS = 10
"""Dagster's limit."""

_COMBINED: Mapping[str, Callable[..., dg.AutomationCondition[Any]]] = {
    "and": lambda *operands: functools.reduce(operator.and_, operands),
    "or": lambda *operands: functools.reduce(operator.or_, operands),
    "not": lambda operand: ~operand,
    "since": lambda condition, reset: condition.since(reset),
    "newly_true": lambda operand: operand.newly_true(),
    "any_deps_match": dg.AutomationCondition.any_deps_match,
    "all_deps_match": dg.AutomationCondition.all_deps_match,
}


def configured_spec(spec: dg.AssetSpec, settings: AssetConfig | None) -> dg.AssetSpec:
    """A spec with the settings of its asset; what they leave out stays as it is.

    Kinds are added to those of the dataset, as far as Dagster takes more.
    """
    if settings is None:
        return spec
    replaced: dict[str, Any] = {
        "owners": list(settings.owners) or None,
        "group_name": settings.group_name,
        "code_version": settings.code_version,
        "automation_condition": build_condition(settings.automation_condition),
        "freshness_policy": build_freshness_policy(settings.freshness_policy),
    }
    given = {name: value for name, value in replaced.items() if value is not None}
    kinds = list(dict.fromkeys([*settings.kinds, *sorted(spec.kinds)]))[:_MAX_KINDS]
    return spec.replace_attributes(**given, kinds=set(kinds)).merge_attributes(tags=dict(settings.tags))


def build_condition(config: AutomationConditionConfig | None) -> dg.AutomationCondition[Any] | None:
    """Dagster's automation condition; None for none."""
    if config is None:
        return None
    if config.operands:
        return _COMBINED[config.name](*(build_condition(operand) for operand in config.operands))
    arguments = dict(config.arguments)
    if "lookback_seconds" in arguments:
        arguments["lookback_delta"] = timedelta(seconds=arguments.pop("lookback_seconds"))
    condition: dg.AutomationCondition[Any] = getattr(dg.AutomationCondition, config.name)(**arguments)
    return condition


def build_freshness_policy(config: FreshnessPolicyConfig | None) -> dg.FreshnessPolicy | None:
    """Dagster's freshness policy; None for none."""
    if config is None:
        return None
    if isinstance(config, CronFreshnessConfig):
        return dg.FreshnessPolicy.cron(
            deadline_cron=config.deadline_cron,
            lower_bound_delta=timedelta(seconds=config.lower_bound_delta_seconds),
            timezone=config.timezone,
        )
    warn = config.warn_window_seconds
    return dg.FreshnessPolicy.time_window(
        fail_window=timedelta(seconds=config.fail_window_seconds),
        warn_window=timedelta(seconds=warn) if warn is not None else None,
    )


def build_backfill_policy(config: BackfillPolicyConfig | None) -> dg.BackfillPolicy | None:
    """Dagster's backfill policy; None for none."""
    if config is None:
        return None
    if isinstance(config, MultiRunConfig):
        return dg.BackfillPolicy.multi_run(config.max_partitions_per_run)
    return dg.BackfillPolicy.single_run()


class RetrySettings(Protocol):
    """What both `dagster.yml` and `op:` of the component say about retries."""

    @property
    def max_retries(self) -> int:
        """How often a failed step is tried again."""

    @property
    def delay(self) -> float | None:
        """Seconds before the next attempt."""

    @property
    def backoff(self) -> str | None:
        """How the delay grows: LINEAR or EXPONENTIAL."""

    @property
    def jitter(self) -> str | None:
        """How the delay is made random: FULL or PLUS_MINUS."""


def build_retry_policy(config: RetrySettings | None) -> dg.RetryPolicy | None:
    """Dagster's retry policy; None for none."""
    if config is None:
        return None
    return dg.RetryPolicy(
        max_retries=config.max_retries,
        delay=config.delay,
        backoff=dg.Backoff[config.backoff] if config.backoff else None,
        jitter=dg.Jitter[config.jitter] if config.jitter else None,
    )


@dataclass(frozen=True)
class StepSettings:
    """What the settings of a step's assets say about the step as a whole.

    Attributes:
        retry_policy: None for none.
        pool: None for none.
        backfill_policy: None for none.
    """

    retry_policy: RetryPolicyConfig | None = None
    pool: str | None = None
    backfill_policy: BackfillPolicyConfig | None = None


def step_settings(settings: Iterable[AssetConfig | None]) -> tuple[StepSettings, tuple[str, ...]]:
    """Settings of a step from those of the assets it makes.

    Returns:
        The settings, and the names of those on which two of the assets disagree (the first one counts).
    """
    given = [entry for entry in settings if entry is not None]
    values = {
        name: [value for entry in given if (value := getattr(entry, name)) is not None]
        for name in ("retry_policy", "pool", "backfill_policy")
    }
    disputed = tuple(name for name, found in values.items() if any(value != found[0] for value in found))
    return StepSettings(**{name: found[0] for name, found in values.items() if found}), disputed
