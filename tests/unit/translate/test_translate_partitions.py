"""Partitions of manifests made here: definitions, mappings key by key, graphs, and what cannot be together."""

from __future__ import annotations

import tempfile
from datetime import datetime, timezone

import dagster as dg
import pytest
from golden import definitions

from kedro_dagster_component import KedroProjectComponent
from kedro_dagster_component.compat.dagster import LoadError
from kedro_dagster_component.component import NodeOpSpec
from kedro_dagster_component.config.models import DagsterConfig
from kedro_dagster_component.manifest import (
    DatasetEntry,
    ExpandedJob,
    JobSelection,
    NodeEntry,
    ProjectManifest,
    ProjectRef,
)
from kedro_dagster_component.translate.partitions import (
    build_mapping,
    build_partitions,
    default_mapping,
    gives_one_key,
)

LETTERS = {"type": "static", "partition_keys": ["a", "b", "c"]}
NUMBERS = {"type": "static", "partition_keys": ["1", "2"]}
DAYS = {"type": "daily", "start_date": "2024-01-01", "end_date": "2024-01-15"}
WEEKS = {"type": "weekly", "start_date": "2024-01-01", "end_date": "2024-01-29", "day_offset": 1}
BOTH = {"type": "multi", "dimensions": {"day": "days", "letter": "letters"}}
NAMED = {"letters": LETTERS, "numbers": NUMBERS, "days": DAYS, "weeks": WEEKS, "both": BOTH}


def settings(partitions=None, mapping=None):
    found = {} if partitions is None else {"partitions": partitions}
    return found if mapping is None else {**found, "partition_mappings": {"up": mapping}}


def config(assets):
    return DagsterConfig.model_validate({"partitions": NAMED, "assets": assets})


def definition(name):
    return build_partitions(config({}).partitions[name], config({}).partitions, name)


def manifest(assets, *, memory=(), outputs=("down",), catalog=None):
    nodes = {
        "make": NodeEntry(
            id="make", name="make", namespace=None, func="f", inputs=(), outputs=("up",), fingerprint="1"
        ),
        "take": NodeEntry(
            id="take", name="take", namespace=None, func="f", inputs=("up",), outputs=outputs, fingerprint="2"
        ),
    }
    names = ("up", *outputs)
    datasets = {
        name: DatasetEntry(
            name=name,
            spellings=(name,),
            type="x",
            in_catalog=True,
            is_memory=name in memory,
            metadata={"dagster": catalog[name]} if catalog and name in catalog else {},
        )
        for name in names
    }
    return ProjectManifest(
        ref=ProjectRef(project_path="/nowhere"),
        project_name="p",
        package_name="p",
        env=None,
        kedro_version="1",
        pipelines={"__default__": ("make", "take")},
        nodes=nodes,
        datasets=datasets,
        parameters={},
        dagster={"partitions": NAMED, "assets": assets},
    )


def with_jobs(assets, jobs, **sections):
    made = manifest(assets)
    jobs = {name: {"pipeline": {"pipeline_name": "__default__"}, **job} for name, job in jobs.items()}
    return made.model_copy(
        update={
            "dagster": {**made.dagster, **sections, "jobs": jobs},
            "jobs": {name: ExpandedJob(key=name, config=job) for name, job in jobs.items()},
            "job_selections": {name: JobSelection(node_ids=("make", "take")) for name in jobs},
        }
    )


def assets_of(defs):
    return {assets.node_def.name: assets for assets in defs.assets if isinstance(assets, dg.AssetsDefinition)}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"type": "hourly", "start_date": "2024-01-01", "minute_offset": 5}, dg.HourlyPartitionsDefinition("2024-01-01-00:00", minute_offset=5, timezone="UTC")),
        ({**DAYS, "hour_offset": 6, "end_offset": 1, "timezone": "Europe/Paris"}, dg.DailyPartitionsDefinition("2024-01-01", "2024-01-15", hour_offset=6, end_offset=1, timezone="Europe/Paris")),
        (WEEKS, dg.WeeklyPartitionsDefinition("2024-01-01", "2024-01-29", day_offset=1, timezone="UTC")),
        ({"type": "monthly", "start_date": "2024-01-01", "fmt": "%Y-%m"}, dg.MonthlyPartitionsDefinition("2024-01", fmt="%Y-%m", timezone="UTC")),
        ({"type": "time_window", "start_date": "2024-01-01", "cron_schedule": "0 */6 * * *", "fmt": "%Y-%m-%d-%H"}, dg.TimeWindowPartitionsDefinition(start="2024-01-01-00", cron_schedule="0 */6 * * *", fmt="%Y-%m-%d-%H", timezone="UTC")),
        (LETTERS, dg.StaticPartitionsDefinition(["a", "b", "c"])),
        ({"type": "dynamic"}, dg.DynamicPartitionsDefinition(name="p")),
        ({"type": "dynamic", "name": "customers"}, dg.DynamicPartitionsDefinition(name="customers")),
    ],
)  # fmt: skip
def test_kinds(written, expected):
    partitions = DagsterConfig.model_validate({"partitions": {"p": written}}).partitions
    assert build_partitions(partitions["p"], partitions, "p") == expected


