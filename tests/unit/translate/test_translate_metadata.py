"""What the definitions tell of assets before any run."""

import dagster as dg
import pytest
from dagster import serialize_value
from golden import definitions, golden

from kedro_dagster_component import KedroProjectComponent
from kedro_dagster_component.manifest import DatasetEntry, NodeEntry, SourceRef
from kedro_dagster_component.translate.specs import dataset_spec, kinds_of, node_spec
from kedro_dagster_component.translate.storage import storage_kind_of, table_of

MOST_BYTES = 4096


@pytest.fixture(scope="module")
def odd():
    return specs(definitions(golden("odd_names")))


def specs(defs):
    return {spec.key.to_user_string(): spec for spec in defs.resolve_all_asset_specs()}


def plain(spec):
    return {
        name: value.value if isinstance(value, dg.MetadataValue) else value for name, value in spec.metadata.items()
    }


def references(spec):
    found = spec.metadata["dagster/code_references"].code_references
    return [(each.file_path, each.line_number, each.label) for each in found]


def entry(name="x", type_="pandas.CSVDataset", **config):
    return DatasetEntry(name=name, spellings=(name,), type=type_, in_catalog=True, config={"type": type_, **config})


def test_what_an_asset_tells(odd):
    told = plain(odd["model"])
    del told["dagster/code_references"]
    assert told == {
        "kedro/project": "Demo",
        "kedro/env": "local",
        "kedro/dataset": "model",
        "kedro/dataset_type": "pickle.PickleDataset",
        "kedro/layer": "models",
        "kedro/config": {"filepath": "data/model.pkl", "versioned": True},
        "kedro/node": "train",
        "kedro/function": "demo.pipeline_registry.train",
        "kedro/inputs": "d.1",
        "kedro/parameters": "params:nested",
        "kedro/pipelines": "__default__, train",
        "dagster/uri": "data/model.pkl",
        "dagster/storage_kind": "file",
    }
    assert plain(odd["my-data"])["dagster/table_name"] == "my_table"
    assert plain(odd["my-data"])["kedro/tags"] == "x, Über-Nacht"
    assert plain(odd["my-data"])["kedro/config"] == {"table_name": "my_table", "credentials": "db"}


def test_what_is_told_by_the_address_alone_is_not_told_twice():
    assert "kedro/config" not in dataset_spec(None, entry(filepath="data/a.csv")).metadata
    assert "kedro/config" in dataset_spec(None, entry(filepath="data/a.csv", versioned=True)).metadata


def test_what_is_found_last_is_told_last(odd):
    names = list(odd["model"].metadata)
    assert names[0] == "kedro/dataset"
    assert names[-2:] == ["kedro/project", "kedro/env"]


@pytest.mark.parametrize(
    ("dataset", "kinds"),
    [
        (entry(type_="partitions.PartitionedDataset", dataset="pandas.CSVDataset"), {"partitions", "pandas", "csv"}),
        (entry(type_="partitions.PartitionedDataset", dataset={"type": "json.JSONDataset"}), {"partitions", "json"}),
        (entry(type_="kedro.io.CachedDataset", dataset={"type": "pandas.ParquetDataset"}), {"pandas", "parquet"}),
        (entry(type_="kedro.io.LambdaDataset"), set()),
        (entry(type_="pandas.GBQTableDataset", dataset="sales", table_name="t"), {"pandas", "bigquery"}),
    ],
)
def test_kinds_are_of_what_is_wrapped_too(dataset, kinds):
    assert kinds_of(dataset) == {"kedro", *kinds}


def test_links_to_the_function_and_to_the_catalog(odd):
    manifest = golden("odd_names")
    function, catalog = manifest.nodes["train"].source, manifest.datasets["model"].location
    assert references(odd["model"]) == [
        (function.file, function.line, "train()"),
        (catalog.file, catalog.line, "catalog.yml"),
    ]
    assert [label for *_, label in references(odd["raw"])] == ["catalog.yml"]
    assert [label for *_, label in references(odd["d_1"])] == ["both()"]
    assert [label for *_, label in references(odd["model_report"])] == ["publish()"]


def test_a_dataset_of_a_factory_links_to_the_pattern():
    location = SourceRef(file="/project/conf/base/catalog.yml", line=3)
    made = entry("b_part").model_copy(update={"pattern": "{kind}_part", "location": location})
    assert references(dataset_spec(None, made)) == [(location.file, 3, "{kind}_part in catalog.yml")]


def test_the_code_version_is_that_of_the_node():
    manifest = golden("odd_names")
    found = specs(definitions(manifest))
    assert found["model"].code_version == manifest.nodes["train"].code_version
    assert found["model_report"].code_version == manifest.nodes["model_report"].code_version
    assert found["raw"].code_version is None


