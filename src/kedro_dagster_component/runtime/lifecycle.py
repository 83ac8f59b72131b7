"""The life of a Dagster run as Kedro sees it: run-level hooks once, before its first node and after its last."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import dagster as dg

from kedro_dagster_component.manifest import ProjectRef
from kedro_dagster_component.plan import InstancePlan
from kedro_dagster_component.runtime.host import KedroHost, hosts
from kedro_dagster_component.runtime.job_loggers import build_handlers, close_handlers, log_event
from kedro_dagster_component.runtime.messages import Failure, HookRequest, RunMoment
from kedro_dagster_component.runtime.project import inside_project
from kedro_dagster_component.runtime.resource import KedroSessionDefinition
from kedro_dagster_component.runtime.view import RunView, run_info, session_request, sink_of

_MARK = "kedro/run_hooks"


@dataclass(frozen=True)
class Participant:
    """A component instance with nodes in a run.

    Attributes:
        instance: The instance.
        definition: Its session resource.
    """

    instance: InstancePlan
    definition: KedroSessionDefinition


class RunLifecycle:
    """Fires the hooks of one run in the run's own process, for every component instance taking part."""

    def __init__(self, view: RunView) -> None:
        """Find out who takes part.

        Args:
            view: The run.
        """
        self._view = view
        self._participants = participants(view)
        self._failure: Failure | None = None
        self._handlers = self._open_handlers()

    def only_project(self) -> ProjectRef | None:
        """The Kedro project of the run; None where it has none, or several."""
        return self._participants[0].instance.ref if len(self._participants) == 1 else None

    def start(self) -> None:
        """Fire `before_pipeline_run`.

        Raises:
            HookError: A hook raised; the run fails, as it does in Kedro.
        """
        for participant in self._participants:
            fire(self._view, participant, "before")
            mark(self._view, participant.instance, "before")

    def observe(self, event: dg.DagsterEvent) -> None:
        """Look at an event of the run: give it to the job's loggers, and remember the first failure."""
        if self._handlers and event.message:
            log_event(self._handlers, failed=event.is_failure, message=event.message)
        if event.is_step_failure and self._failure is None:
            self._failure = failure_of_step(event)

    def finish(self, error: BaseException | None) -> None:
        """Fire `after_pipeline_run`, or `on_pipeline_error` where the run failed.

        Args:
            error: What ended the run from outside its steps (a cancellation); None where nothing did.
        """
        failure = self._failure
        if failure is None and error is not None:
            failure = Failure(type(error).__name__, str(error) or "the run was ended")
        try:
            for participant in self._participants:
                fire(self._view, participant, "error" if failure else "after", failure)
                mark(self._view, participant.instance, "done")
        finally:
            self.close()

    def close(self) -> None:
        """End the run's sessions; alone where `before_pipeline_run` itself failed."""
        close_handlers(self._handlers)
        hosts.close_run(self._view.run.run_id)

    def _open_handlers(self) -> list[Any]:
        """Handlers of the job's loggers for Dagster's own events; the nodes' processes have handlers of their own."""
        name = self._view.run.job_name
        opened: list[Any] = []
        for participant in self._participants:
            loggers = participant.instance.job_loggers.get(name, ())
            if loggers:
                with inside_project(participant.instance.ref):
                    opened += build_handlers(loggers)
        return opened


def participants(view: RunView) -> list[Participant]:
    """The component instances that have nodes in a run, in the order of their keys."""
    ops = view.op_names()
    definitions = [value for value in view.job_def.resource_defs.values() if isinstance(value, KedroSessionDefinition)]
    found = [Participant(definition.instance, definition) for definition in definitions]
    taking_part = [one for one in found if not ops.isdisjoint(one.instance.steps)]
    return sorted(taking_part, key=lambda one: one.instance.key)


def fire(
    view: RunView,
    participant: Participant,
    moment: RunMoment,
    failure: Failure | None = None,
    host: KedroHost | None = None,
) -> None:
    """Fire one run-level hook of one instance.

    Args:
        view: The run.
        participant: The instance.
        moment: Which hook.
        failure: Why the run failed, for `on_pipeline_error`.
        host: Where; None for the process that holds the project.
    """
    instance = participant.instance
    options = participant.definition.options_of(view.run.run_config)
    session = session_request(view, instance, options, in_run_process=True)
    request = HookRequest(session, moment, run_info(view, instance), failure)
    (host or hosts.get(instance.ref)).fire(request, sink_of(view.log))


def mark(view: RunView, instance: InstancePlan, stage: Literal["before", "done"]) -> None:
    """Say on the run how far an instance's hooks are, for whoever looks after this process has gone.

    Dagster copies the tags of a run to its re-execution: there the run id is another one, and the mark says nothing.
    """
    view.instance.add_run_tags(view.run.run_id, {f"{_MARK}.{instance.key}": f"{view.run.run_id}:{stage}"})


def stage_of(run: dg.DagsterRun, instance: InstancePlan) -> str | None:
    """How far an instance's hooks are in a run: `before`, `done`, or None where no executor of ours was in charge."""
    run_id, _, stage = run.tags.get(f"{_MARK}.{instance.key}", "").partition(":")
    return stage if run_id == run.run_id else None


def failure_of_step(event: dg.DagsterEvent) -> Failure:
    """Why a step failed: the innermost error its event carries."""
    info = getattr(event.event_specific_data, "error", None)
    step = event.step_key
    if info is None:
        return Failure("StepFailed", event.message or "the step failed", step=step)
    innermost = _innermost(info)
    message = innermost.message.strip()
    class_name = innermost.cls_name or "Error"
    _, separator, text = message.partition(f"{class_name}: ")
    return Failure(class_name, text if separator else message, "".join(innermost.stack), step)


def first_failure(events: Iterable[dg.EventLogEntry]) -> Failure | None:
    """The first step failure among some events of a run."""
    for entry in events:
        event = entry.dagster_event
        if event is not None and event.is_step_failure:
            return failure_of_step(event)
    return None


def _innermost(info: Any) -> Any:
    while info.cause is not None:
        info = info.cause
    return info
