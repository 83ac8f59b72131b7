"""Sensors of `dagster.yml`."""

from __future__ import annotations

from pathlib import Path

import pytest
from config_reading import mistakes, parse
from test_config_check import problems

from kedro_dagster_component.config import (
    AssetChangedSensorConfig,
    FileArrivedSensorConfig,
    JobSucceededSensorConfig,
    PartitionsFoundSensorConfig,
)
from kedro_dagster_component.manifest import DatasetEntry, ExpandedJob, JobSelection

SENSORS = """
sensors:
  fresh: {type: asset_changed, job: train, assets: raw, asset_keys: [warehouse/orders], require: all,
          minimum_interval_seconds: 60, default_status: running, description: d, tags: {priority: 1}}
  inbox: {type: file_arrived, job: train, path: "s3://inbox/*.csv", storage_options: {anon: true}, run_per: look,
          param: files}
  chain: {type: job_succeeded, job: prepare, monitored_jobs: train}
  alarm: {type: job_failed, job: prepare, monitored_jobs: [train, default]}
"""


def test_each_type(tmp_path: Path) -> None:
    text = f"{SENSORS}  found: {{type: partitions_found, dataset: parts, remove: true}}\n"
    sensors = parse(text, tmp_path).sensors

    fresh, inbox, chain, alarm, found = sensors.values()
    assert isinstance(fresh, AssetChangedSensorConfig)
    assert (fresh.assets, fresh.asset_keys, fresh.require) == (("raw",), ("warehouse/orders",), "all")
    assert (fresh.default_status, fresh.minimum_interval_seconds, fresh.tags) == ("RUNNING", 60, {"priority": "1"})
    assert isinstance(inbox, FileArrivedSensorConfig)
    assert (inbox.run_per, inbox.param, inbox.storage_options) == ("look", "files", {"anon": True})
    assert isinstance(chain, JobSucceededSensorConfig)
    assert (chain.monitored_jobs, chain.default_status, chain.minimum_interval_seconds) == (("train",), "STOPPED", 30)
    assert alarm.type == "job_failed"
    assert isinstance(found, PartitionsFoundSensorConfig)
    assert (found.dataset, found.remove, found.minimum_interval_seconds) == ("parts", True, 60)


def test_jobs_of_pipelines_are_known_where_the_file_has_no_jobs(tmp_path: Path) -> None:
    assert problems(SENSORS.replace("s3://", "memory://"), tmp_path) == []


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("inbox/*.csv", None),
        ("/data/a::b", None),
        ("C:/inbox", None),
        ("memory://inbox/*.csv", None),
        ("zip://*.csv::file:///data/a.zip", None),
        ("simplecache::memory://a", None),
        ("s4://inbox", "unknown filesystem 's4://' -> did you mean 's3' or 'gs'?"),
        ("zip://*.csv::htp://x/a.zip", "unknown filesystem 'htp://' -> did you mean 'http' or 'https' or 'ftp'?"),
        ("nothing_like_it://x", "unknown filesystem 'nothing_like_it://' -> fsspec knows file, s3, gs, abfs, sftp, http, memory and more"),
        ("root://x", "the filesystem 'root://' needs the package fsspec-xrootd -> install it with: pip install fsspec-xrootd"),
    ],
)  # fmt: skip
def test_filesystems(path: str, found: str | None, tmp_path: Path) -> None:
    text = f"sensors: {{a: {{type: file_arrived, job: prepare, path: '{path}'}}}}"

    assert problems(text, tmp_path) == ([f"1:55 sensors.a.path: {found}"] if found else [])


