"""Asset checks: of Kedro's own validation, of `checks:`, and Dagster's own of freshness."""

# No `from __future__ import annotations`: Dagster reads the annotation of a check's context as an object.

import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

import dagster as dg

from kedro_dagster_component.config.assets import AssetConfig
from kedro_dagster_component.config.checks import (
    VALIDATOR,
    ColumnsCheckConfig,
    DataCheckConfig,
    FreshnessCheckConfig,
    RowCountCheckConfig,
)
from kedro_dagster_component.manifest import DatasetEntry
from kedro_dagster_component.naming import unique_identifiers
from kedro_dagster_component.plan import CheckPlan, DatasetPlan, InstancePlan

_SHOWABLE_KEY = re.compile(r"[A-Za-z0-9_.-]+")


def build_check_plans(dataset: DatasetEntry, settings: AssetConfig | None) -> tuple[CheckPlan, ...]:
    """How the checks of a dataset are evaluated, Kedro's own validation first.

    Args:
        dataset: The dataset.
        settings: Of its asset; None for none.
    """
    validator = dataset.validator
    plans = []
    if validator is not None and validator.is_enabled:
        plans.append(
            CheckPlan(
                VALIDATOR,
                "validator",
                is_error=validator.is_error,
                is_blocking=validator.is_error,
                modes=validator.modes,
            )
        )
    return (*plans, *(_plan(config) for config in _data_checks(settings)))


def build_check_specs(
    dataset: DatasetEntry, settings: AssetConfig | None, key: dg.AssetKey
) -> tuple[dg.AssetCheckSpec, ...]:
    """What Dagster is to know about the checks of a dataset.

    Args:
        dataset: The dataset.
        settings: Of its asset; None for none.
        key: Of its asset.
    """
    validator = dataset.validator
    specs = []
    if validator is not None and validator.is_enabled:
        specs.append(
            dg.AssetCheckSpec(
                VALIDATOR,
                asset=key,
                description=f"Kedro's validation on {' and '.join(validator.modes)}: {validator.class_path}",
                blocking=validator.is_error,
                metadata={"kedro/validator": validator.class_path},
            )
        )
    return (*specs, *(_spec(config, key) for config in _data_checks(settings)))


def unshowable_key(key: dg.AssetKey) -> str | None:
    """The part of an asset key that Dagster cannot make the output of a check of; None where it can."""
    return next((part for part in key.path if not _SHOWABLE_KEY.fullmatch(part)), None)


def build_input_checks(
    dataset: DatasetPlan, specs: Sequence[dg.AssetCheckSpec], instance: InstancePlan, name: str
) -> dg.AssetChecksDefinition:
    """The checks of a free input, which no step of the project makes; they run where somebody asks for them.

    Args:
        dataset: The input.
        specs: Of its checks.
        instance: The component instance.
        name: Of the op.
    """

    @dg.multi_asset_check(
        name=name,
        description=f"Looks at {dataset.name} as it is stored.",
        specs=specs,
        can_subset=True,
        required_resource_keys={instance.key, "io_manager"},
    )
    def checks(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        yield from _run_input_checks(context, instance, dataset)

    return checks


def input_check_names(datasets: Iterable[str], prefix: str, taken: Iterable[str]) -> Mapping[str, str]:
    """Op names of the checks of free inputs, by name of the dataset."""
    wanted = {name: f"{prefix}{name}__checks" for name in datasets}
    names = unique_identifiers(wanted.values(), taken=taken, suffix="_input")
    return {name: names[one] for name, one in wanted.items()}


def build_freshness_checks(
    configs_by_key: Mapping[dg.AssetKey, Sequence[FreshnessCheckConfig]],
) -> list[dg.AssetChecksDefinition]:
    """Dagster's own checks that assets were materialised in time."""
    keys_by_config: dict[FreshnessCheckConfig, list[dg.AssetKey]] = {}
    for key, configs in configs_by_key.items():
        for config in configs:
            keys_by_config.setdefault(config, []).append(key)
    with warnings.catch_warnings():
        # Dagster would rather have freshness policies; a check is the one that can warn, and that conditions can see.
        warnings.simplefilter("ignore", dg.SupersessionWarning)
        return [
            check
            for config, keys in keys_by_config.items()
            for check in dg.build_last_update_freshness_checks(
                assets=keys,
                lower_bound_delta=timedelta(seconds=config.lower_bound_delta_seconds),
                deadline_cron=config.deadline_cron,
                timezone=config.timezone,
                severity=dg.AssetCheckSeverity[config.severity],
            )
        ]


def build_freshness_sensor(name: str, checks: Sequence[dg.AssetChecksDefinition]) -> dg.SensorDefinition:
    """Dagster's own sensor that runs checks of freshness when they are due."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.SupersessionWarning)  # as above
        return dg.build_sensor_for_freshness_checks(freshness_checks=checks, name=name)


def freshness_configs(settings: AssetConfig | None) -> tuple[FreshnessCheckConfig, ...]:
    """The checks of freshness among the settings of an asset."""
    found = settings.checks if settings is not None else ()
    return tuple(config for config in found if isinstance(config, FreshnessCheckConfig))


def _data_checks(settings: AssetConfig | None) -> list[DataCheckConfig]:
    found = settings.checks if settings is not None else ()
    return [config for config in found if not isinstance(config, FreshnessCheckConfig)]


def _plan(config: DataCheckConfig) -> CheckPlan:
    bounds = (config.min, config.max) if isinstance(config, RowCountCheckConfig) else (None, None)
    return CheckPlan(
        config.name or config.type,
        config.type,
        is_error=config.severity == "ERROR",
        is_blocking=config.blocking,
        min_rows=bounds[0],
        max_rows=bounds[1],
        columns=config.columns if isinstance(config, ColumnsCheckConfig) else (),
    )


def _spec(config: DataCheckConfig, key: dg.AssetKey) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        config.name or config.type,
        asset=key,
        description=config.description or _description(config),
        blocking=config.blocking,
    )


def _description(config: DataCheckConfig) -> str:
    if isinstance(config, RowCountCheckConfig):
        bounds = (("at least", config.min), ("at most", config.max))
        return f"Has {' and '.join(f'{words} {bound}' for words, bound in bounds if bound is not None)} rows."
    if isinstance(config, ColumnsCheckConfig):
        return f"Has the columns {', '.join(config.columns)}."
    return "Holds some data."


def _run_input_checks(context: Any, instance: InstancePlan, dataset: DatasetPlan) -> Iterator[dg.AssetCheckResult]:
    # Only a run needs the runtime.
    from kedro_dagster_component.runtime.check_runs import run_input_checks

    yield from run_input_checks(context, instance, dataset)
