"""Executors: eight kinds, the same names as in kedro-dagster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator

from kedro_dagster_component.config.finding import all_findings, describe, finding, quote, refuse
from kedro_dagster_component.config.scalars import RETRIES, Count
from kedro_dagster_component.config.section import Section, name_or_inline
from kedro_dagster_component.errors import did_you_mean

_FREE = "Every option of Dagster's own executor of that name."


class RetriesConfig(Section):
    """Whether failed steps may be tried again: `{enabled: {}}` or `{disabled: {}}`."""

    enabled: dict[str, Any] | None = Field(default=None, description="Steps with a retry policy are tried again.")
    disabled: dict[str, Any] | None = Field(default=None, description="No step is tried again.")


class InProcessOptions(Section):
    """Options of the executor that runs every step in the run's own process."""

    retries: Annotated[RetriesConfig | None, RETRIES] = Field(
        default=None, description="Whether failed steps may be tried again: `{enabled: {}}` or `{disabled: {}}`."
    )
    step_dependency_config: dict[str, Any] | None = Field(default=None, description="As in Dagster's executor.")


class MultiprocessOptions(InProcessOptions):
    """Options of the executor that gives every step a process of its own."""

    max_concurrent: Count | None = Field(
        default=None, description="Processes at the same time; without it as many as the machine has processors."
    )
    start_method: dict[str, Any] | None = Field(
        default=None, description="`{spawn: {}}` or `{forkserver: {preload_modules: [...]}}`."
    )
    tag_concurrency_limits: list[dict[str, Any]] | None = Field(
        default=None, description="Limits for the steps that have a tag: `[{key: ..., value: ..., limit: 1}]`."
    )
    step_execution_mode: dict[str, Any] | str | None = Field(default=None, description="As in Dagster's executor.")


class ExecutorConfig(Section):
    """How the steps of a run are executed: exactly one of the eight kinds with its options."""

    in_process: InProcessOptions | None = Field(default=None, description="All steps in the run's own process.")
    multiprocess: MultiprocessOptions | None = Field(default=None, description="Each step in a process of its own.")
    dask_executor: dict[str, Any] | None = Field(default=None, description=f"Steps on a Dask cluster. {_FREE}")
    k8s_job_executor: dict[str, Any] | None = Field(default=None, description=f"Each step a Kubernetes job. {_FREE}")
    docker_executor: dict[str, Any] | None = Field(default=None, description=f"Each step in a container. {_FREE}")
    celery_executor: dict[str, Any] | None = Field(default=None, description=f"Steps on Celery workers. {_FREE}")
    celery_docker_executor: dict[str, Any] | None = Field(
        default=None, description=f"Steps in containers that Celery workers start. {_FREE}"
    )
    celery_k8s_job_executor: dict[str, Any] | None = Field(
        default=None, description=f"Steps as Kubernetes jobs that Celery workers start. {_FREE}"
    )

    @property
    def kind(self) -> str:
        """Which of the eight it is."""
        return next(name for name in EXECUTOR_KINDS if getattr(self, name) is not None)

    @property
    def options(self) -> dict[str, Any]:
        """The options as written, for Dagster's own schema."""
        value = getattr(self, self.kind)
        return value.model_dump(exclude_unset=True, exclude_none=True) if isinstance(value, Section) else dict(value)

    @model_validator(mode="before")
    @classmethod
    def _check_one_kind(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        chosen = [key for key in data if key in EXECUTOR_KINDS]
        if not chosen:
            all_findings(_unknown_kind(key) for key in data)
            hint = f"there is: {', '.join(EXECUTOR_KINDS)}"
            raise refuse("names no executor kind", hint=hint, at=("kind",), at_key=True, value=data)
        if len(chosen) > 1:
            message = f"two executor kinds in one entry: '{chosen[0]}' and '{chosen[1]}'"
            raise refuse(message, hint="keep one, or make two entries", at=(chosen[1],), at_key=True, value=data)
        return {key: {} if value is None and key in chosen else value for key, value in data.items()}

    @field_validator(
        "k8s_job_executor", "docker_executor", "celery_docker_executor", "celery_k8s_job_executor", mode="after"
    )
    @classmethod
    def _check_concurrency(cls, options: dict[str, Any] | None) -> dict[str, Any] | None:
        limit = (options or {}).get("max_concurrent")
        if isinstance(limit, int | float) and limit < 1:
            message = f"has to be at least 1, got {describe(limit)}"
            raise refuse(message, at=("max_concurrent",), value=limit)
        return options


EXECUTOR_KINDS = tuple(ExecutorConfig.model_fields)
"""The eight kinds."""

FLAT_KEYS_BY_KIND: Mapping[str, frozenset[str]] = {
    "in_process": frozenset({"retries"}),
    "multiprocess": frozenset({"retries", "max_concurrent"}),
    "dask_executor": frozenset({"cluster"}),
    "k8s_job_executor": (
        _K8S := frozenset(
            {
                *("retries", "max_concurrent", "job_namespace", "load_incluster_config", "kubeconfig_file"),
                *("step_k8s_config", "per_step_k8s_config", "image_pull_policy", "image_pull_secrets"),
                *("service_account_name", "env_config_maps", "env_secrets", "env_vars", "volume_mounts", "volumes"),
                *("labels", "resources", "scheduler_name", "security_context"),
            }
        )
    ),
    "docker_executor": (
        _DOCKER := frozenset(
            {
                *("retries", "max_concurrent", "image", "network", "networks", "registry"),
                *("env_vars", "container_kwargs"),
            }
        )
    ),
    "celery_executor": (_CELERY := frozenset({"broker", "backend", "include", "config_source", "retries"})),
    "celery_docker_executor": _CELERY | _DOCKER,
    "celery_k8s_job_executor": _CELERY | _K8S | {"job_wait_timeout"},
}
"""Option names by kind, in the order in which kedro-dagster tries them for options without a kind."""


def read_inline_executor(value: Mapping[str, Any]) -> ExecutorConfig:
    """An executor inside a job: a kind with its options, or, as kedro-dagster has it, the options alone.

    Args:
        value: `{multiprocess: {max_concurrent: 4}}` or `{max_concurrent: 4}`; the options alone mean the first
            kind that has all of them.
    """
    if any(key in EXECUTOR_KINDS for key in value):
        return ExecutorConfig.model_validate(value)
    for kind, keys in FLAT_KEYS_BY_KIND.items():
        if keys.issuperset(value) and (kind.startswith("celery") or not isinstance(value.get("retries"), int)):
            return ExecutorConfig.model_validate({kind: dict(value)})
    return ExecutorConfig.model_validate(value)


def _unknown_kind(key: Any) -> Any:
    message = f"unknown executor kind {quote(str(key))}"
    return finding(message, hint=did_you_mean(str(key), EXECUTOR_KINDS), at=(str(key),), at_key=True)


ExecutorChoice = Annotated[ExecutorConfig | str | None, name_or_inline(read_inline_executor, "an executor")]
"""The name of an executor, or its settings."""
