"""Partitions and mappings of catalog entries, in Dagster's words and in ours."""

from __future__ import annotations

import inspect
from typing import Any

import dagster as dg
import pytest
import yaml
from pydantic import ValidationError

from kedro_dagster_component.config.assets import AssetConfig
from kedro_dagster_component.config.dataset_partitions import (
    _DEFINITIONS,
    _MAPPINGS,
    is_nothing_type,
    is_partitioned_type,
    settings_from_dataset,
    type_instead_of,
)
from kedro_dagster_component.config.mappings import MAPPING_TYPES
from kedro_dagster_component.config.partitions import PARTITION_TYPES

DEFINITIONS = [
    ("StaticPartitionsDefinition, partition_keys: [eu, us]", "static, partition_keys: [eu, us]"),
    ("dagster.StaticPartitionsDefinition, partition_keys: [eu]", "static, partition_keys: [eu]"),
    ("dagster._core.x.StaticPartitionsDefinition, partition_keys: [eu]", "static, partition_keys: [eu]"),
    ("static, partition_keys: [eu]", "static, partition_keys: [eu]"),
    ("DynamicPartitionsDefinition, name: customers", "dynamic, name: customers"),
    ("dynamic, name: customers", "dynamic, name: customers"),
    (
        "HourlyPartitionsDefinition, start_date: '2024-01-01-00:00', minute_offset: 5, end_offset: 1",
        "hourly, start_date: '2024-01-01-00:00', minute_offset: 5, end_offset: 1",
    ),
    (
        "DailyPartitionsDefinition, start_date: 2024-01-01, end_date: '2025-01-01', timezone: Europe/Paris, fmt: '%Y-%m-%d', minute_offset: 1, hour_offset: 2, end_offset: -1",
        "daily, start_date: '2024-01-01', end_date: '2025-01-01', timezone: Europe/Paris, fmt: '%Y-%m-%d', minute_offset: 1, hour_offset: 2, end_offset: -1",
    ),
    (
        "DailyPartitionsDefinition, start_date: '2024-01-01', end_date: null, timezone: null, fmt: null",
        "daily, start_date: '2024-01-01'",
    ),
    (
        "WeeklyPartitionsDefinition, start_date: '2024-01-01', day_offset: 1",
        "weekly, start_date: '2024-01-01', day_offset: 1",
    ),
    (
        "MonthlyPartitionsDefinition, start_date: '2024-01-01', day_offset: 2",
        "monthly, start_date: '2024-01-01', day_offset: 2",
    ),
    (
        "TimeWindowPartitionsDefinition, start: '2024-01-01', end: '2025-01-01', cron_schedule: '0 6 * * *', fmt: '%Y-%m-%d', timezone: UTC, end_offset: 1",
        "time_window, start_date: '2024-01-01', end_date: '2025-01-01', cron_schedule: '0 6 * * *', fmt: '%Y-%m-%d', timezone: UTC, end_offset: 1",
    ),
    (
        "MultiPartitionsDefinition, partitions_defs: {day: {type: DailyPartitionsDefinition, start_date: '2024-01-01'}, region: region}",
        "multi, dimensions: {day: {type: daily, start_date: '2024-01-01'}, region: region}",
    ),
    (
        "multi, dimensions: {day: {type: daily, start_date: '2024-01-01'}, customer: {type: dagster.DynamicPartitionsDefinition, name: c}}",
        "multi, dimensions: {day: {type: daily, start_date: '2024-01-01'}, customer: {type: dynamic, name: c}}",
    ),
]

MAPPINGS = [
    ("IdentityPartitionMapping", "identity"),
    ("dagster.AllPartitionMapping", "all"),
    ("LastPartitionMapping", "last"),
    ("last", "last"),
    (
        "StaticPartitionMapping, downstream_partition_keys_by_upstream_partition_key: {eu: [a, b], us: a}",
        "static, downstream_keys_by_upstream_key: {eu: [a, b], us: a}",
    ),
    ("static, downstream_keys_by_upstream_key: {eu: a}", "static, downstream_keys_by_upstream_key: {eu: a}"),
    (
        "TimeWindowPartitionMapping, start_offset: -1, end_offset: 0, allow_nonexistent_upstream_partitions: true",
        "time_window, start_offset: -1, allow_nonexistent_upstream_partitions: true",
    ),
    ("SpecificPartitionsPartitionMapping, partition_keys: [eu]", "specific, partition_keys: [eu]"),
    (
        "MultiToSingleDimensionPartitionMapping, partition_dimension_name: day",
        "multi_to_single, partition_dimension_name: day",
    ),
    ("MultiToSingleDimensionPartitionMapping", "multi_to_single"),
    (
        "MultiPartitionMapping, downstream_mappings_by_upstream_dimension: {day: {type: dagster.DimensionPartitionMapping, dimension_name: d, partition_mapping: {type: LastPartitionMapping}}}",
        "multi, dimensions: {day: {dimension_name: d, partition_mapping: {type: last}}}",
    ),
    (
        "multi, dimensions: {day: {dimension_name: d, partition_mapping: LastPartitionMapping}}",
        "multi, dimensions: {day: {dimension_name: d, partition_mapping: {type: last}}}",
    ),
]

