"""When and how the steps of a multiprocess run are forked from a process that has the project open already."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

from kedro_dagster_component.compat.python import stop_fork_server
from kedro_dagster_component.manifest import ProjectRef

_WARM_MODULE = "kedro_dagster_component.runtime.warm"
_METHOD = "start_method"
WARM_VARIABLE = "KEDRO_DAGSTER_WARM"
"""Environment variable that holds the project a fork server opens, as JSON; without it there is nothing to do."""


def preloaded_modules(executor_name: str, config: Mapping[str, Any], job_module: str | None) -> tuple[str, ...]:
    """Modules of the fork server of a multiprocess executor that does not say itself how it starts its steps.

    Args:
        executor_name: Of the Dagster executor.
        config: Its configuration, defaults filled in.
        job_module: Module the job is loaded from; None where it is loaded from a file.

    Returns:
        None of them for any other executor, and where forking is not safe (Windows, macOS).
    """
    if sys.platform != "linux" or "forkserver" not in multiprocessing.get_all_start_methods():
        return ()
    options = config if executor_name == "multiprocess" else config.get("multiprocess")
    if not isinstance(options, Mapping) or options.get(_METHOD):
        return ()
    return (*([job_module] if job_module else []), _WARM_MODULE)


def forking_config(executor_name: str, config: Mapping[str, Any], modules: Sequence[str]) -> Mapping[str, Any]:
    """Configuration in which a multiprocess executor forks its steps from a server with some modules."""
    method = {"forkserver": {"preload_modules": list(modules)}}
    if executor_name == "multiprocess":
        return {**config, _METHOD: method}
    return {**config, "multiprocess": {**config["multiprocess"], _METHOD: method}}


@contextmanager
def fork_server(ref: ProjectRef | None, modules: Sequence[str]) -> Iterator[str | None]:
    """A fork server for the steps that are started in the block; it ends with the block.

    Args:
        ref: The one project of the run, which it opens; None opens none, since a process holds one project for its
            whole life.
        modules: What it imports, `preloaded_modules`; none of them starts no server.

    Yields:
        What makes its forks differ from new processes, and unsafe: a fork has none of the threads of its parent. Then
        the server has ended already. None for nothing known.
    """
    if not modules:
        yield None
        return
    if ref is not None:
        os.environ[WARM_VARIABLE] = ref.model_dump_json()
    try:
        risk = _risk_of_server(modules)
    finally:
        os.environ.pop(WARM_VARIABLE, None)
    try:
        if risk is not None:
            stop_fork_server()
        yield risk
    finally:
        stop_fork_server()


def _risk_of_server(modules: Sequence[str]) -> str | None:
    """Start a server and ask the first of its forks, which is there once everything is imported."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(modules))
    receiver, sender = context.Pipe(duplex=False)
    probe = context.Process(target=_tell_risk, args=(sender,), daemon=True)
    try:
        probe.start()
        sender.close()
        risk: str | None = receiver.recv()
    except (EOFError, OSError):  # a module that raises ends the server
        return "a process that has the code location imported cannot be had"
    finally:
        receiver.close()
    probe.join()
    return risk


def _tell_risk(sender: Connection) -> None:
    warm = sys.modules.get(_WARM_MODULE)
    sender.send(warm.risk if warm is not None else f"{_WARM_MODULE} cannot be imported")
