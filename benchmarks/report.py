"""The figures as tables: in Markdown, which reads well on a screen too."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from benchmarks.figures import GROWTH_FROM, Goal, Row, cpu_rows, goals, peak_rows, ratio_row, step_rows, wall_rows
from benchmarks.results import Results
from benchmarks.run_figures import RunRow, in_process_rows, multiprocess_rows, record_rows, run_goals
from benchmarks.runs import HOMES, IN_PROCESS_NODES, MULTIPROCESS_NODES


def render(results: Results) -> str:
    """All tables, as Markdown without a headline."""
    return "\n\n".join(_parts(results))


def _parts(results: Results) -> Iterator[str]:
    samples = results.loads
    sizes = sorted(samples)
    has_runs = bool(results.in_process)
    yield f"{results.conditions}. Growth counts from {GROWTH_FROM} nodes."
    yield "### Goals"
    yield _goal_table([*goals(samples), *(run_goals(results) if has_runs else [])])
    yield "### Loading"
    yield "CPU seconds, and the power of the number of nodes that each phase grows with:"
    yield _table([*cpu_rows(samples), ratio_row(samples)], sizes, digits=3, limit=results.peer_limit)
    yield "Seconds on the clock:"
    yield _table(wall_rows(samples), sizes, digits=2)
    yield "Most memory held, MiB:"
    yield _table(peak_rows(samples), sizes, digits=0)
    yield "### Running"
    if steps := step_rows(samples):
        yield "CPU milliseconds for each node of a run without Dagster's executor:"
        yield _table(steps, sizes, digits=2)
    if has_runs:
        yield from _run_parts(results)


def _run_parts(results: Results) -> Iterator[str]:
    yield (
        f"A run of {IN_PROCESS_NODES} nodes in one process, CPU milliseconds for each node: with log lines, without them, and with "
        "them but with the event log in memory:"
    )
    yield _run_table(in_process_rows(results.in_process), list(HOMES), digits=2)
    yield "What those runs leave in the event log, for each node:"
    yield _run_table(record_rows(results.in_process), ["records", "log lines among them"], digits=1)
    yield f"A run of {MULTIPROCESS_NODES} nodes with two steps at once:"
    columns = ["seconds a step", "/ by hand, spawn", "CPU s, the whole command"]
    yield _run_table(multiprocess_rows(results.multiprocess), columns, digits=2)


def _table(rows: Iterable[Row], sizes: Sequence[int], *, digits: int, limit: int = 0) -> str:
    listed = list(rows)
    has_growth = any(row.growth is not None for row in listed)
    header = ["", *(f"{size} nodes" for size in sizes), *(["growth"] if has_growth else [])]
    lines = []
    for row in listed:
        growth = [f"{row.growth:.2f}" if row.growth is not None else ""] if has_growth else []
        lines.append([row.label, *(_cell(row.values.get(size), digits, limit) for size in sizes), *growth])
    return markdown(header, lines)


def _run_table(rows: Iterable[RunRow], columns: Sequence[str], *, digits: int) -> str:
    return markdown(["", *columns], [[row.label, *(_cell(value, digits) for value in row.values)] for row in rows])


def _cell(value: float | None, digits: int, limit: int = 0) -> str:
    if value is None or math.isnan(value):
        return ""
    return f"> {limit}" if math.isinf(value) else f"{value:.{digits}f}"


def _goal_table(wanted: Iterable[Goal]) -> str:
    lines = [
        [goal.label, f"{goal.value:.2f}{goal.unit}", f"{goal.limit:.2f}{goal.unit}", "yes" if goal.is_met else "no"]
        for goal in wanted
    ]
    return markdown(["", "measured", "at most", "met"], lines)


def markdown(header: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A table whose first column is text."""
    widths = [max(3, *(len(line[column]) for line in [header, *lines])) for column in range(len(header))]
    ruler = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    padded = [
        [line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True))]
        for line in [header, ruler, *lines]
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in padded)
