"""Steps of a second Kedro project, run in a child process that belongs to that project.

The child is started with the first step and lives for the process, so that in-memory datasets of one run stay
alive between its steps. Parent and child talk over a local socket (a named pipe on Windows) with a key made for
them alone; the child ends when the parent closes it or dies.
"""

from __future__ import annotations

import functools
import io
import os
import pickle
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from multiprocessing.connection import Connection, Listener
from typing import Any

from kedro_dagster_component.errors import ForeignProcessError, MemoryDatasetError
from kedro_dagster_component.manifest import NodeEntry, ProjectRef
from kedro_dagster_component.runtime.checked import CheckedData
from kedro_dagster_component.runtime.logs import LogSink
from kedro_dagster_component.runtime.messages import (
    CheckRequest,
    HookRequest,
    LoadRequest,
    MemoryRef,
    MlflowRun,
    SessionRequest,
    StepRequest,
    StepResult,
)

_ADDRESS, _KEY = "KEDRO_DAGSTER_WORKER_ADDRESS", "KEDRO_DAGSTER_WORKER_KEY"
_PATIENCE_SECONDS = 5

LOG_MARK = b"log:"
"""First bytes of a message that is a log line; no pickle starts so."""


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

    def missing_memory(
        self, request: SessionRequest, wanted: tuple[MemoryRef, ...], sink: LogSink
    ) -> tuple[MemoryRef, ...]:
        """See `KedroHost`."""
        missing: tuple[MemoryRef, ...] = self._call("missing_memory", (request, wanted), sink)
        return missing

    def run_step(self, request: StepRequest, sink: LogSink) -> StepResult:
        """See `KedroHost`."""
        result: StepResult = self._call("run_step", (request,), sink)
        return result

    def node_done(self, request: SessionRequest, node: NodeEntry, sink: LogSink) -> None:
        """See `KedroHost`."""
        self._call("node_done", (request, node), sink)

    def load(self, request: LoadRequest, sink: LogSink) -> Any:
        """See `KedroHost`."""
        return self._call("load", (request,), sink)

    def check(self, request: CheckRequest, sink: LogSink) -> CheckedData:
        """See `KedroHost`."""
        checked: CheckedData = self._call("check", (request,), sink)
        return checked

    def fire(self, request: HookRequest, sink: LogSink) -> MlflowRun | None:
        """See `KedroHost`."""
        run: MlflowRun | None = self._call("fire", (request,), sink)
        return run

    def mlflow_run(self, request: SessionRequest, instead: str | None, sink: LogSink) -> MlflowRun | None:
        """See `KedroHost`."""
        run: MlflowRun | None = self._call("mlflow_run", (request, instead), sink)
        return run

    def close_run(self, run_id: str) -> None:
        """See `KedroHost`."""
        if self._process is not None:
            self._call("close_run", (run_id,), lambda _line: None)

    def stop(self, *, interrupting: bool = False) -> None:
        """End the child, if there is one.

        Args:
            interrupting: Whether it may be in the middle of a node, which then ends as by Ctrl-C.
        """
        connection, process = self._connection, self._process
        self._connection = self._process = None
        if connection is not None:
            connection.close()
        if process is not None:
            if interrupting and process.poll() is None:
                process.send_signal(signal.SIGTERM if sys.platform == "win32" else signal.SIGINT)
            _end(process)

    def _call(self, method: str, arguments: tuple[Any, ...], sink: LogSink) -> Any:
        """Send one request and hand on what comes back: log lines, then an answer or an error."""
        message = pickle.dumps((method, arguments))
        with self._lock:
            connection = self._connected()
            try:
                connection.send_bytes(message)
                answer = connection.recv_bytes()
                while answer.startswith(LOG_MARK):
                    sink(pickle.loads(answer[len(LOG_MARK) :]))  # noqa: S301  (our own child, keyed)
                    answer = connection.recv_bytes()
            except (EOFError, ConnectionError) as error:
                raise self._lost() from error
            except BaseException:  # the run is being cancelled, or its log is broken: nobody takes the answer
                self.stop(interrupting=True)
                raise
        kind, value = self._understood(answer)
        if kind == "error":
            raise value
        return value

    def _understood(self, answer: bytes) -> tuple[str, Any]:
        """What the child answered.

        Raises:
            MemoryDatasetError: The answer holds objects of classes that only the child can import.
        """
        try:
            kind, value = _read_answer(answer)
        except Exception as error:
            raise MemoryDatasetError(
                f"Data of the Kedro project at {self._ref.project_path} cannot be read outside of its own process: "
                f"{type(error).__name__}: {error}. Ways out: take it in a Kedro node of that project, add it to the "
                "catalog, or install the package that holds its class."
            ) from error
        return kind, value

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
            stdin=subprocess.PIPE,  # held open and never written to: the child ends when it closes
        )

    def _lost(self) -> ForeignProcessError:
        process = self._process
        code = _end(process) if process is not None else None
        self._connection = self._process = None
        reason = f"was killed by signal {-code}" if code is not None and code < 0 else f"ended with exit code {code}"
        return ForeignProcessError(
            f"The process that runs the steps of {self._ref.project_path} {reason} before the step was done"
        )


def pickled_answer(kind: str, value: Any) -> bytes:
    """An answer as the child sends it: where it has its modules from, then the answer itself."""
    return pickle.dumps(_origins()) + pickle.dumps((kind, value))


def _read_answer(answer: bytes) -> tuple[str, Any]:
    stream = io.BytesIO(answer)
    origins = pickle.load(stream)  # noqa: S301  (our own child, keyed)
    kind, value = _Reader(stream, origins).load()
    return kind, value


class _Reader(pickle.Unpickler):
    """Reads what another process pickled, and refuses classes that have the same name here but are others."""

    def __init__(self, stream: io.BytesIO, origins: Mapping[str, str]) -> None:
        super().__init__(stream)
        self._theirs = origins
        self._ours: Mapping[str, str] = {}

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        found = super().find_class(module_name, global_name)
        if module_name not in self._ours:
            self._ours = _origins()
        ours, theirs = self._ours.get(module_name), self._theirs.get(module_name)
        if ours != theirs:
            raise pickle.UnpicklingError(
                f"it holds {module_name}.{global_name} of {theirs or 'an installed package'}, and '{module_name}' is "
                f"{ours or 'an installed package'} in this process"
            )
        return found


def _origins() -> dict[str, str]:
    """Files of the imported modules that belong to no installation, by module name."""
    installed = tuple(f"{one}{os.sep}" for prefix in (sys.prefix, sys.base_prefix) for one in (prefix, _real(prefix)))
    files = {name: getattr(module, "__file__", None) for name, module in list(sys.modules.items())}
    own = {name: _real(file) for name, file in files.items() if file and not file.startswith(installed)}
    return {name: file for name, file in own.items() if name != "__main__" and not file.startswith(installed)}


_real = functools.cache(os.path.realpath)


def _end(process: subprocess.Popen[bytes]) -> int:
    """Wait for a child that was told to end, or end it; its exit code."""
    try:
        process.wait(timeout=_PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
    if process.stdin is not None:
        process.stdin.close()
    return process.wait()


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
