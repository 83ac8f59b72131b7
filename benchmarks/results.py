"""All that was measured, kept in a file, so that tables and chart can be made again without measuring again."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from benchmarks.processes import ROOT, Sample
from benchmarks.running import Samples

KEPT = ROOT / "benchmarks" / "results" / "latest.json"

SamplesBySize = Mapping[int, Samples]


@dataclass(frozen=True)
class Results:
    """What was measured.

    Attributes:
        conditions: Machine and versions, in words.
        peer_limit: CPU seconds a load of kedro-dagster could take.
        loads: Samples of loading by number of nodes.
        in_process: Samples of runs in one process, by way and home; empty where they were left out.
        multiprocess: Samples of runs in two processes, by way.
    """

    conditions: str
    peer_limit: int
    loads: SamplesBySize
    in_process: Samples
    multiprocess: Samples

    def keep(self, file: Path = KEPT) -> None:
        """Write them as JSON."""
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, file: Path = KEPT) -> Results:
        """As they were kept."""
        kept = json.loads(file.read_text(encoding="utf-8"))
        loads = {int(size): _samples(samples) for size, samples in kept["loads"].items()}
        runs = {name: _samples(kept[name]) for name in ("in_process", "multiprocess")}
        return cls(kept["conditions"], kept["peer_limit"], loads, **runs)


def describe_conditions(repeats: int) -> str:
    """Machine, versions and turns."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("dagster", "kedro", "omegaconf", "pydantic"))
    turns = "one turn" if repeats == 1 else f"medians of {repeats} turns"
    python = f"{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"
    return f"{platform.system()} on {os.cpu_count()} cores, Python {python}; {packages}; {turns}"


def _samples(kept: Mapping[str, Mapping[str, object]]) -> dict[str, Sample]:
    return {name: Sample(**sample) for name, sample in kept.items()}  # type: ignore[arg-type]  # as `keep` wrote it
