"""An executor around another one: the one place that sees a run's first and last step in the run's own process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg
from dagster import Executor

from kedro_dagster_component.runtime.fork_server import fork_server
from kedro_dagster_component.runtime.lifecycle import RunLifecycle
from kedro_dagster_component.runtime.view import RunView


class KedroExecutor(Executor):
    """Runs the steps with another executor, between Kedro's hooks for the run as a whole."""

    def __init__(self, inner: Executor, forking: Executor | None = None, preloaded: Sequence[str] = ()) -> None:
        """Wrap an executor; nothing happens before `execute`.

        Args:
            inner: The executor that does the work.
            forking: The same one, only that it forks its steps; it is preferred where forks are safe. None for none.
            preloaded: Modules of its fork server.
        """
        self._inner = inner
        self._forking = forking
        self._preloaded = (type(inner).__module__, *preloaded) if preloaded else ()  # first, as Dagster wants it

    @property
    def retries(self) -> Any:
        """The inner executor's."""
        return self._inner.retries

    @property
    def step_dependency_config(self) -> Any:
        """The inner executor's."""
        return self._inner.step_dependency_config

    def execute(self, plan_context: Any, execution_plan: Any) -> Iterator[dg.DagsterEvent]:
        """Run all steps.

        Yields:
            The events of the inner executor.
        """
        lifecycle = RunLifecycle(RunView.of_plan(plan_context))
        lifecycle.start()
        try:
            with fork_server(lifecycle.only_project(), self._preloaded) as risk:
                inner = self._inner if risk or self._forking is None else self._forking
                if risk:
                    plan_context.log.info("Steps are started afresh and not forked: %s", risk)
                for event in inner.execute(plan_context, execution_plan):
                    lifecycle.observe(event)
                    yield event
        except BaseException as error:
            lifecycle.finish(error)
            raise
        lifecycle.finish(None)
