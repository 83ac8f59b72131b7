"""Everything that can be wrong, as data that prints itself.

```
KedroDagsterError
├── ConfigurationError     one or more `Problem`s in YAML files; ends the load
├── IntrospectionError     the Kedro project cannot be read; ends the load
└── StepError              a step cannot run its node; ends the step
    ├── StaleNodeError         the node in the code is no longer the node Dagster knows
    ├── MemoryDatasetError     an in-memory dataset is not there, or cannot leave the process
    ├── PartitionError         a partition key is not there, is not the step's, or cannot be part of a path
    ├── ForeignProcessError    the child process of another project's step ended without an answer
    └── RunFailedError         what `on_pipeline_error` gets for an error of another process
```
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from kedro_dagster_component.masking import MASK, mask_line

_SHOWN_LENGTH = 160
"""Characters of a line that are shown."""
_LONG_ENOUGH = 3
"""Characters of a name that say something where it begins another one."""


@dataclass(frozen=True)
class Position:
    """A place in a text file.

    Attributes:
        file: Absolute path of the file.
        line: 1-based; None where only the file is known.
        column: 1-based; None where only the line is known.
    """

    file: Path
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        parts = [str(self.file), *(str(number) for number in (self.line, self.column) if number is not None)]
        return ":".join(parts)


@dataclass(frozen=True)
class Problem:
    """One mistake: where it is, what it is, and the way out.

    Attributes:
        message: What is wrong, one sentence without a full stop at the end; what a subprocess said may follow
            on further lines.
        position: The place in the file that holds the wrong value; None where no file does.
        hint: The way out; None where the message already says it.
    """

    message: str
    position: Position | None = None
    hint: str | None = None

    def sort_key(self) -> tuple[str, int, int]:
        """Order of problems in a message: by file, then by line and column, then those without a place."""
        if self.position is None:
            return ("\U0010ffff", 0, 0)
        return (str(self.position.file), self.position.line or 0, self.position.column or 0)

    def __str__(self) -> str:
        first, *more = self.message.split("\n")
        lines = [f"{self.position}: {first}" if self.position else first, *_excerpt(self.position), *more]
        if self.hint:
            lines += [
                f"  -> {line}" if index == 0 else f"     {line}" for index, line in enumerate(self.hint.split("\n"))
            ]
        return "\n".join(lines)


ValuePath = tuple["str | int", ...]
"""Keys and list indices that lead to a value."""


@dataclass(frozen=True)
class Finding:
    """A mistake whose place is a path: it becomes a `Problem` where the file is known.

    Attributes:
        path: Of the wrong value.
        message: As in `Problem`.
        hint: As in `Problem`.
        at_key: Whether the last key of the path is wrong, rather than the value below it.
    """

    path: ValuePath
    message: str
    hint: str | None = None
    at_key: bool = False


class KedroDagsterError(Exception):
    """Base of every error this package raises on purpose."""


class ConfigurationError(KedroDagsterError):
    """Mistakes in `component.yaml`, `dagster.yml` or the catalog, all of them at once.

    Attributes:
        problems: Sorted by file and line, each once; never empty.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: Sequence[Problem] = sorted(dict.fromkeys(problems), key=Problem.sort_key)
        count = len(self.problems)
        title = "1 problem" if count == 1 else f"{count} problems"
        super().__init__(f"{title} in the configuration\n\n" + "\n\n".join(map(str, self.problems)))


class IntrospectionError(KedroDagsterError):
    """The Kedro project could not be read: not importable, broken configuration, unknown environment."""


class StepError(KedroDagsterError):
    """A step cannot run its node; the message says why and what to do."""


class StaleNodeError(StepError):
    """The live node is not the one Dagster was told about when the definitions were loaded."""


class MemoryDatasetError(StepError):
    """An in-memory dataset was not stored, or cannot be stored."""


class PartitionError(StepError):
    """A partition key that is not there, cannot be part of a path, or is not the step's."""


class ForeignProcessError(StepError):
    """The child process that runs another project's steps ended without an answer."""


