"""Executors of `dagster.yml`, each wrapped so that a run's Kedro sessions open and close with the run."""

from __future__ import annotations

import functools
import importlib
import json
from collections.abc import Mapping
from typing import Any

import dagster as dg

from kedro_dagster_component.compat.dagster import refused_options, requirements_of
from kedro_dagster_component.config.executors import ExecutorConfig
from kedro_dagster_component.runtime.executor import KedroExecutor
from kedro_dagster_component.runtime.fork_server import warmed_config

_MODULES: Mapping[str, tuple[str, str, str]] = {
    "in_process": ("dagster", "in_process_executor", "dagster"),
    "multiprocess": ("dagster", "multiprocess_executor", "dagster"),
    "dask_executor": ("dagster_dask", "dask_executor", "dask"),
    "k8s_job_executor": ("dagster_k8s", "k8s_job_executor", "k8s"),
    "docker_executor": ("dagster_docker", "docker_executor", "docker"),
    "celery_executor": ("dagster_celery", "celery_executor", "celery"),
    "celery_docker_executor": ("dagster_celery_docker", "celery_docker_executor", "celery-docker"),
    "celery_k8s_job_executor": ("dagster_celery_k8s", "celery_k8s_job_executor", "celery-k8s"),
}
"""Module, name and the extra of this package that installs it, by executor kind."""


class ExecutorError(Exception):
    """An executor that cannot be built; the message says why and what to do."""


def with_kedro_hooks(executor: dg.ExecutorDefinition) -> dg.ExecutorDefinition:
    """Wrap an executor of your own, so that Kedro sessions end with the run they belong to.

    Use it where the code location has an executor (`executor: null` in the component's YAML):

    ```python
    defs = dg.Definitions(executor=with_kedro_hooks(dg.multiprocess_executor))
    ```

    Args:
        executor: Any executor definition; it keeps its name, its configuration and its requirements.

    Returns:
        The same object for the same argument.
    """
    return _wrapped(executor)


def default_executor() -> dg.ExecutorDefinition:
    """Dagster's own default (several processes, unless the launch says `in_process`), wrapped."""
    return _wrapped(dg.multi_or_in_process_executor)


def build_executor(config: ExecutorConfig) -> dg.ExecutorDefinition:
    """The executor of an entry of `dagster.yml`, wrapped.

    Returns:
        The same object for equal entries: Dagster refuses two executors in one code location.

    Raises:
        ExecutorError: Its package is not installed, or Dagster refuses its options.
    """
    return _built(config.kind, json.dumps(config.options, sort_keys=True, default=str))


@functools.cache
def _built(kind: str, options_json: str) -> dg.ExecutorDefinition:
    module, name, extra = _MODULES[kind]
    try:
        definition: dg.ExecutorDefinition = getattr(importlib.import_module(module), name)
    except ImportError as error:
        raise ExecutorError(
            f"executor kind '{kind}' needs the package {module.replace('_', '-')}; "
            f"install it with: pip install 'kedro-dagster-component[{extra}]'"
        ) from error
    options: dict[str, Any] = json.loads(options_json)
    refused = refused_options(definition, options)
    if refused:
        raise ExecutorError(f"Dagster refuses the options of executor kind '{kind}': {'; '.join(refused)}")
    configured = definition.configured(options) if options else definition
    return _wrapped(configured)


@functools.cache
def _wrapped(inner: dg.ExecutorDefinition) -> dg.ExecutorDefinition:
    create_inner = inner.executor_creation_fn
    if create_inner is None:
        raise ExecutorError(f"executor '{inner.name}' makes no executor")

    def create(context: dg.InitExecutorContext) -> KedroExecutor:
        module = getattr(context.job, "get_module", lambda: None)()
        config = warmed_config(inner.name, context.executor_config, module)
        return KedroExecutor(create_inner(context._replace(executor_config=config)))

    return dg.ExecutorDefinition(
        name=inner.name,
        config_schema=inner.config_schema,  # type: ignore[arg-type]  # what `copy_for_configured` passes on too
        requirements=requirements_of(inner),
        executor_creation_fn=create,
        description=inner.description,
    )
