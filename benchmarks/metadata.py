"""`python -m benchmarks.metadata`: what the metadata of a materialisation costs a step that writes a million rows."""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.kedro_project import write_files
from benchmarks.page import write_section
from benchmarks.processes import environment
from benchmarks.report import markdown
from kedro_dagster_component.config.metadata_parts import DEFAULT_PARTS
from kedro_dagster_component.introspection import introspect_project
from kedro_dagster_component.manifest import ProjectRef
from kedro_dagster_component.plan import MetadataChoice

_ROWS = 1_000_000
_MOST_PERCENT, _MOST_MILLISECONDS = 3.0, 20.0

_FILES = {
    "pyproject.toml": '[tool.kedro]\npackage_name = "million"\nproject_name = "million"\nkedro_init_version = "1.3.0"\n',
    "src/million/__init__.py": "",
    "src/million/settings.py": "",
    "src/million/pipeline_registry.py": f"""\
import pandas as pd
from kedro.pipeline import node, pipeline

ROWS = {_ROWS}
FRAME = pd.DataFrame(
    {{
        "id": range(ROWS),
        "value": [number * 0.5 for number in range(ROWS)],
        "name": ["a", "b", "c", "d"] * (ROWS // 4),
        "day": pd.date_range("2024-01-01", periods=ROWS, freq="s"),
        "flag": [True, False] * (ROWS // 2),
    }}
)


def give():
    return FRAME


def register_pipelines():
    return {{"__default__": pipeline([node(give, None, "frame", name="give")])}}
""",
    "conf/base/catalog.yml": "frame: {type: pandas.ParquetDataset, filepath: data/frame.parquet}\n",
    "conf/local/.gitkeep": "",
}


def main() -> None:
    """Measure, print and write the table of the docs."""
    options = _options()
    os.environ.update(environment())
    sys.dont_write_bytecode = True
    with tempfile.TemporaryDirectory(prefix="kedro-dagster-metadata-") as folder:
        text = _measure(Path(folder).resolve(), options.repeats)
    print(text)
    if options.write:
        write_section(text, "metadata", "benchmarks.metadata")


def _measure(root: Path, repeats: int) -> str:
    step = _prepare(root)
    choices = {"without": MetadataChoice(), "with": MetadataChoice(frozenset(DEFAULT_PARTS))}
    step(choices["with"])
    cpu: dict[str, list[float]] = {name: [] for name in choices}
    wall: dict[str, list[float]] = {name: [] for name in choices}
    for _ in range(repeats):
        for name, choice in choices.items():
            cpu_start, wall_start = time.process_time(), time.perf_counter()
            step(choice)
            wall[name].append((time.perf_counter() - wall_start) * 1000)
            cpu[name].append((time.process_time() - cpu_start) * 1000)
    lines = [
        [f"step {name} metadata", f"{statistics.median(cpu[name]):.1f}", f"{statistics.median(wall[name]):.1f}"]
        for name in choices
    ]
    added = [statistics.median(times["with"]) - statistics.median(times["without"]) for times in (cpu, wall)]
    lines.append(["difference", *(f"{milliseconds:.1f}" for milliseconds in added)])
    lines.append(["the look at the data alone", *(f"{milliseconds:.2f}" for milliseconds in _alone(choices["with"]))])
    table = markdown(["", "CPU ms", "ms on the clock"], lines)
    limit = max(_MOST_MILLISECONDS, statistics.median(cpu["without"]) * _MOST_PERCENT / 100)
    met = "met" if added[0] <= limit else "missed"
    return f"Medians of {repeats} steps each, by turns:\n\n{table}\n\nAt most {limit:.0f} CPU ms: {met}."


def _alone(choice: MetadataChoice, calls: int = 100) -> tuple[float, float]:
    """CPU and clock milliseconds of what the recorder does with one save of the frame."""
    from kedro_dagster_component.runtime.recorder import Recorder

    frame = sys.modules["million.pipeline_registry"].FRAME
    recorder = Recorder()
    recorder.begin({"frame": choice})
    cpu_start, wall_start = time.process_time(), time.perf_counter()
    for _ in range(calls):
        recorder.after_dataset_saved(dataset_name="frame", data=frame)
    seconds = (time.process_time() - cpu_start, time.perf_counter() - wall_start)
    return seconds[0] / calls * 1000, seconds[1] / calls * 1000


def _prepare(root: Path) -> Callable[[MetadataChoice], Any]:
    """A function that runs the step of the generated project."""
    from kedro_dagster_component.runtime.host import LocalHost
    from kedro_dagster_component.runtime.messages import SessionRequest, StepRequest

    write_files(root, _FILES)
    ref = ProjectRef(project_path=str(root))
    [node] = introspect_project(ref).nodes.values()
    host = LocalHost(ref)
    session = SessionRequest(ref, "kedro", "run", "2024-01-01T00.00.00.000Z", nodes=(node,))
    return lambda choice: host.run_step(StepRequest(session, node, metadata={"frame": choice}), lambda _line: None)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.metadata", description="Measure metadata.")
    parser.add_argument("--repeats", type=int, default=15, help="steps with and without; their medians count")
    parser.add_argument("--write", action="store_true", help="write the table into the docs")
    return parser.parse_args()


if __name__ == "__main__":
    main()
