"""When a dataset of a run can be released, by the rule of Kedro's runners."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import chain

from kedro.pipeline.node import Node

from kedro_dagster_component.manifest import NodeEntry, dataset_name


class Releaser:
    """Counts the reads that are left of each dataset of a run that shares one process."""

    def __init__(self, nodes: tuple[NodeEntry, ...], kept: tuple[str, ...]) -> None:
        """Count.

        Args:
            nodes: Those of the run.
            kept: Outputs that something else than a node reads, without transcoding suffix.
        """
        self._remaining_reads = Counter(chain.from_iterable(node.inputs for node in nodes))
        self._kept = _free_ends(nodes, kept)
        self._done: set[str] = set()

    def node_done(self, node: Node, release: Callable[[str], None]) -> None:
        """Free what no later node reads. A node counts once, also where a step is tried again.

        Args:
            node: It has run, for all partition keys of the run, or it has nothing to do in it.
            release: Frees a dataset.
        """
        if node.name in self._done:
            return
        self._done.add(node.name)
        for name in node.inputs:
            self._remaining_reads[name] -= 1
            if self._remaining_reads[name] < 1 and name not in self._kept:
                release(name)
        for name in node.outputs:
            if self._remaining_reads[name] < 1 and name not in self._kept:
                release(name)


def _free_ends(nodes: tuple[NodeEntry, ...], kept: tuple[str, ...]) -> frozenset[str]:
    """Inputs nothing in the run makes, and outputs nothing in the run reads: Kedro never releases these.

    Args:
        nodes: Those of the run.
        kept: Outputs that something else than a node reads, without transcoding suffix.
    """
    read = {name for node in nodes for name in node.inputs}
    read_datasets = {dataset_name(name) for name in read}
    made_datasets = {dataset_name(name) for node in nodes for name in node.outputs}
    free_inputs = {name for name in read if dataset_name(name) not in made_datasets}
    free_outputs = {
        name
        for node in nodes
        for name in node.outputs
        if dataset_name(name) not in read_datasets or dataset_name(name) in kept
    }
    return frozenset(free_inputs | free_outputs)
