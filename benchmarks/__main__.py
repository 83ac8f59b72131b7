"""`python -m benchmarks`: generate projects, measure, print, write the page of the docs."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.report import render, write
from benchmarks.running import measure

_PAGE = Path(__file__).resolve().parent.parent / "docs" / "explanation" / "benchmarks.md"


def main() -> None:
    """Run the benchmark."""
    options = _options()
    samples = {}
    with tempfile.TemporaryDirectory(prefix="kedro-dagster-bench-") as folder:
        for size in options.sizes:
            print(f"{size} nodes ...", file=sys.stderr, flush=True)
            samples[size] = measure(size, options.repeats, Path(folder) / str(size))
    text = render(samples, options.repeats)
    print(text)
    if str(options.output) != "-":
        write(text, options.output)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure loading and translating.")
    parser.add_argument("--sizes", type=_sizes, default=[10, 100, 1000], help="numbers of nodes, e.g. 10,100")
    parser.add_argument("--repeats", type=_positive, default=3, help="turns; their median counts")
    parser.add_argument("--output", type=Path, default=_PAGE, help="page to write the tables into; - for none")
    return parser.parse_args()


def _sizes(text: str) -> list[int]:
    sizes = sorted({int(part) for part in text.split(",")})
    if sizes[0] < 5:
        raise argparse.ArgumentTypeError("the smallest project has 5 nodes, one for each pipeline")
    return sizes


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least one turn")
    return number


if __name__ == "__main__":
    main()
