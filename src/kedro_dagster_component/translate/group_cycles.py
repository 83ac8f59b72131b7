"""Circles between groups of nodes, each as one shortest way around."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kedro_dagster_component.manifest import ProjectManifest


@dataclass(frozen=True)
class Link:
    """A dataset that goes from one group to another.

    Attributes:
        source: Number of the group that makes it.
        maker: Id of the node that makes it.
        dataset: Its name.
        taker: Id of a node that takes it.
        target: Number of the group that takes it.
    """

    source: int
    maker: str
    dataset: str
    taker: str
    target: int


def cycles_of(groups: Sequence[Sequence[str]], manifest: ProjectManifest) -> list[tuple[Link, ...]]:
    """Ways around that lead from a group back to itself, over other groups.

    Args:
        groups: Node ids of each.
        manifest: The project.

    Returns:
        One of the shortest for each set of groups that wait for each other; empty where all can run one after another.
    """
    links = _links(groups, manifest)
    in_circles = _without_ends(links)
    found: list[tuple[Link, ...]] = []
    for start in sorted(in_circles):
        if any(start in {link.source for link in cycle} for cycle in found):
            continue
        cycle = _shortest(start, {source: targets for source, targets in links.items() if source in in_circles})
        if cycle:
            found.append(cycle)
    return found


def _links(groups: Sequence[Sequence[str]], manifest: ProjectManifest) -> dict[int, dict[int, Link]]:
    """One link for each pair of groups that has some, by source and target."""
    makers = {
        name: (number, node_id)
        for number, node_ids in enumerate(groups)
        for node_id in node_ids
        for name in manifest.nodes[node_id].output_datasets
    }
    links: dict[int, dict[int, Link]] = {}
    for number, node_ids in enumerate(groups):
        for node_id in node_ids:
            for name in manifest.nodes[node_id].input_datasets:
                source, maker = makers.get(name, (number, node_id))
                if source != number:
                    links.setdefault(source, {}).setdefault(number, Link(source, maker, name, node_id, number))
    return links


def _without_ends(links: Mapping[int, Mapping[int, Link]]) -> set[int]:
    """Groups that stay when those with nothing before them, or nothing behind them, are taken away again and again."""
    kept = set(links) & {target for targets in links.values() for target in targets}
    while True:
        before = {target for source in kept for target in links[source]}
        smaller = {number for number in kept if number in before and not kept.isdisjoint(links[number])}
        if smaller == kept:
            return kept
        kept = smaller


def _shortest(start: int, links: Mapping[int, Mapping[int, Link]]) -> tuple[Link, ...]:
    """The shortest way from a group back to itself; empty without one."""
    ways: dict[int, tuple[Link, ...]] = {}
    waiting = deque([start])
    while waiting:
        at = waiting.popleft()
        for target, link in links.get(at, {}).items():
            if target not in ways:
                ways[target] = (*ways.get(at, ()), link) if at != start else (link,)
                waiting.append(target)
        if start in ways:
            return ways[start]
    return ()
