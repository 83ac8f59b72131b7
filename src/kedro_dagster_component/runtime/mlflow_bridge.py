"""kedro-mlflow in the processes of a Dagster run: one MLflow run for all of them.

kedro-mlflow keeps its settings and its run on a hook object and in MLflow's globals, as fits `kedro run`: one process,
one run, an end. Here a run has several processes, and a process may see several runs, other users of MLflow among
them. So each session has its own state of both, in force only while the session is at work, and a session in a
process that did not fire `before_pipeline_run` has kedro-mlflow's own implementation of that hook resume the run.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pluggy import PluginManager

from kedro_dagster_component.compat.kedro_mlflow import hook_of
from kedro_dagster_component.runtime.messages import MlflowRun, SessionRequest

if TYPE_CHECKING:
    from kedro_dagster_component.compat.mlflow import FluentState

_logger = logging.getLogger(__name__)


class MlflowBridge:
    """kedro-mlflow's part of one session; without kedro-mlflow it does nothing and imports nothing.

    Attributes:
        run: The MLflow run that the session logs to; None before it is known, and where nothing is logged.
    """

    def __init__(self, manager: PluginManager, request: SessionRequest) -> None:
        """Look for kedro-mlflow; its state is left alone.

        Args:
            manager: The session's hooks, before the context is created.
            request: What the session is opened for.
        """
        self.run: MlflowRun | None = None
        self._request = request
        self._hook = hook_of(manager)
        self._hook_state = dict(vars(self._hook)) if self._hook is not None else {}
        self._fluent_state: FluentState | None = None
        self._has_begun = False

    @contextmanager
    def in_force(self) -> Iterator[None]:
        """The session's state of kedro-mlflow and MLflow; what was there before is back afterwards."""
        if self._hook is None:
            yield
            return
        from kedro_dagster_component.compat.mlflow import fluent_state, set_fluent_state

        outside, outside_hook_state = fluent_state(), dict(vars(self._hook))
        set_fluent_state(self._fluent_state or replace(outside, runs=()))
        _set_attributes(self._hook, self._hook_state)
        try:
            yield
        finally:
            self._fluent_state, self._hook_state = self._tidied(fluent_state()), dict(vars(self._hook))
            set_fluent_state(outside)
            _set_attributes(self._hook, outside_hook_state)

    @contextmanager
    def beginning(self, *, may_open: bool) -> Iterator[None]:
        """Around kedro-mlflow's `before_pipeline_run`, with the state in force.

        Args:
            may_open: Whether it may open an MLflow run; else it resumes that of the Dagster run, and logs nothing
                where there is none.
        """
        if self._hook is None:
            yield
            return
        import mlflow

        self._has_begun = True
        self._configure(self._hook.mlflow_config.tracking, may_open=may_open)
        try:
            yield
        except BaseException:  # Kedro tells nobody of a `before_pipeline_run` that raised: the run would never end
            while may_open and mlflow.active_run() is not None:
                mlflow.end_run("FAILED")
            raise
        active = mlflow.active_run()
        if active is not None:
            info = active.info
            self.run = MlflowRun(info.run_id, run_url(mlflow.get_tracking_uri(), info.experiment_id, info.run_id))

    def join(self, begin: Callable[[Any], None]) -> None:
        """Resume the MLflow run of the Dagster run where this session has not, with the state in force.

        Args:
            begin: Fires `before_pipeline_run` of a single hook object.
        """
        if self._hook is not None and not self._has_begun:
            with self.beginning(may_open=self._request.opens_mlflow_run):
                begin(self._hook)

    def exchange(self, run_id: str, begin: Callable[[Any], None]) -> None:
        """Delete the MLflow run that this session has opened and resume another one, with the state in force.

        Args:
            run_id: What another process of the Dagster run has opened before.
            begin: As for `join`.
        """
        if self._hook is None or self.run is None:
            return
        import mlflow

        while mlflow.active_run() is not None:
            mlflow.end_run()
        mlflow.MlflowClient().delete_run(self.run.run_id)
        self._request, self._has_begun = replace(self._request, mlflow_run_id=run_id), False
        self.join(begin)

    def _configure(self, tracking: Any, *, may_open: bool) -> None:
        """Have kedro-mlflow resume a run, or log nothing, by its own settings."""
        import mlflow

        run_id = self._request.mlflow_run_id
        if run_id is not None:
            tracking.run.id = run_id
            tracking.run.name = mlflow.get_run(run_id).info.run_name  # kedro-mlflow renames the run it resumes
        elif not may_open:
            names = list(self._request.info.pipeline_names) or ["__default__"]
            disabled = tracking.disable_tracking.pipelines
            if not set(names) <= set(disabled):
                _logger.warning(
                    "No MLflow run was opened for the Dagster run %s before this step, so it logs nothing to MLflow: "
                    "the run's executor does not fire Kedro's hooks. Wrap it in `with_kedro_hooks`.",
                    self._request.run_id,
                )
            tracking.disable_tracking.pipelines = [*disabled, *names]

    def _tidied(self, state: FluentState) -> FluentState:
        """The state with the session's own run alone: kedro-mlflow stacks it anew for each node.

        A run that a node opened and left open ends with the node, in every executor: no other process could.
        """
        import mlflow

        own = self.run.run_id if self.run is not None else None
        try:
            mlflow.flush_async_logging()
            for run_id in dict.fromkeys(run.info.run_id for run in state.runs if run.info.run_id != own):
                mlflow.MlflowClient().set_terminated(run_id)
        except Exception:  # an error of the node is on its way, or its data is saved already
            _logger.warning("MLflow did not take what a node had left to log", exc_info=True)
        return replace(state, runs=tuple(run for run in state.runs if run.info.run_id == own)[:1])


def run_url(tracking_uri: str, experiment_id: str, run_id: str) -> str | None:
    """Address of a run in the UI of its tracking server, without user or password.

    Returns:
        None for a store without a server.
    """
    parts = urlsplit(tracking_uri)
    if parts.scheme not in {"http", "https"}:
        return None
    server = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}"
    return f"{server}/#/experiments/{experiment_id}/runs/{run_id}"


def _set_attributes(thing: Any, attributes: dict[str, Any]) -> None:
    vars(thing).clear()
    vars(thing).update(attributes)