STATIC = {"type": "static", "partition_keys": ["eu"]}


def flow(options: str) -> Any:
    return yaml.safe_load(f"{{type: {options}}}")


def findings(text: str) -> list[str]:
    """`place message -> hint`, each on a line."""
    with pytest.raises(ValidationError) as caught:
        settings_from_dataset(yaml.safe_load(text))
    lines = caught.value.errors()
    assert all(line["type"] == "finding" for line in lines)
    return [
        f"{'.'.join(map(str, line['loc']))}{'~' if line['ctx']['at_key'] else ''} {line['ctx']['message']}"
        + (f" -> {line['ctx']['hint']}" if line["ctx"]["hint"] else "")
        for line in lines
    ]


@pytest.mark.parametrize(("options", "ours"), DEFINITIONS, ids=[options for options, _ in DEFINITIONS])
def test_definitions_are_those_of_dagster_yml(options: str, ours: str) -> None:
    found = settings_from_dataset({"partition": flow(options)})

    assert found.partitions == AssetConfig(partitions=flow(ours)).partitions
    assert found.mappings_by_downstream == {}


@pytest.mark.parametrize("option", ["partition_mapping", "partition_mappings"])
@pytest.mark.parametrize(("options", "ours"), MAPPINGS, ids=[options for options, _ in MAPPINGS])
def test_mappings_are_those_of_dagster_yml(options: str, ours: str, option: str) -> None:
    found = settings_from_dataset({"partition": STATIC, option: {"b": flow(options)}})

    assert found.mappings_by_downstream == AssetConfig(partition_mappings={"b": flow(ours)}).partition_mappings


@pytest.mark.parametrize(
    ("name", "options"),
    [
        (name, {spelling.swap(key) for key in (spelling.model or models[spelling.kind]).model_fields} - {"type"})
        for spellings, models in ((_DEFINITIONS, PARTITION_TYPES), (_MAPPINGS, MAPPING_TYPES))
        for name, spelling in spellings.items()
        if name not in models
    ],
)
def test_options_have_the_names_that_dagster_takes(name: str, options: set[str]) -> None:
    made_by = getattr(dg, name)
    parameters = inspect.signature(vars(made_by).get("__new__", made_by)).parameters

    assert options <= set(parameters)


def test_names() -> None:
    assert settings_from_dataset({"partition": "region", "path": "x", "type": "y"}).partitions == "region"


def test_classes_stand_for_their_names() -> None:
    found = settings_from_dataset(
        {
            "partition": {"type": dg.StaticPartitionsDefinition, "partition_keys": ["eu"]},
            "partition_mapping": {"b": dg.LastPartitionMapping, "c": "IdentityPartitionMapping"},
        }
    )
    ours = AssetConfig.model_validate(
        {"partitions": STATIC, "partition_mappings": {"b": {"type": "last"}, "c": {"type": "identity"}}}
    )
    assert (found.partitions, found.mappings_by_downstream) == (ours.partitions, ours.partition_mappings)


def test_the_mapping_to_a_downstream_dataset() -> None:
    found = settings_from_dataset(
        {
            "partition": STATIC,
            "partition_mappings": {"{name}_report": "last", "eu_{name}": "identity", "eu_report": "all"},
        }
    )

    def type_to(name: str) -> str | None:
        mapping = found.mapping_to(name)
        return None if mapping is None else mapping.type

    assert [type_to(name) for name in ("eu_report", "us_report", "eu_x", "other")] == ["all", "last", "identity", None]


@pytest.mark.parametrize("option", ["partition_mapping", "partition_mappings"])
def test_an_empty_mapping_option_says_nothing(option: str) -> None:
    for value in ({}, None):
        assert settings_from_dataset({"partition": STATIC, option: value}).mappings_by_downstream == {}
    other = {"partition_mapping", "partition_mappings"} - {option}
    mappings = settings_from_dataset({"partition": STATIC, option: None, other.pop(): {"b": "all"}})
    assert set(mappings.mappings_by_downstream) == {"b"}


