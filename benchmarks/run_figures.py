"""From what runs took to the figures of the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.figures import Goal
from benchmarks.results import Results
from benchmarks.running import Samples
from benchmarks.runs import HOMES

IN_PROCESS: Mapping[str, str] = {"component": "component", "by_hand": "by hand", "peer": "kedro-dagster"}
MULTIPROCESS: Mapping[str, str] = {
    "component": "component (forks)",
    "by_hand": "by hand, spawn (Dagster's default)",
    "by_hand_forkserver": "by hand, forkserver that preloads Dagster",
    "peer": "kedro-dagster, spawn",
}
"""Labels by way."""


@dataclass(frozen=True)
class RunRow:
    """One way of running the nodes.

    Attributes:
        label: The way.
        values: As many as the table has columns; None where one is not measured.
    """

    label: str
    values: tuple[float | None, ...]


def in_process_rows(samples: Samples) -> list[RunRow]:
    """CPU milliseconds for each node by home, then the ratio of the component to by hand."""
    rows = [
        RunRow(label, tuple(per_node(samples, f"{way}, {home}") for home in HOMES))
        for way, label in IN_PROCESS.items()
        if f"{way}, lines" in samples
    ]
    ratios = tuple(per_node(samples, f"component, {home}") / per_node(samples, f"by_hand, {home}") for home in HOMES)
    steps = samples["by_hand, lines"].facts["steps"]
    kedro = RunRow("`kedro run`, its runner", (1000 * samples["kedro"].phases["nodes"] / steps, None, None))
    return [*rows, kedro, RunRow("component / by hand", ratios)]


def record_rows(samples: Samples) -> list[RunRow]:
    """Records in Dagster's event log for each node, log lines among them."""
    return [
        RunRow(label, tuple(facts[name] / facts["steps"] for name in ("records", "lines")))
        for way, label in IN_PROCESS.items()
        if f"{way}, lines" in samples
        for facts in [samples[f"{way}, lines"].facts]
    ]


def multiprocess_rows(samples: Samples) -> list[RunRow]:
    """Seconds for each step, the ratio to by hand with spawn, and CPU seconds of the whole command."""
    return [
        RunRow(
            label,
            (per_step(samples, way), per_step(samples, way) / per_step(samples, "by_hand"), samples[way].cpu),
        )
        for way, label in MULTIPROCESS.items()
        if way in samples
    ]


def per_node(samples: Samples, name: str) -> float:
    """CPU milliseconds for each step of a run in one process."""
    return 1000 * samples[name].phases["nodes"] / float(samples[name].facts["steps"])


def per_step(samples: Samples, way: str) -> float:
    """Seconds for each step of a run with two steps at once."""
    return samples[way].phases["run"] / float(samples[way].facts["steps"])


def run_goals(results: Results) -> list[Goal]:
    """The goals of runs."""
    one, two = results.in_process, results.multiprocess
    return [
        *(
            Goal(
                f"run in one process, {home}: each node, against by hand",
                per_node(one, f"component, {home}") / per_node(one, f"by_hand, {home}"),
                1.15,
                " x",
            )
            for home in ("lines", "no lines")
        ),
        Goal(
            "run in two processes: each step, against by hand with spawn",
            per_step(two, "component") / per_step(two, "by_hand"),
            0.3,
            " x",
        ),
    ]
