"""From what the probes of loading took to the figures of the report: rows over all sizes, growth, goals."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from benchmarks.results import SamplesBySize
from benchmarks.running import Samples

Value = Callable[[Samples], float]

GROWTH_FROM = 100
"""Smallest size that counts for growth, where there are two of at least this size."""

_GOALS_AT = 1000
"""Number of nodes the goals are set for."""


@dataclass(frozen=True)
class Row:
    """One measure over all sizes.

    Attributes:
        label: What is measured.
        values: By size; infinite where it took longer than it may, and missing where it is not measured.
        growth: Exponent of the power of the size it grows with; None where that says nothing.
    """

    label: str
    values: Mapping[int, float]
    growth: float | None = None


@dataclass(frozen=True)
class Goal:
    """A figure that has to stay below a limit.

    Attributes:
        label: What is wanted.
        value: What was measured.
        limit: The most it may be.
        unit: Behind both numbers.
    """

    label: str
    value: float
    limit: float
    unit: str = ""

    @property
    def is_met(self) -> bool:
        """Whether the figure is within the limit."""
        return self.value <= self.limit


def phase(probe: str, *names: str) -> Value:
    """CPU seconds of some phases of a probe, taken together."""
    return lambda samples: sum(samples[probe].phases[name] for name in names)


def cpu(probe: str) -> Value:
    """CPU seconds of a probe's whole process and its children."""
    return lambda samples: samples[probe].cpu


def wall(probe: str) -> Value:
    """Seconds a probe took."""
    return lambda samples: samples[probe].wall


def peak_mebibytes(probe: str) -> Value:
    """Most memory the process of a probe held."""
    return lambda samples: samples[probe].peak / 2**20


def per_node(name: str) -> Value:
    """CPU milliseconds of a phase for each node that was run."""
    return lambda samples: 1000 * samples["run_nodes"].phases[name] / samples["run_nodes"].facts["nodes"]


def bridge(samples: Samples) -> float:
    """CPU milliseconds of a step beyond its node, whoever keeps its log."""
    return per_node("as steps")(samples) - per_node("by Kedro")(samples)


translation = phase("translate", "build", "resolve")
by_hand = phase("build_by_hand", "build", "resolve")
PEER = "whole load, kedro-dagster"
WARM, COLD, BY_HAND, KEDRO = (
    *("whole load, warm", "whole load, cold: the project is read", "whole load, by hand"),
    "Kedro alone: imports, bootstrap, catalog, pipelines",
)

_CPU: Mapping[str, Value] = {
    KEDRO: cpu("read_with_kedro"),
    "introspection, its process included": phase("introspect", "introspection"),
    "manifest from JSON": phase("translate", "parse"),
    "checks and configuration": phase("translate", "checks"),
    "translation: definitions, checks included": phase("translate", "build"),
    "translation: repository and jobs": phase("translate", "resolve"),
    "by hand: definitions": phase("build_by_hand", "build"),
    "by hand: repository and jobs": phase("build_by_hand", "resolve"),
    COLD: cpu("load_component"),
    "whole load, the first of all: it is read twice": cpu("load_first"),
    WARM: cpu("load_warm"),
    BY_HAND: cpu("load_by_hand"),
    PEER: cpu("load_peer"),
    "`dg list defs`, warm": cpu("list_defs_warm"),
    "`dg list defs`, by hand": cpu("list_defs_by_hand"),
}
_IMPORTS: Mapping[str, Value] = {
    "imports: Dagster and the component": phase("translate", "import"),
    "imports: Dagster": phase("build_by_hand", "import"),
}
_WALL: Mapping[str, Value] = {
    "whole load, cold": wall("load_component"),
    "whole load, the first of all": wall("load_first"),
    "whole load, warm": wall("load_warm"),
    "whole load, by hand": wall("load_by_hand"),
    PEER: wall("load_peer"),
}
_PEAKS: Mapping[str, Value] = {
    "whole load, cold, its own process": peak_mebibytes("load_component"),
    "whole load, warm": peak_mebibytes("load_warm"),
    "whole load, by hand": peak_mebibytes("load_by_hand"),
    PEER: peak_mebibytes("load_peer"),
    "Kedro alone": peak_mebibytes("read_with_kedro"),
}
_STEPS: Mapping[str, Value] = {
    "node, by Kedro's runner without hooks": per_node("by Kedro"),
    "node as a step: session, hooks, log bridge": per_node("as steps"),
    "hooks and log bridge: the difference": bridge,
    "the step with its lines in Dagster's event log": per_node("as steps, with the event log"),
    "as many lines logged by hand, alone": per_node("event log"),
}


