"""Whether what `dagster.yml` and the catalog name exists: in the files themselves, and in the Kedro project."""

from __future__ import annotations

from collections.abc import Iterable

from kedro_dagster_component.config.check_assets import check_assets, check_partitions
from kedro_dagster_component.config.check_catalog import check_catalog, partitions_by_name, settings_in_catalog
from kedro_dagster_component.config.check_jobs import check_jobs
from kedro_dagster_component.config.check_sensors import check_sensors
from kedro_dagster_component.config.declared import Declared
from kedro_dagster_component.config.models import DagsterConfig
from kedro_dagster_component.config.positions import Positions
from kedro_dagster_component.errors import Problem
from kedro_dagster_component.manifest import ProjectManifest


def check_against_project(
    config: DagsterConfig,
    positions: Positions,
    manifest: ProjectManifest,
    *,
    partitions: Iterable[str] = (),
    declared: Declared | None = None,
) -> list[Problem]:
    """Everything `dagster.yml` and the catalog name that does not exist, and every filter that matches no node.

    Args:
        config: Valid in itself.
        positions: Of its files.
        manifest: The project it is for.
        partitions: Names of partitions defined elsewhere (`component.yaml`).
        declared: Names that can be referred to; None for those in `config` and `partitions`.

    Returns:
        Sorted by place.
    """
    if declared is None:
        declared = Declared.of({name: getattr(config, name) for name in DagsterConfig.model_fields}, partitions)
    in_catalog = settings_in_catalog(manifest)
    partitions_of = partitions_by_name(config, manifest, in_catalog)
    problems = [
        *check_jobs(config, positions, manifest, declared, partitions_of),
        *check_partitions(config, positions, declared),
        *check_assets(config, positions, manifest, declared, partitions_of),
        *check_catalog(config, manifest, in_catalog, declared.partitions, partitions_of),
        *check_sensors(config, positions, manifest, declared),
    ]
    return sorted(dict.fromkeys(problems), key=Problem.sort_key)
