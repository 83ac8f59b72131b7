"""Which process runs the steps of which Kedro project.

A Kedro project fills its process: settings, pipelines, resolvers and same-named modules are process-wide. So
the first project a process meets is run in it, for the life of the process; steps of any other project, or of
the same one in another environment, go to a child process of their own.
"""

from __future__ import annotations

import atexit
import logging
import multiprocessing
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from kedro_dagster_component.compat.python import end_like_a_program
from kedro_dagster_component.manifest import NodeEntry, ProjectRef
from kedro_dagster_component.runtime.checked import CheckedData
from kedro_dagster_component.runtime.foreign import ForeignHost
from kedro_dagster_component.runtime.fork_server import WarmUp
from kedro_dagster_component.runtime.job_loggers import build_handlers, close_handlers
from kedro_dagster_component.runtime.logs import LogSink, open_log_bridge, without_lines
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
from kedro_dagster_component.runtime.project import inside_project, open_project
from kedro_dagster_component.runtime.record_tap import WARNINGS

if TYPE_CHECKING:
    from kedro_dagster_component.runtime.session import KedroRunSession

_SAID_BY_EACH_SESSION = {
    WARNINGS: "register_new_resolver() is deprecated",  # of OmegaConf to Kedro, for each config loader
    "kedro.validation.type_extractor": "Could not extract type hints",  # of each partial function
    "kedro.validation.parameter_validator": "No typed parameter requirements found",
}
"""What the making of a session says of the project; the session of the run's own process has it in the log already."""

ProjectKey = tuple[str, str | None, str | None, str | None]


class KedroHost(Protocol):
    """A place where steps of one Kedro project run."""

    def missing_memory(
        self, request: SessionRequest, wanted: tuple[MemoryRef, ...], sink: LogSink
    ) -> tuple[MemoryRef, ...]:
        """Those of some in-memory datasets of a run that hold no data there."""

    def run_step(self, request: StepRequest, sink: LogSink) -> StepResult:
        """Run one node; log records go to `sink` while it runs."""

    def node_done(self, request: SessionRequest, node: NodeEntry, sink: LogSink) -> None:
        """Free what only a node took that has run for all partition keys."""

    def load(self, request: LoadRequest, sink: LogSink) -> Any:
        """Load one dataset."""

    def check(self, request: CheckRequest, sink: LogSink) -> CheckedData:
        """Load one dataset, and look at it."""

    def fire(self, request: HookRequest, sink: LogSink) -> MlflowRun | None:
        """Fire a run-level hook; the MLflow run that the Dagster run then logs to, None without kedro-mlflow."""

    def mlflow_run(self, request: SessionRequest, instead: str | None, sink: LogSink) -> MlflowRun | None:
        """The MLflow run of a session (`KedroRunSession.mlflow_run`); None without kedro-mlflow."""

    def close_run(self, run_id: str) -> None:
        """Forget everything of a Dagster run."""


