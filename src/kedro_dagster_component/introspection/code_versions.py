"""Versions of nodes: they change with code and parameters, and with nothing that differs between machines.

The code of a function is the top-level statement of its file that it stands in, and the other top-level statements
that it leads to by the names in them. What has no name of its own (an `if`, a call) counts for every function of the
file. Code that a file imports is not followed. Comments and blank lines do not count.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from functools import cache, cached_property
from pathlib import Path
from types import CodeType
from typing import Any

from kedro_dagster_component.manifest import NodeEntry, ParameterEntry

_DIGITS = 16
_MAX_PARSED_BYTES = 200_000
"""A larger file is a library's or generated: it counts as a whole, parsing it would take longer than it tells."""
_NAME = re.compile(r"[^\W\d]\w*")
_STRING = r"'''(?:\\.|[^\\])*?'''|\"\"\"(?:\\.|[^\\])*?\"\"\"|'(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\""
_COMMENT = re.compile(rf"({_STRING})|[ \t]*#[^\n]*", re.DOTALL)
_BLANK = re.compile(rf"({_STRING})|[ \t]+(?=\n|\Z)|(?<=\n)[ \t]*\n", re.DOTALL)


def source_version(code: CodeType | None, wiring: Any) -> str:
    """What changes with the code of a node's function.

    Args:
        code: Of the function; None where it has none.
        wiring: Path of the function, and the inputs and outputs as the node was given them.
    """
    text = json.dumps(wiring, sort_keys=True, default=list)
    source = _code_at(code.co_filename, code.co_firstlineno) if code is not None else None
    return _digest(text, source or "")


def with_parameters(nodes: Mapping[str, NodeEntry], parameters: Mapping[str, ParameterEntry]) -> dict[str, NodeEntry]:
    """Nodes whose code version counts the values of their parameters too.

    Args:
        nodes: By id, with the version of their source.
        parameters: By name as nodes spell it; of a secret only that it is one.
    """
    values = {name: json.dumps(entry.value, sort_keys=True) for name, entry in parameters.items()}
    digests = {name: _digest(value) for name, value in values.items()}
    versioned = {}
    for node_id, node in nodes.items():
        taken = [f"{name}={digests[name]}" for name in node.parameters if name in digests]
        version = _digest(node.code_version or "", *taken) if taken else node.code_version
        versioned[node_id] = node.model_copy(update={"code_version": version})
    return versioned


def _digest(*texts: str) -> str:
    return hashlib.sha256("\n".join(texts).encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]


@cache
def _code_at(file_name: str, line: int) -> str | None:
    file = _read_file(file_name)
    return file.code_at(line) if file is not None else None


class _File:
    """Top-level statements of a source file."""

    def __init__(self, text: str, body: Iterable[ast.stmt]) -> None:
        self._lines = text.split("\n")
        self._statements = [_Statement(self._lines, node) for node in body if not _is_docstring(node)]
        self._starts = [statement.first for statement in self._statements]
        self._by_name: dict[str, list[int]] = {}
        for index, statement in enumerate(self._statements):
            for name in statement.names:
                self._by_name.setdefault(name, []).append(index)

    def code_at(self, line: int) -> str:
        """The statement a line stands in, and those it depends on.

        Args:
            line: 1-based; where no statement has it the code is that of the whole file.
        """
        index = bisect_right(self._starts, line) - 1
        if index < 0 or line > self._statements[index].last:
            return "\n".join(self._lines)
        return self._reached(index)

    def _reached(self, start: int) -> str:
        found = {start, *self._unnamed}
        waiting = list(found)
        while waiting:
            for name in self._statements[waiting.pop()].mentioned & self._by_name.keys():
                new = set(self._by_name[name]) - found
                found |= new
                waiting += new
        return "\n".join(self._statements[index].text for index in sorted(found))

    @cached_property
    def _unnamed(self) -> list[int]:
        return [index for index, statement in enumerate(self._statements) if not statement.names]


class _Statement:
    """A top-level statement.

    Attributes:
        first: Its first line, decorators included; 1-based.
        last: Its last line.
        names: What it gives a name to; empty for one that does something else.
    """

    def __init__(self, lines: list[str], node: ast.stmt) -> None:
        decorators = getattr(node, "decorator_list", ())
        self.first = min([node.lineno, *(each.lineno for each in decorators)])
        self.last = node.end_lineno or node.lineno
        self.names = _names(node)
        self._lines = lines

    @cached_property
    def text(self) -> str:
        """Without comments and blank lines."""
        text = "\n".join(self._lines[self.first - 1 : self.last])
        return _BLANK.sub(_string_only, _COMMENT.sub(_string_only, text)) if "#" in text or "\n" in text else text

    @cached_property
    def mentioned(self) -> set[str]:
        """Every name in it; those in texts too, which does no harm."""
        return set(_NAME.findall(self.text))


def _string_only(match: re.Match[str]) -> str:
    return match[1] or ""


def _names(node: ast.stmt) -> tuple[str, ...]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return (node.name,)
    if isinstance(node, ast.Import | ast.ImportFrom):
        names = [(alias.asname or alias.name).partition(".")[0] for alias in node.names]
        return () if "*" in names or getattr(node, "module", None) == "__future__" else tuple(names)
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        names = [target.id for target in targets if isinstance(target, ast.Name)]
        return tuple(names) if len(names) == len(targets) else ()
    return ()


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


@cache
def _read_file(name: str) -> _File | None:
    """A file of code; None where there is none, or none that can be parsed."""
    try:
        text = Path(name).read_text(encoding="utf-8")
        return _File(text, ast.parse(text).body if len(text) <= _MAX_PARSED_BYTES else ())
    except (OSError, UnicodeDecodeError, SyntaxError, ValueError):
        return None