def test_days_keep_their_length_through_daylight_saving():
    written = {"type": "daily", "start_date": "2024-03-30", "end_date": "2024-04-02", "timezone": "Europe/Paris"}
    partitions = DagsterConfig.model_validate({"partitions": {"p": written}}).partitions
    days = build_partitions(partitions["p"], partitions, "p")
    windows = [days.time_window_for_partition_key(key) for key in days.get_partition_keys()]
    hours = [(window.end.timestamp() - window.start.timestamp()) / 3600 for window in windows]
    assert hours == [24, 23, 24]


# What the keys of the upstream dataset are for one key of the downstream one; None for a step without partitions.
MAPPED = [
    ("letters", "letters", None, "b", ["b"], True),
    ("letters", "numbers", None, "1", ["a", "b", "c"], False),
    ("letters", None, None, None, ["a", "b", "c"], False),
    ("days", "days", None, "2024-01-03", ["2024-01-03"], True),
    ("days", "weeks", None, "2024-01-08", [f"2024-01-{day:02d}" for day in range(8, 15)], False),
    ("weeks", "days", None, "2024-01-10", ["2024-01-08"], False),
    ("both", "days", None, "2024-01-02", ["2024-01-02|a", "2024-01-02|b", "2024-01-02|c"], False),
    ("days", "both", None, "2024-01-02|a", ["2024-01-02"], True),
    ("letters", "both", None, "2024-01-02|b", ["b"], True),
    ("letters", "letters", {"type": "all"}, "a", ["a", "b", "c"], False),
    ("letters", "letters", {"type": "last"}, "a", ["c"], True),
    ("letters", None, {"type": "last"}, None, ["c"], True),
    ("letters", "letters", {"type": "specific", "partition_keys": ["b"]}, "a", ["b"], True),
    ("letters", "letters", {"type": "specific", "partition_keys": ["b", "c"]}, "a", ["b", "c"], False),
    ("letters", "numbers", {"type": "static", "downstream_keys_by_upstream_key": {"a": "1", "b": "1", "c": "2"}}, "1", ["a", "b"], False),
    ("letters", "numbers", {"type": "static", "downstream_keys_by_upstream_key": {"a": "1", "c": "2"}}, "2", ["c"], True),
    ("letters", "numbers", {"type": "static", "downstream_keys_by_upstream_key": {"a": "1"}}, "2", [], False),
    ("letters", "numbers", {"type": "static", "downstream_keys_by_upstream_key": {"a": ["1", "2"]}}, "2", ["a"], True),
    ("days", "days", {"type": "time_window", "start_offset": -1, "end_offset": -1}, "2024-01-03", ["2024-01-02"], True),
    ("days", "days", {"type": "time_window", "start_offset": -1, "end_offset": -1, "allow_nonexistent_upstream_partitions": True}, "2024-01-01", [], False),
    ("days", "days", {"type": "time_window", "start_offset": -2}, "2024-01-03", ["2024-01-01", "2024-01-02", "2024-01-03"], False),
    ("both", "letters", {"type": "multi_to_single", "partition_dimension_name": "letter"}, "b", [f"2024-01-{day:02d}|b" for day in range(1, 15)], False),
]  # fmt: skip


@pytest.mark.parametrize(("upstream", "downstream", "mapping", "key", "keys", "is_single"), MAPPED)
def test_mappings_key_by_key(upstream, downstream, mapping, key, keys, is_single):
    up, down = definition(upstream), definition(downstream) if downstream else None
    chosen = (
        build_mapping(config({"down": settings("numbers", mapping)}).assets["down"].partition_mappings["up"])
        if mapping
        else default_mapping(up, down)
    )
    chosen.validate_partition_mapping(up, down)
    result = chosen.get_upstream_mapped_partitions_result_for_partitions(
        None if down is None else down.subset_with_partition_keys([key]), down, up
    )
    assert sorted(result.partitions_subset.get_partition_keys()) == keys
    assert gives_one_key(chosen, up, down) is is_single


