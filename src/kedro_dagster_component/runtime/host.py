"""Which process runs the steps of which Kedro project.

A Kedro project fills its process: settings, pipelines, resolvers and same-named modules are process-wide. So
the first project a process meets is run in it, for the life of the process; steps of any other project, or of
the same one in another environment, go to a child process of their own.
"""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from kedro_dagster_component.manifest import ProjectRef
from kedro_dagster_component.runtime.foreign import ForeignHost
from kedro_dagster_component.runtime.logs import LogSink, open_log_bridge
from kedro_dagster_component.runtime.messages import LoadRequest, SessionRequest, StepRequest, StepResult
from kedro_dagster_component.runtime.project import inside_project, open_project

ProjectKey = tuple[str, str | None, str | None, str | None]


class KedroHost(Protocol):
    """A place where steps of one Kedro project run."""

    def missing_memory(self, request: SessionRequest, names: tuple[str, ...], sink: LogSink) -> tuple[str, ...]:
        """Those of some in-memory datasets of a run that hold no data there."""

    def run_step(self, request: StepRequest, sink: LogSink) -> StepResult:
        """Run one node; log records go to `sink` while it runs."""

    def load(self, request: LoadRequest, sink: LogSink) -> Any:
        """Load one dataset."""

    def close_run(self, run_id: str) -> None:
        """Forget everything of a Dagster run."""


class LocalHost:
    """This process."""

    def __init__(self, ref: ProjectRef) -> None:
        self._ref = ref
        self._sessions: dict[tuple[str, str], Any] = {}
        self._is_open = False
        self._lock = threading.RLock()

    def missing_memory(self, request: SessionRequest, names: tuple[str, ...], sink: LogSink) -> tuple[str, ...]:
        """See `KedroHost`."""
        with self._lock, self._inside(sink):
            missing: tuple[str, ...] = self._session(request).missing_memory(names)
            return missing

    def run_step(self, request: StepRequest, sink: LogSink) -> StepResult:
        """See `KedroHost`."""
        with self._lock, self._inside(sink):
            result: StepResult = self._session(request.session).run_step(request)
            return result

    def load(self, request: LoadRequest, sink: LogSink) -> Any:
        """See `KedroHost`."""
        with self._lock, self._inside(sink):
            return self._session(request.session).load(request)

    def close_run(self, run_id: str) -> None:
        """See `KedroHost`."""
        with self._lock:
            for identity in [identity for identity in self._sessions if identity[0] == run_id]:
                self._sessions.pop(identity).close()

    def _session(self, request: SessionRequest) -> Any:
        from kedro_dagster_component.runtime.session import KedroRunSession

        if request.identity not in self._sessions:
            self._sessions[request.identity] = KedroRunSession(request)
        return self._sessions[request.identity]

    @contextmanager
    def _inside(self, sink: LogSink) -> Iterator[None]:
        """The project's surroundings and the log bridge; the project is opened the first time."""
        with inside_project(self._ref):
            if not self._is_open:
                open_project(self._ref)
                self._is_open = True
            with open_log_bridge(sink):
                yield


class Hosts:
    """The hosts of one process, by project.

    Attributes:
        environment: The process's environment variables before any Kedro project was opened: what a child
            process starts from.
    """

    def __init__(self) -> None:
        self.environment: Mapping[str, str] = dict(os.environ)
        self._hosts: dict[ProjectKey, KedroHost] = {}
        self._lock = threading.Lock()

    def get(self, ref: ProjectRef) -> KedroHost:
        """The host of a project: this process for the first one asked for, a child for every other."""
        key = (ref.project_path, ref.package_name, ref.conf_source, ref.env)
        with self._lock:
            if key not in self._hosts:
                self._hosts[key] = self._new(ref)
            return self._hosts[key]

    def close_run(self, run_id: str) -> None:
        """Forget everything of a Dagster run, in this process and in its children."""
        for host in list(self._hosts.values()):
            host.close_run(run_id)

    def _new(self, ref: ProjectRef) -> KedroHost:
        if not self._hosts:
            self.environment = dict(os.environ)
            return LocalHost(ref)
        host = ForeignHost(ref, self.environment)
        atexit.register(host.stop)
        return host


hosts = Hosts()
"""The one table of this process."""
