"""Puts tables between two marks of the page of the docs."""

from __future__ import annotations

from pathlib import Path

from benchmarks.processes import ROOT

PAGE = ROOT / "docs" / "explanation" / "benchmarks.md"


def write_section(text: str, name: str, command: str, page: Path = PAGE) -> None:
    """Write tables into a page, or make a page of them alone.

    Args:
        text: Markdown.
        name: What the section's marks call it.
        command: Module that measures it, named in the first mark.
        page: The file.
    """
    begin, end = f"<!-- {name}: written by `python -m {command}`, do not edit -->", f"<!-- end of {name} -->"
    before_text = page.read_text(encoding="utf-8") if page.exists() else f"# Benchmarks\n\n{begin}\n{end}\n"
    before, mark, rest = before_text.partition(begin)
    if not mark:
        raise ValueError(f"{page} has no mark {begin}")
    page.write_text(f"{before}{begin}\n\n{text}\n\n{end}{rest.partition(end)[2]}", encoding="utf-8")