LOOP_JOBS = "jobs: {" + ", ".join(f"{name}: {{pipeline: {{}}}}" for name in "abcd") + "}\n"
LOOPS = [
    ("x: {type: job_succeeded, job: b, monitored_jobs: a}", []),
    ("x: {type: job_succeeded, job: b, monitored_jobs: a}, y: {type: job_succeeded, job: a, monitored_jobs: [c, b]}", [
        "sensors.y.monitored_jobs[1]: the jobs start each other for ever: b -> a -> b -> take one of these sensors away: 'x', 'y'",
    ]),
    ("x: {type: job_succeeded, job: b, monitored_jobs: a}, y: {type: job_succeeded, job: c, monitored_jobs: b}, z: {type: job_succeeded, job: a, monitored_jobs: c}", [
        "sensors.z.monitored_jobs[0]: the jobs start each other for ever: c -> a -> b -> c -> take one of these sensors away: 'x', 'y', 'z'",
    ]),
    ("x: {type: job_failed, job: b, monitored_jobs: a}, y: {type: job_succeeded, job: a, monitored_jobs: b}", []),
    ("x: {type: job_succeeded, job: b, monitored_jobs: d}, y: {type: asset_changed, job: d, assets: eu.model}", [
        "sensors.y.assets[0]: the jobs start each other for ever: b -> d -> b -> take one of these sensors away: 'x', 'y'",
    ]),
    ("x: {type: job_succeeded, job: b, monitored_jobs: d}, y: {type: asset_changed, job: d, assets: [eu.model, raw], require: all}", []),
]  # fmt: skip


@pytest.mark.parametrize(("sensors", "found"), LOOPS, ids=[text for text, _ in LOOPS])
def test_jobs_that_start_each_other(sensors: str, found: list[str], tmp_path: Path) -> None:
    more = {"job_selections": {"b": JobSelection(node_ids=("eu.fit",))}}

    assert without_place(problems(f"{LOOP_JOBS}sensors: {{{sensors}}}", tmp_path, **more)) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{type: file_arived, job: x}", [
            "sensors.a.type: unknown type of sensor: 'file_arived' -> did you mean 'file_arrived'?",
        ]),
        ("{job: x}", [
            "sensors.a: 'type' is missing -> the types are asset_changed, file_arrived, job_failed, job_succeeded, partitions_found",
        ]),
        ("{type: file_arrived, pth: y}", [
            "sensors.a: 'job' is missing -> The job it starts, by its name in this file.",
            "sensors.a: unknown key 'pth' -> did you mean 'path'?",
        ]),
        ("{type: asset_changed, job: x}", [
            "sensors.a: watches nothing: 'assets' and 'asset_keys' are both missing -> name Kedro datasets under 'assets', other assets under 'asset_keys'",
        ]),
        ("{type: asset_changed, job: x, asset_keys: [a, b//c]}", [
            "sensors.a.asset_keys[1]: 'b//c' is no asset key -> write its parts with one '/' between them, such as 'warehouse/orders'",
        ]),
        ("{type: partitions_found, job: x, remove: maybe}", [
            "sensors.a: 'dataset' is missing -> The Kedro dataset, with dynamic partitions or such a dimension: a PartitionedDataset, or made of one.",
            "sensors.a: unknown key 'job' -> there is: 'dataset', 'default_status', 'description', 'minimum_interval_seconds', 'remove', 'tags', 'type'",
            "sensors.a.remove: expected true or false, got the text 'maybe'",
        ]),
        ("{type: job_failed, job: x, monitored_jobs: []}", [
            "sensors.a.monitored_jobs: expected at least 1 entry, got 0",
        ]),
        ("{type: file_arrived, job: x, path: y, minimum_interval_seconds: 0}", [
            "sensors.a.minimum_interval_seconds: has to be at least 1, got the number 0",
        ]),
    ],
)  # fmt: skip
def test_mistakes(text: str, found: list[str], tmp_path: Path) -> None:
    assert without_place(mistakes(f"sensors: {{a: {text}}}", tmp_path)) == found


def test_names(tmp_path: Path) -> None:
    assert mistakes("sensors: {a-b: {type: job_failed, job: x, monitored_jobs: y}}", tmp_path) == [
        "1:11 sensors: 'a-b' is no sensor name: use letters, digits and '_' -> for example 'a_b'"
    ]


