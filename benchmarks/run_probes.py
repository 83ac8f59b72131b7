"""What running is measured by: see `probes`."""

from __future__ import annotations

import os
import runpy
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from benchmarks.accounting import Stopwatch
from benchmarks.definitions import JOBS, LOADERS, Facts, digest
from benchmarks.load_probes import MANIFEST_FILE

if TYPE_CHECKING:
    import dagster as dg

_FIRST_DATASET = "s0_n0_0_json"
_MOST_RUN = 100
"""Nodes that are run at most by `run_nodes`; what each costs does not depend on how many there are."""


def run_kedro(folder: Path, watch: Stopwatch) -> Facts:
    """`kedro run`, whole; what its runner takes is told apart."""
    from kedro.runner import SequentialRunner

    run = SequentialRunner.run

    def run_and_time(*arguments: Any, **named: Any) -> Any:
        with watch.phase("nodes"):
            return run(*arguments, **named)

    with patch.object(SequentialRunner, "run", run_and_time):
        _run_command(folder / "kedro")
    return lambda: {"data": _data(folder / "kedro")}


def run_kedro_chain(folder: Path, watch: Stopwatch) -> Facts:
    """`kedro run`, whole, of the chain that `grouping` writes."""
    start = time.perf_counter()
    with watch.phase("run"):
        _run_command(folder)
    seconds = time.perf_counter() - start
    return lambda: {"seconds": seconds}


def run_dagster_chain(folder: Path, watch: Stopwatch) -> Facts:
    """A run of that chain in one process; what Dagster does before it runs anything does not count."""
    sys.path.insert(0, str(folder / "src"))
    import dagster as dg

    defs = dg.load_from_defs_folder(path_within_project=folder / "src/chained")
    with dg.DagsterInstance.get() as instance:
        job = defs.get_repository_def().get_job("default")
        start = time.perf_counter()
        with watch.phase("run"):
            job.execute_in_process(instance=instance)
        seconds = time.perf_counter() - start
    return lambda: {"seconds": seconds}


def run_component(folder: Path, watch: Stopwatch) -> Facts:
    """A run of all nodes in one process."""
    return _run_in_process(folder, "component", watch)


def run_by_hand(folder: Path, watch: Stopwatch) -> Facts:
    """The same by hand."""
    return _run_in_process(folder, "by_hand", watch)


def run_peer(folder: Path, watch: Stopwatch) -> Facts:
    """The same by kedro-dagster."""
    return _run_in_process(folder, "peer", watch)


def last_run(folder: Path, watch: Stopwatch) -> Facts:
    """What the last run did, as the instance that `DAGSTER_HOME` names tells it; `folder` holds that run's data."""
    import dagster as dg

    with dg.DagsterInstance.get() as instance:
        [record] = instance.get_run_records(limit=1)
        if not record.dagster_run.is_success or record.start_time is None or record.end_time is None:
            raise RuntimeError(f"the last run is {record.dagster_run.status}")
        facts = {"seconds": record.end_time - record.start_time, **_events(instance, record.dagster_run.run_id)}
    return lambda: {**facts, "data": _data(folder)}


def _run_in_process(folder: Path, way: str, watch: Stopwatch) -> Facts:
    """Run one node, which imports and opens whatever has to be, then all of them.

    The event log is where `DAGSTER_HOME` says, or in memory without one.
    """
    import dagster as dg

    job = LOADERS[way](folder, watch).get_repository_def().get_job(JOBS[way])
    # kedro-dagster's job is none of assets, and no part of it runs alone: there it is all of them twice.
    first = None if way == "peer" else [dg.AssetKey(_FIRST_DATASET)]
    with dg.DagsterInstance.get() if "DAGSTER_HOME" in os.environ else dg.DagsterInstance.ephemeral() as instance:
        with watch.phase("first"):
            job.execute_in_process(instance=instance, asset_selection=first)
        start = time.perf_counter()
        with watch.phase("nodes"):
            result = job.execute_in_process(instance=instance)
        seconds = time.perf_counter() - start
        facts = {"seconds": seconds, **_events(instance, result.run_id)}
    return lambda: {**facts, "data": _data(folder / ("kedro" if way == "component" else way))}


