"""Which nodes of a project a component instance exposes: `pipelines`, `select` and `exclude`."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from kedro_dagster_component.errors import Problem, did_you_mean
from kedro_dagster_component.manifest import NodeEntry, ProjectManifest

Matcher = Callable[[ProjectManifest, str], "frozenset[str] | None"]


@dataclass(frozen=True)
class Filters:
    """What the component's YAML says about exposure.

    Attributes:
        pipelines: Registered pipelines to expose; None for all.
        select: `kind:value` patterns whose nodes are exposed; None for all.
        exclude: The same form; taken away from what is selected.
    """

    pipelines: Sequence[str] | None = None
    select: Sequence[str] | None = None
    exclude: Sequence[str] | None = None


def exposed_nodes(manifest: ProjectManifest, filters: Filters) -> frozenset[str]:
    """Ids of the nodes an instance exposes.

    Args:
        manifest: The whole project.
        filters: Already checked by `check_filters`.
    """
    names = manifest.pipelines if filters.pipelines is None else filters.pipelines
    chosen = {node_id for name in names for node_id in manifest.pipelines.get(name, ())}
    if filters.select is not None:
        chosen &= _matched(manifest, filters.select)
    if filters.exclude is not None:
        chosen -= _matched(manifest, filters.exclude)
    return frozenset(chosen)


def hidden_inputs(manifest: ProjectManifest, filters: Filters) -> frozenset[str]:
    """Free inputs that `exclude` names as `dataset:x`: assets that something else in the code location makes."""
    named = {pattern.partition(":")[2] for pattern in filters.exclude or () if pattern.startswith("dataset:")}
    return frozenset(named & _free_inputs(manifest))


def check_filters(manifest: ProjectManifest, filters: Filters) -> list[tuple[tuple[str | int, ...], Problem]]:
    """Names in the filters that the project does not have.

    Returns:
        Each problem, without a position, behind the path of the wrong value under `attributes`.
    """
    found: list[tuple[tuple[str | int, ...], Problem]] = []
    for index, name in enumerate(filters.pipelines or ()):
        if name not in manifest.pipelines:
            message = f"'{name}' is no registered pipeline of {manifest.project_name}"
            found.append((("pipelines", index), Problem(message, hint=did_you_mean(name, manifest.pipelines))))
    for attribute, patterns in (("select", filters.select), ("exclude", filters.exclude)):
        for index, pattern in enumerate(patterns or ()):
            problem = _check_pattern(manifest, pattern)
            is_hidden = attribute == "exclude" and pattern.partition(":")[2] in _free_inputs(manifest)
            if problem is not None and not (is_hidden and pattern.startswith("dataset:")):
                found.append(((attribute, index), problem))
    return found


def check_producers(manifest: ProjectManifest, node_ids: Iterable[str]) -> list[Problem]:
    """Datasets that two distinct exposed nodes make: Dagster knows one producer of an asset."""
    producers: dict[str, list[NodeEntry]] = {}
    for node_id in node_ids:
        for name in manifest.nodes[node_id].output_datasets:
            producers.setdefault(name, []).append(manifest.nodes[node_id])
    problems = []
    for name, nodes in sorted(producers.items()):
        if len(nodes) > 1:
            makers = " and ".join(
                f"node '{node.name}' ({node.func}) of {_pipeline_names(node)}" for node in sorted(nodes, key=_by_name)
            )
            problems.append(
                Problem(
                    f"dataset '{name}' is made by {makers}; in Dagster one asset has one producer",
                    hint="expose pipelines that agree (`pipelines:`), choose nodes (`select:` / `exclude:`), or use two "
                    "instances of the component, one of them with `name_prefix` and `translation: {key_prefix: ...}`",
                )
            )
    return problems


def _free_inputs(manifest: ProjectManifest) -> frozenset[str]:
    made = {name for node in manifest.nodes.values() for name in node.output_datasets}
    return frozenset(manifest.datasets) - made


def _pipelines(manifest: ProjectManifest, value: str) -> frozenset[str] | None:
    return frozenset(manifest.pipelines[value]) if value in manifest.pipelines else None


def _tags(manifest: ProjectManifest, value: str) -> frozenset[str] | None:
    return frozenset(node.id for node in manifest.nodes.values() if value in node.tags) or None


def _namespaces(manifest: ProjectManifest, value: str) -> frozenset[str] | None:
    inside = f"{value}."
    return (
        frozenset(node.id for node in manifest.nodes.values() if f"{node.namespace or ''}.".startswith(inside)) or None
    )


def _nodes(manifest: ProjectManifest, value: str) -> frozenset[str] | None:
    return frozenset(node.id for node in manifest.nodes.values() if value in {node.name, node.id}) or None


def _datasets(manifest: ProjectManifest, value: str) -> frozenset[str] | None:
    return frozenset(node.id for node in manifest.nodes.values() if value in node.output_datasets) or None


_MATCHERS: Mapping[str, Matcher] = {
    "pipeline": _pipelines,
    "tag": _tags,
    "namespace": _namespaces,
    "node": _nodes,
    "dataset": _datasets,
}


def _known(manifest: ProjectManifest, kind: str) -> set[str]:
    nodes = manifest.nodes.values()
    tables: Mapping[str, Callable[[], Iterable[str]]] = {
        "pipeline": lambda: manifest.pipelines,
        "tag": lambda: (tag for node in nodes for tag in node.tags),
        "namespace": lambda: (name for node in nodes for name in _prefixes(node.namespace)),
        "node": lambda: (node.name for node in nodes),
        "dataset": lambda: (name for node in nodes for name in node.output_datasets),
    }
    return set(tables[kind]())


def _prefixes(namespace: str | None) -> list[str]:
    parts = namespace.split(".") if namespace else []
    return [".".join(parts[: length + 1]) for length in range(len(parts))]


def _matched(manifest: ProjectManifest, patterns: Iterable[str]) -> set[str]:
    matched: set[str] = set()
    for pattern in patterns:
        kind, _, value = pattern.partition(":")
        matched |= _MATCHERS[kind](manifest, value) or set()
    return matched


def _check_pattern(manifest: ProjectManifest, pattern: str) -> Problem | None:
    kind, colon, value = pattern.partition(":")
    if not colon or kind not in _MATCHERS:
        return Problem(f"'{pattern}' is no selection", hint=_meant(manifest, pattern))
    if _MATCHERS[kind](manifest, value) is not None:
        return None
    subject = "node makes the dataset" if kind == "dataset" else kind
    where = "" if kind in {"dataset", "pipeline"} else " (in any pipeline)"
    message = f"no {subject} '{value}' in {manifest.project_name}{where}"
    hint = did_you_mean(value, _known(manifest, kind)) or f"no node of {manifest.project_name} has a {kind}"
    return Problem(message, hint=hint)


def _meant(manifest: ProjectManifest, pattern: str) -> str:
    """What a selection without a known kind may have meant."""
    kind, colon, value = pattern.partition(":")
    if colon:
        known = [f"{name}:{value}" for name in difflib.get_close_matches(kind, _MATCHERS)]
    else:
        known = [f"{name}:{pattern}" for name in _MATCHERS if _MATCHERS[name](manifest, pattern)]
    forms = "write " + ", ".join(f"'{name}:...'" for name in [*_MATCHERS][:-1]) + f" or '{[*_MATCHERS][-1]}:...'"
    return "did you mean " + " or ".join(f"'{name}'" for name in known) + "?" if known else forms


def _pipeline_names(node: NodeEntry) -> str:
    names = [f"'{name}'" for name in node.pipelines]
    return ("pipeline " if len(names) == 1 else "pipelines ") + ", ".join(names)


def _by_name(node: NodeEntry) -> tuple[str, str]:
    return (node.name, node.id)
