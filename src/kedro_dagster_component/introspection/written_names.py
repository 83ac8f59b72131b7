"""Where the code of a project names what a node takes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from kedro_dagster_component.errors import Position
from kedro_dagster_component.manifest import NodeEntry

PARAMETER = "params:"


def source_texts(package_name: str) -> dict[Path, str]:
    """Python files of the project's package."""
    folders = [Path(folder) for folder in getattr(sys.modules.get(package_name), "__path__", ())]
    texts = {}
    for file in sorted(file for folder in folders for file in folder.rglob("*.py")):
        try:
            texts[file] = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
    return texts


def written(name: str, node: NodeEntry, texts: dict[Path, str]) -> Position | None:
    """Where the code names an input: in the node's own folder before any other; None where nowhere as it is."""
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


def shown_takers(takers: list[NodeEntry], *, limit: int = 3) -> str:
    """The nodes that take something, and their pipelines, up to the verb."""
    shown = ", ".join(f"'{node.name}'" for node in takers[:limit])
    if len(takers) > limit:
        shown += f" and {len(takers) - limit} more"
    pipelines = list(dict.fromkeys(pipeline for node in takers for pipeline in node.pipelines))
    listed = ", ".join(f"'{pipeline}'" for pipeline in pipelines)
    nodes, take = ("the node", "takes") if len(takers) == 1 else ("the nodes", "take")
    of = "pipeline" if len(pipelines) == 1 else "pipelines"
    return f"{nodes} {shown} ({of} {listed}) {take}"


def _spellings(name: str, namespace: str | None) -> Iterator[str]:
    """As a run knows it, then as it may stand in a pipeline that a namespace is put around."""
    yield name
    prefix = PARAMETER if name.startswith(PARAMETER) else ""
    rest = name.removeprefix(prefix)
    for part in namespace.split(".") if namespace else ():
        if not rest.startswith(f"{part}."):
            return
        rest = rest.removeprefix(f"{part}.")
        yield f"{prefix}{rest}"
