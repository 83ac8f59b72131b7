"""`python -m benchmarks.grouping`: chains in memory, as one step and as a step for each node, beside `kedro run`."""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from benchmarks.dagster_project import write_combined_project
from benchmarks.page import write_section
from benchmarks.processes import BenchmarkError, Sample, run_probe
from benchmarks.report import markdown

_TIME_GOAL, _MEMORY_GOAL = 1.3, 1.1

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
    files = {
        "src/chained/pipeline_registry.py": _REGISTRY.format(functions=functions, count=count, before=count - 2),
        "conf/base/catalog.yml": _CATALOG,
    }
    write_combined_project(folder, "chained", _COMPONENT.format(grouping=grouping), files)
    return folder


def main() -> None:
    """Measure, print and write the tables of the docs."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="kedro-dagster-grouping-") as name:
        folder = Path(name)
        text = "\n\n".join([_times(folder / "time", options), _memory(folder / "memory", options)])
    print(text)
    if options.write:
        write_section(text, "grouping", "benchmarks.grouping")


def _times(folder: Path, options: argparse.Namespace) -> str:
    """A table of CPU seconds and seconds of a chain of numbers."""
    grouped = write_project(folder / "grouped", options.nodes, "memory")
    apart = write_project(folder / "apart", options.nodes, "node")
    ways = {
        "`kedro run`": ("run_kedro_chain", grouped),
        "one step": ("run_dagster_chain", grouped),
        "a step for each node": ("run_dagster_chain", apart),
    }
    taken = _taken(ways, options.repeats)
    lines = []
    for way, figures in taken.items():
        cpu = statistics.median(one.phases["run"] for one in figures)
        wall = statistics.median(one.facts["seconds"] for one in figures)
        ratio = statistics.median(
            one.phases["run"] / kedro.phases["run"] for one, kedro in zip(figures, taken["`kedro run`"], strict=True)
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
        "`kedro run`": ("run_kedro_chain", grouped),
        "one step": ("run_dagster_chain", grouped),
        "a step for each node": ("run_dagster_chain", apart),
    }
    taken = _taken(ways, 1)
    kedro = taken["`kedro run`"][0].peak
    lines = [
        [
            way,
            f"{one.peak / 2**20:.0f}",
            f"{one.peak / kedro:.2f}",
            "" if one.peak == kedro else f"at most {_MEMORY_GOAL}",
        ]
        for way, [one] in taken.items()
    ]
    table = markdown(["", "MiB", "/ `kedro run`", "goal"], lines)
    return f"The most memory of a chain of {options.frames} nodes over frames of {options.megabytes} MB, in one process:\n\n{table}"


def _taken(ways: Mapping[str, tuple[str, Path]], repeats: int) -> dict[str, list[Sample]]:
    """What each way took, in turn."""
    taken: dict[str, list[Sample]] = {way: [] for way in ways}
    for _ in range(repeats):
        for way, (probe, folder) in ways.items():
            print(f"{way} ...", file=sys.stderr, flush=True)
            (folder / "data/result.json").unlink(missing_ok=True)
            taken[way].append(run_probe(probe, folder, {"DAGSTER_HOME": str(folder / "home")}))
            if not (folder / "data/result.json").exists():
                raise BenchmarkError(f"{probe} made nothing")
    return taken


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.grouping", description="Measure groups of nodes.")
    parser.add_argument("--nodes", type=int, default=200, help="length of the chain that is timed")
    parser.add_argument("--frames", type=int, default=50, help="length of the chain whose memory is measured")
    parser.add_argument("--megabytes", type=int, default=100, help="size of each of its frames")
    parser.add_argument("--repeats", type=int, default=5, help="turns; their median counts")
    parser.add_argument("--write", action="store_true", help="write the tables into the docs")
    return parser.parse_args()


if __name__ == "__main__":
    main()
