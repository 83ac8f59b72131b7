"""What `on_pipeline_error` is told of an error of another process."""

from types import SimpleNamespace

import dagster as dg
from dagster_shared.error import SerializableErrorInfo

from kedro_dagster_component.runtime.lifecycle import FailureWatch


def info(message, cls_name, cause=None):
    return SerializableErrorInfo(message=message, stack=["at the node\n"], cls_name=cls_name, cause=cause)


def failure_of(error):
    event = SimpleNamespace(
        is_step_failure=True,
        is_engine_event=False,
        message="failed",
        step_key="step",
        event_type=dg.DagsterEventType.STEP_FAILURE,
        event_specific_data=SimpleNamespace(error=error),
    )
    watch = FailureWatch()
    watch.observe(event)
    return watch.failure


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
