"""The figures as tables: in Markdown, which reads well on a screen too."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

from benchmarks.figures import (
    GROWTH_FROM,
    Goal,
    Row,
    SamplesBySize,
    cpu_rows,
    goals,
    peak_rows,
    ratio_row,
    step_rows,
    wall_rows,
)

BEGIN = "<!-- results: written by `python -m benchmarks`, do not edit -->"
END = "<!-- end of results -->"


def render(samples: SamplesBySize, repeats: int) -> str:
    """All tables, as Markdown without a headline."""
    sizes = sorted(samples)
    parts = [
        _conditions(repeats),
        "CPU seconds, and the power of the number of nodes that each phase grows with:",
        _table([*cpu_rows(samples), ratio_row(samples)], sizes, digits=3),
        "Seconds on the clock:",
        _table(wall_rows(samples), sizes, digits=2),
        "CPU milliseconds for each node of a run:",
        _table(step_rows(samples), sizes, digits=2),
        "Most memory held, MiB:",
        _table(peak_rows(samples), sizes, digits=0),
        "Goals:",
        _goal_table(goals(samples)),
    ]
    return "\n\n".join(parts)


def write(text: str, file: Path) -> None:
    """Put the tables between the two marks of a page, or make a page of them alone."""
    page = file.read_text(encoding="utf-8") if file.exists() else f"# Benchmarks\n\n{BEGIN}\n{END}\n"
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    file.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


def _conditions(repeats: int) -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in ("dagster", "kedro", "omegaconf", "pydantic"))
    machine = f"{platform.system()} on {os.cpu_count()} cores, Python {platform.python_version()}"
    turns = "one turn" if repeats == 1 else f"medians of {repeats} turns"
    return f"{machine}; {packages}; {turns}. Growth counts from {GROWTH_FROM} nodes."


def _table(rows: Iterable[Row], sizes: Sequence[int], *, digits: int) -> str:
    listed = list(rows)
    has_growth = any(row.growth is not None for row in listed)
    header = ["", *(f"{size} nodes" for size in sizes), *(["growth"] if has_growth else [])]
    lines = []
    for row in listed:
        growth = [f"{row.growth:.2f}" if row.growth is not None else ""] if has_growth else []
        lines.append([row.label, *(f"{row.values[size]:.{digits}f}" for size in sizes), *growth])
    return markdown(header, lines)


def _goal_table(wanted: Iterable[Goal]) -> str:
    lines = [
        [goal.label, f"{goal.value:.2f}{goal.unit}", f"{goal.limit:.2f}{goal.unit}", "yes" if goal.is_met else "no"]
        for goal in wanted
    ]
    return markdown(["", "measured", "at most", "met"], lines)


def markdown(header: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A table whose first column is text."""
    widths = [max(len(line[column]) for line in [header, *lines]) for column in range(len(header))]
    ruler = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    padded = [
        [line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True))]
        for line in [header, ruler, *lines]
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in padded)
