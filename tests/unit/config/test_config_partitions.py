"""Partitions and mappings between them: what Dagster would refuse, or would take and mix up."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest
from config_reading import mistakes
from test_config_check import problems

from kedro_dagster_component.config.partitions import parse_moment


def without_place(found: list[str]) -> list[str]:
    return [problem.partition(" ")[2] for problem in found]


DAY = 'type: daily, start_date: "2024-01-01"'
TICK = 'type: time_window, start_date: "2024-01-01"'
RIGHT = [
    f"{{{DAY}, fmt: '%Y-%m-%d'}}",
    f"{{{DAY}, fmt: '%d.%m.%y'}}",
    f"{{{DAY}, fmt: '%Y-%j'}}",
    f"{{{DAY}, hour_offset: 6, minute_offset: 30, end_offset: -1, timezone: Europe/Paris, end_date: '2024-02-01 12:00'}}",
    '{type: hourly, start_date: "2024-01-01-00:00", fmt: "%Y%m%dT%H"}',
    '{type: monthly, start_date: "2024-01", fmt: "%Y-%m", day_offset: 31}',
    '{type: weekly, start_date: "2024-01-01", day_offset: 6}',
    f"{{{TICK}, cron_schedule: '@monthly', fmt: '%Y-%m'}}",
    f"{{{TICK}, cron_schedule: '0 0 1 * *', fmt: '%Y-%m'}}",
    f"{{{TICK}, cron_schedule: '0 0 * * mon', fmt: '%Y-%m-%d'}}",
    f"{{{TICK}, cron_schedule: '0 */6 * * *', fmt: '%Y-%m-%d-%H'}}",
    "{type: static, partition_keys: [a b, é, 'x,y', '[z]']}",
    "{type: dynamic}",
    "{type: multi, dimensions: {a: {type: dynamic, name: n}, b: {type: static, partition_keys: [x]}}}",
]  # fmt: skip


@pytest.mark.parametrize("partitions", RIGHT)
def test_what_is_right(partitions: str, tmp_path: Path) -> None:
    assert mistakes(f"partitions: {{p: {partitions}}}", tmp_path) == []


WRONG = [
    (f"{{{DAY}, fmt: '%Y-%m'}}", "p.fmt: the format '%Y-%m' does not tell the day of a partition -> add %d"),
    (f"{{{DAY}, fmt: '%d-%m'}}", "p.fmt: the format '%d-%m' does not tell the year of a partition -> add %Y"),
    (f"{{{DAY}, fmt: 'day'}}", "p.fmt: the format 'day' does not tell the year of a partition -> add %Y"),
    (f"{{{DAY}, fmt: '%Y-%Q'}}", "p.fmt: '%Y-%Q' is no format of a date: 'Q' is a bad directive in format '%Y-%Q' -> for example '%Y-%m-%d'"),
    (f"{{{DAY}, fmt: '%Y...%m-%d'}}", "p.fmt: a key cannot hold '...' or control characters"),
    ('{type: hourly, start_date: "2024-01-01", fmt: "%Y-%m-%d-%I"}', "p.fmt: the format '%Y-%m-%d-%I' does not tell the hour of a partition -> add %H"),
    ('{type: monthly, start_date: "2024-01-01", fmt: "%Y"}', "p.fmt: the format '%Y' does not tell the month of a partition -> add %m"),
    (f"{{{TICK}, cron_schedule: '0 */6 * * *', fmt: '%Y-%m-%d'}}", "p.fmt: the format '%Y-%m-%d' does not tell the hour of a partition -> add %H"),
    (f"{{{TICK}, cron_schedule: '*/5 * * * *', fmt: '%Y-%m-%d-%H'}}", "p.fmt: the format '%Y-%m-%d-%H' does not tell the minute of a partition -> add %M"),
    (f"{{{TICK}, cron_schedule: '0 0 1 * *', fmt: '%m'}}", "p.fmt: the format '%m' does not tell the year of a partition -> add %Y"),
    ("{type: multi, dimensions: {a: {type: dynamic}, b: {type: static, partition_keys: [x]}}}", "p.dimensions.a: 'name' is missing -> under which Dagster stores the keys, or make it an entry under 'partitions:'"),
    ("{type: multi, dimensions: {a b: c, b: d}}", "p.dimensions: 'a b' is no name of a dimension: use letters, digits and '_'"),
    ("{type: multi, dimensions: {a: {type: static, partition_keys: ['x|y']}, b: d}}", "p.dimensions.a: 'x|y' holds one of | , [ ]"),
    ("{type: multi, dimensions: {a: b}}", "p.dimensions: expected 2 dimensions, got 1 -> Dagster takes exactly two"),
    ("{type: static, partition_keys: [a, ../x]}", "p.partition_keys[1]: the key '../x' leads out of its folder -> keys become parts of paths"),
    ("{type: static, partition_keys: [/x]}", "p.partition_keys[0]: the key '/x' is an absolute path -> keys become parts of paths"),
    ("{type: static, partition_keys: [a, a]}", "p.partition_keys[1]: the key 'a' is there twice"),
    ('{type: static, partition_keys: [a...b, "c\\nd"]}', "p.partition_keys[0]: a key cannot hold '...' or control characters"),
]  # fmt: skip


@pytest.mark.parametrize(("partitions", "found"), WRONG, ids=[text for text, _ in WRONG])
def test_what_is_wrong(partitions: str, found: str, tmp_path: Path) -> None:
    assert without_place(mistakes(f"partitions: {{p: {partitions}}}", tmp_path))[0] == f"partitions.{found}"


def test_a_format_with_a_directive_twice_is_a_mistake_not_a_crash(tmp_path: Path) -> None:
    [found] = mistakes(f"partitions: {{p: {{{DAY}, fmt: '%Y-%Y'}}}}", tmp_path)

    assert "'%Y-%Y' is no format of a date" in found
    assert parse_moment("2024", "%Y-%Y") is None


@pytest.mark.parametrize("keys", [["a...b"], ["a\nb"], ["a", "a"]])
def test_dagster_refuses_these_keys_too(keys: list[str]) -> None:
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.StaticPartitionsDefinition(keys)


@pytest.mark.parametrize("character", "|,[]")
def test_dagster_refuses_these_keys_in_dimensions_too(character: str) -> None:
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.MultiPartitionsDefinition(
            {"a": dg.StaticPartitionsDefinition([f"x{character}"]), "b": dg.StaticPartitionsDefinition(["y"])}
        )


def test_partitions_inside_an_asset_need_a_name_where_dagster_stores_keys(tmp_path: Path) -> None:
    assert mistakes("assets: {clean: {partitions: {type: dynamic}}}", tmp_path) == [
        "1:18 assets.clean.partitions: 'name' is missing -> under which Dagster stores the keys, or make it an entry under 'partitions:'"
    ]


NAMED = """
partitions: {day: {type: daily, start_date: "2024-01-01"}, hour: {type: hourly, start_date: "2024-01-01"},
             region: {type: static, partition_keys: [eu, us]}, land: {type: static, partition_keys: [de, fr, 'a|b']},
             who: {type: dynamic}, day_region: {type: multi, dimensions: {day: day, region: region}}}
