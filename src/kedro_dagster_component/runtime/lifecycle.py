"""The life of a Dagster run as Kedro sees it: run-level hooks once, before its first node and after its last."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any, Literal

import dagster as dg

from kedro_dagster_component.compat.dagster import op_name_of_step
from kedro_dagster_component.plan import InstancePlan
from kedro_dagster_component.runtime.host import KedroHost, hosts
from kedro_dagster_component.runtime.job_loggers import build_handlers, close_handlers, log_event
from kedro_dagster_component.runtime.messages import Failure, HookRequest, RunMoment
from kedro_dagster_component.runtime.mlflow_record import record_run
from kedro_dagster_component.runtime.project import inside_project
from kedro_dagster_component.runtime.resource import KedroSessionDefinition
from kedro_dagster_component.runtime.run_outputs import stored_outputs
from kedro_dagster_component.runtime.view import RunView, run_info, session_request, sink_of

Stage = Literal["open", "begun", "done"]
"""How far a run's hooks are: an executor of ours is in charge; `before_pipeline_run` fired; the last one is firing."""

attended_runs: set[str] = set()
"""Ids of the runs whose hooks this process sees to at the moment."""

_MARK = "kedro/run_hooks"
_WRAPPERS = frozenset({"RetryRequestedFromPolicy", "HookError"})
"""Classes of errors around that of the node or hook: of Dagster after the last retry, and of ours for the hook's name."""


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
        self._begun: list[Participant] = []
        self._watch = FailureWatch()
        self._handlers: list[logging.Handler] = []

    def start(self) -> None:
        """Fire `before_pipeline_run`.

        Where one instance's hook raises, the run is over: the instances before it are told by `on_pipeline_error`,
        that one and those behind it are not, since Kedro tells nobody of a `before_pipeline_run` that raised.

        Raises:
            HookError: A hook raised; the run fails, as it does in Kedro.
        """
        attended_runs.add(self._view.run.run_id)
        mark(self._view, self._participants, "open")
        try:
            for participant in self._participants:
                fire(self._view, participant, "before")
                mark(self._view, [participant], "begun")
                self._begun.append(participant)
            self._handlers = self._open_handlers()
            self._log("started", logging.INFO)
        except BaseException as error:
            self.finish(error)
            raise

    def observe(self, event: dg.DagsterEvent) -> None:
        """Look at an event of the run: give it to the job's loggers, and remember the first failure.

        It has the level it has in Dagster's own log: ERROR for a failure, DEBUG for any other.
        """
        if self._handlers and event.message:
            log_event(self._handlers, event.message, logging.ERROR if event.is_failure else logging.DEBUG)
        self._watch.observe(event)

    def finish(self, error: BaseException | None) -> None:
        """Fire `after_pipeline_run`, or `on_pipeline_error` where the run failed, and end the run's sessions.

        Args:
            error: What ended the run from outside its steps (a cancellation, a hook); None where nothing did.

        Raises:
            HookError: A hook raised; those of the other instances have fired all the same.
        """
        failure = self._watch.failure
        if failure is None and error is not None:
            failure = Failure(type(error).__name__, str(error) or "the run was ended")
        waiting = self._waiting()
        mark(self._view, self._participants, "done")
        self._log_end(failure)
        with ExitStack() as stack:
            stack.callback(self._close)
            for participant in reversed(waiting):  # a stack: the last one in is the first to be called
                stack.callback(fire, self._view, participant, "error" if failure else "after", failure)

    def _log_end(self, failure: Failure | None) -> None:
        """Tell the job's loggers how the run ended: Dagster says so only when this process has nothing more to do."""
        ending = f"failed: {failure.class_name}: {failure.message}" if failure else "succeeded"
        self._log(ending, logging.ERROR if failure else logging.INFO)

    def _log(self, what: str, level: int) -> None:
        """Tell the job's loggers of the run as a whole; Dagster's own event of its start came before the executor."""
        run = self._view.run
        log_event(self._handlers, f"Run {run.run_id} of {run.job_name} {what}", level)

    def _waiting(self) -> list[Participant]:
        """Participants whose last hook is still to fire: a sensor may have fired that of a run ended by force."""
        run = self._view.instance.get_run_by_id(self._view.run.run_id) or self._view.run
        return [one for one in self._begun if stage_of(run, one.instance) == "begun"]

    def _close(self) -> None:
        run_id = self._view.run.run_id
        attended_runs.discard(run_id)
        close_handlers(self._handlers)
        hosts.close_run(run_id)

    def _open_handlers(self) -> list[Any]:
        """Handlers of the job's loggers for Dagster's own events; the nodes' processes have handlers of their own.

        The projects are open by then: a class may be one of theirs.
        """
        name = self._view.run.job_name
        opened: list[logging.Handler] = []
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
    mlflow_run_id: str | None = None,
) -> None:
    """Fire one run-level hook of one instance.

    Args:
        view: The run.
        participant: The instance.
        moment: Which hook.
        failure: Why the run failed, for `on_pipeline_error`.
        host: A process apart that the hooks are fired in after the run; None for the process that holds the project.
        mlflow_run_id: The MLflow run that the steps have opened; None for that in the run's tags, if there is one.
    """
    instance = participant.instance
    options = participant.definition.options_of(view.run.run_config)
    session = session_request(view, instance, options, in_run_process=True)
    if host is not None:  # plugins that report each run once have had their turn
        session = replace(session, in_run_process=False)
    if mlflow_run_id is not None:
        session = replace(session, mlflow_run_id=mlflow_run_id)
    memory = stored_outputs(view, instance) if moment == "after" and not session.shares_process else {}
    request = HookRequest(session, moment, run_info(view, instance), _as_seen_by(instance, failure), memory)
    mlflow_run = (host or hosts.get(instance.ref)).fire(request, sink_of(view.log))
    if moment == "before":
        record_run(view.instance, view.run, instance, mlflow_run)


