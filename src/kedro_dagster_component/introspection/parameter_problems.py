"""Parameters that nodes take and the project does not hold."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path

from kedro_dagster_component.errors import Position, Problem, did_you_mean
from kedro_dagster_component.introspection.written_names import PARAMETER, shown_takers, source_texts, written
from kedro_dagster_component.manifest import NodeEntry, ProblemRecord

_WAYS_OUT = (
    "add it to the parameters of base or of the environment, or give it under `runtime_params` in component.yaml\n"
    "or under `params` of a job in dagster.yml; nodes nobody needs are left out by `exclude` in component.yaml"
)


def missing_parameters(
    nodes: Iterable[NodeEntry],
    known: Collection[str],
    package_name: str,
    files: Sequence[Path],
    find_doubt: Callable[[], str | None],
) -> list[ProblemRecord]:
    """One problem for each parameter.

    Args:
        nodes: Of all pipelines.
        known: Names of all inputs that are there, as nodes spell them.
        package_name: Of the project, in whose code the parameter is looked for.
        files: That hold parameters, base before environment.
        find_doubt: Says why a parameter may be there in a run all the same; None where it is not.
    """
    users: dict[str, list[NodeEntry]] = {}
    for node in nodes:
        for name in node.parameters:
            if name not in known and name.startswith(PARAMETER):
                users.setdefault(name, []).append(node)
    if not users:
        return []
    texts, doubt = source_texts(package_name), find_doubt()
    names = [name for name in known if name.startswith(PARAMETER)]
    records = []
    for name, takers in users.items():
        close = did_you_mean(name, names)
        hint = f"{close}\n{_WAYS_OUT}" if close and close.startswith("did you mean") else _WAYS_OUT
        position = written(name, takers[0], texts) or _fallback(takers[0], files)
        record = ProblemRecord.of(
            Problem(f"{shown_takers(takers)} '{name}', and the project has no such parameter", position, hint),
            node_ids=tuple(node.id for node in takers),
            parameter=name,
            doubt=doubt,
        )
        records.append(record)
    return records


def _fallback(node: NodeEntry, files: Sequence[Path]) -> Position | None:
    if node.source is not None:
        return Position(Path(node.source.file), node.source.line)
    return Position(files[0]) if files else None
