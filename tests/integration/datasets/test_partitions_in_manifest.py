"""What a project that is read tells of its datasets' partitions."""

from kedro_dagster_component.config.dataset_partitions import (
    is_nothing_type,
    is_partitioned_type,
    settings_from_dataset,
)
from kedro_dagster_component.config.mappings import IdentityMappingConfig, LastMappingConfig
from kedro_dagster_component.introspection import introspect_project
from tests.projects import KedroProjectBuilder

REGISTRY = """
    from kedro.pipeline import node, pipeline

    def same(data):
        return data

    def register_pipelines():
        nodes = [
            node(same, "parts", "eu_days", name="a"),
            node(same, "eu_days", "auth_tokens", name="b"),
            node(same, "auth_tokens", "done", name="c"),
        ]
        return {"__default__": pipeline(nodes)}
"""
CATALOG = """
    parts:
      type: kedro_dagster_component.datasets.DagsterPartitionedDataset
      path: data/parts
      dataset: text.TextDataset
      partition: {type: dagster.StaticPartitionsDefinition, partition_keys: [eu, us]}
      partition_mapping:
        "{region}_days": {type: dagster.LastPartitionMapping}
    "{region}_days":
      type: kedro_dagster_component.datasets.DagsterPartitionedDataset
      path: data/{region}
      dataset: {type: text.TextDataset}
      partition: {type: DailyPartitionsDefinition, start_date: 2024-01-01}
      partition_mappings:
        auth_tokens: {type: dagster.IdentityPartitionMapping}
    auth_tokens: {type: text.TextDataset, filepath: data/x.txt}
    done: {type: kedro_dagster_component.datasets.DagsterNothingDataset}
"""


def test_the_settings_are_in_the_manifest(tmp_path):
    project = KedroProjectBuilder(tmp_path / "demo", registry=REGISTRY, catalog=CATALOG).write()

    datasets = introspect_project(project.ref()).datasets

    assert {name for name, entry in datasets.items() if is_partitioned_type(entry.type)} == {"parts", "eu_days"}
    assert {name for name, entry in datasets.items() if is_nothing_type(entry.type)} == {"done"}
    parts, days = (settings_from_dataset(datasets[name].config) for name in ("parts", "eu_days"))
    assert parts.partitions.partition_keys == ("eu", "us")
    assert isinstance(parts.mapping_to("eu_days"), LastMappingConfig)
    assert parts.mapping_to("done") is None
    assert days.partitions.start_date == "2024-01-01"
    assert isinstance(days.mapping_to("auth_tokens"), IdentityMappingConfig)
