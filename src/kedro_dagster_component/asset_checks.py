"""The asset checks of one component instance, put together: of its outputs, of its free inputs, of freshness."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import dagster as dg

from kedro_dagster_component.config.configured import settings_of
from kedro_dagster_component.errors import ConfigurationError, Problem
from kedro_dagster_component.loading import ComponentPlace, warn_at
from kedro_dagster_component.manifest import DatasetEntry, NodeEntry, ProjectManifest
from kedro_dagster_component.plan import DatasetPlan, InstancePlan
from kedro_dagster_component.translate.assets import AssetTable
from kedro_dagster_component.translate.checks import (
    build_check_plans,
    build_freshness_checks,
    build_input_checks,
    freshness_configs,
    input_check_names,
    unshowable_key,
)

GetCheckSpecs = Callable[[dg.AssetSpec, "NodeEntry | None", DatasetEntry], Sequence[dg.AssetCheckSpec]]
"""Checks of a dataset, given its final asset and the node that makes it."""

_OF_DAGSTER = "a check becomes an output of a step, whose name Dagster makes of the asset key"


@dataclass(frozen=True)
class CheckTable:
    """The checks of an instance.

    Attributes:
        specs: By name of the dataset; only those that have some.
        datasets: Plans of all datasets, with their checks.
    """

    specs: Mapping[str, Sequence[dg.AssetCheckSpec]]
    datasets: Mapping[str, DatasetPlan]

    def of(self, names: Collection[str]) -> list[dg.AssetCheckSpec]:
        """Checks of some datasets."""
        return [spec for name in names for spec in self.specs.get(name, ())]


def build_check_table(
    get_specs: GetCheckSpecs,
    place: ComponentPlace,
    manifest: ProjectManifest,
    table: AssetTable,
    plans: Mapping[str, DatasetPlan],
) -> CheckTable:
    """The checks of all datasets of an instance.

    Raises:
        ConfigurationError: The key of an asset with `checks:` is none that Dagster can make a check of.
    """
    specs: dict[str, Sequence[dg.AssetCheckSpec]] = {}
    problems = []
    for name, asset in table.datasets.items():
        dataset = manifest.datasets[name]
        settings = settings_of(dataset)
        producer = table.producers.get(name)
        node = manifest.nodes[producer] if producer is not None else None
        found = get_specs(asset, node, dataset)
        if not found:
            continue
        refused = unshowable_key(asset.key)
        if refused is None:
            specs[name] = found
            continue
        message = f"asset '{asset.key.to_user_string()}' can have no checks: '{refused}' has odd characters"
        problem = Problem(
            message, place.position("translation"), f"{_OF_DAGSTER}; give it another `key` in `translation`"
        )
        if settings is not None and settings.checks:
            problems.append(problem)
        else:
            warn_at(place.position("project"), str(Problem(message, hint=problem.hint)))
    if problems:
        raise ConfigurationError(problems)
    return CheckTable(specs, {name: _with_checks(plan, manifest, specs.get(name, ())) for name, plan in plans.items()})


def _with_checks(plan: DatasetPlan, manifest: ProjectManifest, specs: Sequence[dg.AssetCheckSpec]) -> DatasetPlan:
    """A dataset with those of its checks that Dagster is told of."""
    if not specs:
        return plan
    dataset = manifest.datasets[plan.name]
    blocking = {spec.name: spec.blocking for spec in specs}
    checks = [
        replace(check, is_blocking=blocking[check.name])
        for check in build_check_plans(dataset, settings_of(dataset))
        if check.name in blocking
    ]
    return replace(plan, checks=tuple(checks))


def build_checks_of_inputs(
    checks: CheckTable,
    table: AssetTable,
    instance: InstancePlan,
    *,
    shown_inputs: Collection[dg.AssetKey],
    prefix: str,
    taken: Collection[str],
) -> Iterator[dg.AssetChecksDefinition]:
    """Checks of free inputs, which no step of a node makes.

    Args:
        checks: All of them.
        table: Final specs.
        instance: The component instance.
        shown_inputs: Keys of the free inputs that are assets of this instance.
        prefix: Put before the names of ops.
        taken: Names of ops and jobs.
    """
    inputs = [name for name in checks.specs if name not in table.producers and table.datasets[name].key in shown_inputs]
    names = input_check_names(inputs, prefix, taken)
    for name in inputs:
        yield build_input_checks(checks.datasets[name], checks.specs[name], instance, names[name])


def build_checks_of_freshness(
    table: AssetTable, manifest: ProjectManifest, shown_inputs: Collection[dg.AssetKey]
) -> list[dg.AssetChecksDefinition]:
    """Dagster's own checks that assets were materialised in time; arguments as above."""
    entries: list[tuple[dg.AssetSpec, DatasetEntry | NodeEntry]] = [
        (spec, manifest.datasets[name])
        for name, spec in table.datasets.items()
        if name in table.producers or spec.key in shown_inputs
    ]
    entries += [(spec, manifest.nodes[node_id]) for node_id, spec in table.nodes.items()]
    found = {spec.key: freshness_configs(settings_of(entry)) for spec, entry in entries}
    return build_freshness_checks({key: configs for key, configs in found.items() if configs})