def cpu_rows(samples: SamplesBySize) -> list[Row]:
    """CPU seconds with their growth."""
    return [*_rows(samples, _CPU, grows=True), *_rows(samples, _IMPORTS)]


def wall_rows(samples: SamplesBySize) -> list[Row]:
    """Seconds on the clock."""
    return _rows(samples, _WALL)


def peak_rows(samples: SamplesBySize) -> list[Row]:
    """Memory in MiB."""
    return _rows(samples, _PEAKS)


def step_rows(samples: SamplesBySize) -> list[Row]:
    """CPU milliseconds for each node that is run without Dagster's executor."""
    return _rows(samples, _STEPS)


def ratio_row(samples: SamplesBySize) -> Row:
    """Translation against definitions by hand."""
    return Row("translation / by hand", {size: translation(found) / by_hand(found) for size, found in samples.items()})


def goals(samples: SamplesBySize) -> list[Goal]:
    """The goals of loading, at the number of nodes they are set for or the largest below."""
    size = max([size for size in samples if size <= _GOALS_AT], default=min(samples))
    found = samples[size]
    cold = cpu("load_by_hand")(found) + 1.1 * cpu("read_with_kedro")(found)
    warm = cpu("load_warm")(found) / cpu("load_by_hand")(found)
    memory = peak_mebibytes("load_by_hand")(found) + 10
    wanted = [
        Goal(f"warm load of {size} nodes, against by hand", warm, 1.15, " x"),
        Goal(f"cold load of {size} nodes: by hand + 1.1 x Kedro", cpu("load_component")(found), cold, " CPU s"),
        Goal(f"memory of a warm load of {size} nodes", peak_mebibytes("load_warm")(found), memory, " MiB"),
        Goal(f"translation of {size} nodes, against by hand", translation(found) / by_hand(found), 3.0, " x"),
    ]
    if "list_defs_warm" in found:
        listing = cpu("list_defs_warm")(found) / cpu("list_defs_by_hand")(found)
        wanted.append(Goal(f"`dg list defs` of {size} nodes, warm, against by hand", listing, 1.15, " x"))
    if "run_nodes" in found:
        wanted.append(Goal("hooks and log bridge, for each node", bridge(found), 5.0, " CPU ms"))
    own = growth({size: phase("translate", "parse", "build")(found) for size, found in samples.items()})
    if own is not None:
        wanted.append(Goal("growth of the manifest's parsing and the definitions", own, 1.05))
    return wanted


def growth(values: Mapping[int, float]) -> float | None:
    """The exponent `k` for which `size ** k` fits best: the slope of a straight line through the logarithms.

    Args:
        values: Positive values by size; those that are not finite do not count.

    Returns:
        None for a single size.
    """
    finite = {size: value for size, value in values.items() if math.isfinite(value)}
    large = [size for size in finite if size >= GROWTH_FROM]
    sizes = large if len(large) > 1 else list(finite)
    if len(sizes) < 2:
        return None
    xs = [math.log(size) for size in sizes]
    ys = [math.log(finite[size]) for size in sizes]
    x_mean, y_mean = sum(xs) / len(xs), sum(ys) / len(ys)
    covariance = sum((x - x_mean) * (y - y_mean) for x, y in zip(xs, ys, strict=True))
    return covariance / sum((x - x_mean) ** 2 for x in xs)


def _rows(samples: SamplesBySize, values: Mapping[str, Value], *, grows: bool = False) -> list[Row]:
    measured = {label: _over_sizes(samples, get) for label, get in values.items()}
    return [Row(label, row, growth(row) if grows else None) for label, row in measured.items() if row]


def _over_sizes(samples: SamplesBySize, get: Value) -> dict[int, float]:
    """By size, without those where a probe was left out."""
    return {size: value for size, found in samples.items() if (value := _value(get, found)) is not None}


def _value(get: Value, samples: Samples) -> float | None:
    try:
        return get(samples)
    except KeyError:
        return None
