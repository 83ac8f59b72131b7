"""Assets of the golden manifests: keys, groups, kinds, tags, descriptions, metadata, names of ops."""

import dagster as dg
import pytest
from golden import definitions, golden, without_file

from kedro_dagster_component import KedroProjectComponent
from kedro_dagster_component.component import NodeOpSpec, RetryPolicyModel

ODD_OPS = {
    "a.b.inner": "a_b_inner",
    "größe.messen": "gr__e_messen",
    "lonely": "lonely",
    "clean-data": "clean_data_e7596b",
    "clean.data": "clean_data_214d50",
    "clean_data": "clean_data",
    "a__b": "a__b",
    "input": "input_",
    "take__9358d76b": "take__9358d76b",
    "train": "train_node",
    "class": "class_",
    "model": "model",
    "model_report": "model_report",
}


@pytest.fixture(scope="module")
def odd():
    return definitions(golden("odd_names"))


@pytest.fixture(scope="module")
def flights():
    return definitions(golden("flights"))


def specs(defs):
    return {spec.key.to_user_string(): spec for spec in defs.resolve_all_asset_specs()}


def steps(defs):
    return {assets.op.name: assets for assets in defs.assets if isinstance(assets, dg.AssetsDefinition)}


def description(defs, key):
    return specs(defs)[key].description


@pytest.mark.parametrize("name", ["flights", "odd_names"])
def test_everything_can_be_loaded(name):
    for manifest in (golden(name), without_file(name)):
        dg.Definitions.validate_loadable(definitions(manifest))


def test_each_node_is_an_op_of_its_name(odd):
    assert list(steps(odd)) == list(ODD_OPS.values())


def test_names_do_not_depend_on_what_else_is_exposed():
    names = ["clean-data", "clean.data", "clean_data"]
    some = definitions(golden("odd_names"), KedroProjectComponent(select=[f"node:{name}" for name in reversed(names)]))
    assert list(steps(some)) == [ODD_OPS[name] for name in names]


def test_keys_are_dataset_names_split_at_dots(odd):
    keys = specs(odd)
    assert {"größe", "my-data", "my/data", "my_data", "d-1", "d/1", "d_1", "t", "kept", "unnamed out"} <= keys.keys()
    assert keys["a/b/stop"].metadata["kedro/dataset"] == "a.b.stop"


def test_a_node_without_outputs_is_an_asset_out_of_the_way_of_datasets(odd):
    assert set(steps(odd)["model_report"].keys) == {dg.AssetKey("model_report")}
    assert set(steps(odd)["model"].keys) == {dg.AssetKey("model_node")}
    assert specs(odd)["model_report"].kinds == {"kedro"}
    assert specs(odd)["model_report"].metadata["kedro/node"] == "model_report"


def test_a_free_input_is_an_external_asset(odd):
    external = {spec.key for spec in odd.assets if isinstance(spec, dg.AssetSpec)}
    assert external == {dg.AssetKey("raw")}
    assert "kedro/node" not in specs(odd)["raw"].metadata


def test_dependencies(odd):
    upstream = {name: {key.to_user_string() for key in assets.dependency_keys} for name, assets in steps(odd).items()}
    assert upstream["gr__e_messen"] == {"raw"}
    assert upstream["clean_data"] == {"my/data"}
    assert upstream["class_"] == {"t"}
    assert upstream["train_node"] == {"d/1"}
    assert upstream["model"] == upstream["model_report"] == {"model"}


def test_groups(odd, flights):
    groups = {key: spec.group_name for key, spec in specs(odd).items()}
    assert groups["a/b/stop"] == "a/b"
    assert groups["my-data"] == "odd_names"
    assert groups["model"] == groups["model_node"] == "train"
    assert groups["lonely"] == "default"
    assert groups["größe"] == "raw/first_layer"
    assert specs(flights)["linear/model"].group_name == "linear"


def test_kinds(odd):
    kinds = {key: spec.kinds for key, spec in specs(odd).items()}
    assert kinds["raw"] == {"kedro", "pandas", "csv"}
    assert kinds["t"] == {"kedro", "pandas", "parquet"}
    assert kinds["my-data"] == {"kedro", "pandas", "sql"}
    assert kinds["d_1"] == {"kedro", "memory"}


