"""Steps of a second Kedro project, run in a child process that belongs to that project.

The child is started with the first step and lives for the process, so that in-memory datasets of one run stay
alive between its steps. Parent and child talk over a local socket (a named pipe on Windows) with a key made for
them alone; the child ends when the parent closes it or dies.
"""

from __future__ import annotations

import os
import pickle
import secrets
import subprocess
import sys
import threading
from collections.abc import Mapping
from multiprocessing.connection import Connection, Listener
from typing import Any

from kedro_dagster_component.errors import ForeignProcessError
from kedro_dagster_component.manifest import ProjectRef
from kedro_dagster_component.runtime.logs import LogSink
from kedro_dagster_component.runtime.messages import (
    HookRequest,
    LoadRequest,
    SessionRequest,
    StepRequest,
    StepResult,
)

_ADDRESS, _KEY = "KEDRO_DAGSTER_WORKER_ADDRESS", "KEDRO_DAGSTER_WORKER_KEY"


class ForeignHost:
    """A child process for the steps of one Kedro project."""

    def __init__(self, ref: ProjectRef, environment: Mapping[str, str]) -> None:
        """Prepare a host; the child is started by its first call.

        Args:
            ref: The project.
            environment: Environment variables the child starts from, without traces of another project.
        """
        self._ref, self._environment = ref, environment
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        self._lock = threading.Lock()

    def missing_memory(self, request: SessionRequest, names: tuple[str, ...], sink: LogSink) -> tuple[str, ...]:
        """See `KedroHost`."""
        missing: tuple[str, ...] = self._call("missing_memory", (request, names), sink)
        return missing

    def run_step(self, request: StepRequest, sink: LogSink) -> StepResult:
        """See `KedroHost`."""
        result: StepResult = self._call("run_step", (request,), sink)
        return result

    def load(self, request: LoadRequest, sink: LogSink) -> Any:
        """See `KedroHost`."""
        return self._call("load", (request,), sink)

    def fire(self, request: HookRequest, sink: LogSink) -> None:
        """See `KedroHost`."""
        self._call("fire", (request,), sink)

    def close_run(self, run_id: str) -> None:
        """See `KedroHost`."""
        if self._process is not None:
            self._call("close_run", (run_id,), lambda _line: None)

    def stop(self) -> None:
        """End the child, if there is one."""
        connection, process = self._connection, self._process
        self._connection = self._process = None
        if connection is not None:
            connection.close()
        if process is not None:
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _call(self, method: str, arguments: tuple[Any, ...], sink: LogSink) -> Any:
        """Send one request and hand on what comes back: log lines, then an answer or an error."""
        with self._lock:
            connection = self._connected()
            try:
                connection.send((method, arguments))
                while True:
                    kind, value = pickle.loads(connection.recv_bytes())  # noqa: S301  (our own child, keyed)
                    if kind != "log":
                        break
                    sink(value)
            except (EOFError, ConnectionError, BrokenPipeError) as error:
                raise self._lost() from error
            except BaseException as error:
                if not isinstance(error, Exception):  # the run is being cancelled: so is the child
                    self.stop()
                raise
        if kind == "error":
            raise value
        return value

    def _connected(self) -> Connection:
        if self._connection is None:
            key = secrets.token_bytes(32)
            with Listener(authkey=key) as listener:
                self._process = self._start(listener.address, key)
                self._connection = _accept(listener, self._process)
            self._connection.send(self._ref)
        return self._connection

    def _start(self, address: Any, key: bytes) -> subprocess.Popen[bytes]:
        environment = {**self._environment, _ADDRESS: str(address), _KEY: key.hex()}
        return subprocess.Popen(
            [sys.executable, "-m", "kedro_dagster_component.runtime.worker"],
            env=environment,
            stdin=subprocess.DEVNULL,
        )

    def _lost(self) -> ForeignProcessError:
        process = self._process
        code = process.wait() if process is not None else None
        self._connection = self._process = None
        reason = f"was killed by signal {-code}" if code is not None and code < 0 else f"ended with exit code {code}"
        return ForeignProcessError(
            f"The process that runs the steps of {self._ref.project_path} {reason} before the step was done"
        )


def _accept(listener: Listener, process: subprocess.Popen[bytes]) -> Connection:
    """Wait for the child's connection, but not for a child that has died."""
    accepted: list[Connection] = []
    failed: list[Exception] = []

    def wait() -> None:
        try:
            accepted.append(listener.accept())
        except Exception as error:  # noqa: BLE001  (handed to the waiting thread)
            failed.append(error)

    waiter = threading.Thread(target=wait, daemon=True)
    waiter.start()
    while waiter.is_alive():
        waiter.join(timeout=0.2)
        if process.poll() is not None and waiter.is_alive():
            raise ForeignProcessError(
                f"The process for another Kedro project's steps ended with code {process.returncode}"
            )
    if failed:
        raise ForeignProcessError("The process for another Kedro project's steps did not answer") from failed[0]
    return accepted[0]


def connect_to_parent() -> Connection:
    """The child's side of the connection; takes address and key out of the environment."""
    from multiprocessing.connection import Client

    return Client(os.environ.pop(_ADDRESS), authkey=bytes.fromhex(os.environ.pop(_KEY)))
