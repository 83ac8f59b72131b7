"""The recorder, called as Kedro's hook manager does it."""

import logging
from collections.abc import Mapping

import pandas as pd
import pytest

from kedro_dagster_component.plan import MetadataChoice
from kedro_dagster_component.runtime.messages import PlainMetadata
from kedro_dagster_component.runtime.recorder import Recorder, tell

ALL = frozenset({"column_metadata", "row_count", "size", "figures", "metrics", "preview"})
FRAME = pd.DataFrame({"value": [1, 2, 3]})
OTHER = pd.DataFrame({"name": ["a"]})
SCHEMA = PlainMetadata("schema", {"columns": [("value", "int64", None)], "more": 0})


@pytest.fixture
def saves():
    """Saves one dataset in chunks; its record."""

    def save(*chunks, parts=ALL, name="x@pandas", **choice):
        recorder = Recorder()
        recorder.begin({"x": MetadataChoice(parts, **choice)})
        for chunk in chunks:
            recorder.before_dataset_saved(dataset_name=name)
            recorder.after_dataset_saved(dataset_name=name, data=chunk)
        return recorder.take().saves[name]

    return save


def test_all_chunks_together_have_one_schema_and_all_rows(saves):
    record = saves(FRAME, FRAME.head(1), preview_rows=2)
    assert record.row_count == 4
    assert record.metadata["dagster/column_schema"] == SCHEMA
    assert record.metadata["kedro/preview"].value["records"] == [{"value": 1}, {"value": 2}]


def test_partitions_are_told_as_one_table(saves):
    record = saves({"a": FRAME, "b": FRAME, "lazy": lambda: FRAME})
    assert (record.row_count, record.keys, record.is_empty) == (6, ("a", "b", "lazy"), False)
    assert record.metadata["dagster/column_schema"] == SCHEMA
    assert saves({}).is_empty


def test_tables_of_different_columns_have_no_schema(saves):
    record = saves({"one": FRAME, "other": OTHER})
    assert "dagster/column_schema" not in record.metadata
    assert record.row_count == 4


class Endless(Mapping):
    """A mapping that is too large to be walked through."""

    def __len__(self):
        return 10**9

    def __getitem__(self, key):
        return key

    def __iter__(self):
        yield from range(1000)
        raise AssertionError("walked through")


def test_a_large_mapping_is_not_walked_through(saves, caplog):
    record = saves(Endless())
    assert (record.row_count, record.metadata, record.keys, record.is_empty) == (None, {}, (), False)
    assert caplog.messages == []


def test_only_what_is_asked_for_is_told(saves):
    assert saves(FRAME, parts=frozenset()).metadata == {}
    assert saves(FRAME, parts=frozenset()).row_count is None
    assert saves(FRAME, name="unknown").metadata == {}
    assert saves({"a": 1}, parts=frozenset({"metrics"})).metadata.keys() == {"kedro/metrics", "kedro/metrics/a"}
    assert saves({"a": 1}, parts=ALL - {"metrics"}).metadata == {}


def test_a_list_of_pictures_is_one_picture(saves):
    picture = b"\x89PNG\r\n\x1a\n"
    assert saves([picture, 1, picture]).metadata["kedro/figure"].value.count("![preview]") == 2


def test_loads_are_timed():
    recorder = Recorder()
    recorder.begin({})
    recorder.before_dataset_loaded(dataset_name="x")
    recorder.after_dataset_loaded(dataset_name="x")
    assert recorder.take().load_seconds["x"] >= 0
    recorder.begin({})
    assert recorder.take().load_seconds == {}


class BrokenFrame(pd.DataFrame):
    """A table that cannot say what its columns are."""

    @property
    def dtypes(self):
        raise ValueError("not now,\nsee https://me:hunter2@host/x")


def test_a_failure_is_a_warning_and_the_rest_is_told(saves, caplog):
    caplog.set_level(logging.WARNING)
    record = saves(BrokenFrame({"value": [1]}), parts=frozenset({"column_metadata", "row_count"}))
    assert (record.row_count, record.metadata) == (1, {})
    assert caplog.messages == ["No column_metadata in the metadata of 'x@pandas': not now, see https://***@host/x"]


def test_a_failure_without_words_has_the_name_of_its_class(caplog):
    def fail():
        raise KeyError

    assert tell("size", "x", fail) is None
    assert caplog.messages == ["No size in the metadata of 'x': KeyError"]
