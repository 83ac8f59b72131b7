"""When and how the steps of a multiprocess run are forked from a process that has the project open already."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from kedro_dagster_component.compat.python import main_script, stop_fork_server
from kedro_dagster_component.manifest import ProjectRef

_WARM_MODULE = "kedro_dagster_component.runtime.warm"
_METHOD = "start_method"
WARM_VARIABLE = "KEDRO_DAGSTER_WARM"
"""Environment variable that names the file with the `WarmUp` of a fork server; without it there is nothing to do."""

PRELOADED = (_WARM_MODULE,)
"""Modules of the fork server."""


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
        main: The main script of the run's process, see `compat.python.main_script`.
    """

    job: Any = None
    ref: ProjectRef | None = None
    dataset_types: tuple[str, ...] = ()
    pipelines: tuple[str, ...] = ()
    is_job: bool = False
    main: Mapping[str, Any] = field(default_factory=main_script)


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
def fork_server(warm_up: WarmUp) -> Iterator[Callable[[], str | None]]:
    """A fork server for the steps that are started in the block; it ends with the block.

    It imports what it has to while the block goes on, until that asks for it.

    Args:
        warm_up: What it has ready.

    Yields:
        Waits for the server. What makes its forks differ from new processes, and unsafe: a fork has none of the threads of
        its parent. Then the server has ended already. None for nothing known.
    """
    with _file_of(warm_up) as file:

        def ready() -> str | None:
            # New processes have the variables that hooks have set since, and what they import may ask for them.
            if _environment() != environment:
                stop_fork_server(at_once=True)
                _start_server(file)
            risk = _risk_of_server()
            if risk is not None:
                stop_fork_server()
            return risk

        environment = _start_server(file)
        try:
            yield ready
        finally:
            stop_fork_server()


@contextmanager
def _file_of(warm_up: WarmUp) -> Iterator[str]:
    """A file that only this user can read: what it holds, a manifest among it, is too long for a variable."""
    with tempfile.TemporaryDirectory(prefix="kedro-dagster-") as folder:
        path = Path(folder) / "warm_up.pickle"
        path.write_bytes(pickle.dumps(warm_up))
        yield str(path)


def _start_server(file: str) -> Mapping[str, str]:
    """Start a server, and do not wait for it; the environment variables it has."""
    from multiprocessing import forkserver  # not on every platform

    environment = _environment()
    os.environ[WARM_VARIABLE] = file
    try:
        forkserver.set_forkserver_preload(list(PRELOADED))
        forkserver.ensure_running()
    finally:
        os.environ.pop(WARM_VARIABLE, None)
    return environment


def _environment() -> Mapping[str, str]:
    """Variables of this process, but for the one that Kedro sets when it opens the project, as it does in the server."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def _risk_of_server() -> str | None:
    """Ask the first fork of the server, which is there once everything is imported."""
    context = multiprocessing.get_context("forkserver")
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