def _run_command(root: Path) -> None:
    os.chdir(root)
    with patch.object(sys, "argv", ["kedro", "run"]):
        try:
            runpy.run_module("kedro", run_name="__main__", alter_sys=True)
        except SystemExit as end:
            if end.code:
                raise


def _events(instance: dg.DagsterInstance, run_id: str) -> dict[str, int]:
    """How many steps, materialisations, log lines and records in all a run left in its event log."""
    kinds = Counter(
        entry.dagster_event.event_type_value if entry.dagster_event else "line" for entry in instance.all_logs(run_id)
    )
    names = {"steps": "STEP_SUCCESS", "materializations": "ASSET_MATERIALIZATION", "lines": "line"}
    return {**{name: kinds[kind] for name, kind in names.items()}, "records": kinds.total()}


def _data(root: Path) -> str:
    """What a run made, as far as all keep it in the same kind of file."""
    return digest({file.name: file.read_text() for file in sorted((root / "data").glob("*.json"))})


def run_nodes(folder: Path, watch: Stopwatch) -> Facts:
    """The first nodes by Kedro alone; as steps whose log nobody keeps; as steps with Dagster's event log."""
    import dagster as dg

    from kedro_dagster_component.manifest import ProjectManifest, ProjectRef
    from kedro_dagster_component.runtime.host import LocalHost
    from kedro_dagster_component.runtime.logs import LogLine, LogSink
    from kedro_dagster_component.runtime.messages import SessionRequest, StepRequest
    from kedro_dagster_component.runtime.view import sink_of

    ref = ProjectRef(project_path=str(folder / "kedro"))
    entries = ProjectManifest.model_validate_json((folder / MANIFEST_FILE).read_bytes()).nodes.values()
    host = LocalHost(ref)
    host.warm()
    os.chdir(ref.project_path)
    names = _run_with_kedro(Stopwatch())  # makes the files, imports the classes of the datasets
    _run_with_kedro(watch)
    nodes = {entry.name: entry for entry in entries if entry.name in names}

    def run_steps(run_id: str, phase: str, sink: LogSink) -> None:
        version = "2024-01-01T00.00.00.000Z"
        session = SessionRequest(ref, "kedro", run_id, version, nodes=tuple(nodes.values()), shares_process=True)
        host.missing_memory(session, (), sink)  # opens it
        with watch.phase(phase):
            for name in names:
                host.run_step(StepRequest(session, nodes[name]), sink)

    lines: list[LogLine] = []
    run_steps("one", "as steps", lines.append)

    @dg.op
    def logging_op(context) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001  (Dagster reads it at run time)
        run_steps("two", "as steps, with the event log", sink_of(context.log))
        with watch.phase("event log"):
            for line in lines:
                context.log.log(line.level, line.message)

    @dg.job
    def logging_job() -> None:
        logging_op()

    with dg.DagsterInstance.local_temp(str(folder)) as instance:
        logging_job.execute_in_process(instance=instance)
    return lambda: {"nodes": len(names), "lines": len(lines)}


def _run_with_kedro(watch: Stopwatch) -> list[str]:
    """Run the first nodes with a runner without hooks; their names in its order."""
    from kedro.framework.project import pipelines
    from kedro.framework.session import KedroSession
    from kedro.pipeline import Pipeline
    from kedro.runner import SequentialRunner

    pipeline = Pipeline(pipelines["__default__"].nodes[:_MOST_RUN])
    catalog = KedroSession.create(Path.cwd()).load_context().catalog
    with watch.phase("by Kedro"):
        SequentialRunner().run(pipeline, catalog)
    return [node.name for node in pipeline.nodes]
