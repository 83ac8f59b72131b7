"""Starts what is measured, each in a process of its own, and counts what that process and all it starts take."""

from __future__ import annotations

import ctypes
import functools
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.accounting import children_cpu_seconds

ROOT = Path(__file__).resolve().parent.parent
"""Folder of the repository."""

CPU_LIMIT = "BENCHMARK_CPU_LIMIT"
"""Environment variable: CPU seconds a probe may take."""

_ADOPT = 36
"""Linux's `PR_SET_CHILD_SUBREAPER`."""
_LEFT_SECONDS = 10.0
"""How long processes that outlive their parent may take to end."""


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
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Done:
    """A process that has ended.

    Attributes:
        output: What it wrote to stdout.
        cpu: CPU seconds it took, with every process that it, or one of those, started. Elsewhere than on Linux those
            that nobody waited for are missing: forked steps, for example.
        wall: Seconds.
    """

    output: str
    cpu: float
    wall: float


class BenchmarkError(Exception):
    """A probe failed, or what is compared is not the same."""


class OverLimitError(BenchmarkError):
    """A probe took more CPU seconds than it may."""


def environment(variables: Mapping[str, str] | None = None, *paths: Path) -> dict[str, str]:
    """Variables of a measured process: quiet, with the benchmarks importable.

    Args:
        variables: More of them.
        paths: Folders to import from, before those of the benchmarks.
    """
    quiet = {"DO_NOT_TRACK": "1", "KEDRO_DISABLE_TELEMETRY": "1", "PYTHONHASHSEED": "0", "PYTHONWARNINGS": "ignore"}
    left_out = {"KEDRO_ENV", "DAGSTER_HOME", "PYTHONDONTWRITEBYTECODE", "COLUMNS"}
    kept = {name: value for name, value in os.environ.items() if name not in left_out}
    return {**kept, **quiet, "PYTHONPATH": os.pathsep.join(map(str, [*paths, ROOT])), **(variables or {})}


def run_process(command: Sequence[str], folder: Path, variables: Mapping[str, str]) -> Done:
    """Run a command to its end, and wait for all that it leaves behind.

    Args:
        command: Program and arguments.
        folder: Working directory.
        variables: All of its environment.

    Raises:
        OverLimitError: It took more CPU seconds than it may.
        BenchmarkError: It failed.
    """
    _adopt_orphans()
    cpu, start = children_cpu_seconds(), time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)
    wall = time.perf_counter() - start
    _wait_for_orphans()
    if done.returncode == -signal.SIGXCPU:
        raise OverLimitError(f"{_name(command)} took more than {variables[CPU_LIMIT]} CPU seconds")
    if done.returncode:
        raise BenchmarkError(f"{_name(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return Done(done.stdout, children_cpu_seconds() - cpu, wall)


def run_probe(
    probe: str, folder: Path, variables: Mapping[str, str] | None = None, *, python: str | Path = sys.executable
) -> Sample:
    """Run a probe of `benchmarks.probes`.

    Args:
        probe: Its name.
        folder: Where the generated projects are.
        variables: Environment variables beside the usual ones.
        python: Interpreter of the environment it runs in.

    Raises:
        OverLimitError: It took more CPU seconds than it may.
        BenchmarkError: It failed.
    """
    command = [str(python), "-m", "benchmarks.probes", probe, str(folder)]
    done = run_process(command, ROOT, environment(variables))
    return Sample(**json.loads(done.output.splitlines()[-1]))


def median(samples: Sequence[Sample]) -> Sample:
    """The median of each figure; what was made is that of the first."""
    names = samples[0].phases
    return Sample(
        phases={name: statistics.median(sample.phases[name] for sample in samples) for name in names},
        cpu=statistics.median(sample.cpu for sample in samples),
        wall=statistics.median(sample.wall for sample in samples),
        peak=statistics.median(sample.peak for sample in samples),
        facts=samples[0].facts,
    )


def _name(command: Sequence[str]) -> str:
    return " ".join(Path(part).name for part in command)


@functools.cache
def _adopt_orphans() -> None:
    """Become the parent of processes whose own parent ends, so that their time counts: the server that forks steps."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_ADOPT, 1, 0, 0, 0)


def _wait_for_orphans() -> None:
    deadline = time.monotonic() + _LEFT_SECONDS
    while time.monotonic() < deadline:
        try:
            ended, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not ended:
            time.sleep(0.01)
    raise BenchmarkError("a process was left behind")
