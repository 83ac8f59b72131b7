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
        backfill_policy=build_backfill_policy(settings.backfill_policy)
        or shared.backfill_policy
        or dg.BackfillPolicy.single_run(),  # `dg launch --partition-range` wants it of every asset
    )
