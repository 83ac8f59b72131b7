"""What is told of each materialisation of a dataset: the component's choice, the dataset's own, Kedro-Viz' settings."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from kedro_dagster_component.config.configured import settings_of
from kedro_dagster_component.manifest import DatasetEntry, NodeEntry
from kedro_dagster_component.plan import MetadataChoice, NodePlan, StepPlan

_OF_METRICS = ("json", "yaml", "metric")
"""In the name of a dataset's class: what it saves can be metrics."""
_MOST_ROWS = 100
_SHOWN_BY_VIZ = frozenset({"preview", "figures"})


def metadata_choice(dataset: DatasetEntry, parts: Collection[str]) -> MetadataChoice:
    """What to tell of a dataset.

    What the dataset's own settings name is told whatever its class is and whatever Kedro-Viz shows, and a lazy table
    is computed for its row count.

    Args:
        dataset: The dataset.
        parts: Of all datasets, as `include_metadata` of the component names them.
    """
    viz = dataset.metadata.get("kedro-viz")
    viz = viz if isinstance(viz, Mapping) else {}
    own = _own_parts(dataset)
    if own is not None:
        return _choice(frozenset(own), _rows(viz), counts_lazy="row_count" in own)
    hidden = _SHOWN_BY_VIZ if viz.get("preview") is False else frozenset[str]()
    class_name = dataset.type.rpartition(".")[2].lower()
    if not any(word in class_name for word in _OF_METRICS):
        hidden |= {"metrics"}
    return _choice(frozenset(parts) - hidden, _rows(viz))


@cache
def _choice(parts: frozenset[str], preview_rows: int, *, counts_lazy: bool = False) -> MetadataChoice:
    """One for all datasets of which the same is told."""
    return MetadataChoice(parts, preview_rows, counts_lazy)


def with_preview(step: StepPlan, parts: Collection[str]) -> StepPlan:
    """The plan of a step that tells what its nodes show of themselves, where figures of one of a node's outputs are told.

    Args:
        step: The plan.
        parts: Of all datasets; they hold for a node without outputs that has no settings.
    """
    return replace(step, nodes=tuple(replace(one, shows_preview=_shows_preview(one, parts)) for one in step.nodes))


def _shows_preview(one: NodePlan, parts: Collection[str]) -> bool:
    own = _own_parts(one.node)
    choices: list[Collection[str]] = [dataset.metadata.parts for dataset in one.outputs.values()]
    choices = choices or [parts if own is None else own]
    return any("figures" in choice for choice in choices)


def _own_parts(entry: DatasetEntry | NodeEntry) -> Collection[str] | None:
    settings = settings_of(entry)
    return settings.include_metadata if settings is not None else None


def _rows(viz: Mapping[str, Any]) -> int:
    """`preview_args: {nrows: 5}` as Kedro-Viz has it, in the limits of what an event log takes."""
    arguments = viz.get("preview_args")
    rows = arguments.get("nrows") if isinstance(arguments, Mapping) else None
    if not isinstance(rows, int) or isinstance(rows, bool):
        return MetadataChoice.preview_rows
    return min(max(rows, 1), _MOST_ROWS)