def test_the_file_and_the_translation_win():
    settings = {**golden("odd_names").dagster, "assets": {"model": {"code_version": "7"}, "d_1": {"code_version": "8"}}}
    component = KedroProjectComponent(translation=lambda spec, _: spec.replace_attributes(code_version="translated"))
    assert specs(definitions(golden("odd_names", dagster=settings)))["model"].code_version == "7"
    assert specs(definitions(golden("odd_names", dagster=settings), component))["d_1"].code_version == "translated"


def test_an_address_in_the_translation_becomes_a_link():
    def linked(spec, shown):
        address = f"http://localhost:4141/?pid=__default__&sn={shown.name}"
        return spec.merge_attributes(metadata={"kedro-viz": address, "note": "see http://x for more", "kedro/env": "x"})

    found = specs(definitions(golden("odd_names"), KedroProjectComponent(translation=linked)))["model"]
    assert found.metadata["kedro-viz"] == dg.MetadataValue.url("http://localhost:4141/?pid=__default__&sn=model")
    assert found.metadata["note"] == "see http://x for more"
    assert found.metadata["kedro/env"] == "x"


@pytest.mark.parametrize(
    ("dataset", "table"),
    [
        (entry(type_="pandas.SQLTableDataset", table_name="t", save_args={"schema": "s"}), "s.t"),
        (entry(type_="pandas.GBQTableDataset", dataset="d", table_name="t", project="p"), "p.d.t"),
        (entry(type_="databricks.ManagedTableDataset", catalog="c", database="d", table="t"), "c.d.t"),
        (entry(type_="snowflake.SnowparkTableDataset", table_name="t", database="d", schema="s"), "d.s.t"),
        (entry(type_="ibis.TableDataset", table_name="t"), "t"),
        (entry(filepath="a.csv", save_args={"schema": "s"}), None),
    ],
)
def test_tables_have_their_whole_name(dataset, table):
    assert table_of(dataset) == table


@pytest.mark.parametrize(
    ("dataset", "kind"),
    [
        (entry(filepath="data/a.csv"), "file"),
        (entry(filepath="C:/data/a.csv"), "file"),
        (entry(filepath="file:///data/a.csv"), "file"),
        (entry(filepath="s3a://bucket/a.csv"), "s3"),
        (entry(filepath="gs://bucket/a.csv"), "gcs"),
        (entry(path="abfs://container/parts"), "azure"),
        (entry(type_="api.APIDataset", url="https://***@host/x?***"), "http"),
        (entry(type_="snowflake.SnowparkTableDataset", table_name="t"), "snowflake"),
        (entry(type_="pandas.GBQTableDataset", table_name="t"), "bigquery"),
        (entry(type_="ibis.TableDataset", table_name="t", connection={"backend": "duckdb"}), "duckdb"),
        (entry(type_="pandas.SQLTableDataset", table_name="t"), None),
    ],
)
def test_kinds_of_storage(dataset, kind):
    assert storage_kind_of(dataset) == kind
    assert kinds_of(dataset) >= ({kind} if kind not in {None, "file"} else set())
    assert "file" not in kinds_of(dataset)


def big_node(**fields):
    names = [f"some_namespace.some_rather_long_dataset_name_{number}" for number in range(500)]
    return NodeEntry(
        id="n",
        name="some_namespace.a_node_with_many_of_everything",
        namespace="some_namespace",
        func="some_package.pipelines.some_pipeline.nodes.a_node_with_many_of_everything",
        inputs=(*names, *(f"params:{name}" for name in names)),
        tags=tuple(names),
        pipelines=tuple(names),
        source=SourceRef(file="/home/someone/projects/" + "folder/" * 20 + "nodes.py", line=1000),
        fingerprint="0",
        code_version="0" * 16,
        **fields,
    )


@pytest.mark.parametrize("name", ["flights", "odd_names"])
def test_definitions_carry_little_for_each_asset(name):
    assert all(size_of(spec) < MOST_BYTES for spec in specs(definitions(golden(name))).values())


def test_what_could_be_long_is_cut():
    made = entry(
        "some_namespace.some_rather_long_dataset_name",
        filepath="s3://some-bucket/" + "folder/" * 20 + "file.csv",
        load_args={"dtype": {f"column_{number}": "category" for number in range(1000)}},
        save_args={"index": False},
        credentials="store",
    ).model_copy(update={"location": SourceRef(file="/home/someone/" + "folder/" * 20 + "catalog.yml", line=1000)})
    spec = dataset_spec(big_node(outputs=(made.name,)), made)
    assert size_of(spec) < MOST_BYTES
    assert size_of(node_spec(big_node(outputs=()))) < MOST_BYTES
    assert spec.metadata["kedro/inputs"].endswith(" more")
    assert spec.metadata["kedro/inputs"].startswith("some_namespace.some_rather_long_dataset_name_0, ")
    config = spec.metadata["kedro/config"].value
    assert (config["load_args"], config["save_args"], config["credentials"]) == ("...", {"index": False}, "store")


def size_of(spec):
    values = dg.AssetMaterialization(spec.key, metadata=dict(spec.metadata)).metadata
    return sum(len(name) + len(serialize_value(value)) for name, value in values.items())
