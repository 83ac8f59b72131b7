"""What is measured: each function here runs once, in a process of its own, and prints its figures as JSON.

```
python -m benchmarks.probes NAME FOLDER
```

The folder holds a generated project: `kedro`, `component`, `by_hand` and, once the Kedro project was read, `manifest.json`.
Imports are inside the functions: what a probe does not need it does not load, and import time is a phase like any other.
"""

from __future__ import annotations

import gc
import hashlib
import importlib
import io
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from importlib.metadata import EntryPoints, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from benchmarks.dagster_project import COMPONENT_MODULE, HAND_WRITTEN_MODULE
from benchmarks.kedro_project import PACKAGE

if TYPE_CHECKING:
    import dagster as dg

MANIFEST_FILE = "manifest.json"
_MOST_RUN = 100
"""Nodes that are run at most; what each costs does not depend on how many there are."""

_MEASURED = "kedro_dagster_component"

Facts = Callable[[], Mapping[str, Any]]
"""Says what a probe made, for comparison; called when nothing is measured any more."""


def cpu_seconds() -> float:
    """CPU seconds of this process since its start, and of its children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def peak_bytes() -> int:
    """The most memory this process held at any time.

    Linux has a figure that starts anew with the program; that of `getrusage` includes what the parent held.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


class Stopwatch:
    """CPU seconds by phase.

    Attributes:
        seconds: By name of the phase, in the order they ended.
    """

    def __init__(self, *, collects_first: bool = False) -> None:
        """Start with no phase.

        Args:
            collects_first: Whether to collect garbage before each phase. A collection goes through all that was imported
                and takes longer than a short phase, so that it would count for whichever phase it happens to fall into.
        """
        self.seconds: dict[str, float] = {}
        self._collects_first = collects_first

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Add what happens inside to a phase."""
        if self._collects_first:
            gc.collect()
        start = _fine_cpu_seconds()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + _fine_cpu_seconds() - start


def read_with_kedro(folder: Path, watch: Stopwatch) -> Facts:
    """What `kedro run` does before its first node, in plain Kedro."""
    root = folder / "kedro"
    os.chdir(root)
    with watch.phase("import"):
        from kedro.framework import project
        from kedro.framework.session import KedroSession
        from kedro.framework.startup import bootstrap_project
    with watch.phase("bootstrap"):
        bootstrap_project(root)
    with watch.phase("session and context"):
        session = KedroSession.create(root)
        context = session.load_context()
    with watch.phase("catalog"):
        catalog = context.catalog
    with watch.phase("pipelines"):
        pipelines = dict(project.pipelines)
    return lambda: {"nodes": len(pipelines["__default__"].nodes), "entries": len(list(catalog.keys()))}


def introspect(folder: Path, watch: Stopwatch) -> Facts:
    """Ask for the manifest, as a load does, and keep it for the other probes."""
    from kedro_dagster_component.introspection import introspect_project
    from kedro_dagster_component.manifest import ProjectRef

    with watch.phase("introspection"):
        manifest = introspect_project(ProjectRef(project_path=str(folder / "kedro")))
    text = manifest.model_dump_json()
    (folder / MANIFEST_FILE).write_text(text, encoding="utf-8")
    return lambda: {"manifest bytes": len(text)}


def translate(folder: Path, watch: Stopwatch) -> Facts:
    """From a manifest to definitions and a repository, in one process that never sees Kedro."""
    text = (folder / MANIFEST_FILE).read_bytes()
    with watch.phase("import"):
        import dagster as dg

        from kedro_dagster_component import KedroProjectComponent
        from kedro_dagster_component.manifest import ProjectManifest

        _import_all_of_dagster()
    with watch.phase("parse"):
        manifest = ProjectManifest.model_validate_json(text)
    _check(manifest, watch)
    build, made = KedroProjectComponent.build_defs, []

    def build_and_time(component: Any, context: Any) -> dg.Definitions:
        with watch.phase("build"):
            made.append(build(component, context))
        return made[-1]

    sys.path.insert(0, str(folder / "component" / "src"))
    with (
        patch("kedro_dagster_component.project_reading.load_manifest", return_value=manifest),
        patch.object(KedroProjectComponent, "build_defs", build_and_time),
    ):
        dg.load_from_defs_folder(path_within_project=folder / "component")
    (defs,) = made
    return _resolve(defs, watch)


def build_by_hand(folder: Path, watch: Stopwatch) -> Facts:
    """The same from definitions written by hand."""
    with watch.phase("import"):
        _import_all_of_dagster()
    sys.path.insert(0, str(folder / "by_hand" / "src"))
    with watch.phase("build"):
        defs = importlib.import_module(f"{HAND_WRITTEN_MODULE}.defs.definitions").defs
    return _resolve(defs, watch)


def load_component(folder: Path, watch: Stopwatch) -> Facts:
    """A whole load from `component.yaml`, as every `dg` command does; with or without a cache, as the environment says."""
    return _load(folder / "component", COMPONENT_MODULE, watch)


def load_first(folder: Path, watch: Stopwatch) -> Facts:
    """The first of all loads with a cache: the project is read twice at once."""
    return load_component(folder, watch)


def load_warm(folder: Path, watch: Stopwatch) -> Facts:
    """A load with a cache in which nothing has changed; what it saves must not come back by another way."""
    facts = load_component(folder, watch)
    if {"kedro", "omegaconf", PACKAGE} & set(sys.modules):
        raise RuntimeError("a warm load imported Kedro or the project")
    return facts


def load_by_hand(folder: Path, watch: Stopwatch) -> Facts:
    """A whole load of the definitions written by hand, from a `defs` folder too, where this package is not installed."""
    with patch("importlib.metadata.entry_points", _entry_points_of_others):
        facts = _load(folder / "by_hand", HAND_WRITTEN_MODULE, watch)
    if _MEASURED in sys.modules:
        raise RuntimeError(f"definitions written by hand imported {_MEASURED}")
    return facts


def list_defs_warm(folder: Path, watch: Stopwatch) -> Facts:
    """`dg list defs` with a cache in which nothing has changed."""
    return _list_defs(folder / "component", watch)


def list_defs_by_hand(folder: Path, watch: Stopwatch) -> Facts:
    """The same command on the definitions written by hand, where this package is not installed."""
    with patch("importlib.metadata.entry_points", _entry_points_of_others):
        return _list_defs(folder / "by_hand", watch)


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


PROBES: Mapping[str, Callable[[Path, Stopwatch], Facts]] = {
    probe.__name__: probe
    for probe in (
        *(read_with_kedro, introspect, translate, build_by_hand, load_component, load_first, load_warm, load_by_hand),
        *(list_defs_warm, list_defs_by_hand, run_nodes),
    )
}
"""By name."""

_COMPARED_BY_PHASE = (translate, build_by_hand, run_nodes)
"""Their phases count; of the other probes the whole process does."""


def main(name: str, folder: Path) -> None:
    """Run one probe and print what it took."""
    probe = PROBES[name]
    watch = Stopwatch(collects_first=probe in _COMPARED_BY_PHASE)
    start = time.perf_counter()
    facts = probe(folder, watch)
    total = {"cpu": cpu_seconds(), "wall": time.perf_counter() - start, "peak": peak_bytes()}
    print(json.dumps({"phases": watch.seconds, **total, "facts": facts()}))


def _fine_cpu_seconds() -> float:
    """As `cpu_seconds`, but in steps smaller than the hundredth of a second that `os.times` has."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


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


