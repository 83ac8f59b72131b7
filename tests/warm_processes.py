"""Processes of scripts that begin with Dagster imported: half of what a test of runs or of `dg` would cost.

They are forked from a process that has imported what every load of definitions imports, and libraries that take long or that
Kedro imports, but not Kedro itself. Most tests in `e2e`, and those that stop or kill what they start, begin with an interpreter
of their own.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

_MODULES = (
    *("dagster", "dagster.components", "dagster._cli.job", "dagster_dg_cli.cli", "kedro_dagster_component.component"),
    *("pandas", "pyarrow.parquet", "mlflow"),  # Kedro's datasets import these, its plugin the other
    # and Kedro itself these
    *("attrs", "dynaconf", "fsspec", "omegaconf", "pluggy", "rich.console", "rich.logging", "rich.traceback"),
    *("alembic.command", "dagster._core.storage.event_log", "sqlalchemy.dialects.sqlite"),  # Dagster only when it runs
)
_LONGEST_REQUEST = 200_000
_POLL_SECONDS = 0.05


class WarmProcesses:
    """The process that others are forked from; it starts with the first one, and ends with this one."""

    def __init__(self) -> None:
        """Start nothing so far."""
        self._lock = threading.Lock()
        self._channel: socket.socket | None = None
        self._server: subprocess.Popen[bytes] | None = None

    def run(
        self, script: Path, *arguments: str, cwd: Path, env: Mapping[str, str], timeout: float
    ) -> subprocess.CompletedProcess[str]:
        """As `subprocess.run([sys.executable, script, *arguments])`.

        Args:
            script: A Python file.
            *arguments: Of the script.
            cwd: Its working directory.
            env: All of its environment variables.
            timeout: In seconds; the process and what it has started is killed then.

        Returns:
            Its exit code, and what it printed.

        Raises:
            subprocess.TimeoutExpired: It did not end in time.
        """
        with tempfile.TemporaryDirectory() as folder:
            outputs = [Path(folder) / name for name in ("stdout", "stderr")]
            request = {"argv": [str(script), *arguments], "cwd": str(cwd), "env": dict(env)}
            code = self._ask({**request, "outputs": list(map(str, outputs))}, timeout)
            texts = [output.read_text(encoding="utf-8", errors="replace") for output in outputs]
        return subprocess.CompletedProcess(request["argv"], code, *texts)

    def _ask(self, request: Mapping[str, Any], timeout: float) -> int:
        ours, theirs = socket.socketpair()
        with ours:
            with theirs, self._lock:
                self._channel = self._channel or self._start()
                socket.send_fds(self._channel, [json.dumps(request).encode()], [theirs.fileno()])
            ours.settimeout(timeout)
            with ours.makefile() as answers:
                process = int(answers.readline())
                try:
                    return int(answers.readline())
                except TimeoutError as error:
                    os.killpg(process, signal.SIGKILL)
                    raise subprocess.TimeoutExpired(request["argv"], timeout) from error

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            descriptor = theirs.fileno()
            command = [sys.executable, __file__, str(descriptor)]
            self._server = subprocess.Popen(command, pass_fds=[descriptor], stdin=subprocess.DEVNULL)
        atexit.register(self._stop)
        return ours

    def _stop(self) -> None:
        if self._channel is not None and self._server is not None:
            self._channel.close()
            self._server.wait(timeout=10)


warm_processes = WarmProcesses()
"""Those of this process."""


def _serve(channel: socket.socket) -> None:
    """Fork a process for each request until the other side is gone."""
    del sys.path[0]  # the folder of this file
    gc.disable()
    for name in _MODULES:
        with suppress(ImportError):  # not all are in every environment
            import_module(name)
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them: the end of a connection tells
    while True:
        message, descriptors, _, _ = socket.recv_fds(channel, _LONGEST_REQUEST, 1)
        if not message:
            return
        if os.fork() == 0:
            channel.close()
            with socket.socket(fileno=descriptors[0]) as connection:
                _supervise(json.loads(message), connection)
        os.close(descriptors[0])


def _supervise(request: Mapping[str, Any], connection: socket.socket) -> NoReturn:
    """Fork the process that was asked for, and tell how it ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    process = os.fork()
    if process == 0:
        connection.close()
        _be(request)
    connection.sendall(f"{os.getpid()}\n".encode())
    ended = 0
    while not ended:
        if select.select([connection], [], [], _POLL_SECONDS)[0]:  # who asked is gone
            os.killpg(0, signal.SIGKILL)
        ended, status = os.waitpid(process, os.WNOHANG)
    connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def _be(request: Mapping[str, Any]) -> NoReturn:
    gc.enable()
    for stream, name in zip((1, 2), request["outputs"], strict=True):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), stream)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.argv = request["argv"]
    paths = request["env"].get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:0] = [str(Path(sys.argv[0]).parent), *filter(None, paths)]
    runpy.run_path(sys.argv[0], run_name="__main__")
    sys.exit(0)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