"""
MAPPINGS = [
    ("region", "land", "{type: static, downstream_keys_by_upstream_key: {eu: [de, fr], us: de}}", []),
    ("region", "land", "{type: static, downstream_keys_by_upstream_key: {eu: [de, fx], uss: dee}}", [
        "downstream_keys_by_upstream_key.eu[1]: the dataset has no partition 'fx' -> there is: 'a|b', 'de', 'fr'",
        "downstream_keys_by_upstream_key.uss: the upstream dataset has no partition 'uss' -> did you mean 'us'?",
        "downstream_keys_by_upstream_key.uss: the dataset has no partition 'dee' -> did you mean 'de'?",
    ]),
    ("day", "land", "{type: static, downstream_keys_by_upstream_key: {}}", [
        "type: the mapping is between static partitions: the upstream dataset has daily ones",
    ]),
    ("day", "hour", "{type: time_window, start_offset: -1}", []),
    ("day", "region", "{type: time_window}", [
        "type: the mapping is between partitions by time: this one has static ones",
    ]),
    ("day", "hour", "{type: identity}", []),
    ("day", "region", "{type: identity}", [
        "type: no key is the same: the upstream dataset has daily partitions, this one static -> without a mapping each partition needs all of the upstream ones",
    ]),
    ("region", "day", "{type: specific, partition_keys: [eu, asia]}", [
        "partition_keys[1]: the upstream dataset has no partition 'asia' -> there is: 'eu', 'us'",
    ]),
    ("who", "day", "{type: specific, partition_keys: [anybody]}", []),
    ("who", "day", "{type: all}", []),
    ("who", "day", "{type: last}", []),
    ("day_region", "day", "{type: multi_to_single, partition_dimension_name: day}", []),
    ("day_region", "day", "{type: multi_to_single, partition_dimension_name: dai}", [
        "partition_dimension_name: there is no dimension 'dai' -> did you mean 'day'?",
    ]),
    ("day", "hour", "{type: multi_to_single}", [
        "type: the mapping is between two dimensions and one of them: neither of the datasets has two",
    ]),
    ("day_region", "day_region", "{type: multi, dimensions: {day: {dimension_name: day, partition_mapping: {type: last}}}}", []),
    ("day_region", "day_region", "{type: multi, dimensions: {dya: {dimension_name: rigion, partition_mapping: {type: all}}}}", [
        "dimensions.dya: the upstream dataset has no dimension 'dya' -> did you mean 'day'?",
        "dimensions.dya.dimension_name: the dataset has no dimension 'rigion' -> did you mean 'region'?",
    ]),
    ("day", "day_region", "{type: multi, dimensions: {}}", [
        "type: the mapping is between partitions of two dimensions: the upstream dataset has daily ones -> 'multi_to_single' is between two dimensions and one of them",
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("upstream", "own", "mapping", "found"), MAPPINGS, ids=[text for _, _, text, _ in MAPPINGS])
def test_mappings(upstream: str, own: str, mapping: str, found: list[str], tmp_path: Path) -> None:
    text = f"""{NAMED}assets: {{raw: {{partitions: {upstream}}},
  clean: {{partitions: {own}, partition_mappings: {{raw: {mapping}}}}}}}"""

    before = "assets.clean.partition_mappings.raw."
    assert without_place(problems(text, tmp_path)) == [f"{before}{one}" for one in found]


def test_a_mapping_for_what_is_no_input(tmp_path: Path) -> None:
    text = """
assets:
  clean: {partition_mappings: {eu.model: {type: all}}}
  "{region}.model": {partition_mappings: {clean: {type: all}, raw: {type: all}}}
"""
    assert problems(text, tmp_path) == [
        "3:32 assets.clean.partition_mappings.\"eu.model\": 'eu.model' is no input of the node that makes 'clean' -> there is: 'raw'",
        "4:63 assets.\"{region}.model\".partition_mappings.raw: 'raw' is no input of the node that makes '{region}.model' -> there is: 'clean'",
    ]


def test_named_partitions_that_cannot_be_a_dimension(tmp_path: Path) -> None:
    text = f"{NAMED}assets: {{clean: {{partitions: {{type: multi, dimensions: {{a: land, b: day}}}}}}}}"

    assert without_place(problems(text, tmp_path)) == [
        "assets.clean.partitions.dimensions.a: 'land' cannot be a dimension: 'a|b' holds one of | , [ ]"
    ]