def test_a_partitioned_node_is_a_graph_with_the_look_of_its_assets():
    assets = {"up": {**settings("days"), "owners": ["team:x"], "kinds": ["csv"], "tags": {"a": "b"}}}
    found = assets_of(definitions(manifest(assets)))
    graph = found["make"]
    assert {node.name for node in graph.node_def.nodes} == {"make__keys", "make__node", "make__done"}
    (spec,) = graph.specs
    assert (spec.owners, spec.tags["a"], "csv" in spec.kinds) == (["team:x"], "b", True)
    assert spec.partitions_def == definition("days")
    assert found["take"].partitions_def is None
    assert isinstance(found["take"].node_def, dg.OpDefinition)


def test_all_assets_take_ranges_in_one_run():
    found = assets_of(definitions(manifest({"up": settings("days")})))
    assert {assets.backfill_policy for assets in found.values()} == {dg.BackfillPolicy.single_run()}


def test_multi_run_is_one_plain_step():
    assets = {"up": {**settings("days"), "backfill_policy": {"type": "multi_run"}}}
    found = assets_of(definitions(manifest(assets)))["make"]
    assert isinstance(found.node_def, dg.OpDefinition)
    assert found.partitions_def == definition("days")
    component = KedroProjectComponent(op=NodeOpSpec(backfill_policy=dg.BackfillPolicy.multi_run(1)))
    found = assets_of(definitions(manifest({"up": settings("days")}), component))["make"]
    assert isinstance(found.node_def, dg.OpDefinition)


def test_in_memory_data_follows_what_is_made_beside_it():
    found = definitions(manifest({"down": settings("days")}, memory=("kept",), outputs=("down", "kept")))
    graph = found.resolve_asset_graph()
    assert graph.get(dg.AssetKey("kept")).partitions_def == definition("days")


def test_the_graph_of_assets_knows_the_mapping():
    assets = {"up": settings("days"), "down": settings("days", {"type": "time_window", "start_offset": -1})}
    graph = definitions(manifest(assets)).resolve_asset_graph()
    mapping = graph.get_partition_mapping(dg.AssetKey("down"), dg.AssetKey("up"))
    assert mapping == dg.TimeWindowPartitionMapping(start_offset=-1)


@pytest.mark.parametrize(
    ("assets", "outputs", "message"),
    [
        (
            {"down": settings("days")},
            ("down", "other"),
            "makes 'down' and 'other', which do not have the same partitions",
        ),
        ({"down": settings("days"), "other": settings("weeks")}, ("down", "other"), "do not have the same partitions"),
    ],
)
def test_what_cannot_be_together(assets, outputs, message):
    with pytest.raises(LoadError, match=message):
        definitions(manifest(assets, outputs=outputs))


PARIS = {"type": "daily", "start_date": "2024-01-01", "timezone": "Europe/Paris"}


@pytest.mark.parametrize(
    ("catalog", "message"),
    [
        ({"up": settings("letters")}, "the mapping is between partitions by time: the upstream dataset has static"),
        ({"up": settings(PARIS)}, "partitions of 'up' cannot be mapped to those of 'down'"),
        ({"up": settings("leters")}, "there are no partitions 'leters'"),
    ],
)
def test_mistakes_in_the_catalog(catalog, message):
    assets = {"down": settings("days", {"type": "time_window"})}
    with pytest.raises(LoadError, match=message):
        definitions(manifest(assets, catalog=catalog))


def tick(defs, name, moment, instance):
    context = dg.build_schedule_context(
        instance=instance, scheduled_execution_time=moment, repository_def=defs.get_repository_def()
    )
    data = defs.resolve_schedule_def(f"{name}_schedule").evaluate_tick(context)
    return [(request.partition_key, request.tags) for request in data.run_requests or ()]


