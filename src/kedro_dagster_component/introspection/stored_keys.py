"""What a partitioned dataset has in storage: the one thing read here that is no configuration."""

from __future__ import annotations

from pathlib import Path

from kedro_dagster_component.compat.kedro import create_catalog
from kedro_dagster_component.compat.kedro_partitions import is_partitioned, stored_keys
from kedro_dagster_component.errors import IntrospectionError
from kedro_dagster_component.introspection.failures import reading
from kedro_dagster_component.introspection.project import open_project
from kedro_dagster_component.manifest import ProjectRef


def read_stored_keys(ref: ProjectRef, name: str) -> tuple[str, ...]:
    """Open a Kedro project in this process and list the partitions of one dataset.

    Args:
        ref: Which project, and how to open it.
        name: The dataset as the catalog spells it.

    Returns:
        Sorted keys.

    Raises:
        IntrospectionError: The project or the dataset cannot be opened, or it has no partitions.
        ConfigurationError: A YAML file of the project holds a mistake.
    """
    project = open_project(ref)
    with reading(f"the partitions of dataset '{name}'", Path(ref.project_path)):
        catalog = project.catalog if project.catalog is not None else create_catalog(project.context)
        dataset = catalog.get(name)
        if is_partitioned(dataset):
            return tuple(sorted(stored_keys(dataset)))
    raise IntrospectionError(f"dataset '{name}' is no PartitionedDataset: it cannot say which partitions it has")
