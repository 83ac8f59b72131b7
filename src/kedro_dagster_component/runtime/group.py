"""Which nodes of a step a run asks for, and which of them are still to be run."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

import dagster as dg

from kedro_dagster_component.compat.dagster import selected_asset_keys
from kedro_dagster_component.plan import DatasetPlan, InstancePlan, NodePlan, StepPlan
from kedro_dagster_component.runtime.runs import resumed_runs

if TYPE_CHECKING:
    from kedro_dagster_component.runtime.view import RunView

IsAtHand = Callable[[DatasetPlan], bool]
"""Whether the data of an in-memory dataset is to be had without a run of the node that makes it."""

_OF_ASSETS = {dg.DagsterEventType.ASSET_MATERIALIZATION, dg.DagsterEventType.ASSET_CHECK_EVALUATION}

_Made = frozenset[tuple[tuple[str, ...], "str | None"]]
"""Materialisations by path of the asset key, and partition key; None for no partition."""


def nodes_of_run(view: RunView, instance: InstancePlan) -> tuple[NodePlan, ...]:
    """The nodes of an instance that a run runs, by the names of their ops; of a group in the order they run in."""
    names = sorted(view.op_names() & instance.steps.keys())
    return tuple(one for name in names for one in wanted_nodes(view, instance, instance.steps[name]))


def wanted_nodes(view: RunView, instance: InstancePlan, step: StepPlan) -> tuple[NodePlan, ...]:
    """The nodes of a step that a run asks for, and those whose in-memory data they need, in order.

    Args:
        view: The run; its job is cut to the assets that were selected.
        instance: The component instance.
        step: A step of the run.
    """
    if len(step.nodes) == 1:
        return step.nodes
    asked = selected_nodes(view, instance, step)
    return with_makers(step.nodes, asked, lambda _dataset: False)


def selected_nodes(view: RunView, instance: InstancePlan, step: StepPlan) -> frozenset[str]:
    """Ids of the nodes of a step that make an asset the run asks for; of a job of ops those that the job holds."""
    keys = {tuple(key.path) for key in selected_asset_keys(view.job_def)}
    if not keys:
        held = instance.op_job_nodes.get(view.run.job_name)
        return frozenset(one.node.id for one in step.nodes if held is None or one.node.id in held)
    return frozenset(one.node.id for one in step.nodes if not keys.isdisjoint(_asset_keys_of(one)))


def with_makers(nodes: Sequence[NodePlan], asked: Collection[str], is_at_hand: IsAtHand) -> tuple[NodePlan, ...]:
    """The nodes that have to run so that some of them can.

    Args:
        nodes: All of a step, in the order they run in.
        asked: Ids of those that are to run.
        is_at_hand: Asked only for in-memory data of nodes that are not to run so far.
    """
    makers = {dataset.name: one.node.id for one in nodes for dataset in one.made}
    needed = set(asked)
    for one in reversed(nodes):
        if one.node.id not in needed:
            continue
        for dataset in one.inputs:
            maker = makers.get(dataset.name)
            if maker is not None and maker not in needed and dataset.is_memory and not is_at_hand(dataset):
                needed.add(maker)
    return tuple(one for one in nodes if one.node.id in needed)


def releases(nodes: Sequence[NodePlan], names: Collection[str] | None) -> dict[str, tuple[str, ...]]:
    """Datasets, as spelled, that no later node takes, by the id of the node behind which they can be freed.

    Args:
        nodes: Those that run in the step, in order.
        names: Datasets that may be freed; None for all.
    """
    last: dict[str, tuple[str, DatasetPlan]] = {}
    for one in nodes:
        last.update((dataset.name, (one.node.id, dataset)) for dataset in (*one.made, *one.inputs))
    found: dict[str, tuple[str, ...]] = {}
    for name, (node_id, dataset) in last.items():
        if names is None or name in names:
            found[node_id] = (*found.get(node_id, ()), *dataset.spellings)
    return found


class StepProgress:
    """What one step has to do in its run, and what an earlier attempt, or a run that failed, has done of it.

    Attributes:
        wanted: The nodes the run asks for, and those whose in-memory data they need, in order.
        alone: Names of in-memory datasets that nothing but these nodes takes.
    """

    def __init__(
        self, view: RunView, instance: InstancePlan, step: StepPlan, *, kept: Collection[str], is_retry: bool
    ) -> None:
        """Look at a run. Only a step of several nodes that has begun before asks for events.

        Args:
            view: The run.
            instance: The component instance.
            step: The step.
            kept: Names of datasets that assets that are not Kedro's take in the run.
            is_retry: Whether the step was tried before in this run.
        """
        self.wanted = wanted_nodes(view, instance, step)
        self.alone = step.kept_inside.difference(kept)
        self._asked = frozenset(one.node.id for one in self.wanted)
        self._made: _Made = frozenset()
        self._is_retry = is_retry
        self._elsewhere = frozenset(kept)
        if len(step.nodes) > 1:
            self._asked = selected_nodes(view, instance, step)
            self._made = _made_before(view, is_retry=is_retry)
            self._elsewhere |= _taken_elsewhere(view, instance, step)

    def to_run(self, key: str | None, is_at_hand: IsAtHand) -> tuple[NodePlan, ...]:
        """The nodes that are still to be run, in order.

        Args:
            key: Partition key the step works on; None without.
            is_at_hand: Asked only where data may be there already.
        """
        asked = [
            one.node.id for one in self.wanted if one.node.id in self._asked and not self._is_done(one, key, is_at_hand)
        ]
        # What is no asset is nowhere but in this process, and there only if the step has begun in it before.
        may_be = lambda dataset: bool(dataset.asset_key or self._is_retry) and is_at_hand(dataset)  # noqa: E731
        return with_makers(self.wanted, asked, may_be)

    def _is_done(self, one: NodePlan, key: str | None, is_at_hand: IsAtHand) -> bool:
        keys = _asset_keys_of(one)
        if not self._made or not keys or any((asset_key, key) not in self._made for asset_key in keys):
            return False
        return all(is_at_hand(dataset) for dataset in one.made if dataset.is_memory and dataset.name in self._elsewhere)


def _asset_keys_of(one: NodePlan) -> list[tuple[str, ...]]:
    """Paths of the keys of the assets a node makes."""
    return [one.asset_key] if one.marker is not None else [dataset.asset_key for dataset in one.outputs.values()]


def _taken_elsewhere(view: RunView, instance: InstancePlan, step: StepPlan) -> frozenset[str]:
    """Names of the datasets that other steps of the instance take in the run."""
    others = [instance.steps[name] for name in view.op_names() & instance.steps.keys() if name != step.op_name]
    return frozenset(dataset.name for other in others for dataset in other.inputs)


def _made_before(view: RunView, *, is_retry: bool) -> _Made:
    """What counts as made already: by an earlier attempt of the step, and by runs that failed and are resumed.

    What a check found to be wrong, in a way that keeps everything behind it from running, does not count.
    """
    runs = resumed_runs(view.instance, view.run)
    if not is_retry and len(runs) == 1:
        return frozenset()
    made: set[tuple[tuple[str, ...], str | None]] = set()
    for run_id in reversed(runs):
        for entry in view.instance.all_logs(run_id, of_type=_OF_ASSETS):
            event = entry.dagster_event
            found = event.event_specific_data if event is not None else None
            if isinstance(found, dg.AssetCheckEvaluation):
                if found.blocking and not found.passed and found.severity is dg.AssetCheckSeverity.ERROR:
                    made = {one for one in made if one[0] != tuple(found.asset_key.path)}
            elif event is not None and event.asset_key is not None:
                made.add((tuple(event.asset_key.path), event.partition))
    return frozenset(made)
