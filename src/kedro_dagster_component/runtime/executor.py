"""An executor around another one: the one place that sees a run's first and last step in the run's own process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import dagster as dg
from dagster import Executor

from kedro_dagster_component.runtime.fork_server import warm_project
from kedro_dagster_component.runtime.lifecycle import RunLifecycle
from kedro_dagster_component.runtime.view import RunView


class KedroExecutor(Executor):
    """Runs the steps with another executor, between Kedro's hooks for the run as a whole."""

    def __init__(self, inner: Executor) -> None:
        """Wrap an executor; nothing happens before `execute`.

        Args:
            inner: The executor that does the work.
        """
        self._inner = inner

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
            with warm_project(lifecycle.only_project()):
                for event in self._inner.execute(plan_context, execution_plan):
                    lifecycle.observe(event)
                    yield event
        except BaseException as error:
            lifecycle.finish(error)
            raise
        lifecycle.finish(None)
