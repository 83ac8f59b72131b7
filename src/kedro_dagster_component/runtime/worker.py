"""The child process of `foreign.ForeignHost`: `python -m kedro_dagster_component.runtime.worker`."""

from __future__ import annotations

import os
import pickle
import sys
import threading
from multiprocessing.connection import Connection
from typing import Any

from kedro_dagster_component.errors import ForeignProcessError, KedroDagsterError
from kedro_dagster_component.runtime.checked import carry_validations, validations_before
from kedro_dagster_component.runtime.foreign import LOG_MARK, connect_to_parent, pickled_answer
from kedro_dagster_component.runtime.host import KedroHost, hosts
from kedro_dagster_component.runtime.logs import LogLine, describe_exception
from kedro_dagster_component.runtime.memory import handover_error, loaded_error
from kedro_dagster_component.runtime.messages import LoadRequest, StepRequest


def main() -> None:
    """Answer requests until the parent is gone."""
    if sys.path and sys.path[0] == "":
        del sys.path[0]
    _end_with_parent()
    connection = connect_to_parent()
    host = hosts.get(connection.recv())
    while True:
        try:
            message = connection.recv_bytes()
        except (EOFError, ConnectionError):
            return
        _answer(connection, host, message)


def _end_with_parent() -> None:
    """End this process when its parent is gone, even in the middle of a node.

    The parent holds the other end of the standard input, which it never writes to; the node's code finds an
    empty one instead.
    """
    lifeline = os.dup(sys.stdin.fileno())
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, sys.stdin.fileno())
    os.close(nothing)

    def watch() -> None:
        os.read(lifeline, 1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _answer(connection: Connection, host: KedroHost, message: bytes) -> None:
    sending = threading.Lock()  # a node may log from several threads

    def sink(line: LogLine) -> None:
        with sending:
            connection.send_bytes(LOG_MARK + pickle.dumps(line))

    try:
        method, arguments = pickle.loads(message)  # noqa: S301  (our own parent, keyed)
        call = getattr(host, method)
        value = call(*arguments) if method == "close_run" else call(*arguments, sink)
        answer = _pickled_answer(arguments[0], value)
    except (Exception, SystemExit) as error:  # noqa: BLE001  (every error belongs to the parent's step)
        portable = _portable(error)
        carry_validations(portable, validations_before(error))
        answer = pickled_answer("error", portable)
    with sending:
        connection.send_bytes(answer)


def _pickled_answer(request: Any, value: Any) -> bytes:
    """The answer as it is sent.

    Raises:
        MemoryDatasetError: Something in it cannot be pickled.
    """
    try:
        return pickled_answer("answer", value)
    except Exception as error:
        if isinstance(request, LoadRequest):
            raise loaded_error(request.dataset, value, error) from error
        if isinstance(request, StepRequest):
            for report in value.outputs.values():
                _check_pickles(report.name, report.value, request.node.name)
        raise


def _check_pickles(dataset: str, value: Any, node: str) -> None:
    try:
        pickle.dumps(value)
    except Exception as error:
        raise handover_error(dataset, value, node, error) from error


def _portable(error: BaseException) -> BaseException:
    """The error with its traceback as text, in its own class where that class is known everywhere."""
    text = f"{error}\n\nIn the process of its project:\n{describe_exception(error)}"
    if type(error).__module__ in {"builtins", KedroDagsterError.__module__}:
        try:
            copy = type(error)(text)
        except Exception:  # noqa: BLE001  (a class that takes something else than a message)
            copy = None
        if copy is not None and str(copy) == text:  # not so a KeyError, which shows its message quoted
            return copy
    return ForeignProcessError(f"{type(error).__name__}: {text}")


if __name__ == "__main__":
    main()
