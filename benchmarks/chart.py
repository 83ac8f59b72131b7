"""The figures as a picture of the docs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.figures import BY_HAND, COLD, KEDRO, PEER, WARM, Row, cpu_rows
from benchmarks.processes import ROOT
from benchmarks.results import Results
from benchmarks.run_figures import IN_PROCESS, per_node, per_step
from benchmarks.running import Samples

PICTURE = ROOT / "docs" / "explanation" / "pictures" / "benchmarks.svg"

# Okabe and Ito's colours, which are told apart without red and green too.
_COMPONENT, _HAND, _PEER, _KEDRO, _PALE = "#0072B2", "#009E73", "#D55E00", "#767676", "#56B4E9"
_LINES: Mapping[str, tuple[str, str, str]] = {
    WARM: ("component, warm", _COMPONENT, "o-"),
    COLD: ("component, cold", _PALE, "s-"),
    BY_HAND: ("by hand", _HAND, "^-"),
    KEDRO: ("Kedro alone", _KEDRO, "d:"),
    PEER: ("kedro-dagster", _PEER, "v-"),
}
"""What is drawn of each row of CPU seconds: label, colour, marker and line."""

_SECONDS = (0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500)
"""Marked on the axis of the loads."""

_STARTS = {
    "component": "component\n(forks)",
    "by_hand": "by hand\n(spawn)",
    "by_hand_forkserver": "by hand\n(forkserver)",
    "peer": "kedro-dagster\n(spawn)",
}
"""Ways of starting steps, in few words."""

_COLOURS = {"component": _COMPONENT, "by_hand": _HAND, "by_hand_forkserver": _HAND, "peer": _PEER}


def draw(results: Results, file: Path) -> None:
    """Draw loads over sizes, and runs beside them where they were measured."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    style = {"svg.hashsalt": "benchmarks", "svg.fonttype": "path", "font.size": 9}
    with mpl.rc_context({**style, "axes.spines.top": False, "axes.spines.right": False}):
        panels = 3 if results.in_process else 1
        figure, axes = plt.subplots(1, panels, figsize=(4.4 * panels, 3.6), squeeze=False, layout="constrained")
        _draw_loads(axes[0][0], cpu_rows(results.loads), results.peer_limit)
        if results.in_process:
            _draw_in_process(axes[0][1], results.in_process)
            _draw_multiprocess(axes[0][2], results.multiprocess)
        file.parent.mkdir(parents=True, exist_ok=True)
        # No date inside: the same figures are the same file.
        figure.savefig(file, metadata={"Date": None} if file.suffix == ".svg" else None, facecolor="white")
        plt.close(figure)


def _draw_loads(axes: Any, rows: list[Row], limit: int) -> None:
    for row in rows:
        if row.label in _LINES:
            label, colour, marker = _LINES[row.label]
            measured = {size: value for size, value in row.values.items() if math.isfinite(value)}
            axes.plot(list(measured), list(measured.values()), marker, color=colour, label=label, markersize=4)
            for size in set(row.values) - set(measured):
                axes.annotate(f"> {limit}", (size, limit), color=colour, ha="center", va="bottom")
                axes.plot([size], [limit], "^", color=colour, markerfacecolor="none")
    axes.set(xscale="log", yscale="log", xlabel="nodes", ylabel="CPU seconds", title="Loading the definitions")
    axes.minorticks_off()
    sizes = sorted({size for row in rows for size in row.values})
    low, high = axes.get_ylim()
    seconds = [mark for mark in _SECONDS if low <= mark <= high]
    axes.set_xticks(sizes, list(map(str, sizes)))
    axes.set_yticks(seconds, [f"{mark:g}" for mark in seconds])
    axes.grid(visible=True, which="major", alpha=0.3)
    axes.legend(frameon=False, loc="upper left")


def _draw_in_process(axes: Any, samples: Samples) -> None:
    """Bars of a run with log lines, and inside them the same without."""
    ways = [way for way in IN_PROCESS if f"{way}, lines" in samples]
    labels = [IN_PROCESS[way] for way in ways]
    with_lines = [per_node(samples, f"{way}, lines") for way in ways]
    without = [per_node(samples, f"{way}, no lines") for way in ways]
    colours = [_COLOURS[way] for way in ways]
    axes.barh(labels, with_lines, color=colours, alpha=0.35)
    axes.barh(labels, without, color=colours)
    _tell(axes, with_lines, "ms", "{:.0f}")
    axes.set(xlabel="CPU milliseconds a node (pale: its log lines)", title="Running in one process")


def _draw_multiprocess(axes: Any, samples: Samples) -> None:
    ways = [way for way in _STARTS if way in samples]
    labels = [_STARTS[way] for way in ways]
    seconds = [per_step(samples, way) for way in ways]
    axes.barh(labels, seconds, color=[_COLOURS[way] for way in ways])
    _tell(axes, seconds, "s", "{:.2f}")
    axes.set(xlabel="seconds a step", title="Running two steps at once")


def _tell(axes: Any, values: list[float], unit: str, form: str) -> None:
    for place, value in enumerate(values):
        axes.annotate(f" {form.format(value)} {unit}", (value, place), va="center")
    axes.set_xlim(0, max(values) * 1.25)
    axes.invert_yaxis()
