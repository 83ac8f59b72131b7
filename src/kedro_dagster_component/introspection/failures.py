"""What went wrong in foreign code, said in terms of the user's files."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kedro_dagster_component.errors import IntrospectionError, KedroDagsterError, Position
from kedro_dagster_component.manifest import SourceRef
from kedro_dagster_component.masking import is_secret_key, mask_text

_LENGTH = 1_000


@contextmanager
def reading(what: str, project_path: Path) -> Iterator[None]:
    """Whatever foreign code raises inside is told as the failure to read `what`.

    Raises:
        IntrospectionError: From any exception that is none of ours, `SystemExit` included.
    """
    try:
        yield
    except KedroDagsterError:
        raise
    except (Exception, SystemExit) as error:
        raise cannot_read(what, error, project_path) from error


def cannot_read(what: str, error: BaseException, project_path: Path) -> IntrospectionError:
    """The error for a project of which one part cannot be read."""
    lines = [f"cannot read {what} of the Kedro project at {project_path}", f"  {cause(error)}"]
    first = _first(error)
    if first is not error:
        lines.append(f"  because of {cause(first)}")
    place = user_line(first, project_path) or user_line(error, project_path)
    if place:
        lines.append(f"  at {place.file}:{place.line}")
    hint = _hint(first)
    if hint:
        lines.append(f"  -> {hint}")
    return IntrospectionError("\n".join(lines))


def _first(error: BaseException) -> BaseException:
    """The exception that all others were raised from on purpose."""
    seen = [error]
    while seen[-1].__cause__ is not None and seen[-1].__cause__ not in seen:
        seen.append(seen[-1].__cause__)
    return seen[-1]


def cause(error: BaseException) -> str:
    """Type and message of an exception, without secrets of URLs, 1000 characters at most."""
    if isinstance(error, SystemExit):
        return f"the project's code ended the process: sys.exit({error.code!r})"
    name = type(error).__name__
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    message = mask_text(" ".join(text.split()))
    if len(message) > _LENGTH:
        message = f"{message[:_LENGTH]}..."
    return f"{name}: {message}" if message else name


def user_line(error: BaseException, project_path: Path) -> SourceRef | None:
    """The last line of the project's own code that an exception came through, or the one that has no valid syntax.

    Returns:
        None where no line of the project had a part in it.
    """
    if isinstance(error, SyntaxError) and error.filename and _is_own(error.filename, project_path):
        return SourceRef(file=error.filename, line=error.lineno or 1)
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if _is_own(frame.filename, project_path)]
    if own:
        return SourceRef(file=own[-1].filename, line=own[-1].lineno or 1)
    return user_line(error.__cause__, project_path) if error.__cause__ else None


def safe_position(file: Path, line: int, column: int | None = None) -> Position:
    """A position whose line can be shown: one that holds a secret is left at the file."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace").split("\n")[line - 1]
    except (OSError, IndexError):
        return Position(file)
    key = text.strip().lstrip("- ").partition(":")[0].strip("\"' ")
    return Position(file) if is_secret_key(key) or mask_text(text) != text else Position(file, line, column)


def _is_own(filename: str, project_path: Path) -> bool:
    path = Path(filename)
    return (
        path.is_absolute()
        and path.is_relative_to(project_path)
        and not {"site-packages", "dist-packages"} & {*path.parts}
    )


def _hint(error: BaseException) -> str | None:
    if isinstance(error, ModuleNotFoundError) and error.name:
        return (
            f"install the project's requirements (for '{error.name.partition('.')[0]}') in the environment of this"
            f" Python: {sys.executable}"
        )
    return None
