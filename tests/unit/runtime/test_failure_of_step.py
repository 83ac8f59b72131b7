"""What `on_pipeline_error` is told of an error of another process."""

from types import SimpleNamespace

import dagster as dg
from dagster_shared.error import SerializableErrorInfo

from kedro_dagster_component.errors import RunFailedError
from kedro_dagster_component.runtime.lifecycle import FailureWatch
from kedro_dagster_component.runtime.unattended import _failure_of


def info(message, cls_name, cause=None):
    return SerializableErrorInfo(message=message, stack=["at the node\n"], cls_name=cls_name, cause=cause)


def failure_of(error):
    watch = FailureWatch()
    watch.observe(step_failure(error))
    return watch.failure


def step_failure(error):
    return SimpleNamespace(
        is_step_failure=True,
        is_engine_event=False,
        message="failed",
        step_key="step",
        event_type=dg.DagsterEventType.STEP_FAILURE,
        event_specific_data=SimpleNamespace(error=error),
    )


def run_event(event_type, message):
    return SimpleNamespace(is_step_failure=False, step_key=None, event_type=event_type, message=message)


def failure_of_run(*events):
    logged = [SimpleNamespace(dagster_event=event) for event in events]
    run, instance = SimpleNamespace(run_id="run"), SimpleNamespace(all_logs=lambda run_id, of_type: logged)
    return _failure_of(SimpleNamespace(run=run, instance=instance))


def test_an_error_raised_from_another_one_is_the_error():
    cause = info("ZeroDivisionError: division by zero\n", "ZeroDivisionError")
    raised = info("KeyError: 'no such key'\n", "KeyError", cause)
    wrapped = info("dagster...: Error occurred\n", "DagsterExecutionStepExecutionError", raised)
    failure = failure_of(wrapped)
    assert (failure.class_name, failure.message) == ("KeyError", "'no such key'")
    assert failure.traceback == "at the node\n"


def test_an_error_of_dagster_alone_is_told_as_it_is():
    failure = failure_of(info("DagsterInvariantViolationError: nope\n", "DagsterInvariantViolationError"))
    assert (failure.class_name, failure.message) == ("DagsterInvariantViolationError", "nope")


def test_after_the_last_retry_the_error_is_the_node_s():
    raised = info("KeyError: 'no such key'\n", "KeyError")
    failure = failure_of(info("Exceeded max_retries of 1\n", "RetryRequestedFromPolicy", raised))
    assert (failure.class_name, failure.message, failure.traceback) == ("KeyError", "'no such key'", "at the node\n")


def test_an_error_of_a_hook_is_what_the_hook_raised():
    raised = info("RuntimeError: the hook's words\n", "RuntimeError")
    failure = failure_of(info("kedro_dagster_component...HookError: The hook a.B.c failed\n", "HookError", raised))
    assert (failure.class_name, failure.message) == ("RuntimeError", "the hook's words")


def test_an_error_without_a_message_has_none():
    for line in ("ValueError\n", "demo.errors.ValueError\n"):
        failure = failure_of(info(line, "ValueError"))
        assert (failure.class_name, failure.message) == ("ValueError", "")
    assert str(RunFailedError("ValueError", "", "at the node")) == "ValueError\n\nat the node"


def test_a_step_interrupted_with_its_killed_run_is_not_why_the_run_failed():
    name = "DagsterExecutionInterruptedError"
    interrupted = step_failure(info(f"dagster._core.errors.{name}\n", name))
    killed = run_event(dg.DagsterEventType.ENGINE_EVENT, "terminated by signal 9 (SIGKILL)")
    failed = run_event(dg.DagsterEventType.RUN_FAILURE, "marked as failed")
    for events in ((interrupted, killed, failed), (killed, failed, interrupted)):
        failure = failure_of_run(*events)
        assert (failure.class_name, failure.step) == ("RunFailed", None)
        assert "SIGKILL" in failure.message
    real = step_failure(info("KeyError: 'no such key'\n", "KeyError"))
    assert failure_of_run(real, killed, failed).class_name == "KeyError"