def test_tags_of_nodes_are_on_assets_and_ops(odd):
    tags = {"kedro/x": "", "kedro/_ber-Nacht": ""}
    assert specs(odd)["my-data"].tags.items() >= tags.items()
    assert steps(odd)["clean_data_e7596b"].op.tags == tags


def test_descriptions(odd):
    assert description(odd, "raw") == "What came in."
    assert description(odd, "model") == "The model."
    assert description(odd, "model_report") == "publish(model)"
    assert description(odd, "my_data") == "take(*arguments, **options)"
    assert steps(odd)["train_node"].op.description == "The model."
    assert steps(odd)["a__b"].op.description == "both(data)"


def test_a_docstring_comes_before_the_signature(flights):
    manifest = golden("flights")
    node = next(node for node in manifest.nodes.values() if node.description and not node.outputs)
    text = description(definitions(manifest), node.name.replace(".", "/"))
    assert text.startswith("Stop the run when the joined flights are too few or have too many gaps.\n\n**Args**\n\n")
    assert "- `flights`: Joined flights." in text.splitlines()


def test_a_memory_dataset_is_handed_over_and_all_others_are_not(odd):
    [output] = steps(odd)["clean_data"].op.output_defs
    assert output.dagster_type.display_name == "Any"
    [output] = steps(odd)["train_node"].op.output_defs
    assert output.dagster_type.is_nothing


def test_several_outputs_can_be_asked_for_one_by_one(odd):
    both = steps(odd)["a__b"]
    assert both.can_subset
    assert len({output.name for output in both.op.output_defs}) == 3
    assert not any(output.is_required for output in both.op.output_defs)
    assert not steps(odd)["class_"].can_subset


def test_a_name_prefix_is_before_every_name():
    defs = definitions(golden("odd_names"), KedroProjectComponent(name_prefix="prod_"))
    assert all(name.startswith("prod_") for name in steps(defs))
    assert {job.name for job in defs.jobs} == {"prod_train", "prod_odd", "prod_again", "prod_a__only"}
    assert {schedule.name for schedule in defs.schedules} == {"prod_train_schedule", "prod_odd_schedule"}
    assert "model" in specs(defs)
    assert steps(defs)["prod_train_node"]


def test_settings_of_every_op():
    settings = NodeOpSpec(
        tags={"team": "x"},
        pool="db",
        description="A step.",
        backfill_policy=dg.BackfillPolicy.single_run(),
        retry_policy=RetryPolicyModel(max_retries=3, delay=2, backoff="LINEAR", jitter="PLUS_MINUS"),
    )
    step = steps(definitions(golden("odd_names"), KedroProjectComponent(op=settings)))["clean_data_e7596b"]
    assert step.op.tags.items() >= {"team": "x", "kedro/x": ""}.items()
    assert step.op.pool == "db"
    assert step.op.description == "A step."
    assert step.backfill_policy == dg.BackfillPolicy.single_run()
    policy = dg.RetryPolicy(max_retries=3, delay=2, backoff=dg.Backoff.LINEAR, jitter=dg.Jitter.PLUS_MINUS)
    assert step.op.retry_policy == policy


def test_a_plain_retry_policy():
    settings = NodeOpSpec(retry_policy=RetryPolicyModel())
    step = steps(definitions(golden("odd_names"), KedroProjectComponent(op=settings)))["lonely"]
    assert step.op.retry_policy == dg.RetryPolicy(max_retries=1)


def test_a_name_for_ops_is_a_prefix_unless_there_is_one_node():
    several = definitions(golden("odd_names"), KedroProjectComponent(op=NodeOpSpec(name="kedro")))
    assert "kedro_lonely" in steps(several)
    one = KedroProjectComponent(op=NodeOpSpec(name="alone"), select=["node:lonely"])
    assert list(steps(definitions(golden("odd_names"), one))) == ["alone"]


def test_session_resource(odd):
    assert list(odd.resources) == ["kedro"]
    assert all({"kedro", "io_manager"} <= assets.required_resource_keys for assets in steps(odd).values())
