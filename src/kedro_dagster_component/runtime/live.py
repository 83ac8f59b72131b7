"""The live Kedro nodes behind manifest entries, and what of the project has to be imported for them."""

from __future__ import annotations

import functools
import importlib.resources
import sys
import warnings
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

from kedro.framework import project
from kedro.framework.project import pipelines, settings
from kedro.io import MemoryDataset
from kedro.io.core import parse_dataset_definition
from kedro.pipeline.node import Node
from pluggy import PluginManager

from kedro_dagster_component.compat.kedro import loaded_pipelines
from kedro_dagster_component.errors import StaleNodeError
from kedro_dagster_component.introspection.nodes import fingerprint_of
from kedro_dagster_component.manifest import NodeEntry
from kedro_dagster_component.runtime.module_effects import does_more_than_define


def live_node(entry: NodeEntry) -> Node:
    """The node in the project's code that a manifest entry stands for.

    Raises:
        StaleNodeError: There is none of that name, or it has changed.
    """
    node, named = _node_in_registry(entry)
    if node is None and loaded_pipelines() is not None:
        pipelines.set_requested(None)
        node, named = _node_in_registry(entry)
    if node is not None:
        return node
    found = f"is now {named[0]}" if named else "is no longer registered"
    raise StaleNodeError(
        f"Node '{entry.name}' {found}, but Dagster loaded it as "
        f"{entry.func}({list(entry.inputs)}) -> {list(entry.outputs)}. "
        "The project's code has changed since: reload the definitions (in the UI: Deployment, Reload) and run again."
    )


def _node_in_registry(entry: NodeEntry) -> tuple[Node | None, list[Node]]:
    """The node of an entry, and all nodes of its name."""
    named: list[Node] = []
    for name in dict.fromkeys((*entry.pipelines, *pipelines)):
        if name not in pipelines:
            continue
        named += [node for node in pipelines[name].nodes if node.name == entry.name]
    return next((node for node in named if fingerprint_of(node) == entry.fingerprint), None), named


def import_pipelines(names: Collection[str], *, is_job: bool) -> None:
    """Import some registered pipelines, as `kedro run --pipelines` does since Kedro 1.5, or all of them.

    All are imported where nothing else is safe: where a pipeline is not made by the folder of its name, or by others.
    A run that is no job is as `kedro run` without a pipeline, which imports all: here too, in a project with hooks, which
    may look at any of them, and where other modules do more than define when they are imported. What this process has
    imported stays.

    Args:
        names: Of the run; with `__default__`, or empty, all of them.
        is_job: Whether they are those of a job, and not just those that the nodes of the run are in.
    """
    loaded = loaded_pipelines()
    wanted = None if "__default__" in names or (settings.HOOKS and not is_job) else _folders(names)
    if wanted and loaded is not None and not is_job and _others_do_something(wanted):
        wanted = None
    if loaded is not None and wanted and not wanted <= loaded and _imported(wanted | loaded):
        return
    if loaded is not None and not (wanted and wanted <= loaded):
        pipelines.set_requested(None)
    len(pipelines)  # the first look imports


def _folders(names: Collection[str]) -> frozenset[str]:
    """The pipelines, if each has a folder of its name, where Kedro looks for them; else none."""
    with suppress(ImportError):
        root = importlib.resources.files(f"{project.PACKAGE_NAME}.pipelines")
        if all((root / name).is_dir() for name in names):
            return frozenset(names)
    return frozenset()


@functools.cache
def _others_do_something(names: frozenset[str]) -> bool:
    """Whether a module that is not imported with some pipelines may change something that their nodes see."""
    root = Path(str(importlib.resources.files(f"{project.PACKAGE_NAME}")))
    own = [root / "pipelines" / name for name in names]
    files = (file for file in root.rglob("*.py") if not any(file.is_relative_to(folder) for folder in own))
    known = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
    return any(does_more_than_define(file) for file in files if str(file) not in known)


def _imported(names: frozenset[str]) -> bool:
    """Whether pipelines, and no others, can be imported; whatever goes wrong is told when all of them are."""
    pipelines.set_requested(sorted(names))
    with warnings.catch_warnings(), suppress(Exception):
        warnings.filterwarnings("ignore", message=r"Pipeline\(s\) not found")
        return all(name in pipelines for name in names)
    return False


def import_plugins() -> None:
    """Import the installed plugins with hooks, as each Kedro session does; their hooks are registered nowhere."""
    PluginManager("kedro").load_setuptools_entrypoints("kedro.hooks")


def import_dataset_classes(types: Iterable[str]) -> None:
    """Import the classes of datasets, as the first steps of a run would.

    Args:
        types: As the catalog names them. What cannot be imported is left to the step that needs it.
    """
    for name in types:
        with suppress(Exception):
            parse_dataset_definition({"type": name})


def import_for_memory() -> None:
    """Import what Kedro does to keep a first object in memory, as each catalog does with parameters: pandas, where it is there."""
    MemoryDataset(0)
