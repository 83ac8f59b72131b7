"""The side that asks: starts the subprocess and waits for its answer. Knows no Kedro."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from pydantic import ValidationError

from kedro_dagster_component.errors import IntrospectionError
from kedro_dagster_component.introspection.exchange import ANSWER_FILE, NOT_WRITTEN, REQUEST_FILE, Answer, Request
from kedro_dagster_component.introspection.footprint import Footprint
from kedro_dagster_component.manifest import ProjectManifest, ProjectRef
from kedro_dagster_component.masking import mask_text

_TAIL_LINES = 60
_TAIL_BYTES = 8_000
_LOGGING_CONFIG = """\
version: 1
disable_existing_loggers: false
handlers:
  stderr: {class: logging.StreamHandler, level: WARNING}
root: {level: WARNING, handlers: [stderr]}
"""
"""Kedro applies the project's own logging configuration on import: files it opens would land in the project."""


def introspect_project(
    ref: ProjectRef, *, python: str = sys.executable, timeout_seconds: float | None = None
) -> ProjectManifest:
    """Read a Kedro project in a process of its own.

    Imports the project's code there, with its root as working directory. Fires no plugin hook, the project's own
    context and catalog hooks only with `ref.include_hooks`; changes no file of the project, opens no connection.

    Args:
        ref: Which project, and how to open it.
        python: Interpreter that has the project's requirements and this package.
        timeout_seconds: After which the process is ended; None waits for as long as it takes.

    Returns:
        The project in the environment asked for.

    Raises:
        ConfigurationError: A YAML file of the project holds a mistake.
        IntrospectionError: The project cannot be read for any other reason.
    """
    manifest = _ask(Request(ref=ref), python, timeout_seconds).manifest
    assert manifest is not None  # noqa: S101 - it was asked for, and the answer is no failure
    return manifest


def introspect_with_footprint(
    ref: ProjectRef, salt: str, *, python: str = sys.executable, timeout_seconds: float | None = None
) -> tuple[ProjectManifest, Footprint | None]:
    """As `introspect_project`, and note what it depends on.

    Args:
        ref: Which project, and how to open it.
        salt: Of the footprint's digests.
        python: As there.
        timeout_seconds: As there.

    Returns:
        No footprint where it could not be told.

    Raises:
        ConfigurationError: As there.
        IntrospectionError: As there.
    """
    answer = _ask(Request(ref=ref, salt=salt), python, timeout_seconds)
    assert answer.manifest is not None  # noqa: S101 - as there
    return answer.manifest, answer.footprint


def list_stored_keys(
    ref: ProjectRef, dataset: str, *, python: str = sys.executable, timeout_seconds: float | None = None
) -> tuple[str, ...]:
    """Partition keys that a partitioned dataset has in storage, listed in a process of its own.

    Fires hooks as `introspect_project` does; asks the dataset's own filesystem, with its credentials.

    Args:
        ref: Which project, and how to open it.
        dataset: As the catalog spells it.
        python: As there.
        timeout_seconds: As there.

    Returns:
        Sorted; of an IncrementalDataset also those before its checkpoint.

    Raises:
        ConfigurationError: A YAML file of the project holds a mistake.
        IntrospectionError: The project cannot be opened, the dataset cannot be made or listed, or has no partitions.
    """
    return _ask(Request(ref=ref, keys_of=dataset), python, timeout_seconds).keys or ()


def _ask(request: Request, python: str, timeout_seconds: float | None) -> Answer:
    ref = request.ref
    with _open_exchange(request) as directory:
        output = directory / "output.txt"
        try:
            code = _run(ref, python, directory, output, timeout_seconds)
        except subprocess.TimeoutExpired as error:
            message = f"{_subject(ref)} took longer than {timeout_seconds:g} seconds to read{_tail(output)}"
            raise IntrospectionError(message) from error
        except OSError as error:
            raise IntrospectionError(f"cannot start '{python}' to read {_subject(ref)}: {error.strerror}") from error
        return _answer(directory / ANSWER_FILE, ref, code, output).checked()


@contextmanager
def _open_exchange(request: Request) -> Iterator[Path]:
    """A temporary folder with all that the subprocess needs."""
    with ExitStack() as stack:
        try:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kedro-dagster-")))
            (directory / REQUEST_FILE).write_text(request.model_dump_json(), encoding="utf-8")
            (directory / "logging.yml").write_text(_LOGGING_CONFIG, encoding="utf-8")
        except OSError as error:
            raise IntrospectionError(_without_place(request.ref, error.strerror or str(error))) from error
        yield directory


def _without_place(ref: ProjectRef, reason: str) -> str:
    message = f"cannot write the temporary files that reading {_subject(ref)} needs: {reason}"
    return f"{message}\n  -> make room there, or let the environment variable TMPDIR name another folder"


def _run(ref: ProjectRef, python: str, directory: Path, output: Path, timeout_seconds: float | None) -> int:
    """Exit code of the subprocess.

    It is started by path and not with `-m`, which would import the top module of this package, and Dagster with it, and
    put the working directory on `sys.path`. Its output goes to a file and not a pipe, which a process started by the
    project could hold open for ever.
    """
    command = [python, str(Path(__file__).with_name("__main__.py")), str(directory)]
    root = Path(ref.project_path)
    with output.open("wb") as stream:
        return subprocess.run(
            command,
            cwd=root if root.is_dir() else directory,
            env={**environment_for(ref), "KEDRO_LOGGING_CONFIG": str(directory / "logging.yml")},
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            timeout=timeout_seconds,
            check=False,
        ).returncode


def environment_for(ref: ProjectRef) -> dict[str, str]:
    """Variables of the process that reads a project; Kedro's configuration of logging, a file of its own, comes to it."""
    environment = dict(os.environ)
    environment.update(
        {
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONFAULTHANDLER": "1",
            "PYTHONIOENCODING": "utf-8",
            "KEDRO_DISABLE_TELEMETRY": "1",
            "DO_NOT_TRACK": "1",
        }
    )
    if ref.env:
        environment["KEDRO_ENV"] = ref.env
    if path := environment.get("PYTHONPATH"):
        environment["PYTHONPATH"] = os.pathsep.join(
            str(Path(part).absolute()) for part in path.split(os.pathsep) if part
        )
    return environment


def _answer(file: Path, ref: ProjectRef, code: int, output: Path) -> Answer:
    """What the subprocess wrote.

    Raises:
        IntrospectionError: It wrote nothing that can be read.
    """
    try:
        return Answer.model_validate_json(file.read_bytes())
    except FileNotFoundError as error:
        if code == NOT_WRITTEN:
            reason = f"there is no room for the answer in {file.parent.parent}"
            raise IntrospectionError(_without_place(ref, reason)) from error
        message = f"the process that reads {_subject(ref)} {_ending(code)} without an answer{_tail(output)}"
        raise IntrospectionError(message) from error
    except ValidationError as error:
        message = f"the process that reads {_subject(ref)} gave an answer that cannot be read{_tail(output)}"
        raise IntrospectionError(message) from error


def _ending(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"


def _subject(ref: ProjectRef) -> str:
    return f"the Kedro project at {ref.project_path}"


def _tail(output: Path) -> str:
    """The last lines of what the subprocess printed, without secrets of URLs; empty where it printed nothing."""
    try:
        text = output.read_bytes()[-_TAIL_BYTES:].decode("utf-8", errors="replace")
    except OSError:
        return ""
    lines = [f"  | {mask_text(line)}" for line in text.rstrip().splitlines()[-_TAIL_LINES:]]
    return "\n".join([". The end of its output:", *lines]) if lines else ""
