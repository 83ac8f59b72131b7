"""What a YAML parser complains about, in words for the person who wrote the file."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from kedro_dagster_component.errors import Position, Problem

_CLOSING = {"mapping": "}", "sequence": "]"}
_SPECIAL = re.compile(r"found character '(?P<character>.+?)' that cannot start any token")
_FLOW = re.compile(r"while parsing a flow (?P<kind>mapping|sequence)")
_ALIAS = re.compile(r"found undefined alias '?(?P<name>[^']+)'?")
_INDENT_HINT = "check the indentation of this line and the ones above"


def explain_yaml_error(file: Path, text: str, error: Exception) -> Problem:
    """The problem behind an error of the YAML parser.

    Args:
        file: For the position.
        text: Content of the file.
        error: From PyYAML's Python parser, or a RecursionError.
    """
    if isinstance(error, yaml.MarkedYAMLError):
        return _explain_marked(file, text, error)
    if isinstance(error, yaml.reader.ReaderError):
        before = text[: error.position]
        position = Position(file, before.count("\n") + 1, len(before) - before.rfind("\n"))
        return Problem("a control character that YAML does not allow", position, "delete it")
    if isinstance(error, RecursionError):
        return Problem("the file is nested too deeply", Position(file))
    return Problem(f"no valid YAML: {error}", Position(file))


def _explain_marked(file: Path, text: str, error: yaml.MarkedYAMLError) -> Problem:
    mark, context = error.problem_mark or error.context_mark, error.context or ""
    if _is_tab(text, mark):
        return Problem("a tab in the indentation", _position(file, mark), "YAML takes spaces only: two for each level")
    opened = error.context_mark or mark
    if flow := _FLOW.search(context):
        opening = "{" if flow["kind"] == "mapping" else "["
        message = f"the '{opening}' is not closed by '{_CLOSING[flow['kind']]}', or a comma is missing"
        return Problem(message, _position(file, opened), f"the mistake shows in line {mark.line + 1}" if mark else None)
    if "quoted scalar" in context:
        return Problem("the quote is not closed", _position(file, opened), "close it on the same line")
    message, hint = _sentence(error.problem or "", context)
    return Problem(message, _position(file, opened if "simple key" in context else mark), hint)


def _sentence(problem: str, context: str) -> tuple[str, str | None]:
    if special := _SPECIAL.search(problem):
        return f"text cannot begin with '{special['character']}'", "put the text in quotes"
    if alias := _ALIAS.search(problem):
        return f"'*{alias['name']}' points to an anchor '&{alias['name']}' that is not above it", None
    for known, sentence in _SENTENCES.items():
        if known in problem or known in context:
            return sentence
    return f"no valid YAML: {' '.join(filter(None, (context, problem)))}", None


def _is_tab(text: str, mark: yaml.Mark | None) -> bool:
    """Whether the parser stopped at a tab, or in a line that is indented with one."""
    if mark is None:
        return False
    lines = text.split("\n")
    line = lines[mark.line] if mark.line < len(lines) else ""
    return "\t" in line[: len(line) - len(line.lstrip())] or line[mark.column : mark.column + 1] == "\t"


def _position(file: Path, mark: yaml.Mark | None) -> Position:
    return Position(file, mark.line + 1, mark.column + 1) if mark else Position(file)


_SENTENCES: dict[str, tuple[str, str | None]] = {
    "mapping values are not allowed": (
        "a ':' where no key can stand",
        "indent this line like its neighbours, or put text that holds ': ' in quotes",
    ),
    "found unexpected ':'": (
        "a ':' without a space behind it",
        "write 'key: value', or put text that holds ':' in quotes",
    ),
    "could not find expected ':'": ("a key without ':'", "write 'key: value'"),
    "expected a single document": ("a second document begins here", "delete the '---'"),
    "while parsing a block mapping": ("this does not fit the mapping above", _INDENT_HINT),
    "while parsing a block collection": ("this does not fit the list above", _INDENT_HINT),
    "sequence entries are not allowed here": ("a '-' where no list can stand", _INDENT_HINT),
    "found duplicate anchor": ("an anchor is there twice", "give it another name"),
    "expected <document start>": ("this does not fit what is above", _INDENT_HINT),
}
"""Message and hint by what PyYAML says."""
