"""`python -m benchmarks.grouping`: chains in memory, as one step and as a step for each node, beside `kedro run`.

Each measured run is a process of its own: `python -m benchmarks.grouping probe NAME FOLDER`.
"""

from __future__ import annotations

import argparse
import json
import os
import runpy
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.probes import cpu_seconds, peak_bytes
from benchmarks.report import markdown
from benchmarks.running import BenchmarkError, environment

_ROOT = Path(__file__).resolve().parent.parent
_PAGE = _ROOT / "docs" / "explanation" / "benchmarks.md"
_BEGIN = "<!-- grouping: written by `python -m benchmarks.grouping`, do not edit -->"
_END = "<!-- end of grouping -->"
_TIME_GOAL, _MEMORY_GOAL = 1.3, 1.1

_PYPROJECT = """\
[tool.dg]
directory_type = "project"

[tool.dg.project]
root_module = "chained"

[tool.kedro]
package_name = "chained"
project_name = "chained"
kedro_init_version = "1.3.0"
"""
_DEFINITIONS = """\
from pathlib import Path

import dagster as dg


@dg.definitions
def defs():
    return dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
"""
_COMPONENT = """\
type: kedro_dagster_component.KedroProjectComponent

attributes:
  project: "{{{{ context.project_root }}}}"
  group_nodes_by: {grouping}
"""
_REGISTRY = """\
from kedro.pipeline import Node, Pipeline

{functions}

def register_pipelines():
    nodes = [Node(first, None, "d0", name="n0")]
    nodes += [Node(step, f"d{{number - 1}}", f"d{{number}}", name=f"n{{number}}") for number in range(1, {count} - 1)]
    return {{"__default__": Pipeline([*nodes, Node(last, "d{before}", "result", name="end")])}}
"""
_NUMBERS = """\
def first():
    return 0


def step(number):
    return number + 1


def last(number):
    return number
"""
_FRAMES = """\
import numpy as np
import pandas as pd


def first():
    return pd.DataFrame(np.zeros(({rows}, 10)))


def step(frame):
    return frame + 1


def last(frame):
    return float(frame.iloc[0, 0])
"""
_CATALOG = "result: {type: json.JSONDataset, filepath: data/result.json}\n"


