"""Generates projects, starts the probes of loading in turn, each in a fresh process, and takes medians."""

from __future__ import annotations

import compileall
import math
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.dagster_project import write_component_project, write_hand_written_project
from benchmarks.kedro_project import write_kedro_project
from benchmarks.peer_project import write_peer_project
from benchmarks.processes import CPU_LIMIT, ROOT, BenchmarkError, OverLimitError, Sample, median, run_probe
from benchmarks.shape import Shape, build_shape

_PROBES = (
    *("read_with_kedro", "introspect", "translate", "build_by_hand", "load_component", "load_first", "load_warm"),
    *("load_by_hand", "list_defs_warm", "list_defs_by_hand", "run_nodes"),
)
"""Names of the probes, in the order of one turn; the second writes what the third and the last read."""

_LARGE, _LARGE_TURNS = 1000, 3
"""Beyond so many nodes there are so many turns at most, and the probes of the next line take part in the first or not at all."""
_FIRST_TURN, _LEFT_OUT = frozenset({"load_first"}), frozenset({"list_defs_warm", "list_defs_by_hand", "run_nodes"})

PEER_TURNS = 3
"""Turns of kedro-dagster at most, and one where there are many nodes: they take longer than all the rest."""

_WITH_CACHE = frozenset({"load_first", "load_warm", "list_defs_warm"})
"""These keep the manifest of the Kedro project in a folder of the turn; the first of them makes it."""

_SAME = ("translate", "build_by_hand", "load_component", "load_first", "load_warm", "load_by_hand")

Samples = Mapping[str, Sample]
"""By probe."""


@dataclass(frozen=True)
class Peer:
    """An environment with kedro-dagster.

    Attributes:
        python: Its interpreter.
        cpu_limit: CPU seconds a load may take.
    """

    python: Path
    cpu_limit: int


OVER_LIMIT = Sample({}, math.inf, math.nan, math.nan)
"""Of a load that was ended because it took too long."""


def measure(size: int, repeats: int, folder: Path, peer: Peer | None) -> Samples:
    """Generate a project and run every probe of loading on it.

    Args:
        size: Number of nodes.
        repeats: Turns.
        folder: Empty, or missing.
        peer: To measure beside it; it has one turn where there are many nodes, and none beyond.

    Raises:
        BenchmarkError: A probe failed, or the definitions compared are not the same.
    """
    peer = peer if size <= _LARGE else None
    write_projects(build_shape(size), folder, peer)
    turns = repeats if size <= _LARGE else min(repeats, _LARGE_TURNS)
    taken: dict[str, list[Sample]] = {}
    for turn in range(turns):
        for probe in _probes(size, turn):
            taken.setdefault(probe, []).append(_run(probe, folder))
        if peer and turn < (PEER_TURNS if size < _LARGE else 1):
            taken.setdefault("load_peer", []).append(_load_peer(folder, peer))
    samples = {probe: median(found) for probe, found in taken.items()}
    _check_same(samples)
    return samples


def write_projects(shape: Shape, folder: Path, peer: Peer | None) -> None:
    """The Kedro project and the Dagster projects, compiled as after a first run."""
    write_kedro_project(shape, folder / "kedro")
    write_component_project(folder / "component")
    write_hand_written_project(shape, folder / "by_hand")
    if peer:
        write_peer_project(shape, folder / "peer", peer.python)
    for code in (folder, ROOT / "src", ROOT / "benchmarks"):
        compileall.compile_dir(code, quiet=2)


def _probes(size: int, turn: int) -> Iterator[str]:
    for probe in _PROBES:
        if size <= _LARGE or (probe not in _LEFT_OUT and (turn == 0 or probe not in _FIRST_TURN)):
            yield probe


def _run(probe: str, folder: Path) -> Sample:
    cache = folder / "cache"
    if probe == "load_first":
        shutil.rmtree(cache, ignore_errors=True)
    return run_probe(probe, folder, {"KEDRO_DAGSTER_CACHE": str(cache) if probe in _WITH_CACHE else "off"})


def _load_peer(folder: Path, peer: Peer) -> Sample:
    try:
        return run_probe("load_peer", folder, {CPU_LIMIT: str(peer.cpu_limit)}, python=peer.python)
    except OverLimitError:
        return OVER_LIMIT


def _check_same(samples: Samples) -> None:
    facts = {probe: samples[probe].facts for probe in _SAME}
    if not _all_equal(facts.values()):
        lines = "\n".join(f"  {probe}: {made}" for probe, made in facts.items())
        raise BenchmarkError(f"the definitions compared are not the same:\n{lines}")
    made, peer = samples["load_by_hand"].facts, samples.get("load_peer", OVER_LIMIT).facts
    if peer and peer["datasets content"] != made["datasets content"]:
        raise BenchmarkError(f"kedro-dagster does not make the same datasets:\n  {peer}\n  {made}")


def _all_equal(values: Iterable[Any]) -> bool:
    first, *others = values
    return all(other == first for other in others)
