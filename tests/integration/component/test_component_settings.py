"""`assets`, `automation`, `sensors` and `loggers` of a real project's files become Dagster's own definitions."""

import dagster as dg
import pytest

from kedro_dagster_component.loading import KedroProjectWarning
from kedro_dagster_component.runtime.resource import KedroSessionDefinition
from tests.locations import CodeLocation
from tests.projects import KedroProjectBuilder

REGISTRY = """
    from kedro.pipeline import node, pipeline

    def same(data):
        return data

    def both(data):
        return data, data

    def register_pipelines():
        cleaning = pipeline([node(same, "raw", "clean", name="clean_raw"), node(both, "clean", ["left", "right"], name="split")])
        scoring = pipeline([node(same, "left", "scores", name="score")])
        return {"__default__": cleaning + scoring, "cleaning": cleaning, "scoring": scoring}
"""
CATALOG = """
    raw: {type: pandas.CSVDataset, filepath: data/raw.csv}
    clean:
      type: pandas.CSVDataset
      filepath: data/clean.csv
      metadata:
        description: Clean rows.
        dagster: {owners: ["team:catalog"], group_name: catalog, kinds: [catalog], pool: catalog, tags: {from: catalog}}
    left: {type: pandas.CSVDataset, filepath: data/left.csv, metadata: {dagster: {code_version: "4"}}}
"""
DAGSTER = """
    loggers:
      file:
        log_level: WARNING
        formatters: {plain: {format: "%(message)s"}}
        filters: {demo: {class: logging.Filter, name: demo}}
        handlers: [{class: logging.FileHandler, filename: job.log, formatter: plain, filters: [demo]}]
    assets:
      clean: {group_name: file/first, tags: {from: file}, automation_condition: {and: [eager, {not: in_progress}]}}
      "{side}ght": {pool: db, freshness_policy: {type: cron, deadline_cron: "0 9 * * *", lower_bound_delta_seconds: 3600}}
      scores: {retry_policy: {max_retries: 3, delay: 2, backoff: EXPONENTIAL}, backfill_policy: {type: single_run}}
    automation: {minimum_interval_seconds: 60}
    jobs:
      prepare: {pipeline: {pipeline_name: cleaning}, loggers: [file, {handlers: [{class: logging.NullHandler}]}]}
      score: {pipeline: {pipeline_name: scoring}}
    sensors:
      fresh: {type: asset_changed, job: score, assets: left, asset_keys: warehouse/orders}
      inbox: {type: file_arrived, job: prepare, path: "inbox/*.csv", param: source.path, default_status: RUNNING}
      chain: {type: job_succeeded, job: score, monitored_jobs: prepare}
      alarm: {type: job_failed, job: score, monitored_jobs: [prepare]}
"""


def written(folder, attributes=""):
    """A code location with the project, and the project's root."""
    demo = KedroProjectBuilder(folder / "demo", registry=REGISTRY, catalog=CATALOG, parameters=None, dagster=DAGSTER)
    location = CodeLocation(folder / "location")
    location.add("demo", f"project: '{{{{ context.project_root }}}}/../demo'\n{attributes}")
    return location, demo.write().root


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    location, root = written(tmp_path_factory.mktemp("settings").resolve())
    return location.load(), root


@pytest.fixture(scope="module")
def defs(loaded):
    return loaded[0]


def spec(defs, key):
    return next(spec for spec in defs.resolve_all_asset_specs() if spec.key == dg.AssetKey(key))


def step(defs, key):
    return defs.resolve_assets_def(dg.AssetKey(key))


def sensor(defs, name):
    return next(sensor for sensor in defs.sensors if sensor.name == name)


def test_everything_can_be_loaded(defs):
    dg.Definitions.validate_loadable(defs)


def test_the_file_wins_over_the_catalog_setting_by_setting(defs):
    clean = spec(defs, "clean")
    assert (clean.group_name, clean.tags["from"]) == ("file/first", "file")
    assert clean.owners == ["team:catalog"]
    assert clean.kinds == {"kedro", "pandas", "csv", "catalog"}
    assert clean.description == "Clean rows."
    assert step(defs, "clean").op.pool == "catalog"
    condition = dg.AutomationCondition.eager() & ~dg.AutomationCondition.in_progress()
    assert clean.automation_condition == condition


def test_settings_of_one_output_and_of_its_step(defs):
    assert (spec(defs, "left").code_version, spec(defs, "left").freshness_policy) == ("4", None)
    assert spec(defs, "right").freshness_policy is not None
    assert step(defs, "left") is step(defs, "right")
    assert step(defs, "right").op.pool == "db"
    scores = step(defs, "scores")
    assert scores.op.retry_policy == dg.RetryPolicy(max_retries=3, delay=2, backoff=dg.Backoff.EXPONENTIAL)
    assert scores.backfill_policy == dg.BackfillPolicy.single_run()


def test_sensors(defs):
    jobs = {name: sensor(defs, name).job_name for name in ("fresh", "inbox", "chain", "alarm")}
    assert jobs == {"fresh": "score", "inbox": "prepare", "chain": "score", "alarm": "score"}
    running = {one.name for one in defs.sensors if one.default_status == dg.DefaultSensorStatus.RUNNING}
    assert running == {"inbox", "demo_automation", "demo_run_hooks", "demo_run_hooks_cancelled"}
    behind = sensor(defs, "demo_automation")
    assert behind.asset_selection.resolve(defs.resolve_asset_graph()) == {dg.AssetKey("clean")}
    assert behind.minimum_interval_seconds == 60


def test_a_file_below_the_project_starts_a_run_whose_configuration_the_job_takes(loaded):
    defs, root = loaded
    (root / "inbox").mkdir()
    (root / "inbox/a.csv").write_text("a\n1\n")
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_sensor_context(instance, definitions=defs)
        [request] = sensor(defs, "inbox").evaluate_tick(context).run_requests
    params = request.run_config["resources"]["demo"]["config"]["runtime_params"]
    assert params == {"source": {"path": str(root / "inbox/a.csv")}}
    assert dg.validate_run_config(defs.resolve_job_def("prepare"), request.run_config)


def test_loggers_are_kept_for_the_processes_of_a_run(defs):
    definition = defs.resources["demo"]
    assert isinstance(definition, KedroSessionDefinition)
    loggers = definition.instance.job_loggers
    assert list(loggers) == ["prepare"]
    named, inline = loggers["prepare"]
    assert (named["log_level"], named["filters"]) == ("WARNING", {"demo": {"class": "logging.Filter", "name": "demo"}})
    assert inline["handlers"] == [{"class": "logging.NullHandler"}]


def test_sensors_and_jobs_of_what_is_not_exposed_are_left_out_and_said_so(tmp_path):
    location, root = written(tmp_path.resolve(), "pipelines: [scoring]\n")
    with pytest.warns(KedroProjectWarning) as warned:
        defs = location.load()
    assert {one.name for one in defs.sensors} == {"demo_run_hooks", "demo_run_hooks_cancelled", "fresh"}
    lines = (root / "conf/base/dagster.yml").read_text().splitlines()
    said = {
        str(one.message).split("'")[1]: lines[one.lineno - 1].split(":")[0].strip()
        for one in warned
        if "left out" in str(one.message)
    }
    assert said == {"prepare": "prepare", "inbox": "inbox", "chain": "chain", "alarm": "alarm"}
