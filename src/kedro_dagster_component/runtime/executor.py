"""An executor around another one: the one place that sees a run's first and last step in the run's own process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import Any

import dagster as dg
from dagster import Executor

from kedro_dagster_component.compat.dagster import portable_job
from kedro_dagster_component.runtime.fork_server import WarmUp, fork_server
from kedro_dagster_component.runtime.lifecycle import RunLifecycle, participants
from kedro_dagster_component.runtime.view import RunView, pipelines_of_run


class KedroExecutor(Executor):
    """Runs the steps with another executor, between Kedro's hooks for the run as a whole."""

    def __init__(self, inner: Executor, forking: Executor | None = None) -> None:
        """Wrap an executor; nothing happens before `execute`.

        Args:
            inner: The executor that does the work.
            forking: The same one, only that it forks its steps; it is preferred where forks are safe. None for none.
        """
        self._inner = inner
        self._forking = forking

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
        view = RunView.of_plan(plan_context)
        lifecycle = RunLifecycle(view)
        with ExitStack() as stack:
            # First, since it has much to import: at the same time as this process does for its hooks.
            ready = stack.enter_context(self._fork_server(view, portable_job(plan_context, execution_plan)))
            lifecycle.start()
            try:
                with stack.pop_all():
                    for event in self._steps_of(plan_context, ready()).execute(plan_context, execution_plan):
                        lifecycle.observe(event)
                        yield event
            except BaseException as error:
                lifecycle.finish(error)
                raise
            lifecycle.finish(None)

    def _steps_of(self, plan_context: Any, risk: str | None) -> Executor:
        """The executor that starts the steps."""
        if self._forking is None:
            return self._inner
        if risk is None:
            return self._forking
        plan_context.log.info("Steps are started afresh and not forked: %s", risk)
        return self._inner

    def _fork_server(self, view: RunView, job: Any) -> AbstractContextManager[Callable[[], str | None]]:
        if self._forking is None:
            return nullcontext(lambda: None)
        return fork_server(_warm_up(view, job))


def _warm_up(view: RunView, job: Any) -> WarmUp:
    instances = [participant.instance for participant in participants(view)]
    if len(instances) != 1:
        return WarmUp(job)
    instance = instances[0]
    names = view.op_names()
    steps = [step for name, step in instance.steps.items() if name in names]
    nodes = [one for step in steps for one in step.nodes]
    types = {dataset.type: None for one in nodes for dataset in (*one.inputs, *one.made)}
    pipelines = pipelines_of_run(view, instance, [one.node for one in nodes])
    is_job = view.run.job_name in instance.job_pipelines
    return WarmUp(job, instance.ref, tuple(types), pipelines, is_job=is_job)
