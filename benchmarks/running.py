"""Starts the probes in turn, each in a fresh process, and takes medians."""

from __future__ import annotations

import compileall
import json
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.dagster_project import write_component_project, write_hand_written_project
from benchmarks.kedro_project import write_kedro_project
from benchmarks.shape import build_shape

PROBES = (
    *("read_with_kedro", "introspect", "translate", "build_by_hand", "load_component", "load_first", "load_warm"),
    *("load_by_hand", "list_defs_warm", "list_defs_by_hand", "run_nodes"),
)
"""Names of the probes, in the order of one turn; the second writes what the third and the last read."""

_WITH_CACHE = frozenset({"load_first", "load_warm", "list_defs_warm"})
"""These keep the manifest of the Kedro project in a folder of the turn; the first of them makes it."""

_SAME = ("translate", "build_by_hand", "load_component", "load_first", "load_warm", "load_by_hand")
_ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Sample:
    """What a probe took: once, or in the median of several turns.

    Attributes:
        phases: CPU seconds by phase, children included.
        cpu: CPU seconds of the whole process, start and children included.
        wall: Seconds from its first line to its last.
        peak: Most bytes it held in memory.
        facts: What it made.
    """

    phases: Mapping[str, float]
    cpu: float
    wall: float
    peak: float
    facts: Mapping[str, Any]


Samples = Mapping[str, Sample]
"""By probe."""


class BenchmarkError(Exception):
    """A probe failed, or what is compared is not the same."""


def measure(size: int, repeats: int, folder: Path) -> Samples:
    """Generate a project and run every probe on it.

    Args:
        size: Number of nodes.
        repeats: Turns.
        folder: Empty, or missing.

    Raises:
        BenchmarkError: A probe failed, or the definitions written by hand are not those of the component.
    """
    write_projects(size, folder)
    turns = [{probe: run_probe(probe, folder) for probe in PROBES} for _ in range(repeats)]
    _check_same(turns[0])
    return {probe: _median([turn[probe] for turn in turns]) for probe in PROBES}


def write_projects(size: int, folder: Path) -> None:
    """The Kedro project and the two Dagster projects, compiled as after a first run."""
    shape = build_shape(size)
    write_kedro_project(shape, folder / "kedro")
    write_component_project(folder / "component")
    write_hand_written_project(shape, folder / "by_hand")
    for code in (folder, _ROOT / "src", _ROOT / "benchmarks"):
        compileall.compile_dir(code, quiet=2)


def run_probe(probe: str, folder: Path) -> Sample:
    """Run a probe in a process of its own.

    Raises:
        BenchmarkError: It failed.
    """
    command = [sys.executable, "-m", "benchmarks.probes", probe, str(folder)]
    cache = folder / "cache"
    if probe == "load_first":
        shutil.rmtree(cache, ignore_errors=True)
    variables = {**environment(), "KEDRO_DAGSTER_CACHE": str(cache) if probe in _WITH_CACHE else "off"}
    done = subprocess.run(command, cwd=_ROOT, env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchmarkError(f"{probe} failed:\n{done.stderr[-4000:]}")
    return Sample(**json.loads(done.stdout.splitlines()[-1]))


def environment() -> dict[str, str]:
    """Variables of a measured process: quiet, with this package and the benchmarks importable."""
    quiet = {"DO_NOT_TRACK": "1", "KEDRO_DISABLE_TELEMETRY": "1", "PYTHONHASHSEED": "0", "PYTHONWARNINGS": "ignore"}
    left_out = {"KEDRO_ENV", "DAGSTER_HOME", "PYTHONDONTWRITEBYTECODE"}
    kept = {name: value for name, value in os.environ.items() if name not in left_out}
    return {**kept, **quiet, "PYTHONPATH": os.pathsep.join([str(_ROOT / "src"), str(_ROOT)])}


def _median(samples: Sequence[Sample]) -> Sample:
    names = samples[0].phases
    return Sample(
        phases={name: statistics.median(sample.phases[name] for sample in samples) for name in names},
        cpu=statistics.median(sample.cpu for sample in samples),
        wall=statistics.median(sample.wall for sample in samples),
        peak=statistics.median(sample.peak for sample in samples),
        facts=samples[0].facts,
    )


def _check_same(samples: Samples) -> None:
    facts = {probe: samples[probe].facts for probe in _SAME}
    if not _all_equal(facts.values()):
        lines = "\n".join(f"  {probe}: {made}" for probe, made in facts.items())
        raise BenchmarkError(f"the definitions compared are not the same:\n{lines}")


def _all_equal(values: Iterable[Any]) -> bool:
    first, *others = values
    return all(other == first for other in others)
