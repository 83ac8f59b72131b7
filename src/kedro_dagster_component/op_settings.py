"""Names and settings of the steps of one component instance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from kedro_dagster_component.config.configured import settings_of
from kedro_dagster_component.config.positions import Positions
from kedro_dagster_component.errors import ConfigurationError, Problem
from kedro_dagster_component.manifest import DatasetEntry, NodeEntry, ProjectManifest
from kedro_dagster_component.naming import unique_identifiers
from kedro_dagster_component.plan import StepPlan
from kedro_dagster_component.translate.asset_settings import build_backfill_policy, build_retry_policy, step_settings
from kedro_dagster_component.translate.assets import OpSettings

if TYPE_CHECKING:
    from kedro_dagster_component.component import KedroProjectComponent


def op_names(component: KedroProjectComponent, node_ids: Sequence[str], job_names: Sequence[str]) -> dict[str, str]:
    """Op name by node id: the node's own name, unless that is no identifier or belongs to a job."""
    name = component.op.name if component.op is not None else None
    if name and len(node_ids) == 1:
        return {node_ids[0]: name}
    prefix = f"{component.name_prefix or ''}{f'{name}_' if name else ''}"
    wanted = {node_id: f"{prefix}{node_id}" for node_id in node_ids}
    names = unique_identifiers(wanted.values(), taken=job_names, suffix="_node")
    return {node_id: names[wanted[node_id]] for node_id in node_ids}


def shared_settings(component: KedroProjectComponent) -> OpSettings:
    """What `op:` of the component says about every step."""
    op = component.op
    if op is None:
        return OpSettings(tags={})
    return OpSettings(
        tags=op.tags or {},
        description=op.description,
        pool=op.pool,
        retry_policy=build_retry_policy(op.retry_policy),
        backfill_policy=op.backfill_policy,
    )


def settings_of_step(step: StepPlan, manifest: ProjectManifest, positions: Positions, shared: OpSettings) -> OpSettings:
    """Settings of a step: what `assets:` says of the assets it makes wins over the component's `op`.

    Raises:
        ConfigurationError: Two assets of the step disagree.
    """
    made = [manifest.datasets[dataset.name] for dataset in step.outputs.values()]
    entries: list[DatasetEntry | NodeEntry] = [*made] if made else [step.node]
    settings, disputed = step_settings([settings_of(entry) for entry in entries])
    if disputed:
        names = " and ".join(f"'{dataset.name}'" for dataset in made)
        raise ConfigurationError(
            Problem(
                f"{names} are made by one step (node '{step.node.name}') and disagree on `{name}`",
                positions.at("assets"),
                "give them the same, or give it to one of them only",
            )
            for name in disputed
        )
    return replace(
        shared,
        pool=settings.pool or shared.pool,
        retry_policy=build_retry_policy(settings.retry_policy) or shared.retry_policy,
        backfill_policy=build_backfill_policy(settings.backfill_policy) or shared.backfill_policy,
    )