def write_project(folder: Path, count: int, grouping: str, megabytes: int = 0) -> Path:
    """A Kedro project that is a Dagster project too: a chain of nodes, all in memory but for its end.

    Args:
        folder: Empty, or missing.
        count: Number of nodes.
        grouping: What one step runs.
        megabytes: Size of the frame that goes through the chain; 0 for a number.
    """
    functions = _FRAMES.format(rows=megabytes * 1_000_000 // 80) if megabytes else _NUMBERS
    texts = {
        "pyproject.toml": _PYPROJECT,
        "src/chained/__init__.py": "",
        "src/chained/settings.py": "",
        "src/chained/definitions.py": _DEFINITIONS,
        "src/chained/defs/__init__.py": "",
        "src/chained/defs/kedro/component.yaml": _COMPONENT.format(grouping=grouping),
        "src/chained/pipeline_registry.py": _REGISTRY.format(functions=functions, count=count, before=count - 2),
        "conf/base/catalog.yml": _CATALOG,
        "conf/local/.gitkeep": "",
        "home/dagster.yaml": "telemetry: {enabled: false}\n",
    }
    for name, text in texts.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder


def run_kedro(folder: Path) -> Mapping[str, float]:
    """`kedro run`, whole."""
    os.chdir(folder)
    sys.argv = ["kedro", "run"]
    start = time.perf_counter()
    try:
        runpy.run_module("kedro", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if end.code:
            raise
    return {"cpu": cpu_seconds(), "wall": time.perf_counter() - start, "peak": peak_bytes()}


def run_dagster(folder: Path) -> Mapping[str, float]:
    """A run of the job in one process; what Dagster does before it runs anything is told apart."""
    os.chdir(folder)
    sys.path.insert(0, str(folder / "src"))
    start = time.perf_counter()
    import dagster as dg

    defs = dg.load_from_defs_folder(path_within_project=folder / "src/chained")
    with dg.DagsterInstance.get() as instance:
        job = defs.get_repository_def().get_job("default")
        started, cpu = time.perf_counter(), cpu_seconds()
        result = job.execute_in_process(instance=instance)
        ended = {"cpu": cpu_seconds() - cpu, "wall": time.perf_counter() - started, "peak": peak_bytes()}
    if not result.success:
        raise BenchmarkError("the run failed")
    return {**ended, "start-up": started - start}


_PROBES: Mapping[str, Callable[[Path], Mapping[str, float]]] = {"kedro": run_kedro, "dagster": run_dagster}


def main() -> None:
    """Measure, print and write the tables of the docs."""
    if sys.argv[1:2] == ["probe"]:
        print(json.dumps(_PROBES[sys.argv[2]](Path(sys.argv[3]))))
        return
    options = _options()
    with tempfile.TemporaryDirectory(prefix="kedro-dagster-grouping-") as name:
        folder = Path(name)
        text = "\n\n".join([_times(folder / "time", options), _memory(folder / "memory", options)])
    print(text)
    before, _, rest = _PAGE.read_text(encoding="utf-8").partition(_BEGIN)
    if options.write and rest:
        _PAGE.write_text(f"{before}{_BEGIN}\n\n{text}\n\n{_END}{rest.partition(_END)[2]}", encoding="utf-8")


def _times(folder: Path, options: argparse.Namespace) -> str:
    """A table of CPU seconds and seconds of a chain of numbers."""
    grouped = write_project(folder / "grouped", options.nodes, "memory")
    apart = write_project(folder / "apart", options.nodes, "node")
    ways = {
        "`kedro run`": ("kedro", grouped),
        "one step": ("dagster", grouped),
        "a step for each node": ("dagster", apart),
    }
    taken = _taken(ways, options.repeats)
    lines = []
    for way, figures in taken.items():
        cpu, wall = (statistics.median(one[name] for one in figures) for name in ("cpu", "wall"))
        ratio = statistics.median(
            one["cpu"] / kedro["cpu"] for one, kedro in zip(figures, taken["`kedro run`"], strict=True)
        )
        goal = f"at most {_TIME_GOAL}" if way == "one step" else ""
        lines.append([way, f"{cpu:.2f}", f"{wall:.2f}", f"{ratio:.2f}", goal])
    table = markdown(["", "CPU s", "s", "CPU / `kedro run`", "goal"], lines)
    return f"A chain of {options.nodes} nodes in memory; runs of Dagster without its start-up:\n\n{table}"


def _memory(folder: Path, options: argparse.Namespace) -> str:
    """A table of the most memory a chain of large frames takes."""
    grouped = write_project(folder / "grouped", options.frames, "memory", options.megabytes)
    apart = write_project(folder / "apart", options.frames, "node", options.megabytes)
    ways = {
        "`kedro run`": ("kedro", grouped),
        "one step": ("dagster", grouped),
        "a step for each node": ("dagster", apart),
    }
    taken = _taken(ways, 1)
    kedro = taken["`kedro run`"][0]["peak"]
    lines = [
        [
            way,
            f"{one['peak'] / 2**20:.0f}",
            f"{one['peak'] / kedro:.2f}",
            "" if one["peak"] == kedro else f"at most {_MEMORY_GOAL}",
        ]
        for way, [one] in taken.items()
    ]
    table = markdown(["", "MiB", "/ `kedro run`", "goal"], lines)
    return f"The most memory of a chain of {options.frames} nodes over frames of {options.megabytes} MB, in one process:\n\n{table}"


def _taken(ways: Mapping[str, tuple[str, Path]], repeats: int) -> dict[str, list[dict[str, float]]]:
    """What each way took, in turn."""
    taken: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
    for _ in range(repeats):
        for way, (probe, folder) in ways.items():
            print(f"{way} ...", file=sys.stderr, flush=True)
            taken[way].append(_probe(probe, folder))
    return taken


def _probe(name: str, folder: Path) -> dict[str, float]:
    (folder / "data/result.json").unlink(missing_ok=True)
    env = {**environment(), "DAGSTER_HOME": str(folder / "home")}
    command = [sys.executable, "-m", "benchmarks.grouping", "probe", name, str(folder)]
    done = subprocess.run(command, cwd=_ROOT, env=env, capture_output=True, text=True, check=False)
    if done.returncode or not (folder / "data/result.json").exists():
        raise BenchmarkError(f"{name} failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.grouping", description="Measure groups of nodes.")
    parser.add_argument("--nodes", type=int, default=200, help="length of the chain that is timed")
    parser.add_argument("--frames", type=int, default=50, help="length of the chain whose memory is measured")
    parser.add_argument("--megabytes", type=int, default=100, help="size of each of its frames")
    parser.add_argument("--repeats", type=int, default=5, help="turns; their median counts")
    parser.add_argument("--no-write", dest="write", action="store_false", help="leave the page of the docs as it is")
    return parser.parse_args()


if __name__ == "__main__":
    main()
