"""The session resource of a component instance: the session's options, and the IO manager of its datasets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import dagster as dg

from kedro_dagster_component.plan import UNCHANGED, DatasetPlan, InstancePlan, difference
from kedro_dagster_component.runtime.handover import Surroundings, store
from kedro_dagster_component.runtime.messages import SessionRequest

_IO_MANAGER = "io_manager"
LIVE = object()
"""Stands for an in-memory output whose object stays in the process that made it."""

LoadDataset = Callable[[dg.InputContext, InstancePlan, DatasetPlan, "SessionOptions", Any], Any]
"""Loads a dataset for an asset that is not Kedro's; last come the resources, with `io_manager`."""


@dataclass(frozen=True)
class SessionOptions:
    """What the launchpad sets for the session of one run.

    Attributes:
        runtime_params: As `kedro run --params`, over the component's and the job's.
        load_versions: As `kedro run --load-versions`.
        datasets: Configuration laid over catalog entries, by dataset name.
        is_async: As `kedro run --async`.
    """

    runtime_params: Mapping[str, Any] = field(default_factory=dict)
    load_versions: Mapping[str, str] = field(default_factory=dict)
    datasets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    is_async: bool = False


class KedroSessionResource(dg.IOManager):
    """Options of the Kedro session of a run, and the way other assets read Kedro's datasets.

    In-memory datasets go through Dagster's `io_manager`; all others through the Kedro catalog.

    Attributes:
        options: From the resource's configuration.
        session: What the session is made from, once a step has found it out for all steps of this process; None before.
    """

    def __init__(
        self,
        instance: InstancePlan,
        options: SessionOptions,
        load_dataset: LoadDataset,
        resources: Any = None,
    ) -> None:
        """Bind an instance's plan to the options of a run.

        Args:
            instance: The component instance.
            options: From the resource's configuration.
            load_dataset: Loads a dataset through Kedro (`runtime.asset_inputs.load_for_asset`).
            resources: What it was set up with: `io_manager`, where there is one.
        """
        self._resources = resources
        self.options = options
        self.session: SessionRequest | None = None
        self._instance = instance
        self._load_dataset = load_dataset

    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        """Store an in-memory dataset, unless it stays live.

        Raises:
            MemoryDatasetError: The object cannot be stored.
        """
        if obj is LIVE:
            return
        dataset = self._instance.datasets[tuple(context.asset_key.path)]
        around = Surroundings.of(context, self._resources)
        context.add_output_metadata(store(around, dataset, obj, self._node_name(context)))

    def load_input(self, context: dg.InputContext) -> Any:
        """What a Kedro dataset loads, for an asset that is not Kedro's."""
        dataset = self._instance.datasets[tuple(context.asset_key.path)]
        return self._load_dataset(context, self._instance, dataset, self.options, self._resources)

    def _node_name(self, context: dg.OutputContext) -> str:
        """The Kedro node whose step makes an output."""
        step = self._instance.steps.get(context.step_key)
        one = step.node_by_output.get(context.name) if step is not None else None
        return one.node.name if one is not None else context.step_key


class KedroSessionDefinition(dg.IOManagerDefinition):
    """Definition of the session resource of one component instance; it knows the instance it belongs to.

    Attributes:
        instance: The component instance.
    """

    def __init__(
        self,
        instance: InstancePlan,
        load_dataset: LoadDataset,
        close_run: Callable[[str], None],
        config_schema: Any,
        *,
        shown_datasets: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
    ) -> None:
        """Define the resource.

        Args:
            instance: The component instance.
            load_dataset: Loads a dataset through Kedro (`runtime.asset_inputs.load_for_asset`).
            close_run: Called with the Dagster run's id when the resource is taken down.
            config_schema: Of `SessionOptions`.
            shown_datasets: Default of `datasets`: what is left as it is there is no override.
        """
        self.instance = instance
        self._shown_datasets = shown_datasets

        def create(context: dg.InitResourceContext) -> Iterator[KedroSessionResource]:
            try:
                options = self._options(context.resource_config)
                yield KedroSessionResource(instance, options, load_dataset, context.resources)
            finally:
                if context.run is not None:
                    close_run(context.run.run_id)

        super().__init__(
            resource_fn=create,  # type: ignore[arg-type]  # Dagster takes generators; its annotation does not say so
            config_schema=config_schema,
            description="Options of the Kedro session of a run; assets downstream load Kedro datasets through it.",
        )

    def get_required_resource_keys(self, resource_defs: Mapping[str, dg.ResourceDefinition]) -> AbstractSet[str]:
        """What a run has to set up first.

        Every job has an `io_manager`, a code location need not: a requirement it cannot meet would fail each tick
        of each of its sensors and schedules, and Dagster's page of this resource. So it is asked for only where there
        is one.
        """
        return {_IO_MANAGER} & resource_defs.keys()

    def options_of(self, run_config: Mapping[str, Any]) -> SessionOptions:
        """The options a run was launched with; defaults where its configuration is silent."""
        resource = (run_config.get("resources") or {}).get(self.instance.key) or {}
        return self._options(resource.get("config") or {})

    def _options(self, config: Mapping[str, Any]) -> SessionOptions:
        changed = difference(config.get("datasets", {}), self._shown_datasets)
        return SessionOptions(**{**config, "datasets": {} if changed is UNCHANGED else changed})
