"""`python -m benchmarks`: generate projects, measure, print, write the page and the picture of the docs."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.chart import PICTURE, draw
from benchmarks.page import PAGE, write_section
from benchmarks.processes import ROOT
from benchmarks.report import render
from benchmarks.results import Results, describe_conditions
from benchmarks.running import Peer, Samples, measure
from benchmarks.runs import measure_in_process, measure_multiprocess

_PEER = ROOT / ".venv-peer" / "bin" / "python"


def main() -> None:
    """Run the benchmark."""
    options = _options()
    results = Results.read() if options.again else _measure(options)
    text = render(results)
    print(text)
    if str(options.output) != "-":
        write_section(text, "results", "benchmarks", options.output)
        draw(results, PICTURE)


def _measure(options: argparse.Namespace) -> Results:
    peer = Peer(options.peer, options.peer_limit) if options.peer.exists() else None
    if not peer:
        _tell(f"Without kedro-dagster: there is no {options.peer} (`make .venv-peer/.peer` makes it).")
    with tempfile.TemporaryDirectory(prefix="kedro-dagster-bench-") as name:
        folder = Path(name).resolve()
        loads = {}
        for size in options.sizes:
            _tell(f"{size} nodes ...")
            loads[size] = measure(size, options.repeats, folder / str(size), peer)
        in_process: Samples = {}
        multiprocess: Samples = {}
        if options.runs:
            _tell("runs ...")
            in_process = measure_in_process(folder / "in-process", options.repeats, peer)
            multiprocess = measure_multiprocess(folder / "multiprocess", options.repeats, peer)
    results = Results(describe_conditions(options.repeats), options.peer_limit, loads, in_process, multiprocess)
    results.keep()
    return results


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure loading and running.")
    parser.add_argument("--sizes", type=_sizes, default=[10, 100, 1000, 5000], help="numbers of nodes, e.g. 10,100")
    parser.add_argument("--repeats", type=_positive, default=5, help="turns; their median counts")
    parser.add_argument("--no-runs", dest="runs", action="store_false", help="measure loading only")
    parser.add_argument("--peer", type=Path, default=_PEER, help="Python of an environment with kedro-dagster")
    parser.add_argument("--peer-limit", type=_positive, default=120, help="CPU seconds a load of it may take")
    parser.add_argument("--output", type=Path, default=PAGE, help="page to write the tables into; - for none")
    parser.add_argument("--again", action="store_true", help="write what was measured last, and measure nothing")
    return parser.parse_args()


def _sizes(text: str) -> list[int]:
    sizes = sorted({int(part) for part in text.split(",")})
    if sizes[0] < 5:
        raise argparse.ArgumentTypeError("the smallest project has 5 nodes, one for each pipeline")
    return sizes


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least one")
    return number


if __name__ == "__main__":
    main()
