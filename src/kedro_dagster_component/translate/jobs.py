"""Jobs and schedules: those of `dagster.yml`, or one for each registered pipeline."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg

from kedro_dagster_component.config import expand_jobs
from kedro_dagster_component.config.executors import ExecutorConfig
from kedro_dagster_component.config.jobs import JobConfig
from kedro_dagster_component.config.models import DagsterConfig
from kedro_dagster_component.config.schedules import ScheduleConfig
from kedro_dagster_component.manifest import ProjectManifest
from kedro_dagster_component.naming import schedule_name, unique_identifiers
from kedro_dagster_component.plan import PartitionChoice, nested_params
from kedro_dagster_component.runtime.partition_choice import build_choice
from kedro_dagster_component.translate.asset_settings import build_retry_policy
from kedro_dagster_component.translate.config_schema import job_run_config
from kedro_dagster_component.translate.executors import build_executor, default_executor
from kedro_dagster_component.translate.partition_runs import cron_of, partitioned_runs, time_definition

_DEFAULT_PIPELINE = "__default__"
_DEFAULT_JOB = "default"
_FILTERS = ("tags", "node_names", "from_nodes", "to_nodes", "from_inputs", "to_outputs", "node_namespaces")


@dataclass(frozen=True)
class JobPlan:
    """One Dagster job before it is one.

    Attributes:
        name: Dagster job name, prefix included.
        source: Key in `dagster.yml` that made it, a job or a job factory; None for a registered pipeline.
        pipelines: Registered pipelines it is cut from.
        node_ids: In Kedro's execution order; only exposed nodes.
        config: Its settings; those of an empty entry for a registered pipeline.
    """

    name: str
    source: str | None
    pipelines: tuple[str, ...]
    node_ids: tuple[str, ...]
    config: JobConfig


def plan_jobs(
    manifest: ProjectManifest,
    config: DagsterConfig,
    node_ids: Sequence[str],
    prefix: str,
    *,
    pipelines: Sequence[str] | None = None,
) -> list[JobPlan]:
    """Jobs of an instance, those without any exposed node left out.

    Args:
        manifest: The whole project.
        config: Checked `dagster.yml`.
        node_ids: Exposed nodes.
        prefix: Put before every name.
        pipelines: Registered pipelines that get a job where `dagster.yml` has none; None for all.
    """
    exposed = set(node_ids)
    plans = _configured(manifest, config) if config.jobs else _registered(manifest, pipelines)
    kept = [(plan, tuple(node_id for node_id in plan.node_ids if node_id in exposed)) for plan in plans]
    return [JobPlan(f"{prefix}{plan.name}", plan.source, plan.pipelines, ids, plan.config) for plan, ids in kept if ids]


def build_job(
    plan: JobPlan, config: DagsterConfig, keys_of: Callable[[str], Sequence[dg.AssetKey]], resource_key: str
) -> Any:
    """The asset job of a plan.

    Args:
        plan: The job.
        config: `dagster.yml`, for executors it names.
        keys_of: Asset keys by node id.
        resource_key: Of the instance's session resource.
    """
    settings = plan.config
    keys = [key for node_id in plan.node_ids for key in keys_of(node_id)]
    return dg.define_asset_job(
        name=plan.name,
        selection=dg.AssetSelection.assets(*keys),
        description=settings.description or describe_job(plan),
        tags=settings.tags or None,
        run_tags=settings.run_tags or None,
        owners=list(settings.owners) or None,
        executor_def=job_executor(settings, config),
        op_retry_policy=build_retry_policy(settings.retry_policy),
        config=job_run_config(resource_key, nested_params(settings.params)),
    )


def schedule_of(plan: JobPlan, config: DagsterConfig) -> ScheduleConfig | None:
    """The settings of a job's schedule; None where it has none."""
    choice = plan.config.schedule
    return config.schedules[choice] if isinstance(choice, str) else choice