MISTAKES = [
    ("{}", ["partition~ 'partition' is missing -> for example {type: static, partition_keys: [eu, us]}, or the name of partitions in dagster.yml"]),
    ("partition: 3", ["partition expected the name of partitions or its settings as a mapping, got the number 3"]),
    ("partition: ''", ["partition expected the name of partitions or its settings as a mapping, got an empty text"]),
    ("partition: {}", ["partition.type~ 'type' is missing -> the types are daily, dynamic, hourly, monthly, multi, static, time_window, weekly, and Dagster's classes"]),
    ("partition: {type: StaticPartitionDefinition}", ["partition.type unknown type of partitions: 'StaticPartitionDefinition' -> did you mean 'StaticPartitionsDefinition' or 'DynamicPartitionsDefinition' or 'MultiPartitionsDefinition'?"]),
    ("partition: {type: statik}", ["partition.type unknown type of partitions: 'statik' -> did you mean 'static'?"]),
    ("partition: {type: IdentityPartitionMapping}", ["partition.type unknown type of partitions: 'IdentityPartitionMapping' -> there is: 'DailyPartitionsDefinition', 'DynamicPartitionsDefinition', 'HourlyPartitionsDefinition', 'MonthlyPartitionsDefinition', 'MultiPartitionsDefinition', 'StaticPartitionsDefinition', 'TimeWindowPartitionsDefinition', 'WeeklyPartitionsDefinition', 'daily', 'dynamic', 'hourly', 'monthly', 'multi', 'static', 'time_window', 'weekly'"]),
    ("partition: StaticPartitionsDefinition", ["partition.partition_keys~ 'partition_keys' is missing -> The keys, each once."]),
    ("partition: {type: StaticPartitionsDefinition, keys: [a]}", ["partition.partition_keys~ 'partition_keys' is missing -> The keys, each once.", "partition.keys~ unknown key 'keys' -> there is: 'partition_keys', 'type'"]),
    ("partition: {type: StaticPartitionsDefinition, partition_keys: [a, 1, a]}", ['partition.partition_keys.1 expected text, got the number 1 -> put it in quotes: "1"']),
    ("partition: {type: DynamicPartitionsDefinition}", ["partition.name~ 'name' is missing -> under which Dagster stores the keys, or make it an entry under 'partitions:'"]),
    ("partition: {type: dynamic}", ["partition.name~ 'name' is missing -> under which Dagster stores the keys, or make it an entry under 'partitions:'"]),
    ("partition: {type: multi, dimensions: {a: x, b: {type: StaticPartitionsDefinition, partition_keys: ['a|b']}}}", ["partition.dimensions.b 'a|b' holds one of | , [ ]"]),
    ("partition: {type: TimeWindowPartitionsDefinition, start_date: '2024-01-01', fmt: '%Y', cron_schedule: '@daily'}", ["partition.start_date~ unknown key 'start_date' -> did you mean 'start'?"]),
    ("partition: {type: TimeWindowPartitionsDefinition, fmt: '%Y', cron_schedule: '@daily'}", ["partition.start~ 'start' is missing -> First partition, such as '2024-01-31' or '2024-01-31 12:00'."]),
    ("partition: {type: TimeWindowPartitionsDefinition, start: '2024-01-02', end: '2024-01-01', fmt: '%Y-%m-%d', cron_schedule: '@daily'}", ["partition.end has to be after 'start'"]),
    ("partition: {type: DailyPartitionsDefinition, start_date: '2024-01-02', end_date: '2024-01-01'}", ["partition.end_date has to be after 'start_date'"]),
    ("partition: {type: DailyPartitionsDefinition, start_date: '2024-01-02', timezone: Paris, hour_offset: 24}", ["partition.timezone unknown timezone 'Paris' -> use a name such as 'Europe/Paris' or 'UTC'", "partition.hour_offset has to be at most 23, got the number 24"]),
    ("partition: {type: MultiPartitionsDefinition, dimensions: {a: b}}", ["partition.partitions_defs~ 'partitions_defs' is missing -> the two dimensions by name", "partition.dimensions~ unknown key 'dimensions' -> there is: 'partitions_defs', 'type'"]),
    ("partition: {type: MultiPartitionsDefinition, partitions_defs: {a: b}}", ["partition.partitions_defs expected 2 dimensions, got 1 -> Dagster takes exactly two"]),
    ("partition: {type: MultiPartitionsDefinition, partitions_defs: {a: , b: {type: multi, dimensions: {c: d, e: f}}}}", ["partition.partitions_defs.a expected the name of partitions or their settings, got nothing", "partition.partitions_defs.b.type a dimension cannot have dimensions itself"]),
    ("partition: {type: multi, dimensions: {a: 3, b: {type: TimeWindowPartitionsDefinition, start: x, fmt: '%Y', cron_schedule: '@daily'}}}", ["partition.dimensions.a expected the name of partitions or its settings as a mapping, got the number 3", "partition.dimensions.b.start 'x' is no date -> write it as '2024-01-31' or '2024-01-31 12:00'"]),
    ("{partition: x, partition_mapping: {a: all}, partition_mappings: {a: all}}", ["partition_mappings~ give 'partition_mapping' or 'partition_mappings', not both -> they mean the same"]),
    ("{partition: x, partition_mapping: 3}", ["partition_mapping expected a mapping, got the number 3 -> write the settings below it, each as 'key: value' and indented"]),
    ("{partition: x, partition_mapping: {a: 3, b: {type: al}, c: {type: LastPartitionMapping, x: 1}}}", ["partition_mapping.a expected a mapping with a 'type', got the number 3 -> the types are all, identity, last, multi, multi_to_single, specific, static, time_window, and Dagster's classes", "partition_mapping.b.type unknown type of partition mapping: 'al' -> did you mean 'all'?", "partition_mapping.c.x~ unknown key 'x' -> there is: 'type'"]),
    ("{partition: {type: x}, partition_mappings: {a: {type: 3}}}", ["partition.type unknown type of partitions: 'x' -> there is: 'DailyPartitionsDefinition', 'DynamicPartitionsDefinition', 'HourlyPartitionsDefinition', 'MonthlyPartitionsDefinition', 'MultiPartitionsDefinition', 'StaticPartitionsDefinition', 'TimeWindowPartitionsDefinition', 'WeeklyPartitionsDefinition', 'daily', 'dynamic', 'hourly', 'monthly', 'multi', 'static', 'time_window', 'weekly'", "partition_mappings.a.type unknown type of partition mapping: the number 3 -> the types are all, identity, last, multi, multi_to_single, specific, static, time_window, and Dagster's classes"]),
    ("{partition: x, partition_mapping: {a: {type: StaticPartitionMapping, downstream_keys_by_upstream_key: {a: b}}}}", ["partition_mapping.a.downstream_keys_by_upstream_key~ unknown key 'downstream_keys_by_upstream_key' -> did you mean 'downstream_partition_keys_by_upstream_partition_key'?"]),
    ("{partition: x, partition_mapping: {a: {type: MultiPartitionMapping, downstream_mappings_by_upstream_dimension: {d: {partition_mapping: {type: multi}}}}}}", ["partition_mapping.a.downstream_mappings_by_upstream_dimension.d.dimension_name~ 'dimension_name' is missing -> The dimension of the dataset itself.", "partition_mapping.a.downstream_mappings_by_upstream_dimension.d.partition_mapping.type unknown type of partition mapping of a dimension: 'multi' -> there is: 'AllPartitionMapping', 'IdentityPartitionMapping', 'LastPartitionMapping', 'SpecificPartitionsPartitionMapping', 'StaticPartitionMapping', 'TimeWindowPartitionMapping', 'all', 'identity', 'last', 'specific', 'static', 'time_window'"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), MISTAKES, ids=[text for text, _ in MISTAKES])
def test_mistakes_in_the_words_of_their_spelling(text: str, expected: list[str]) -> None:
    assert findings(text) == expected


def test_types() -> None:
    ours = "kedro_dagster_component.datasets"

    assert is_partitioned_type(f"{ours}.DagsterPartitionedDataset")
    assert is_partitioned_type(f"{ours}.partitioned.DagsterPartitionedDataset")
    assert not is_partitioned_type(f"{ours}.DagsterNothingDataset")
    assert not is_partitioned_type("kedro_dagster.datasets.DagsterPartitionedDataset")
    assert is_nothing_type(f"{ours}.DagsterNothingDataset")
    assert not is_nothing_type("pandas.CSVDataset")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("kedro_dagster.DagsterPartitionedDataset", "DagsterPartitionedDataset"),
        ("kedro_dagster.datasets.DagsterPartitionedDataset", "DagsterPartitionedDataset"),
        ("kedro_dagster.datasets.nothing_dataset.DagsterNothingDataset", "DagsterNothingDataset"),
    ],
)
def test_types_of_kedro_dagster(old: str, new: str) -> None:
    assert type_instead_of(old) == f"kedro_dagster_component.datasets.{new}"


def test_other_types_stay() -> None:
    types = ("kedro_dagster.Other", "kedro_dagster_component.datasets.DagsterNothingDataset", "partitions.X", "X")
    assert [type_instead_of(name) for name in types] == [None] * 4
