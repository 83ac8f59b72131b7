"""The live Kedro node behind a manifest entry."""

from __future__ import annotations

from kedro.framework.project import pipelines
from kedro.pipeline.node import Node

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
