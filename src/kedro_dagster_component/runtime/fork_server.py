"""When and how the steps of a multiprocess run are forked from a process that has the project open already."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from kedro_dagster_component.compat.python import stop_fork_server
from kedro_dagster_component.manifest import ProjectRef

_WARM_MODULE = "kedro_dagster_component.runtime.warm"
_METHOD = "start_method"
WARM_VARIABLE = "KEDRO_DAGSTER_WARM"
"""Environment variable that names the file with the `WarmUp` of a fork server; without it there is nothing to do."""

PRELOADED = ("__main__", _WARM_MODULE)
"""Modules of the fork server. Every process that `multiprocessing` starts runs the main script of the first one once
more: of a command line with hundreds of modules (`dg`), that is most of what a step costs."""


@dataclass(frozen=True)
class WarmUp:
    """What a fork server has ready for the steps of one run.

    Attributes:
        job: The job as it can be loaded in another process, see `compat.dagster.portable_job`; None for none.
        ref: The one project of the run, which it opens; None opens none, since a process holds one project for its
            whole life.
        dataset_types: As the catalog names the classes of the datasets its nodes read and write.
        pipelines: Registered pipelines of the run; empty for all.
        is_job: Whether they are those of a job.
    """

    job: Any = None
    ref: ProjectRef | None = None
    dataset_types: tuple[str, ...] = ()
    pipelines: tuple[str, ...] = ()
    is_job: bool = False


def can_fork(executor_name: str, config: Mapping[str, Any]) -> bool:
    """Whether an executor starts processes on this machine and does not say itself how.

    Args:
        executor_name: Of the Dagster executor.
        config: Its configuration, defaults filled in.

    Returns:
        False for all but the multiprocess executors, and where forking is not safe (Windows, macOS).
    """
    if sys.platform != "linux" or "forkserver" not in multiprocessing.get_all_start_methods():
        return False
    options = config if executor_name == "multiprocess" else config.get("multiprocess")
    return isinstance(options, Mapping) and not options.get(_METHOD)


def forking_config(executor_name: str, config: Mapping[str, Any]) -> Mapping[str, Any]:
    """Configuration in which a multiprocess executor forks its steps from a server."""
    method = {"forkserver": {"preload_modules": list(PRELOADED)}}
    if executor_name == "multiprocess":
        return {**config, _METHOD: method}
    return {**config, "multiprocess": {**config["multiprocess"], _METHOD: method}}


@contextmanager
def fork_server(warm_up: WarmUp, *first: str) -> Iterator[str | None]:
    """A fork server for the steps that are started in the block; it ends with the block.

    Args:
        warm_up: What it has ready.
        *first: Modules it imports before anything else.

    Yields:
        What makes its forks differ from new processes, and unsafe: a fork has none of the threads of its parent. Then
        the server has ended already. None for nothing known.
    """
    with _file_of(warm_up) as file:
        os.environ[WARM_VARIABLE] = file
        try:
            risk = _risk_of_server((*first, *PRELOADED))
        finally:
            os.environ.pop(WARM_VARIABLE, None)
    try:
        if risk is not None:
            stop_fork_server()
        yield risk
    finally:
        stop_fork_server()


@contextmanager
def _file_of(warm_up: WarmUp) -> Iterator[str]:
    """A file that only this user can read: what it holds, a manifest among it, is too long for a variable."""
    with tempfile.TemporaryDirectory(prefix="kedro-dagster-") as folder:
        path = Path(folder) / "warm_up.pickle"
        path.write_bytes(pickle.dumps(warm_up))
        yield str(path)


def _risk_of_server(modules: tuple[str, ...]) -> str | None:
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
