"""The dataset with declared partitions, on a real folder and in Kedro's catalog."""

import subprocess
import sys
from pathlib import Path

import fsspec
import pytest
from kedro.io import DataCatalog, DatasetError
from kedro_datasets.partitions import PartitionedDataset

from kedro_dagster_component.datasets import DagsterPartitionedDataset

TYPE = "kedro_dagster_component.datasets.DagsterPartitionedDataset"
STATIC = {"type": "StaticPartitionsDefinition", "partition_keys": ["eu", "us", "asia/jp"]}
DAILY = {"type": "daily", "start_date": "2024-01-01"}


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "parts"


@pytest.fixture
def make(folder):
    """A dataset of text files; more options by keyword."""

    def make(**options):
        config = {"path": str(folder), "dataset": "text.TextDataset", "filename_suffix": ".txt", "partition": STATIC}
        return DagsterPartitionedDataset(**{**config, **options})

    return make


def write(folder: Path, **texts: str) -> None:
    for name, text in texts.items():
        file = folder / f"{name}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def loaded(dataset):
    return {key: load() for key, load in dataset.load().items()}


def test_it_is_a_partitioned_dataset(make):
    assert isinstance(make(), PartitionedDataset)


@pytest.mark.parametrize("partition", [DAILY, "region", {"type": "DynamicPartitionsDefinition", "name": "c"}])
def test_partitions_that_are_not_static_do_not_limit_the_keys(make, folder, partition):
    write(folder, **{"2024-01-01": "a", "anything": "b"})
    dataset = make(partition=partition)

    dataset.save({"more": "c"})

    assert loaded(dataset) == {"2024-01-01": "a", "anything": "b", "more": "c"}


def test_only_static_keys_are_loaded_in_their_order(make, folder):
    write(folder, us="1", other="2", eu="3", **{"asia/jp": "4", "eu.old": "5"})

    assert list(loaded(make()).items()) == [("eu", "3"), ("us", "1"), ("asia/jp", "4")]


def test_static_keys_that_are_not_there_are_left_out(make, folder):
    write(folder, us="1")

    assert loaded(make()) == {"us": "1"}


def test_no_static_key_there(make, folder):
    write(folder, other="1")
    dataset = make()

    assert not dataset.exists()
    with pytest.raises(DatasetError, match="No partitions found"):
        dataset.load()


def test_what_is_saved_is_loaded(make, folder):
    dataset = make()
    assert not dataset.exists()

    dataset.save({"eu": "1", "asia/jp": lambda: "2"})

    assert dataset.exists()
    assert loaded(dataset) == {"eu": "1", "asia/jp": "2"}
    assert (folder / "asia" / "jp.txt").read_text() == "2"


@pytest.mark.parametrize("overwrite", [True, False])
def test_nothing_is_saved_with_an_unknown_key(make, folder, overwrite):
    write(folder, us="before")
    dataset = make(overwrite=overwrite)

    with pytest.raises(DatasetError, match="'mars', 'moon'; there is 'eu', 'us', 'asia/jp'") as caught:
        dataset.save({"eu": "1", "mars": "2", "moon": "3"})

    assert str(folder) in str(caught.value)
    assert [file.name for file in folder.iterdir()] == ["us.txt"]


def test_many_keys_are_not_all_listed(make):
    dataset = make(partition={"type": "static", "partition_keys": [f"k{number}" for number in range(30)]})

    with pytest.raises(DatasetError, match=r"'k19' and 10 more$"):
        dataset.save({"x": "1"})


def test_secrets_of_the_path_are_not_told(make):
    dataset = make(path="memory://me:hunter2@host/parts")

    with pytest.raises(DatasetError) as caught:
        dataset.save({"x": "1"})
    assert "hunter2" not in str(caught.value)


def test_only_a_dict_can_be_saved(make):
    with pytest.raises(DatasetError, match="expected a dict by partition key, got a list"):
        make().save(["eu"])


def test_folders_are_partitions_too(make, folder):
    write(folder, **{"eu/part-0": "1", "eu/part-1": "2", "mars/part-0": "3"})
    inner = {"type": "partitions.PartitionedDataset", "dataset": "text.TextDataset", "filename_suffix": ".txt"}
    dataset = make(filename_suffix="", dataset=inner, filepath_arg="path")

    found = loaded(dataset)

    assert {key: {part: load() for part, load in parts.items()} for key, parts in found.items()} == {
        "eu": {"part-0": "1", "part-1": "2"}
    }