def asked(partitions, choice=None, moment=datetime(2024, 1, 10, 5, tzinfo=timezone.utc), dynamic=()):
    job = {"schedule": {"cron_schedule": "0 5 * * *", "tags": {"from": "tick"}}}
    if choice is not None:
        job["partitions"] = choice
    defs = definitions(with_jobs({"up": settings(partitions)}, {"job": job}))
    with tempfile.TemporaryDirectory() as folder, dg.DagsterInstance.local_temp(folder) as instance:
        instance.add_dynamic_partitions("up", list(dynamic))
        [(key, tags)] = tick(defs, "job", moment, instance) or [(None, {})]
    assert tags.get("from") in {"tick", None}
    return key, tags.get("dagster/asset_partition_range_start"), tags.get("dagster/asset_partition_range_end")


@pytest.mark.parametrize(
    ("partitions", "choice", "expected"),
    [
        ("days", None, ("2024-01-09", None, None)),
        ("days", "latest", ("2024-01-09", None, None)),
        ("days", "all", (None, "2024-01-01", "2024-01-09")),
        ("days", "2024-01-02...2024-01-04", (None, "2024-01-02", "2024-01-04")),
        ("weeks", None, ("2024-01-01", None, None)),
        ("letters", None, (None, "a", "c")),
        ("letters", "b...b", ("b", None, None)),
        ("both", None, (None, "2024-01-09|a", "2024-01-09|c")),
        ({"type": "dynamic", "name": "up"}, None, (None, "x", "z")),
    ],
)  # fmt: skip
def test_what_a_schedule_asks_for(partitions, choice, expected):
    assert asked(partitions, choice, dynamic=("x", "y", "z")) == expected


def test_a_schedule_of_several_definitions_asks_for_the_newest_time():
    jobs = {
        "newest": {"schedule": {}},
        "all": {"schedule": {}, "partitions": "all"},
        "range": {"schedule": {}, "partitions": "2024-01-02...2024-01-04"},
    }
    defs = definitions(with_jobs({"up": settings("both"), "down": settings("days")}, jobs))
    moment = datetime(2024, 1, 10, tzinfo=timezone.utc)
    with tempfile.TemporaryDirectory() as folder, dg.DagsterInstance.local_temp(folder) as instance:
        found = {name: tick(defs, name, moment, instance) for name in jobs}
    assert {name: key for name, [(key, _)] in found.items()} == dict.fromkeys(jobs)
    tags = {name: tags.get("kedro/latest_partitions_at") for name, [(_, tags)] in found.items()}
    assert tags == {"newest": "2024-01-10T00:00:00+00:00", "all": None, "range": None}


def test_a_schedule_with_nothing_to_do_yet():
    assert asked({"type": "dynamic", "name": "up"}) == (None, None, None)
    assert asked("days", moment=datetime(2024, 1, 1, 5, tzinfo=timezone.utc)) == (None, None, None)


def test_a_schedule_without_cron_follows_its_partitions():
    assets = {"up": settings({**DAYS, "hour_offset": 6, "timezone": "Europe/Paris"})}
    defs = definitions(with_jobs(assets, {"job": {"schedule": "follow"}}, schedules={"follow": {}}))
    schedule = defs.resolve_schedule_def("job_schedule")
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 6 * * *", "Europe/Paris")


@pytest.mark.parametrize(
    ("partitions", "job", "message"),
    [
        ("letters", {"schedule": {}}, "'cron_schedule' is missing: job 'job' has no partitions by time to follow"),
        ("letters", {"partitions": "latest"}, "'latest' needs partitions by time, and this job has none"),
        ("letters", {"partitions": "a...x"}, "there is no partition 'x'"),
        ("letters", {"partitions": "c...a"}, "'c' does not come before 'a'"),
        ("days", {"partitions": "2024-01-02...soon"}, "there is no partition 'soon'"),
        ("both", {"partitions": "2024-01-02...2024-01-04"}, "there is no partition '2024-01-02'"),
        (None, {"partitions": "all"}, "nothing in this job is partitioned"),
    ],
)
def test_partitions_of_a_job_that_do_not_fit(partitions, job, message):
    with pytest.raises(LoadError, match=message):
        definitions(with_jobs({"up": settings(partitions)}, {"job": job}))


def test_a_job_over_two_definitions_is_one_of_ops():
    defs = definitions(
        with_jobs(
            {"up": settings("days"), "down": settings("letters")}, {"job": {"tags": {"a": "b"}, "owners": ["team:x"]}}
        )
    )
    job = defs.resolve_job_def("job")
    assert {node.name for node in job.nodes} == {"make", "take"}
    assert not job.asset_layer.executable_asset_keys
    assert (job.tags["a"], job.owners) == ("b", ["team:x"])
