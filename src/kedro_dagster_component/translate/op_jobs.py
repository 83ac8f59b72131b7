"""Jobs over steps of several partitions definitions, which Dagster takes as ops only.

An asset job is partitioned as a whole, by one definition. Here the same steps run as the ops of a graph, each on the
keys of its own definition, and record the same materialisations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from kedro_dagster_component.compat.dagster_partitions import without_beta_warnings
from kedro_dagster_component.config.models import DagsterConfig
from kedro_dagster_component.naming import unique_identifiers
from kedro_dagster_component.plan import StepPlan, nested_params
from kedro_dagster_component.translate.asset_settings import build_retry_policy
from kedro_dagster_component.translate.config_schema import job_run_config
from kedro_dagster_component.translate.jobs import JobPlan, describe_job, job_executor


def definitions_of(steps: Sequence[StepPlan]) -> list[Any]:
    """The different partitions definitions of some steps' outputs."""
    found: list[Any] = []
    for step in steps:
        if step.partitions is not None and step.partitions.definition is not None:
            found += [step.partitions.definition] if step.partitions.definition not in found else []
    return found


def build_op_job(
    plan: JobPlan, config: DagsterConfig, steps: Sequence[StepPlan], nodes: Mapping[str, Any], resource_key: str
) -> dg.JobDefinition:
    """The job of a plan, as ops.

    Args:
        plan: The job.
        config: `dagster.yml`, for executors it names.
        steps: Its steps.
        nodes: Op or graph of each step, by op name.
        resource_key: Of the instance's session resource.
    """
    made = {
        dataset.name: dg.DependencyDefinition(step.op_name, output)
        for step in steps
        for output, dataset in step.outputs.items()
    }
    graph = dg.GraphDefinition(
        name=plan.name,
        node_defs=[nodes[step.op_name] for step in steps],
        dependencies={step.op_name: _dependencies(step, made) for step in steps},
    )
    settings = plan.config
    with without_beta_warnings():  # for owners, which an asset job takes without a word to us
        return graph.to_job(
            name=plan.name,
            description=settings.description or describe_job(plan),
            tags=settings.tags or None,
            run_tags=settings.run_tags or None,
            owners=list(settings.owners) or None,
            executor_def=job_executor(settings, config),
            op_retry_policy=build_retry_policy(settings.retry_policy),
            config=job_run_config(resource_key, nested_params(settings.params)),
        )


def _dependencies(step: StepPlan, made: Mapping[str, dg.DependencyDefinition]) -> dict[str, dg.DependencyDefinition]:
    """Inputs that another step of the job makes; the others are there already."""
    names = unique_identifiers(dataset.name for dataset in step.inputs)
    return {names[dataset.name]: made[dataset.name] for dataset in step.inputs if dataset.name in made}
