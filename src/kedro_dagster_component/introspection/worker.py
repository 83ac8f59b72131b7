"""The subprocess from its first to its last line: request in, answer out, whatever the project's code does."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from kedro_dagster_component.errors import ConfigurationError, IntrospectionError
from kedro_dagster_component.introspection.exchange import ANSWER_FILE, NOT_WRITTEN, REQUEST_FILE, Answer, Request
from kedro_dagster_component.introspection.failures import cannot_read
from kedro_dagster_component.manifest import ProblemRecord


def main(directory: str) -> None:
    """Answer the request in a folder, then end the process at once.

    The end skips what the project registered for it (threads still running, exit handlers that post somewhere).
    """
    folder = Path(directory)
    request = Request.model_validate_json((folder / REQUEST_FILE).read_bytes())
    recorder = None
    if request.salt is not None:
        from kedro_dagster_component.introspection.recording import Recorder

        recorder = Recorder(request.salt, private=directory, package=request.ref.package_name)
        recorder.start()
    temporary = _temporary_paths()
    answer = answer_for(request)
    if recorder is not None and answer.manifest is not None:
        answer = answer.model_copy(update={"footprint": recorder.footprint()})
    code = _write(answer, folder)
    for path in temporary:
        shutil.rmtree(path, ignore_errors=True)
        with suppress(OSError):  # it was a folder, or is not ours any more
            path.unlink()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):  # the disk is full
            stream.flush()
    os._exit(code)


def _write(answer: Answer, folder: Path) -> int:
    """Write an answer as a whole; gives the exit code that tells whether that could be done."""
    partial = folder / f"{ANSWER_FILE}.part"
    try:
        partial.write_text(answer.model_dump_json(), encoding="utf-8")
        partial.replace(folder / ANSWER_FILE)
    except OSError:
        return NOT_WRITTEN
    return 0


def _temporary_paths() -> list[Path]:
    """The temporary files and folders that are made from now on, whose clearing is skipped at the end, too."""
    paths: list[Path] = []

    def note(event: str, args: tuple[Any, ...]) -> None:
        if event in {"tempfile.mkdtemp", "tempfile.mkstemp"}:
            paths.append(Path(os.fsdecode(args[0])).absolute())

    sys.addaudithook(note)
    return paths


def answer_for(request: Request) -> Answer:
    """Read the project, or list a dataset of it; every failure becomes part of the answer."""
    try:
        if request.keys_of is not None:
            from kedro_dagster_component.introspection.stored_keys import read_stored_keys

            return Answer(keys=read_stored_keys(request.ref, request.keys_of))
        from kedro_dagster_component.introspection.reading import read_project

        return Answer(manifest=read_project(request.ref))
    except ConfigurationError as error:
        return Answer(problems=tuple(ProblemRecord.of(problem) for problem in error.problems))
    except IntrospectionError as error:
        return Answer(error=str(error))
    except (Exception, SystemExit) as error:  # noqa: BLE001 - project code may raise anything, or leave
        return Answer(error=str(cannot_read("the project", error, Path(request.ref.project_path))))
