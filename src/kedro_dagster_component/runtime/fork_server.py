"""When and how the steps of a multiprocess run are forked from a process that has the project open already."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from kedro_dagster_component.compat.python import stop_fork_server
from kedro_dagster_component.manifest import ProjectRef

_WARM_MODULE = "kedro_dagster_component.runtime.warm"
WARM_VARIABLE = "KEDRO_DAGSTER_WARM"
"""Environment variable that holds the project to open, as JSON; without it there is nothing to do."""
_METHOD = "start_method"


def warmed_config(executor_name: str, config: Mapping[str, Any], job_module: str | None) -> Mapping[str, Any]:
    """Executor configuration in which a multiprocess executor forks its steps, unless it says itself how it starts them.

    Args:
        executor_name: Of the Dagster executor.
        config: Its configuration, defaults filled in.
        job_module: Module the job is loaded from; None where it is loaded from a file.

    Returns:
        The same configuration for any other executor, and where forking is not safe (Windows, macOS).
    """
    if sys.platform != "linux" or "forkserver" not in multiprocessing.get_all_start_methods():
        return config
    modules = [*([job_module] if job_module else []), _WARM_MODULE]
    method = {"forkserver": {"preload_modules": modules}}
    if executor_name == "multiprocess":
        return config if config.get(_METHOD) else {**config, _METHOD: method}
    inner = config.get("multiprocess")
    if not isinstance(inner, Mapping) or inner.get(_METHOD):
        return config
    return {**config, "multiprocess": {**inner, _METHOD: method}}


@contextmanager
def warm_project(ref: ProjectRef | None) -> Iterator[None]:
    """Let a fork server that is started in the block open a project; it ends with the block.

    Args:
        ref: The one project of the run; None opens none, since a process holds one project for its whole life.
    """
    if ref is not None:
        os.environ[WARM_VARIABLE] = ref.model_dump_json()
    try:
        yield
    finally:
        os.environ.pop(WARM_VARIABLE, None)
        stop_fork_server()