def build_schedule(
    plan: JobPlan, config: DagsterConfig, job: Any, prefix: str, definitions: Sequence[Any] = ()
) -> dg.ScheduleDefinition | None:
    """The schedule of a job; None where it has none.

    A schedule bears its job's name, since one entry of `dagster.yml` may serve several jobs.

    Args:
        plan: The job.
        config: `dagster.yml`, for schedules it names.
        job: What Dagster runs.
        prefix: Of the instance's names.
        definitions: Different partitions definitions of the job's steps.
    """
    schedule = schedule_of(plan, config)
    if schedule is None:
        return None
    crons = list(schedule.cron_schedule) or [cron_of(definitions)]
    common: dict[str, Any] = {
        "name": f"{prefix}{schedule_name(plan.name.removeprefix(prefix))}",
        "job": job,
        "cron_schedule": crons[0] if len(crons) == 1 else crons,
        "execution_timezone": schedule.execution_timezone
        or (None if schedule.cron_schedule else time_definition(definitions).timezone),
        "default_status": dg.DefaultScheduleStatus[schedule.default_status],
        "description": schedule.description,
        "metadata": schedule.metadata or None,
    }
    if not definitions:
        return dg.ScheduleDefinition(**common, tags=schedule.tags or None)
    evaluate = partitioned_runs(definitions, build_choice(plan.config.partitions, definitions), schedule.tags)
    return dg.ScheduleDefinition(**common, execution_fn=evaluate)


def _registered(manifest: ProjectManifest, pipelines: Sequence[str] | None) -> list[JobPlan]:
    """One job for each registered pipeline; `__default__` is called `default`, unless another is."""
    shown = [name for name in manifest.pipelines if pipelines is None or name in pipelines]
    has_default = _DEFAULT_PIPELINE in shown and _DEFAULT_JOB not in shown
    wanted = {name: _DEFAULT_JOB if has_default and name == _DEFAULT_PIPELINE else name for name in shown}
    names = unique_identifiers(wanted.values())
    return [JobPlan(names[wanted[name]], None, (name,), manifest.pipelines[name], _empty_job(name)) for name in shown]


def _configured(manifest: ProjectManifest, config: DagsterConfig) -> list[JobPlan]:
    """The jobs of `dagster.yml`, factories expanded."""
    return [
        JobPlan(name, job.key, job.config.pipeline.pipelines, manifest.job_selections[name].node_ids, job.config)
        for name, job in expand_jobs(config, manifest).items()
    ]


def _empty_job(pipeline: str) -> JobConfig:
    return JobConfig.model_validate({"pipeline": {"pipeline_name": pipeline}})


def job_executor(settings: JobConfig, config: DagsterConfig) -> dg.ExecutorDefinition:
    """The executor of a job: its own, one it names, or Dagster's default."""
    choice = settings.executor
    chosen: ExecutorConfig | None = config.executors[choice] if isinstance(choice, str) else choice
    return build_executor(chosen) if chosen is not None else default_executor()


def describe_job(plan: JobPlan) -> str:
    """What to say of a job that `dagster.yml` does not describe."""
    noun = "pipeline" if len(plan.pipelines) == 1 else "pipelines"
    names = ", ".join(plan.pipelines)
    return f"{'Nodes of the' if plan.source else 'The'} Kedro {noun} {names}."


def job_params(plans: Sequence[JobPlan]) -> Mapping[str, Mapping[str, Any]]:
    """Runtime parameters of the jobs that have some, by job name."""
    return {plan.name: nested_params(plan.config.params) for plan in plans if plan.config.params}


def job_partitions(
    plans: Sequence[JobPlan], definitions_of: Callable[[JobPlan], Sequence[Any]]
) -> Mapping[str, PartitionChoice]:
    """What `partitions` of the jobs that have it says, by job name.

    Args:
        plans: The jobs.
        definitions_of: The partitions definitions of a job's steps.
    """
    choices = {plan.name: build_choice(plan.config.partitions, definitions_of(plan)) for plan in plans}
    return {name: choice for name, choice in choices.items() if choice is not None}


def job_filters(plans: Sequence[JobPlan]) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Arguments of Kedro's `Pipeline.filter` that each job sets, by job name."""
    return {
        plan.name: {name: values for name in _FILTERS if (values := getattr(plan.config.pipeline, name))}
        for plan in plans
    }


def job_loggers(plans: Sequence[JobPlan], config: DagsterConfig) -> Mapping[str, tuple[Mapping[str, Any], ...]]:
    """Loggers of the jobs that have some, as `logging.config` describes them, by job name."""
    return {
        plan.name: tuple(
            (config.loggers[choice] if isinstance(choice, str) else choice).model_dump()
            for choice in plan.config.loggers
        )
        for plan in plans
        if plan.config.loggers
    }
