"""Names and settings of the steps of one component instance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import dagster as dg
from dagster.components.resolved.core_models import OpSpec
from dagster.components.resolved.model import Resolver

from kedro_dagster_component.config.component import OpConfig
from kedro_dagster_component.config.configured import settings_of
from kedro_dagster_component.config.policies import RetryPolicyConfig
from kedro_dagster_component.config.positions import Positions
from kedro_dagster_component.errors import ConfigurationError, Problem
from kedro_dagster_component.manifest import DatasetEntry, NodeEntry, ProjectManifest
from kedro_dagster_component.naming import unique_identifiers
from kedro_dagster_component.plan import StepPlan
from kedro_dagster_component.translate.asset_settings import build_backfill_policy, build_retry_policy, step_settings
from kedro_dagster_component.translate.assets import OpSettings
from kedro_dagster_component.translate.grouping import Group

if TYPE_CHECKING:
    from kedro_dagster_component.component import KedroProjectComponent


class RetryPolicyModel(dg.Model, dg.Resolvable):
    """When a failed step is tried again."""

    max_retries: Annotated[int, Resolver.default(description="How often a failed step is tried again.")] = 1
    delay: Annotated[float | None, Resolver.default(description="Seconds before the next attempt.")] = None
    backoff: Annotated[
        str | None,
        Resolver.default(description="How the delay grows: LINEAR or EXPONENTIAL.", examples=["EXPONENTIAL"]),
    ] = None
    jitter: Annotated[
        str | None,
        Resolver.default(description="How the delay is made random: FULL or PLUS_MINUS.", examples=["FULL"]),
    ] = None


class NodeOpSpec(OpSpec):
    """Dagster's OpSpec plus a retry policy; it holds for the step of every node."""

    retry_policy: Annotated[
        RetryPolicyModel | None,
        Resolver.default(
            description="When a failed step is tried again; a job's own policy in dagster.yml wins.",
            examples=[{"max_retries": 3, "delay": 2}],
        ),
    ] = None


def node_op_spec(op: OpConfig | OpSpec | None) -> NodeOpSpec | None:
    """What `op:` says, from YAML or from an object that a template made."""
    if op is None or isinstance(op, NodeOpSpec):
        return op
    fields = {name: getattr(op, name) for name in OpSpec.model_fields}
    if isinstance(op, OpSpec):
        return NodeOpSpec(**fields)
    if not isinstance(op.backfill_policy, dg.BackfillPolicy):
        fields["backfill_policy"] = build_backfill_policy(op.backfill_policy)
    return NodeOpSpec(**fields, retry_policy=_retry_policy_model(op.retry_policy))


def _retry_policy_model(
    policy: RetryPolicyConfig | RetryPolicyModel | dg.RetryPolicy | None,
) -> RetryPolicyModel | None:
    if policy is None or isinstance(policy, RetryPolicyModel):
        return policy
    names = {name: getattr(policy, name) for name in ("backoff", "jitter")}
    shown = {name: value.name if isinstance(value, dg.Backoff | dg.Jitter) else value for name, value in names.items()}
    return RetryPolicyModel(max_retries=policy.max_retries, delay=policy.delay, **shown)


def op_names(component: KedroProjectComponent, groups: Sequence[Group], job_names: Sequence[str]) -> dict[str, Group]:
    """The groups of nodes by op name: a node's own name, unless that is no identifier or belongs to a job.

    A group's name keeps out of the way of jobs and of nodes that are steps of their own, whatever groups there are.
    """
    name = component.op.name if component.op is not None else None
    if name and len(groups) == 1:
        return {name: groups[0]}
    prefix = f"{component.name_prefix or ''}{f'{name}_' if name else ''}"
    alone = [f"{prefix}{group.name}" for group in groups if not group.is_shared]
    shared = [f"{prefix}{group.name}" for group in groups if group.is_shared]
    of_nodes = unique_identifiers(alone, taken=job_names, suffix="_node")
    of_groups = unique_identifiers(shared, taken={*job_names, *of_nodes.values()}, suffix="_nodes")
    return {(of_groups if group.is_shared else of_nodes)[f"{prefix}{group.name}"]: group for group in groups}


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
    entries: list[DatasetEntry | NodeEntry] = []
    for one in step.nodes:
        entries += [manifest.datasets[dataset.name] for dataset in one.made] or [one.node]
    settings, disputed = step_settings([settings_of(entry) for entry in entries])
    if disputed:
        is_group = len(step.nodes) > 1
        raise ConfigurationError(
            Problem(
                f"{_names(entries, name, of_group=is_group)} are made by one step "
                f"({'nodes' if is_group else 'node'} {step.label}) and disagree on `{name}`",
                positions.at("assets"),
                "give them the same, or give it to one of them only",
            )
            for name in disputed
        )
    return replace(
        shared,
        pool=settings.pool or shared.pool,
        retry_policy=build_retry_policy(settings.retry_policy) or shared.retry_policy,
        backfill_policy=build_backfill_policy(settings.backfill_policy)
        or shared.backfill_policy
        or dg.BackfillPolicy.single_run(),  # `dg launch --partition-range` wants it of every asset
    )


def _names(entries: Sequence[DatasetEntry | NodeEntry], setting: str, *, of_group: bool) -> str:
    """Names of what a step makes; of a group, which may be large, only those that have a setting."""
    shown = [entry for entry in entries if not of_group or getattr(settings_of(entry), setting, None) is not None]
    return " and ".join(f"'{entry.name}'" for entry in shown)
