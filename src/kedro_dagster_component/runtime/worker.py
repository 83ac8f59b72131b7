"""The child process of `foreign.ForeignHost`: `python -m kedro_dagster_component.runtime.worker`."""

from __future__ import annotations

import pickle
import sys
from multiprocessing.connection import Connection
from typing import Any

from kedro_dagster_component.errors import ForeignProcessError, KedroDagsterError, MemoryDatasetError
from kedro_dagster_component.runtime.foreign import connect_to_parent
from kedro_dagster_component.runtime.host import KedroHost, hosts
from kedro_dagster_component.runtime.logs import LogLine, describe_exception
from kedro_dagster_component.runtime.messages import StepResult


def main() -> None:
    """Answer requests until the parent is gone."""
    if sys.path and sys.path[0] == "":
        del sys.path[0]
    connection = connect_to_parent()
    host = hosts.get(connection.recv())
    while True:
        try:
            method, arguments = connection.recv()
        except (EOFError, ConnectionError):
            return
        _answer(connection, host, method, arguments)


def _answer(connection: Connection, host: KedroHost, method: str, arguments: tuple[Any, ...]) -> None:
    def sink(line: LogLine) -> None:
        connection.send_bytes(pickle.dumps(("log", line)))

    try:
        call = getattr(host, method)
        value = call(*arguments) if method == "close_run" else call(*arguments, sink)
        connection.send_bytes(_pickled_answer(value))
    except Exception as error:  # noqa: BLE001  (every error belongs to the parent's step)
        connection.send_bytes(pickle.dumps(("error", _portable(error))))


def _pickled_answer(value: Any) -> bytes:
    try:
        return pickle.dumps(("answer", value))
    except Exception as error:
        names = [report.name for report in value.outputs.values()] if isinstance(value, StepResult) else []
        raise MemoryDatasetError(
            f"The data of {', '.join(map(repr, names)) or 'this dataset'} cannot leave the process of its project: {error}"
        ) from error


def _portable(error: Exception) -> Exception:
    """The error with its traceback as text, in its own class where that class is known everywhere."""
    text = f"{error}\n\nIn the process of its project:\n{describe_exception(error)}"
    if type(error).__module__ in {"builtins", KedroDagsterError.__module__}:
        try:
            return type(error)(text)
        except TypeError:  # a class that takes more than a message
            pass
    return ForeignProcessError(f"{type(error).__name__}: {text}")


if __name__ == "__main__":
    main()
