"""Parameters that nodes take and the project does not hold."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path

from kedro_dagster_component.errors import Position, Problem, did_you_mean
from kedro_dagster_component.manifest import NodeEntry, ProblemRecord

_PREFIX = "params:"
_WAYS_OUT = (
    "add it to the parameters of base or of the environment, or give it under `runtime_params` in component.yaml\n"
    "or under `params` of a job in dagster.yml; nodes nobody needs are left out by `exclude` in component.yaml"
)
_SHOWN_NODES = 3


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
            if name not in known and name.startswith(_PREFIX):
                users.setdefault(name, []).append(node)
    if not users:
        return []
    texts, doubt = _source_texts(package_name), find_doubt()
    names = [name for name in known if name.startswith(_PREFIX)]
    records = []
    for name, takers in users.items():
        close = did_you_mean(name, names)
        hint = f"{close}\n{_WAYS_OUT}" if close and close.startswith("did you mean") else _WAYS_OUT
        position = _written(name, takers[0], texts) or _fallback(takers[0], files)
        record = ProblemRecord.of(
            Problem(_message(name, takers), position, hint),
            node_ids=tuple(node.id for node in takers),
            parameter=name,
            doubt=doubt,
        )
        records.append(record)
    return records


def _message(name: str, takers: Sequence[NodeEntry]) -> str:
    shown = ", ".join(f"'{node.name}'" for node in takers[:_SHOWN_NODES])
    if len(takers) > _SHOWN_NODES:
        shown += f" and {len(takers) - _SHOWN_NODES} more"
    pipelines = list(dict.fromkeys(pipeline for node in takers for pipeline in node.pipelines))
    listed = ", ".join(f"'{pipeline}'" for pipeline in pipelines)
    nodes, take = ("the node", "takes") if len(takers) == 1 else ("the nodes", "take")
    of = "pipeline" if len(pipelines) == 1 else "pipelines"
    return f"{nodes} {shown} ({of} {listed}) {take} '{name}', and the project has no such parameter"


def _source_texts(package_name: str) -> dict[Path, str]:
    """Python files of the project's package."""
    folders = [Path(folder) for folder in getattr(sys.modules.get(package_name), "__path__", ())]
    texts = {}
    for file in sorted(file for folder in folders for file in folder.rglob("*.py")):
        try:
            texts[file] = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
    return texts


def _written(name: str, node: NodeEntry, texts: dict[Path, str]) -> Position | None:
    """Where the code names the parameter: in the node's own folder before any other; None where nowhere as it is."""
    home = Path(node.source.file).parent if node.source is not None else None
    files = sorted(texts, key=lambda file: (file.parent != home, file))
    for spelling in _spellings(name, node.namespace):
        for file in files:
            for quoted in (f'"{spelling}"', f"'{spelling}'"):
                at = texts[file].find(quoted)
                if at >= 0:
                    before = texts[file][:at]
                    return Position(file, before.count("\n") + 1, at - before.rfind("\n"))
    return None


def _spellings(name: str, namespace: str | None) -> Iterator[str]:
    """As a run knows it, then as it may stand in a pipeline that a namespace is put around."""
    yield name
    rest = name.removeprefix(_PREFIX)
    for part in namespace.split(".") if namespace else ():
        if not rest.startswith(f"{part}."):
            return
        rest = rest.removeprefix(f"{part}.")
        yield f"{_PREFIX}{rest}"


def _fallback(node: NodeEntry, files: Sequence[Path]) -> Position | None:
    if node.source is not None:
        return Position(Path(node.source.file), node.source.line)
    return Position(files[0]) if files else None