class RunFailedError(StepError):
    """An error of another process, for hooks: the original object cannot leave the process it was raised in.

    Attributes:
        class_name: Of the original exception.
        original_message: Its text.
        original_traceback: Its traceback as text; empty for a killed process.
        step: The Dagster step it happened in; None where it was none.
    """

    def __init__(self, class_name: str, message: str, traceback: str = "", step: str | None = None) -> None:
        headline = f"{class_name}: {message}" if message else class_name
        super().__init__(headline + (f"\n\n{traceback}" if traceback else ""))
        self.class_name, self.original_message = class_name, message
        self.original_traceback, self.step = traceback, step


def did_you_mean(wrong: str, known: Iterable[str], *, limit: int = 3) -> str | None:
    """The nearest valid names, as a hint.

    Returns:
        "did you mean 'a'?" where something is close, else the list of what there is (20 names at most),
        else None where nothing is known.
    """
    names = sorted(set(known))
    close = nearest_names(wrong, names, limit=limit)
    if close:
        return "did you mean " + " or ".join(f"'{name}'" for name in close) + "?"
    if not names:
        return None
    shown = ", ".join(f"'{name}'" for name in names[:20])
    return f"there is: {shown}" + (f" and {len(names) - 20} more" if len(names) > 20 else "")


def nearest_names(wrong: str, known: Iterable[str], *, limit: int = 3) -> list[str]:
    """Names that may be meant, the likeliest first: close in spelling, else one of the two begins with the other."""
    names = sorted(set(known))
    close = difflib.get_close_matches(wrong, names, n=limit, cutoff=0.6)
    if close or len(wrong) < _LONG_ENOUGH:
        return close
    return [name for name in names if len(name) >= _LONG_ENOUGH and (wrong.startswith(name) or name.startswith(wrong))][
        :limit
    ]


def masked_line(position: Position) -> str:
    """The line at a position without its secrets; empty where there is none, or the file cannot be read."""
    lines = _lines_of(position)
    return _masked(lines, position, (position.line or 0) - 1) if lines else ""


def _lines_of(position: Position) -> list[str]:
    """The lines of a file that has one at the position; none where it has not, or cannot be read."""
    try:
        lines = position.file.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        return []
    return lines if 1 <= (position.line or 0) <= len(lines) else []


def _masked(lines: Sequence[str], position: Position, index: int) -> str:
    return mask_line(lines, index, all_secret=position.file.name.startswith("credentials")).rstrip("\r")


def _excerpt(position: Position | None) -> list[str]:
    """The line at the position without its secrets, a caret below it; empty where the file cannot be read."""
    if position is None or position.line is None or not (lines := _lines_of(position)):
        return []
    index = position.line - 1
    text, shown = lines[index].rstrip("\r"), _masked(lines, position, index)
    gutter = f"{position.line:>5} | "
    if not position.column:
        return [gutter + _cut(shown, 0)[0]]
    before = text[: position.column - 1]
    masked_before = _masked([*lines[:index], before], position, index)
    line, place = _cut(shown.replace("\t", " "), _shown_length(before, masked_before, shown))
    return [gutter + line, " " * (len(gutter) + _cells(line[:place])) + "^"]


def _cut(line: str, place: int) -> tuple[str, int]:
    """What is around a place of a line that a terminal would wrap, and the place in it."""
    if len(line) <= _SHOWN_LENGTH:
        return line, place
    first = max(0, min(place - _SHOWN_LENGTH // 2, len(line) - _SHOWN_LENGTH))
    last = first + _SHOWN_LENGTH
    start, end = ("..." if first else ""), ("..." if last < len(line) else "")
    return f"{start}{line[first:last]}{end}", place - first + len(start)


def _cells(text: str) -> int:
    """How many cells of a terminal a text takes."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def _shown_length(before: str, masked_before: str, shown: str) -> int:
    """Where the text behind another begins once secrets in both are masked; of a secret, where its mask begins."""
    if shown.startswith(before):
        return len(before)
    is_inside = masked_before.endswith(MASK) and not before.endswith(MASK)
    return min(len(masked_before), len(shown)) - (len(MASK) if is_inside else 0)
