"""In-memory outputs of a run in several processes, for the hook after its last node."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import dagster as dg

from kedro_dagster_component.errors import MemoryDatasetError
from kedro_dagster_component.manifest import dataset_name
from kedro_dagster_component.plan import DatasetPlan, InstancePlan
from kedro_dagster_component.runtime.group import nodes_of_run, wanted_nodes
from kedro_dagster_component.runtime.handover import Surroundings, load
from kedro_dagster_component.runtime.view import RunView

_HOOK = "after_pipeline_run"
_IO_MANAGER = "io_manager"


class StoredOutput:
    """Loads what an in-memory output holds when it is called; pickled, it takes that along.

    A hook may never ask. On the way to a child process it is loaded without being asked, since the child cannot
    reach Dagster.
    """

    def __init__(self, load_stored: Callable[[], Any]) -> None:
        """Keep what loads it; nothing is loaded."""
        self._load = load_stored

    def __call__(self) -> Any:
        """Load it.

        Raises:
            MemoryDatasetError: It is not to be had.
        """
        return self._load()

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        """Pickled once more: what the other process cannot read, or nobody has, is an error only of a hook that asks."""
        try:
            return partial, (pickle.loads, pickle.dumps(self()))
        except Exception as error:  # noqa: BLE001  (whatever an IO manager or pickle raises)
            return partial, (_refuse, str(error))


def _refuse(reason: str) -> None:
    raise MemoryDatasetError(reason)


def stored_outputs(view: RunView, instance: InstancePlan) -> Mapping[str, StoredOutput]:
    """In-memory outputs of a run that none of its nodes takes, by name; those of partitions are left out."""
    steps = [instance.steps[name] for name in view.op_names() if name in instance.steps]
    taken = {dataset_name(name) for one in nodes_of_run(view, instance) for name in one.node.inputs}
    return {
        dataset.name: StoredOutput(partial(_load, view, dataset))
        for step in steps
        if step.partitions is None
        for one in wanted_nodes(view, instance, step)
        for dataset in one.outputs.values()
        if dataset.is_memory and dataset.name not in taken
    }


def _load(view: RunView, dataset: DatasetPlan) -> Any:
    definitions = _required(view.job_def.resource_defs)
    run_config: Mapping[str, Any] = view.run.run_config
    config = {key: value for key, value in (run_config.get("resources") or {}).items() if key in definitions}
    with dg.build_resources(
        definitions, instance=view.instance, resource_config=config, dagster_run=view.run
    ) as resources:
        return load(Surroundings(resources, view.run, view.instance, view.log), dataset, _HOOK)


def _required(definitions: Mapping[str, dg.ResourceDefinition]) -> dict[str, dg.ResourceDefinition]:
    """The `io_manager` of a job, and the resources behind it."""
    found: dict[str, dg.ResourceDefinition] = {}
    wanted = [_IO_MANAGER]
    while wanted:
        key = wanted.pop()
        if key in definitions and key not in found:
            found[key] = definitions[key]
            wanted += definitions[key].get_required_resource_keys(definitions)
    return found
