"""Loads the generated projects' definitions, and says what they hold."""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import EntryPoints, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from benchmarks.accounting import Stopwatch
from benchmarks.dagster_project import COMPONENT_MODULE, HAND_WRITTEN_MODULE
from benchmarks.peer_project import PEER_ENV, PEER_JOB, PEER_MODULE
from benchmarks.shape import FORMATS

if TYPE_CHECKING:
    import dagster as dg

Facts = Callable[[], Mapping[str, Any]]
"""Says what was made, for comparison; called when nothing is measured any more."""

MEASURED = "kedro_dagster_component"

JOBS = {"component": "everything", "by_hand": "everything", "peer": PEER_JOB}
"""The job of all nodes, by folder of the project."""


def load_component(folder: Path, watch: Stopwatch) -> dg.Definitions:
    """From `component.yaml`."""
    return _load(folder / "component", COMPONENT_MODULE, watch)


def load_by_hand(folder: Path, watch: Stopwatch) -> dg.Definitions:
    """Written by hand, from a `defs` folder too."""
    return _load(folder / "by_hand", HAND_WRITTEN_MODULE, watch)


def load_peer(folder: Path, watch: Stopwatch) -> dg.Definitions:
    """By kedro-dagster, from the module that it writes."""
    root = folder / "peer"
    os.chdir(root)
    sys.path.insert(0, str(root / "src"))
    with watch.phase("import"):
        import dagster  # noqa: F401  (its import is a phase of its own)
    with watch.phase("load"):
        defs: dg.Definitions = importlib.import_module(PEER_MODULE).defs
    return defs


LOADERS: Mapping[str, Callable[[Path, Stopwatch], dg.Definitions]] = {
    "component": load_component,
    "by_hand": load_by_hand,
    "peer": load_peer,
}
"""By folder of the project."""


@contextmanager
def without_component() -> Iterator[None]:
    """As if this package were not installed: a load looks at every package that has components, in use or not."""
    with patch("importlib.metadata.entry_points", _entry_points_of_others):
        yield
    if MEASURED in sys.modules:
        raise RuntimeError(f"definitions written by hand imported {MEASURED}")


def resolve(defs: dg.Definitions, watch: Stopwatch) -> Facts:
    """The repository with all of its jobs, as a code server needs it; what is returned says what it holds."""
    with watch.phase("resolve"):
        repository = defs.get_repository_def()
        jobs = repository.get_all_jobs()
    return lambda: _content(repository, jobs)


def _load(root: Path, module: str, watch: Stopwatch) -> dg.Definitions:
    sys.path.insert(0, str(root / "src"))
    with watch.phase("import"):
        import dagster as dg
    with watch.phase("load"):
        return dg.load_from_defs_folder(path_within_project=root / "src" / module)


def _entry_points_of_others(*, group: str) -> EntryPoints:
    return EntryPoints(point for point in entry_points(group=group) if not point.value.startswith(MEASURED))


def _content(repository: dg.RepositoryDefinition, jobs: Sequence[dg.JobDefinition]) -> Mapping[str, Any]:
    """What all ways of making definitions have to agree on; kedro-dagster on the datasets alone.

    Its keys have the environment in front, and nodes without outputs are no assets there.
    """
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
        "assets content": digest(assets),
        "jobs": {name: len(keys) for name, keys in sorted(keys_by_job.items())},
        "jobs content": digest(keys_by_job),
        "datasets content": digest(sorted(_datasets(nodes))),
    }


def _datasets(nodes: Iterable[Any]) -> Iterator[list[Any]]:
    """Names and upstream names of the assets that are datasets: the end of their names says so."""
    for node in nodes:
        key, *parents = (
            one.to_user_string().removeprefix(f"{PEER_ENV}/") for one in (node.key, *sorted(node.parent_entity_keys))
        )
        if key.endswith(FORMATS):
            yield [key, parents]


def digest(content: Any) -> str:
    """A short text that differs where the content does."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]
