"""What the definitions of one component instance are made of, for whoever explains them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from kedro_dagster_component.asset_checks import CheckTable
from kedro_dagster_component.config.models import DagsterConfig
from kedro_dagster_component.config.positions import Positions
from kedro_dagster_component.loading import ComponentPlace
from kedro_dagster_component.manifest import ProjectManifest
from kedro_dagster_component.plan import StepPlan
from kedro_dagster_component.translate.assets import AssetTable, OpSettings
from kedro_dagster_component.translate.jobs import JobPlan
from kedro_dagster_component.translate.partitions import PartitionTable


@dataclass(frozen=True)
class InstanceParts:
    """What the definitions of one instance are made of.

    Attributes:
        place: The component.
        prefix: Put before names.
        manifest: The project, with the settings of its assets.
        config: `dagster.yml`.
        positions: Of its files.
        table: Final specs.
        steps: By op name.
        settings: Of the steps, by op name.
        jobs: Before they are Dagster's.
        partitions: Who has which.
        checks: Of the datasets.
    """

    place: ComponentPlace
    prefix: str
    manifest: ProjectManifest
    config: DagsterConfig
    positions: Positions
    table: AssetTable
    steps: Mapping[str, StepPlan]
    settings: Mapping[str, OpSettings]
    jobs: Sequence[JobPlan]
    partitions: PartitionTable
    checks: CheckTable


_collected: ContextVar[list[InstanceParts] | None] = ContextVar("collected", default=None)


@contextmanager
def parts_of_load() -> Iterator[list[InstanceParts]]:
    """Collects the parts of every instance that is loaded inside, in the order of the load."""
    parts: list[InstanceParts] = []
    token = _collected.set(parts)
    try:
        yield parts
    finally:
        _collected.reset(token)


def hand_out(parts: InstanceParts) -> None:
    """Give the parts of an instance that is loaded to whoever collects them."""
    collected = _collected.get()
    if collected is not None:
        collected.append(parts)
