"""`python -m benchmarks.fan_out`: partitions, loaded and fanned out in one run, beside a fan-out written by hand."""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.dagster_project import write_combined_project, write_dagster_project, write_home
from benchmarks.kedro_project import write_files
from benchmarks.page import write_section
from benchmarks.processes import ROOT, BenchmarkError, Done, environment, run_process
from benchmarks.report import markdown

_LOADED_KEYS = 1000

_COMPONENT = """\
type: kedro_dagster_component.KedroProjectComponent

attributes:
  project: "{{ context.project_root }}"
"""
_REGISTRY = """\
from kedro.pipeline import Node, Pipeline


def square(numbers):
    return {key: load() ** 2 for key, load in numbers.items()}


def register_pipelines():
    return {"__default__": Pipeline([Node(square, "numbers", "squares", name="square")])}
"""
_CATALOG = """\
numbers: {type: partitions.PartitionedDataset, path: data/numbers, dataset: json.JSONDataset, filename_suffix: .json}
squares: {type: partitions.PartitionedDataset, path: data/squares, dataset: json.JSONDataset, filename_suffix: .json}
"""
_DAGSTER_YML = """\
partitions:
  key: {{type: static, partition_keys: {keys}}}
assets:
  numbers: {{partitions: key}}
  squares: {{partitions: key}}
executors:
  two: {{multiprocess: {{max_concurrent: 2}}}}
jobs:
  all: {{pipeline: {{pipeline_name: __default__}}, executor: two}}
"""
_BY_HAND = """\
import json
from pathlib import Path

import dagster as dg

DATA = Path(__file__).parents[3] / "data"
PARTITIONS = dg.StaticPartitionsDefinition([f"k{{number:04d}}" for number in range({count})])
numbers = dg.AssetSpec("numbers", partitions_def=PARTITIONS)


@dg.op(ins={{"numbers": dg.In(dg.Nothing)}}, out=dg.DynamicOut(str))
def find_keys(context: dg.OpExecutionContext):
    for key in context.partition_keys:
        yield dg.DynamicOutput(key, mapping_key=key)


@dg.op
def square(key: str) -> str:
    number = json.loads((DATA / "numbers" / f"{{key}}.json").read_text())
    (DATA / "squares").mkdir(exist_ok=True)
    (DATA / "squares" / f"{{key}}.json").write_text(json.dumps(number**2))
    return key


@dg.op
def collect(keys: list[str]) -> None:
    pass


@dg.graph_asset(
    partitions_def=PARTITIONS, backfill_policy=dg.BackfillPolicy.single_run(), ins={{"numbers": dg.AssetIn(dagster_type=dg.Nothing)}}
)
def squares(numbers):
    return collect(find_keys(numbers).map(square).collect())


all_keys = dg.define_asset_job(
    "all", ["squares"], executor_def=dg.multiprocess_executor.configured({{"max_concurrent": 2}})
)
"""
_LOAD = """\
import importlib, sys
defs = importlib.import_module(sys.argv[1] + ".definitions").defs()
repository = defs.get_repository_def()
assert repository.get_all_jobs()
"""


def main() -> None:
    """Measure, print and write the table of the docs."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="kedro-dagster-fan-out-") as folder:
        text = "\n\n".join([_loads(Path(folder), options.repeats), _runs(Path(folder), options.keys)])
    print(text)
    if options.write:
        write_section(text, "fan-out", "benchmarks.fan_out")


def _loads(folder: Path, repeats: int) -> str:
    """A table of the CPU seconds of whole loads, introspection included."""
    roots = write_projects(folder / "loads", _LOADED_KEYS)
    taken: dict[str, list[float]] = {root.name: [] for root in roots}
    for _ in range(repeats):
        for root in roots:
            taken[root.name].append(_run([sys.executable, "-c", _LOAD, root.name], root).cpu)
    lines = [[name.replace("_", " "), f"{statistics.median(seconds):.2f}"] for name, seconds in taken.items()]
    return f"CPU seconds of a load with {_LOADED_KEYS} keys:\n\n{markdown(['', 'CPU s'], lines)}"


def _runs(folder: Path, counts: Sequence[int]) -> str:
    """A table of what `dg launch` over all keys takes, in one run on two processes."""
    lines = []
    for count in counts:
        component, by_hand = (_launch(root, count) for root in write_projects(folder / str(count), count))
        for name, done in (("component", component), ("by hand", by_hand)):
            ratio = f"{done.wall / by_hand.wall:.2f}"
            lines.append([f"{count} keys, {name}", f"{done.wall:.1f}", ratio, f"{done.cpu:.1f}"])
    table = markdown(["", "s", "/ by hand", "CPU s"], lines)
    return f"`dg launch` over all keys, in one run with two processes:\n\n{table}"


def write_projects(folder: Path, count: int) -> tuple[Path, Path]:
    """Two Dagster projects with the same two assets and job: one of the component, one written by hand.

    Args:
        folder: Empty, or missing.
        count: Number of partition keys.
    """
    keys = [f"k{number:04d}" for number in range(count)]
    component, by_hand = folder / "component", folder / "by_hand"
    files = {
        "src/component/pipeline_registry.py": _REGISTRY,
        "conf/base/catalog.yml": _CATALOG,
        "conf/base/dagster.yml": _DAGSTER_YML.format(keys=keys),
    }
    write_combined_project(component, "component", _COMPONENT, files)
    write_dagster_project(by_hand, "by_hand", {"assets.py": _BY_HAND.format(count=count)})
    write_home(by_hand)
    for root in (component, by_hand):
        write_files(root, {f"data/numbers/{key}.json": "3" for key in keys})
    return component, by_hand


def _launch(root: Path, count: int) -> Done:
    """One run over all keys."""
    dg = str(Path(sys.executable).with_name("dg"))
    done = _run([dg, "launch", "--job", "all", "--partition-range", f"k0000...k{count - 1:04d}"], root)
    made = len(list((root / "data/squares").iterdir()))
    if made != count:
        raise BenchmarkError(f"{root.name}: {made} of {count} keys were made")
    return done


def _run(command: Sequence[str], root: Path) -> Done:
    return run_process(command, root, environment({"DAGSTER_HOME": str(root / "home")}, root / "src", ROOT / "src"))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fan_out", description="Measure partitions.")
    parser.add_argument(
        "--keys",
        type=lambda text: [int(part) for part in text.split(",")],
        default=[20],
        help="numbers of partition keys, e.g. 20,200",
    )
    parser.add_argument("--repeats", type=int, default=5, help="turns of the loads; their median counts")
    parser.add_argument("--write", action="store_true", help="write the tables into the docs")
    return parser.parse_args()


if __name__ == "__main__":
    main()
