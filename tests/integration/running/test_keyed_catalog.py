"""Catalog entries resolved again for each partition key, by a real config loader."""

from pathlib import Path

import pytest
from kedro.config import OmegaConfigLoader
from kedro.io import DatasetError
from kedro_datasets.partitions import PartitionedDataset

from kedro_dagster_component.compat.kedro_partitions import KeyedCatalog, limited_to

BASE = """
_root: data/${runtime_params:partition_key,none}
plain: {type: text.TextDataset, filepath: data/plain.txt}
keyed: {type: text.TextDataset, filepath: "${_root}/keyed.txt"}
computed: {type: text.TextDataset, filepath: "data/${year:${runtime_params:partition_start,2000-01-01}}.txt"}
mixed: {type: text.TextDataset, filepath: "${globals:folder}/${runtime_params:other,o}/${runtime_params:partition_key,x}"}
replaced: {type: text.TextDataset, filepath: "base/${runtime_params:partition_key,x}"}
"{name}_parts": {type: text.TextDataset, filepath: "data/{name}/${runtime_params:partition_key,x}.txt"}
"""
LOCAL = """
replaced: {type: text.TextDataset, filepath: "local/${runtime_params:partition_day,x}"}
"""


@pytest.fixture
def loader(tmp_path):
    for env, text in (("base", BASE), ("local", LOCAL)):
        (tmp_path / env).mkdir()
        (tmp_path / env / "catalog.yml").write_text(text)
    (tmp_path / "base" / "globals.yml").write_text("folder: shared\nsecret: hidden\n")
    return OmegaConfigLoader(
        tmp_path,
        base_env="base",
        default_run_env="local",
        runtime_params={"other": "given"},
        custom_resolvers={"year": lambda text: text[:4]},
    )


def test_entries_that_ask_for_the_partition(loader):
    keyed = KeyedCatalog(loader)
    assert {name: keyed.asked_by(name) for name in (*loader["catalog"], "unknown")} == {
        "plain": frozenset(),
        "keyed": {"partition_key"},
        "computed": {"partition_start"},
        "mixed": {"partition_key"},
        "replaced": {"partition_day"},
        "{name}_parts": {"partition_key"},
        "unknown": frozenset(),
    }


def test_a_catalog_without_partitions_is_not_parsed_again(loader):
    for file in Path(loader.conf_source).glob("*/catalog.yml"):
        file.write_text("plain: {type: text.TextDataset, filepath: '${runtime_params:x,y}'}")
    assert not KeyedCatalog(loader).has_entries


@pytest.mark.parametrize(
    ("entry", "parameters", "path"),
    [
        ("keyed", {"partition_key": "a"}, "data/a/keyed.txt"),
        ("computed", {"partition_key": "x", "partition_start": "2024-05-01T00:00:00+00:00"}, "data/2024.txt"),
        ("mixed", {"partition_key": "a"}, "shared/given/a"),
        ("replaced", {"partition_key": "a|b", "partition_day": "a"}, "local/a"),
        ("{name}_parts", {"partition_key": "01"}, "data/{name}/01.txt"),
        ("keyed", {"partition_key": "${globals:secret}"}, "data/${globals:secret}/keyed.txt"),
        ("keyed", {"partition_key": "1e3"}, "data/1e3/keyed.txt"),
    ],
)
def test_an_entry_for_one_partition(loader, entry, parameters, path):
    assert KeyedCatalog(loader).resolve(entry, parameters)["filepath"] == path


def test_the_loader_is_as_before(loader):
    before = loader["catalog"]
    keyed = KeyedCatalog(loader)
    keyed.resolve("keyed", {"partition_key": "a"})
    del keyed
    again = loader["catalog"]
    assert again == before
    assert again["keyed"]["filepath"] == "data/none/keyed.txt"
    assert again["mixed"]["filepath"] == "shared/given/x"


def test_no_key_is_no_error_and_a_key_that_is_not_there_is_named(tmp_path):
    (tmp_path / "eu.txt").write_text("EU")
    parts = PartitionedDataset(path=str(tmp_path), dataset="text.TextDataset", filename_suffix=".txt")
    assert limited_to(parts, ()).load() == {}
    assert {key: load() for key, load in limited_to(parts, ("eu", "us")).load().items()} == {"eu": "EU"}
    with pytest.raises(DatasetError, match="Of the partitions 'us', 'asia' none is in storage"):
        limited_to(parts, ("us", "asia")).load()
