"""Datasets that nodes take, no node makes and the catalog does not hold."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from kedro_dagster_component.errors import Position, Problem, did_you_mean
from kedro_dagster_component.introspection.written_names import shown_takers, source_texts, written
from kedro_dagster_component.manifest import NodeEntry, ProblemRecord, dataset_name, is_parameter

_WAYS_OUT = (
    "add it to the catalog of base or of the environment, or a pattern that fits it;\n"
    "nodes nobody needs are left out by `exclude` in component.yaml"
)


def missing_inputs(
    nodes: Collection[NodeEntry],
    may_have: Callable[[str], bool],
    entries: Iterable[str],
    package_name: str,
    find_doubt: Callable[[], str | None],
) -> list[ProblemRecord]:
    """One problem for each dataset: Kedro refuses a run that takes it.

    Args:
        nodes: Of all pipelines; what any of them makes is not looked for.
        may_have: Whether the catalog holds a name, as nodes spell it, or holds it once what is wrong in it is mended.
        entries: Names of the catalog's entries, for one that may be meant.
        package_name: Of the project, in whose code the name is looked for.
        find_doubt: Says why a dataset may be there in a run all the same; None where it is not.
    """
    made = {name for node in nodes for name in node.output_datasets}
    takers: dict[str, list[NodeEntry]] = {}
    for node in nodes:
        for name in node.inputs:
            if not is_parameter(name) and dataset_name(name) not in made and not may_have(name):
                takers.setdefault(name, []).append(node)
    if not takers:
        return []
    texts, doubt, known = source_texts(package_name), find_doubt(), {*entries, *made}
    records = []
    for name, own in takers.items():
        close = did_you_mean(name, known)
        hint = f"{close}\n{_WAYS_OUT}" if close and close.startswith("did you mean") else _WAYS_OUT
        message = f"{shown_takers(own)} '{name}', which no node makes and the catalog does not hold"
        record = ProblemRecord.of(
            Problem(message, written(name, own[0], texts) or _function(own[0]), hint),
            node_ids=tuple(node.id for node in own),
            dataset=dataset_name(name),
            doubt=doubt,
        )
        records.append(record)
    return records


def _function(node: NodeEntry) -> Position | None:
    return Position(Path(node.source.file), node.source.line) if node.source is not None else None
