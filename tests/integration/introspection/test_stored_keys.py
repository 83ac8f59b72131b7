"""What partitioned datasets of a real project have in storage."""

import json

import pytest

from kedro_dagster_component.errors import IntrospectionError
from kedro_dagster_component.introspection import list_stored_keys

CATALOG = """
    _text: &text {dataset: text.TextDataset, filename_suffix: .txt}
    parts: {<<: *text, type: partitions.PartitionedDataset, path: data/parts}
    steps: {<<: *text, type: partitions.IncrementalDataset, path: data/steps}
    ours: {<<: *text, type: kedro_dagster_component.datasets.DagsterPartitionedDataset, path: data/parts, partition: who}
    versions:
      type: partitions.PartitionedDataset
      path: data/versions
      dataset: {type: text.TextDataset, versioned: true}
      filename_suffix: .txt
    locked: {type: partitions.PartitionedDataset, path: "checked://bucket/a", dataset: text.TextDataset, credentials: key}
    empty: {<<: *text, type: partitions.PartitionedDataset, path: data/nowhere}
    "{any}_pattern": {<<: *text, type: partitions.PartitionedDataset, path: "data/{any}"}
    one: {type: text.TextDataset, filepath: data/one.txt}
"""
HOOKS = """
    from pathlib import Path
    from kedro.framework.hooks import hook_impl

    class Watch:
        @hook_impl
        def after_catalog_created(self):
            Path("fired").touch()
"""
SETTINGS = """
    import fsspec
    from fsspec.implementations.memory import MemoryFileSystem
    from demo.hooks import Watch

    HOOKS = (Watch(),)

    class Checked(MemoryFileSystem):
        protocol = "checked"
        cachable = False

        def find(self, path, **kwargs):
            assert self.storage_options["secret"] == "hunter2"
            return [f"{path}/b", f"{path}/a"]

    fsspec.register_implementation("checked", Checked)
"""


@pytest.fixture
def demo(project):
    files = {f"data/parts/{name}.txt": "x" for name in ("acme", "nord/ost", "2024-01-01|zeta")}
    files |= {f"data/steps/{name}.txt": "x" for name in "ab"} | {"data/steps/CHECKPOINT": "b", "data/parts/x.csv": ""}
    files |= {"data/versions/v.txt/2024-01-01T00.00.00.000Z/v.txt": "x", "src/demo/hooks.py": HOOKS}
    files |= {"conf/local/credentials.yml": json.dumps({"key": {"secret": "hunter2"}})}
    return project(catalog=CATALOG, settings=SETTINGS, files=files)


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("parts", ("2024-01-01|zeta", "acme", "nord/ost")),
        ("steps", ("a", "b")),
        ("ours", ("2024-01-01|zeta", "acme", "nord/ost")),
        ("versions", ("v",)),
        ("locked", ("a", "b")),
        ("empty", ()),
        ("parts_pattern", ("2024-01-01|zeta", "acme", "nord/ost")),
    ],
)
def test_keys(demo, name, keys):
    assert list_stored_keys(demo.ref(), name) == keys
    assert not (demo.root / "fired").exists()


def test_what_cannot_be_listed(demo):
    with pytest.raises(IntrospectionError, match="dataset 'one' is no PartitionedDataset"):
        list_stored_keys(demo.ref(), "one")
    with pytest.raises(IntrospectionError, match="dataset 'nothing' is no PartitionedDataset"):
        list_stored_keys(demo.ref(), "nothing")