def _import_all_of_dagster() -> None:
    """With what Dagster imports when it first resolves something."""
    import dagster as dg

    @dg.asset(deps=[dg.AssetSpec("upstream")], config_schema={"x": dg.Field(float, default_value=1.0)})
    def warm() -> None:
        """Nothing."""

    defs = dg.Definitions(assets=[warm], jobs=[dg.define_asset_job("warming")])
    defs.get_repository_def().get_all_jobs()


def _entry_points_of_others(*, group: str) -> EntryPoints:
    """Without those of this package: a load looks at every package that has components, in use or not."""
    return EntryPoints(point for point in entry_points(group=group) if not point.value.startswith(_MEASURED))


def _check(manifest: Any, watch: Stopwatch) -> None:
    """What the load checks before it builds, on its own; `build` contains it as well."""
    from kedro_dagster_component.config.load import load_dagster_config
    from kedro_dagster_component.translate.exposure import Filters, check_filters, check_producers, exposed_nodes

    with watch.phase("checks"):
        check_filters(manifest, Filters())
        check_producers(manifest, exposed_nodes(manifest, Filters()))
        load_dagster_config(manifest)


def _load(folder: Path, module: str, watch: Stopwatch) -> Facts:
    sys.path.insert(0, str(folder / "src"))
    with watch.phase("import"):
        import dagster as dg
    with watch.phase("load"):
        defs = dg.load_from_defs_folder(path_within_project=folder / "src" / module)
    return _resolve(defs, watch)


def _list_defs(folder: Path, watch: Stopwatch) -> Facts:
    os.chdir(folder)
    sys.path.append(str(folder / "src"))  # Dagster takes the first one away
    shown = io.StringIO()
    with watch.phase("command"), redirect_stdout(shown):
        from dagster_dg_cli.cli import cli

        cli(["list", "defs", "--json"], standalone_mode=False)
    return lambda: {"assets": len(json.loads(shown.getvalue())["assets"])}


def _resolve(defs: dg.Definitions, watch: Stopwatch) -> Facts:
    """The repository with all of its jobs, as a code server needs it."""
    with watch.phase("resolve"):
        repository = defs.get_repository_def()
        jobs = repository.get_all_jobs()
    return lambda: _content(repository, jobs)


def _content(repository: dg.RepositoryDefinition, jobs: Sequence[dg.JobDefinition]) -> Mapping[str, Any]:
    """What both ways of making definitions have to agree on."""
    graph = repository.asset_graph
    nodes = [graph.get(key) for key in sorted(graph.get_all_asset_keys())]
    assets = [
        [
            node.key.to_user_string(),
            sorted(key.to_user_string() for key in node.parent_entity_keys),
            node.group_name,
            sorted(node.kinds),
            sorted(tag for tag in node.tags if tag.startswith("kedro/")),
        ]
        for node in nodes
    ]
    keys_by_job = {
        job.name: sorted(key.to_user_string() for key in job.asset_layer.executable_asset_keys)
        for job in jobs
        if not job.name.startswith("__")
    }
    return {
        "assets": len(assets),
        "assets content": _digest(assets),
        "jobs": {name: len(keys) for name, keys in sorted(keys_by_job.items())},
        "jobs content": _digest(keys_by_job),
    }


def _digest(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
