"""Docstrings as Markdown, which is what Dagster takes a description for: it joins lines that a docstring keeps apart."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence

_NAMES = ("args", "arguments", "parameters", "other parameters", "keyword args", "attributes", "raises", "warns")
_TEXTS = ("returns", "yields", "note", "notes", "warning", "warnings", "see also", "references", "todo")
_CODE = ("example", "examples")
_RULE = re.compile(r"-{3,}\s*")
_ITEM = re.compile(r"(?P<name>\*{0,2}\w[\w., *]*?)\s*(?P<type>\([^:]*\))?\s*:\s+(?P<text>\S.*)")
_FIELD = re.compile(r":(?P<kind>\w+)(?:\s+(?P<name>[^:]+))?:\s*(?P<text>.*)")


def docstring_markdown(text: str) -> str:
    """A docstring with its sections, in the style of Google, NumPy or Sphinx, as headings and lists.

    Args:
        text: The docstring; indentation that it has because of where it stands is taken off.
    """
    parts: list[str] = []
    for title, body in _sections(inspect.cleandoc(text).splitlines()):
        shown = _SHOWN.get(title.lower(), _with_fields)(body)
        parts += [f"**{title}**"] if title and shown else []
        parts += [shown] if shown else []
    return "\n\n".join(parts)


def _sections(lines: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Titles with the lines below them; what stands before the first title, and behind the last one, has none."""
    title, body, indented = "", list[str](), False
    index = 0
    while index < len(lines):
        line = lines[index]
        below = lines[index + 1] if index + 1 < len(lines) else ""
        google = _named(line, ":") if line.endswith(":") and below.startswith((" ", "\t")) else None
        numpy = _named(line, "") if _RULE.fullmatch(below) else None
        if google or numpy:
            yield title, body
            title, body, indented = google or numpy or "", [], google is not None
            index += 2 if numpy else 1
            continue
        if indented and line and not line[0].isspace():
            yield title, body
            title, body, indented = "", [], False
        body.append(line)
        index += 1
    yield title, body


def _named(line: str, end: str) -> str | None:
    name = line.removesuffix(end).strip()
    return name if name.lower() in _SHOWN and not line[:1].isspace() else None


def _with_fields(lines: Sequence[str]) -> str:
    """Text in which a field such as `:param x: what it is` is an item of a list."""
    shown: list[str] = []
    for line in lines:
        found = _FIELD.fullmatch(line)
        is_below_item = bool(shown) and shown[-1].startswith("- ")
        if found is None and is_below_item and line[:1].isspace():
            shown[-1] += f" {line.strip()}"
            continue
        if found is None:
            shown.append(line)
            continue
        shown += [""] if shown and shown[-1] and not is_below_item else []
        name = f"`{found['name']}`" if found["name"] else found["kind"]
        shown.append(f"- {name}: {found['text']}")
    return "\n".join(shown).strip("\n")


def _as_text(lines: Sequence[str]) -> str:
    return textwrap.dedent("\n".join(lines)).strip("\n")


def _as_code(lines: Sequence[str]) -> str:
    text = _as_text(lines)
    return text if "```" in text or not text else f"```python\n{text}\n```"


def _as_list(lines: Sequence[str]) -> str:
    """An item for each line at the left edge; those that stand further in belong to the one above."""
    items: list[str] = []
    for line in filter(str.strip, _as_text(lines).splitlines()):
        if line[0].isspace() and items:
            items[-1] += f" {line.strip()}"
        else:
            items.append(line.strip())
    return "\n".join(f"- {_ITEM.sub(_item, item)}" for item in items)


def _item(found: re.Match[str]) -> str:
    kind = f" {found['type']}" if found["type"] else ""
    return f"`{found['name']}`{kind}: {found['text']}"


_SHOWN: Mapping[str, Callable[[Sequence[str]], str]] = {
    **dict.fromkeys(_NAMES, _as_list),
    **dict.fromkeys(_TEXTS, _as_text),
    **dict.fromkeys(_CODE, _as_code),
}
"""How the lines below a title are shown."""