def mark(view: RunView, marked: Sequence[Participant], stage: Stage) -> None:
    """Say on the run how far the hooks of some instances are, for whoever looks after this process has gone.

    Dagster copies the tags of a run to its re-execution: there the run id is another one, and the mark says nothing.
    """
    tags = {f"{_MARK}.{one.instance.key}": f"{view.run.run_id}:{stage}" for one in marked}
    if tags:
        view.instance.add_run_tags(view.run.run_id, tags)


def stage_of(run: dg.DagsterRun, instance: InstancePlan) -> str | None:
    """How far an instance's hooks are in a run, a `Stage`; None where nothing of ours was in charge of it."""
    run_id, _, stage = run.tags.get(f"{_MARK}.{instance.key}", "").partition(":")
    return stage if run_id == run.run_id else None


class FailureWatch:
    """Looks at the events of a run for its first failure.

    Attributes:
        failure: The first step failure so far; None without one.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self.failure: Failure | None = None
        self._crashes: dict[str, str] = {}

    def observe(self, event: dg.DagsterEvent) -> None:
        """Look at the next event.

        Of a killed process the step's failure says nothing but that; how it was killed stands in an event before it.
        """
        if event.event_type == dg.DagsterEventType.ENGINE_EVENT and event.step_key and event.engine_event_data.error:
            self._crashes[event.step_key] = event.message or ""
        if event.is_step_failure and self.failure is None:
            failure = _failure_of_step(event)
            crash = self._crashes.get(event.step_key or "")
            self.failure = replace(failure, message=crash) if crash else failure


def _failure_of_step(event: dg.DagsterEvent) -> Failure:
    """Why a step failed: what the node raised, out of the errors Dagster puts around it."""
    info = getattr(event.event_specific_data, "error", None)
    step = event.step_key
    if info is None:
        return Failure("StepFailed", event.message or "the step failed", step=step)
    raised = _raised(info)
    class_name = raised.cls_name or "Error"
    return Failure(class_name, _message_of(raised.message.strip(), class_name), "".join(raised.stack), step)


def _message_of(line: str, class_name: str) -> str:
    """The message alone of the line that ends a traceback: `module.Class: message`, or `module.Class` without one."""
    _, separator, message = line.partition(f"{class_name}: ")
    if separator:
        return message
    return "" if line.rpartition(".")[2] == class_name else line


def _as_seen_by(instance: InstancePlan, failure: Failure | None) -> Failure | None:
    """A failure with the nodes of the instance whose step it happened in, if it did."""
    if failure is None or failure.step is None:
        return failure
    step = instance.steps.get(op_name_of_step(failure.step))
    return replace(failure, nodes=tuple(one.node.name for one in step.nodes) if step else ())


def _raised(info: Any) -> Any:
    """The outermost error that is neither Dagster's nor ours; a cause the node itself gave it stays its cause."""
    while info.cause is not None and ((info.cls_name or "").startswith("Dagster") or info.cls_name in _WRAPPERS):
        info = info.cause
    return info