class LocalHost:
    """This process."""

    def __init__(self, ref: ProjectRef) -> None:
        self._ref = ref
        self._sessions: dict[tuple[str, str], KedroRunSession] = {}
        self._handlers: dict[tuple[str, str], list[logging.Handler]] = {}
        self._is_open = self._is_ready = False
        self._start_method: str | None = None
        self._lock = threading.RLock()

    def missing_memory(
        self, request: SessionRequest, wanted: tuple[MemoryRef, ...], sink: LogSink
    ) -> tuple[MemoryRef, ...]:
        """See `KedroHost`."""
        with self._in_session(request, sink) as session:
            return session.missing_memory(wanted)

    def run_step(self, request: StepRequest, sink: LogSink) -> StepResult:
        """See `KedroHost`."""
        with self._in_session(request.session, sink) as session:
            return session.run_step(request)

    def node_done(self, request: SessionRequest, node: NodeEntry, sink: LogSink) -> None:
        """See `KedroHost`."""
        with self._in_session(request, sink) as session:
            session.node_done(node)

    def load(self, request: LoadRequest, sink: LogSink) -> Any:
        """See `KedroHost`."""
        with self._in_session(request.session, sink) as session:
            return session.load(request)

    def check(self, request: CheckRequest, sink: LogSink) -> CheckedData:
        """See `KedroHost`."""
        with self._in_session(request.session, sink) as session:
            return session.check(request)

    def fire(self, request: HookRequest, sink: LogSink) -> MlflowRun | None:
        """See `KedroHost`."""
        with self._in_session(request.session, sink) as session:
            session.fire(request.moment, request.info, request.failure, request.memory)
            return session.mlflow.run

    def mlflow_run(self, request: SessionRequest, instead: str | None, sink: LogSink) -> MlflowRun | None:
        """See `KedroHost`."""
        with self._in_session(request, sink) as session:
            return session.mlflow_run(instead)

    def warm(self, dataset_types: Sequence[str] = (), pipelines: Sequence[str] = (), *, is_job: bool = False) -> None:
        """Open the project, import pipelines, plugins, some dataset classes and pandas; no session, catalog or hook.

        Args:
            dataset_types: As the catalog names them. One that cannot be imported is left to the step.
            pipelines: Names of registered ones; empty for all.
            is_job: Whether they are those of a job.
        """
        with self._lock, inside_project(self._ref):
            open_project(self._ref)
            self._is_open = True
            import kedro_dagster_component.runtime.session  # noqa: F401  (what every step needs)
            from kedro_dagster_component.runtime import live

            live.import_pipelines(pipelines, is_job=is_job)
            live.import_plugins()
            live.import_dataset_classes(dataset_types)
            live.import_for_memory()
            self._start_method = multiprocessing.get_start_method(allow_none=True)

    def close_run(self, run_id: str) -> None:
        """See `KedroHost`."""
        with self._lock:
            for identity in [identity for identity in self._sessions if identity[0] == run_id]:
                self._sessions.pop(identity).close()
            for identity in [identity for identity in self._handlers if identity[0] == run_id]:
                close_handlers(self._handlers.pop(identity))

    @contextmanager
    def _in_session(self, request: SessionRequest, sink: LogSink) -> Iterator[KedroRunSession]:
        """The project's surroundings, the log bridge and the job's loggers; the project is opened the first time."""
        with self._lock, inside_project(self._ref):
            self._become_a_program()
            if not self._is_open:
                open_project(self._ref)
                self._is_open = True
            if request.identity not in self._handlers:
                self._handlers[request.identity] = build_handlers(request.loggers)
            with open_log_bridge(sink, self._handlers[request.identity]):
                session = self._session(request)
                with session.mlflow.in_force():
                    yield session

    def _become_a_program(self) -> None:
        """Let the project find what it finds under `kedro run`; once, before its modules are imported.

        A process that Dagster starts by `multiprocessing` has got the method it was started by as a default that cannot
        be set again. With the system's own a node's workers know what the node has set in its modules. It ends in
        another order, too.
        """
        if not self._is_ready and multiprocessing.parent_process() is not None:
            multiprocessing.set_start_method(self._start_method, force=True)
            end_like_a_program(partial(inside_project, self._ref))
        self._is_ready = True

    def _session(self, request: SessionRequest) -> KedroRunSession:
        from kedro_dagster_component.runtime.session import KedroRunSession

        if request.identity not in self._sessions:
            with ExitStack() as stack:
                if not request.in_run_process:
                    stack.enter_context(without_lines(_SAID_BY_EACH_SESSION))
                self._sessions[request.identity] = KedroRunSession(request)
        return self._sessions[request.identity]


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
        key = _key(ref)
        with self._lock:
            if key not in self._hosts:
                self._hosts[key] = self._new(ref)
            return self._hosts[key]

    def warm(self, warm_up: WarmUp) -> None:
        """Open a project in this process and import what steps need of it, before any of them is there.

        A project that cannot be opened is left to the first step, which says why.

        Args:
            warm_up: What is wanted; without a project nothing is.
        """
        ref = warm_up.ref
        if ref is None:
            return
        host = LocalHost(ref)
        try:
            host.warm(warm_up.dataset_types, warm_up.pipelines, is_job=warm_up.is_job)
        except Exception:  # noqa: BLE001  (whatever the project's modules raise)
            return
        with self._lock:
            self._hosts.setdefault(_key(ref), host)

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


def _key(ref: ProjectRef) -> ProjectKey:
    return (ref.project_path, ref.package_name, ref.conf_source, ref.env)


hosts = Hosts()
"""The one table of this process."""
