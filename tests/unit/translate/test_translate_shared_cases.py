"""Dagster's own test cases for components that translate something into assets."""

import dagster as dg
import pytest
from dagster.components.testing.test_cases import TestOpCustomization, TestTranslation
from golden import definitions, golden

from kedro_dagster_component import KedroProjectComponent

MANIFEST = golden("flights")


def only(node_id, **attributes):
    """The definitions with one node exposed."""
    chosen = {"select": [f"node:{MANIFEST.nodes[node_id].name}"], **attributes}
    component = KedroProjectComponent.resolve_from_dict(chosen)
    return definitions(golden("flights", dagster={}, dagster_files=(), jobs={}, job_selections={}), component)


def made_by(defs):
    return [asset for asset in defs.assets if isinstance(asset, dg.AssetsDefinition)]


NODE = next(node for node in MANIFEST.nodes.values() if len(node.outputs) == 1)


class TestTranslationOfAssets(TestTranslation):
    @pytest.mark.filterwarnings("ignore:Accessing:DeprecationWarning")
    def test_translation(self, attributes, assertion, key_modifier):
        (plain,) = made_by(only(NODE.id))
        (asset,) = made_by(only(NODE.id, translation=attributes))
        (key,) = plain.keys
        expected = key_modifier(key) if key_modifier else key
        assert assertion(without_inputs(asset.get_asset_spec(expected), plain, key))


def without_inputs(spec, plain, key):
    """A spec as the test cases expect it: without the dependencies that the node's inputs are."""
    inputs = {dep.asset_key.path[-1].removesuffix("_suffix") for dep in plain.get_asset_spec(key).deps}
    own = [dep for dep in spec.deps if dep.asset_key.path[-1].removesuffix("_suffix") not in inputs]
    return spec.replace_attributes(deps=own)


class TestOpCustomizationOfSteps(TestOpCustomization):
    def test_op_customization(self, attributes, assertion):
        (asset,) = made_by(only(NODE.id, op=attributes))
        assert assertion(asset.op) if "backfill_policy" not in attributes else assertion(asset)


def test_partitions_of_a_translation_are_those_of_the_step():
    (asset,) = made_by(
        only(NODE.id, translation={"partitions_def": {"type": "static", "partition_keys": ["eu", "us"]}})
    )
    assert asset.partitions_def == dg.StaticPartitionsDefinition(["eu", "us"])
    assert {node.name.rpartition("__")[2] for node in asset.node_def.nodes} == {"keys", "node", "done"}


def test_dependencies_of_a_translation_are_added_to_the_inputs():
    (plain,) = made_by(only(NODE.id))
    (asset,) = made_by(only(NODE.id, translation={"deps": ["elsewhere"]}))
    assert asset.dependency_keys == {*plain.dependency_keys, dg.AssetKey("elsewhere")}


@pytest.mark.parametrize("key_prefix", ["prod", ["a", "b"]])
def test_everything_follows_a_changed_key(key_prefix):
    component = KedroProjectComponent.resolve_from_dict({"translation": {"key_prefix": key_prefix}})
    defs = definitions(golden("flights"), component)
    prefix = [key_prefix] if isinstance(key_prefix, str) else key_prefix
    graph = defs.resolve_asset_graph()
    assert all(key.has_prefix(prefix) for key in graph.get_all_asset_keys())
    for job in defs.resolve_all_job_defs():
        assert all(key.has_prefix(prefix) for key in job.asset_layer.selected_asset_keys)
