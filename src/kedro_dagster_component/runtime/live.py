"""The live Kedro node behind a manifest entry."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from kedro.framework.project import pipelines
from kedro.io.core import parse_dataset_definition
from kedro.pipeline.node import Node
from pluggy import PluginManager

from kedro_dagster_component.errors import StaleNodeError
from kedro_dagster_component.introspection.nodes import fingerprint_of
from kedro_dagster_component.manifest import NodeEntry


def live_node(entry: NodeEntry) -> Node:
    """The node in the project's code that a manifest entry stands for.

    Raises:
        StaleNodeError: There is none of that name, or it has changed.
    """
    named: list[Node] = []
    for name in dict.fromkeys((*entry.pipelines, *pipelines)):
        if name not in pipelines:
            continue
        named += [node for node in pipelines[name].nodes if node.name == entry.name]
    for node in named:
        if fingerprint_of(node) == entry.fingerprint:
            return node
    found = f"is now {named[0]}" if named else "is no longer registered"
    raise StaleNodeError(
        f"Node '{entry.name}' {found}, but Dagster loaded it as "
        f"{entry.func}({list(entry.inputs)}) -> {list(entry.outputs)}. "
        "The project's code has changed since: reload the definitions (in the UI: Deployment, Reload) and run again."
    )


def import_pipelines() -> None:
    """Register all pipelines, as the first step of a run would."""
    for name in pipelines:
        pipelines[name]


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
