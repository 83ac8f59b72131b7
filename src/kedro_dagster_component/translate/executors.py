"""Executors of `dagster.yml`, each wrapped so that a run's Kedro sessions open and close with the run."""

from __future__ import annotations

import contextlib
import functools
import importlib
import json
from collections.abc import Callable, Iterable, Mapping
from importlib import metadata
from typing import Any

import dagster as dg

from kedro_dagster_component.compat.dagster import plain_schema, refused_options, requirements_of
from kedro_dagster_component.config.check_executors import is_installed
from kedro_dagster_component.config.executor_options import Schema, bundled_versions
from kedro_dagster_component.config.executors import EXECUTOR_PACKAGES, ExecutorConfig


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


def installed_schemas(kinds: Iterable[str]) -> Mapping[str, Schema]:
    """What executors take that are installed in another version than the bundled schemas were made from.

    Args:
        kinds: To look at; of the others nothing is imported.

    Returns:
        By kind; without those whose package cannot be imported.
    """
    schemas = {}
    for kind in EXECUTOR_PACKAGES.keys() & kinds:
        name = EXECUTOR_PACKAGES[kind].distribution
        if is_installed(kind) and metadata.version(name) != bundled_versions()[name]:
            with contextlib.suppress(ExecutorError):
                schemas[kind] = plain_schema(_definition(kind))
    return schemas


def _definition(kind: str) -> dg.ExecutorDefinition:
    """The executor as its package has it.

    Raises:
        ExecutorError: The package cannot be imported.
    """
    package = EXECUTOR_PACKAGES[kind]
    try:
        definition: dg.ExecutorDefinition = getattr(importlib.import_module(package.module), package.name)
    except ImportError as error:
        raise ExecutorError(
            f"executor kind '{kind}' needs the package {package.distribution}: {error}; "
            f"install it with: pip install 'kedro-dagster-component[{package.extra}]'"
        ) from error
    return definition


@functools.cache
def _built(kind: str, options_json: str) -> dg.ExecutorDefinition:
    definition = _definition(kind)
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

    def create(context: dg.InitExecutorContext) -> dg.Executor:
        return _executor_of_run(inner.name, create_inner, context)

    return dg.ExecutorDefinition(
        name=inner.name,
        config_schema=inner.config_schema,  # type: ignore[arg-type]  # what `copy_for_configured` passes on too
        requirements=requirements_of(inner),
        executor_creation_fn=create,
        description=inner.description,
    )


def _executor_of_run(
    name: str, create_inner: Callable[[dg.InitExecutorContext], dg.Executor], context: dg.InitExecutorContext
) -> dg.Executor:
    # Only a run needs the runtime.
    from kedro_dagster_component.runtime.executor import KedroExecutor
    from kedro_dagster_component.runtime.fork_server import can_fork, forking_config

    if not can_fork(name, context.executor_config):
        return KedroExecutor(create_inner(context))
    forking = forking_config(name, context.executor_config)
    return KedroExecutor(create_inner(context), create_inner(context._replace(executor_config=forking)))