def test_versioned_partitions(make):
    dataset = make(dataset={"type": "text.TextDataset", "versioned": True})

    dataset.save({"eu": "1"})

    assert loaded(dataset) == {"eu": "1"}


def test_other_file_systems(make):
    dataset = make(path="memory:///test_other_file_systems/parts")
    dataset.save({"eu": "1", "asia/jp": "2"})
    with fsspec.open("memory:///test_other_file_systems/parts/other.txt", "w") as file:
        file.write("3")

    assert loaded(dataset) == {"eu": "1", "asia/jp": "2"}


def test_relative_paths(make, folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    dataset = make(path="parts")

    dataset.save({"eu": "1"})

    assert loaded(dataset) == {"eu": "1"}


@pytest.mark.parametrize("option", ["partition_mapping", "partition_mappings"])
def test_both_spellings_of_the_mapping_option(make, option):
    mappings = {"report": {"type": "IdentityPartitionMapping"}}

    described = make(**{option: mappings})._describe()

    assert described[option] == mappings
    assert described["partition"] == STATIC
    assert {"partition_mapping", "partition_mappings"} & set(described) == {option}


def test_mistakes_come_all_at_once(make):
    with pytest.raises(DatasetError) as caught:
        make(
            partition={"type": "DailyPartitionsDefinition", "start_date": "someday", "hours": 3},
            partition_mappings={"report": "LastPartition"},
        )

    assert str(caught.value).splitlines() == [
        "partition: unknown key 'hours' (did you mean 'hour_offset'?)",
        "partition.start_date: 'someday' is no date (write it as '2024-01-31' or '2024-01-31 12:00')",
        "partition_mappings.report.type: unknown type of partition mapping: 'LastPartition' (did you mean 'LastPartitionMapping'?)",
    ]


def test_in_a_catalog_with_patterns_and_credentials(folder, caplog):
    config = {
        "{region}_orders": {
            "type": TYPE,
            "path": str(folder / "{region}"),
            "dataset": {"type": "text.TextDataset"},
            "partition": {"type": "dagster.StaticPartitionsDefinition", "partition_keys": ["{region}1", "{region}2"]},
            "partition_mapping": {"{name}_report": {"type": "IdentityPartitionMapping"}},
            "metadata": {"owner": "me"},
        }
    }
    catalog = DataCatalog.from_config(config)

    catalog["eu_orders"].save({"eu1": "a"})

    assert loaded(catalog["eu_orders"]) == {"eu1": "a"}
    assert catalog["eu_orders"].metadata == {"owner": "me"}


def test_it_can_be_made_again_from_its_own_configuration(make):
    catalog = DataCatalog({"x": make(partition_mapping={"y": "all"})})

    again = DataCatalog.from_config(*catalog.to_config()[:2])["x"]

    assert again._describe() == make(partition_mapping={"y": "all"})._describe()


def test_a_mistake_in_a_catalog_names_the_dataset(folder):
    config = {"x": {"type": TYPE, "path": str(folder), "dataset": "text.TextDataset", "partition": {"type": "statik"}}}

    with pytest.raises(DatasetError, match=r"(?s)partition.type: unknown type of partitions: 'statik'.*dataset 'x'"):
        DataCatalog.from_config(config)["x"]


WITHOUT_KEDRO_DATASETS = f"""
import sys


class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "kedro_datasets":
            raise ModuleNotFoundError(f"No module named '{{name}}'", name=name)


sys.meta_path.insert(0, Blocked())
from kedro.io import DataCatalog, DatasetError

nothing = {{"type": "kedro_dagster_component.datasets.DagsterNothingDataset"}}
print(DataCatalog.from_config({{"x": nothing}})["x"].load())
try:
    DataCatalog.from_config({{"x": {{"type": "{TYPE}", "path": "x", "dataset": "y", "partition": "z"}}}})["x"]
except DatasetError as error:
    print(error)
"""


def test_without_kedro_datasets_the_error_says_what_to_install():
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_KEDRO_DATASETS], capture_output=True, text=True, check=False, timeout=60
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("__nothing__\n")
    assert "DagsterPartitionedDataset needs kedro-datasets: pip install kedro-datasets" in done.stdout


def test_an_unknown_name_is_an_attribute_error():
    from kedro_dagster_component import datasets

    assert not hasattr(datasets, "Other")
    assert all(hasattr(datasets, name) for name in datasets.__all__)
