"""Runs the generated projects' nodes: in one process, and in two at once."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.dagster_project import COMPONENT_MODULE, HAND_WRITTEN_MODULE
from benchmarks.definitions import JOBS
from benchmarks.peer_project import PEER_MODULE
from benchmarks.processes import ROOT, BenchmarkError, Sample, environment, median, run_probe, run_process
from benchmarks.running import PEER_TURNS, Peer, Samples, write_projects
from benchmarks.shape import build_shape

IN_PROCESS_NODES, MULTIPROCESS_NODES = 100, 20
_CHAINS = 4
"""Side by side, so that there is always a second step to run."""

HOMES = {
    "lines": "telemetry: {enabled: false}\n",
    "no lines": "telemetry: {enabled: false}\npython_logs: {python_log_level: CRITICAL}\n",
    "no database": None,
}
"""Where a run in one process keeps its event log: what `dagster.yaml` says, by name; None for in memory, with log lines."""

_LINES_APART = 0.1
"""How far apart the numbers of records in two event logs may be."""

_TWO = {"max_concurrent": 2}


@dataclass(frozen=True)
class Way:
    """A way of running nodes in two processes at once.

    Attributes:
        project: Folder of the generated project.
        module: Where its definitions are.
        executor: Configuration of Dagster's multiprocess executor; None where the definitions have one.
        data: Folder of the project that holds what the nodes write.
    """

    project: str
    module: str
    executor: Mapping[str, Any] | None
    data: str


WAYS = {
    "component": Way("component", f"{COMPONENT_MODULE}.definitions", _TWO, "kedro"),
    # The module itself, so that no step looks for components.
    "by_hand": Way("by_hand", f"{HAND_WRITTEN_MODULE}.defs.definitions", _TWO, "by_hand"),
    "by_hand_forkserver": Way(
        "by_hand",
        f"{HAND_WRITTEN_MODULE}.defs.definitions",
        {**_TWO, "start_method": {"forkserver": {"preload_modules": ["dagster"]}}},
        "by_hand",
    ),
    "peer": Way("peer", PEER_MODULE, None, "peer"),
}
"""How steps are started: the component forks them, Dagster starts them anew unless it is told otherwise."""


def measure_in_process(folder: Path, repeats: int, peer: Peer | None) -> Samples:
    """Runs in one process, by way and home (`component, lines`); `kedro run` as `kedro`.

    Raises:
        BenchmarkError: A run failed, or what is compared did not do the same.
    """
    write_projects(build_shape(IN_PROCESS_NODES), folder, peer)
    homes = {name: _write_home(folder / "homes" / name, text) for name, text in HOMES.items()}
    taken: dict[str, list[Sample]] = {}
    for turn in range(repeats):
        ways = ("component", "by_hand", *(["peer"] if peer and turn < PEER_TURNS else []))
        taken.setdefault("kedro", []).append(run_probe("run_kedro", folder))
        for home, variables in homes.items():
            for way in ways:
                python = peer.python if peer and way == "peer" else sys.executable
                taken.setdefault(f"{way}, {home}", []).append(
                    run_probe(f"run_{way}", folder, {**variables, **_cached(folder)}, python=python)
                )
    samples = {name: median(found) for name, found in taken.items()}
    _check_same(samples)
    for home in HOMES:
        _check_alike(samples[f"component, {home}"], samples[f"by_hand, {home}"])
    return samples


def measure_multiprocess(folder: Path, repeats: int, peer: Peer | None) -> Samples:
    """Runs with two steps at once, by name of the way; the phase `run` has seconds, and `cpu` is that of the whole command.

    Raises:
        BenchmarkError: A run failed, or what is compared did not do the same.
    """
    write_projects(build_shape(MULTIPROCESS_NODES, _CHAINS), folder, peer)
    home = _write_home(folder / "home", HOMES["lines"])
    taken: dict[str, list[Sample]] = {}
    for turn in range(repeats):
        for name, way in WAYS.items():
            if name != "peer" or (peer and turn < PEER_TURNS):
                python = peer.python if peer and name == "peer" else Path(sys.executable)
                taken.setdefault(name, []).append(_launch(folder, way, home, python))
    samples = {name: median(found) for name, found in taken.items()}
    _check_same(samples)
    return samples


def _launch(folder: Path, way: Way, home: Mapping[str, str], python: Path) -> Sample:
    command = [str(python.with_name("dg")), "launch", "--job", JOBS[way.project], "-m", way.module, "-a", "defs"]
    if way.executor:
        command += ["--config-json", json.dumps({"execution": {"config": {"multiprocess": way.executor}}})]
    root = folder / way.project
    paths = [root / "src", *([ROOT / "src"] if way.project == "component" else [])]
    done = run_process(command, root, environment({**home, **_cached(folder)}, *paths))
    run = run_probe("last_run", folder / way.data, home, python=python)
    return Sample({"run": run.facts["seconds"]}, done.cpu, done.wall, 0.0, run.facts)


def _cached(folder: Path) -> dict[str, str]:
    return {"KEDRO_DAGSTER_CACHE": str(folder / "cache")}


def _write_home(home: Path, text: str | None) -> dict[str, str]:
    """Variables that make the folder Dagster's home."""
    if text is None:
        return {}
    home.mkdir(parents=True)
    (home / "dagster.yaml").write_text(text, encoding="utf-8")
    return {"DAGSTER_HOME": str(home)}


def _check_same(samples: Samples) -> None:
    made = {name: sample.facts["data"] for name, sample in samples.items()}
    if len(set(made.values())) > 1:
        raise BenchmarkError(f"the runs compared did not make the same: {made}")


def _check_alike(component: Sample, by_hand: Sample) -> None:
    """Refuse to compare runs whose event logs are not about as long: each record costs more than all the rest."""
    ours, theirs = component.facts, by_hand.facts
    same = all(ours[name] == theirs[name] for name in ("steps", "materializations"))
    if not same or abs(ours["records"] / theirs["records"] - 1) > _LINES_APART:
        raise BenchmarkError(f"the runs compared are not alike:\n  {ours}\n  {theirs}")