JOBS = 'jobs: {one: {pipeline: {pipeline_name: prepare}}, "{n}__fit": {pipeline: {node_namespaces: ["{n}"]}}}\n'
MADE = {
    "jobs": {
        "one": ExpandedJob(key="one", config={"pipeline": {"pipeline_name": "prepare"}}),
        "eu__fit": ExpandedJob(key="{n}__fit", config={"pipeline": {"node_namespaces": ["eu"]}}, bindings={"n": "eu"}),
    },
    "job_selections": {"one": JobSelection(node_ids=("clean", "report"))},
    "datasets": {
        name: DatasetEntry(name=name, spellings=(name,), type=type_, in_catalog=True, config=config)
        for name, type_, config in (
            *((name, "pandas.CSVDataset", {}) for name in ("raw", "clean", "eu.model", "us.model")),
            ("parts", "partitions.IncrementalDataset", {}),
            ("custom", "company.Folder", {"path": "x", "dataset": "text.TextDataset"}),
            ("own", "p.datasets.Folder", {}),
        )
    },
}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{type: job_succeeded, job: eu__fit, monitored_jobs: one}", []),
        ("{type: job_succeeded, job: onne, monitored_jobs: [eu_fit]}", [
            "sensors.a.job: there is no job 'onne' -> did you mean 'one'?",
            "sensors.a.monitored_jobs[0]: there is no job 'eu_fit' -> did you mean 'eu__fit'?",
        ]),
        ("{type: partitions_found, dataset: parts}", []),
        ("{type: partitions_found, dataset: custom}", []),
        ("{type: partitions_found, dataset: own}", []),
        ("{type: partitions_found, dataset: clean}", [
            "sensors.a.dataset: 'clean' is no PartitionedDataset: it cannot say which partitions it has -> name one with the type partitions.PartitionedDataset, or one made of it",
        ]),
        ("{type: partitions_found, dataset: part}", [
            "sensors.a.dataset: no pipeline has a dataset 'part' -> did you mean 'parts'?",
        ]),
        ("{type: partitions_found, dataset: far_from_all}", [
            "sensors.a.dataset: no pipeline has a dataset 'far_from_all'",
        ]),
        ("{type: partitions_found, dataset: parts@pandas}", [
            "sensors.a.dataset: no pipeline has a dataset 'parts@pandas' -> write 'parts': the asset is the dataset in all its forms",
        ]),
        ("{type: job_failed, job: one, monitored_jobs: [one]}", [
            "sensors.a.monitored_jobs[0]: the sensor starts 'one' itself: each of its runs would start the next one -> to try failed steps again, give the job a 'retry_policy'",
        ]),
        ("{type: asset_changed, job: one, assets: [raw, rau, raw@pandas, params:a, elsewhere, clean, report]}", [
            "sensors.a.assets[1]: no pipeline has a dataset 'rau' -> did you mean 'raw'?",
            "sensors.a.assets[2]: no pipeline has a dataset 'raw@pandas' -> write 'raw': the asset is the dataset in all its forms",
            "sensors.a.assets[3]: no pipeline has a dataset 'params:a' -> parameters are no assets",
            "sensors.a.assets[4]: no pipeline has a dataset 'elsewhere' -> an asset that is no dataset of this project goes under 'asset_keys'",
            "sensors.a.assets[5]: job 'one' makes 'clean' itself: each of its runs would start the next one -> watch what goes into the job",
            "sensors.a.assets[6]: job 'one' makes 'report' itself: each of its runs would start the next one -> watch what goes into the job",
        ]),
    ],
)  # fmt: skip
def test_names_against_the_project(text: str, found: list[str], tmp_path: Path) -> None:
    assert without_place(problems(f"{JOBS}sensors: {{a: {text}}}", tmp_path, **MADE)) == found


def test_places(tmp_path: Path) -> None:
    text = f"{JOBS}sensors: {{a: {{type: job_failed, job: one, monitored_jobs: [x]}}}}"
    [problem] = problems(text, tmp_path, **MADE)
    line, column = map(int, problem.split()[0].split(":"))
    assert (line, text.splitlines()[line - 1][column - 1 :][:2]) == (2, "x]")


def without_place(found: list[str]) -> list[str]:
    return [problem.partition(" ")[2] for problem in found]
