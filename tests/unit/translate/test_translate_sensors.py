"""Sensors of `dagster.yml`, ticked against an instance of their own; no Kedro node runs."""

import os

import dagster as dg
import pytest
from golden import definitions, golden

from kedro_dagster_component import KedroProjectComponent
from kedro_dagster_component.compat.dagster import LoadError
from kedro_dagster_component.config import DagsterConfig
from kedro_dagster_component.config.positions import read_all_positions
from kedro_dagster_component.loading import KedroProjectWarning
from kedro_dagster_component.plan import InstancePlan
from kedro_dagster_component.translate.assets import AssetTable
from kedro_dagster_component.translate.sensors import SensorSurroundings, build_sensor
from kedro_dagster_component.triggers import build_automation, build_configured_sensors, sensor_surroundings

HOOK_SENSORS = ["kedro_run_hooks", "kedro_run_hooks_cancelled"]
WAREHOUSE = dg.AssetKey(["warehouse", "orders"])


def with_sensors(component=None, *, automation=None, assets=None, **sensors):
    """The definitions of the odd project with `sensors:` in its file."""
    content = {**golden("odd_names").dagster, "sensors": sensors, "automation": automation, "assets": assets or {}}
    return definitions(golden("odd_names", dagster=content), component)


def one(text, **fields):
    """The sensor and the definitions of a project with one of `sensors:`."""
    defs = with_sensors(watch={"type": text, "job": "train", **fields})
    return next(sensor for sensor in defs.sensors if sensor.name == "watch"), defs


def names(defs):
    return [sensor.name for sensor in defs.sensors]


def around(*jobs, project_path="/project"):
    return SensorSurroundings(
        prefix="",
        jobs={name: dg.define_asset_job(name) for name in jobs},
        keys={"raw": dg.AssetKey("raw")},
        resource_key="kedro",
        project_path=str(project_path),
    )


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


class Ticks:
    """One tick after the other, each from the cursor of the one before."""

    def __init__(self, sensor, instance, **context):
        self._sensor, self._instance = sensor, instance
        self._context = context
        self.cursor = None

    def __call__(self):
        context = dg.build_sensor_context(instance=self._instance, cursor=self.cursor, **self._context)
        data = self._sensor.evaluate_tick(context)
        self.cursor = data.cursor
        return data


def test_what_all_sensors_have_in_common():
    defs = with_sensors(
        plain={"type": "job_failed", "job": "train", "monitored_jobs": "odd"},
        full={
            "type": "file_arrived",
            "job": "train",
            "path": "x",
            "minimum_interval_seconds": 300,
            "default_status": "RUNNING",
            "description": "Watches.",
            "tags": {"team": "x"},
        },
    )
    plain, full = (sensor for sensor in defs.sensors if sensor.name not in HOOK_SENSORS)
    assert (plain.minimum_interval_seconds, plain.default_status) == (30, dg.DefaultSensorStatus.STOPPED)
    assert (full.minimum_interval_seconds, full.default_status) == (300, dg.DefaultSensorStatus.RUNNING)
    assert (full.description, full.tags) == ("Watches.", {"team": "x"})
    assert full.job_name == plain.job_name == "train"
    dg.Definitions.validate_loadable(defs)


@pytest.mark.parametrize(
    ("settings", "described"),
    [
        ({"type": "file_arrived", "path": "in/*.csv"}, "Starts train for new files."),
        (
            {"type": "asset_changed", "assets": ["raw", "d.1"], "asset_keys": ["warehouse/orders"], "require": "all"},
            "Starts train once all of raw, d.1, warehouse/orders has new data.",
        ),
        ({"type": "job_succeeded", "monitored_jobs": ["odd", "a__only"]}, "Starts train after odd, a__only."),
        ({"type": "job_failed", "monitored_jobs": "odd"}, "Starts train when odd has failed."),
    ],
)
def test_a_sensor_without_a_description_says_what_it_does(settings, described):
    assert one(settings.pop("type"), **settings)[0].description == described


def test_names_have_the_prefix_of_the_component_and_jobs_are_found_all_the_same():
    defs = with_sensors(
        KedroProjectComponent(name_prefix="prod_"),
        automation={},
        assets={"größe": {"automation_condition": "eager"}},
        watch={"type": "job_succeeded", "job": "train", "monitored_jobs": ["odd", "a__only"]},
    )
    hooks = [f"prod_{name}" for name in HOOK_SENSORS]
    assert names(defs) == [*hooks, "prod_watch", "prod_kedro_automation"]
    assert next(sensor for sensor in defs.sensors if sensor.name == "prod_watch").job_name == "prod_train"
    dg.Definitions.validate_loadable(defs)


def test_jobs_of_registered_pipelines_can_be_started_too():
    manifest = golden("odd_names", dagster={}, dagster_files=(), jobs={}, job_selections={})
    watch = {"type": "file_arrived", "job": "default", "path": "x"}
    defs = definitions(manifest.model_copy(update={"dagster": {"sensors": {"watch": watch}}}))
    assert defs.sensors[-1].job_name == "default"


# Assets were materialised


def materialize(instance, *keys):
    for key in keys:
        instance.report_runless_asset_event(dg.AssetMaterialization(key))


def asset_ticks(instance, **fields):
    sensor, defs = one("asset_changed", tags={"why": "new data"}, **fields)
    return Ticks(sensor, instance, definitions=defs)


def test_any_asset_starts_one_run(instance):
    tick = asset_ticks(instance, assets=["raw", "d.1"], asset_keys="warehouse/orders")
    assert tick().skip_message == "no new materialisation of raw, d/1, warehouse/orders"
    materialize(instance, "raw", "raw")
    [request] = tick().run_requests
    assert request.tags["why"] == "new data"
    assert (request.run_key, request.run_config) == (None, {})
    assert tick().run_requests == []
    materialize(instance, dg.AssetKey(["d", "1"]), WAREHOUSE, "elsewhere")
    assert len(tick().run_requests) == 1
    assert tick().skip_message == "no new materialisation of raw, d/1, warehouse/orders"


def test_all_assets_together_start_one_run(instance):
    tick = asset_ticks(instance, assets=["raw", "d.1"], require="all")
    materialize(instance, "raw")
    assert tick().skip_message == "no new materialisation of d/1"
    assert tick().skip_message == "no new materialisation of d/1"
    materialize(instance, dg.AssetKey(["d", "1"]))
    assert len(tick().run_requests) == 1
    materialize(instance, dg.AssetKey(["d", "1"]))
    assert tick().skip_message == "no new materialisation of raw"
    materialize(instance, "raw")
    assert len(tick().run_requests) == 1


def test_a_translated_key_is_the_one_that_is_watched(instance):
    component = KedroProjectComponent(
        translation=lambda spec, _: spec.replace_attributes(key=spec.key.with_prefix("p"))
    )
    defs = with_sensors(
        component, watch={"type": "asset_changed", "job": "train", "assets": "raw", "asset_keys": "x/y"}
    )
    assert Ticks(defs.sensors[-1], instance, definitions=defs)().skip_message == "no new materialisation of p/raw, x/y"


# Files are there


def file_ticks(instance, folder, **fields):
    sensor, defs = one("file_arrived", path=f"{folder}/*.csv", tags={"why": "new file"}, **fields)
    return Ticks(sensor, instance), defs.resolve_job_def("train")


def runtime_params(request):
    return request.run_config["resources"]["kedro"]["config"]["runtime_params"]


def test_each_new_file_starts_a_run(instance, tmp_path):
    tick, job = file_ticks(instance, tmp_path, param="source.files.path")
    assert tick().skip_message == "no file is new"
    (tmp_path / "b.csv").write_text("b")
    (tmp_path / "a.csv").write_text("a")
    first, second = tick().run_requests
    assert first.tags["why"] == "new file"
    assert runtime_params(first) == {"source": {"files": {"path": f"{tmp_path}/a.csv"}}}
    assert runtime_params(second) == {"source": {"files": {"path": f"{tmp_path}/b.csv"}}}
    assert first.run_key != second.run_key
    assert dg.validate_run_config(job, first.run_config)
    assert tick().run_requests == []


def test_all_new_files_start_one_run(instance, tmp_path):
    tick, job = file_ticks(instance, tmp_path, run_per="look", param="files")
    for number in range(60):
        (tmp_path / f"{number:03}_{'x' * 150}.csv").write_text("x")
    [request] = tick().run_requests
    assert len(runtime_params(request)["files"]) == 60
    assert dg.validate_run_config(job, request.run_config)
    # Dagster keeps run keys as tags, and PostgreSQL's index takes no more than 2700 bytes.
    assert len(request.run_key) < 300


def test_a_job_that_wants_no_path_gets_none(instance, tmp_path):
    tick, _ = file_ticks(instance, tmp_path)
    (tmp_path / "a.csv").write_text("a")
    [request] = tick().run_requests
    assert request.run_config == {}


def test_run_keys_are_those_of_a_tick_that_broke_off_and_not_those_of_a_file_that_came_back(instance, tmp_path):
    tick, _ = file_ticks(instance, tmp_path)
    file = tmp_path / "a.csv"
    file.write_text("a")
    tick_again, _ = file_ticks(instance, tmp_path)
    [first], [again] = tick().run_requests, tick_again().run_requests
    assert again.run_key == first.run_key
    file.rename(tmp_path / "away")
    assert tick().run_requests == []
    (tmp_path / "away").rename(file)
    [back] = tick().run_requests
    assert back.run_key != first.run_key
    os.utime(file, (1, 1))
    [changed] = tick().run_requests
    assert changed.run_key not in {first.run_key, back.run_key}


def test_relative_paths_start_at_the_project(instance, tmp_path):
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox/a.csv").write_text("a")
    content = {"type": "file_arrived", "job": "train", "path": "inbox/*.csv", "param": "path"}
    config = DagsterConfig.model_validate({"sensors": {"watch": content}}).sensors["watch"]
    [request] = Ticks(build_sensor("watch", config, around("train", project_path=tmp_path)), instance)().run_requests
    assert runtime_params(request) == {"path": f"{tmp_path}/inbox/a.csv"}


def test_a_password_in_the_pattern_is_not_shown(instance):
    sensor, _ = one("file_arrived", path="memory://user:hunter2@host/*.csv")
    assert "hunter2" not in str(Ticks(sensor, instance)())


# Jobs ended


def end(instance, defs, job, *, succeeded):
    run = instance.create_run_for_job(defs.resolve_job_def(job))
    event = dg.DagsterEventType.RUN_SUCCESS if succeeded else dg.DagsterEventType.RUN_FAILURE
    instance.report_dagster_event(
        dg.DagsterEvent(event_type_value=event.value, job_name=job, message="over"), run_id=run.run_id
    )
    return run


@pytest.mark.parametrize(("kind", "succeeded"), [("job_succeeded", True), ("job_failed", False)])
def test_the_end_of_a_job_starts_another_one(instance, kind, succeeded):
    sensor, defs = one(kind, monitored_jobs=["odd", "a__only"], tags={"why": "chain"})
    tick = Ticks(sensor, instance, definitions=defs)
    end(instance, defs, "odd", succeeded=succeeded)
    assert tick().run_requests == []  # what was before the sensor is none of its business
    run = end(instance, defs, "a__only", succeeded=succeeded)
    [request] = tick().run_requests
    assert (request.run_key, request.tags["why"]) == (run.run_id, "chain")
    end(instance, defs, "odd", succeeded=not succeeded)
    end(instance, defs, "again", succeeded=succeeded)
    assert tick().run_requests == []
    assert tick().run_requests == []


@pytest.mark.parametrize("kind", ["job_succeeded", "job_failed"])
def test_a_sensor_can_be_called_as_dagsters_own(instance, kind):
    sensor, defs = one(kind, monitored_jobs="odd")
    run = end(instance, defs, "odd", succeeded=kind == "job_succeeded")
    event = instance.all_logs(run.run_id)[-1].dagster_event
    context = dg.build_run_status_sensor_context("watch", event, instance, run)
    assert sensor(context).run_key == run.run_id


# What an instance does not expose


@pytest.mark.parametrize(
    ("sensor", "is_seen"),
    [
        ({"type": "file_arrived", "job": "train", "path": "x"}, True),
        ({"type": "file_arrived", "job": "hidden", "path": "x"}, False),
        ({"type": "job_failed", "job": "train", "monitored_jobs": ["odd"]}, True),
        ({"type": "job_failed", "job": "train", "monitored_jobs": ["odd", "hidden"]}, False),
        ({"type": "job_succeeded", "job": "hidden", "monitored_jobs": ["odd"]}, False),
        ({"type": "asset_changed", "job": "train", "assets": ["raw"], "asset_keys": "else/where"}, True),
        ({"type": "asset_changed", "job": "train", "assets": ["raw", "hidden"]}, False),
    ],
)
def test_a_sensor_of_something_hidden_is_left_out_with_a_warning(sensor, is_seen, tmp_path):
    file = tmp_path / "dagster.yml"
    file.write_text(f"sensors:\n  watch: {sensor}\n")
    content = {"sensors": {"watch": sensor}}
    config, positions = DagsterConfig.model_validate(content), read_all_positions([file], content)
    if is_seen:
        assert [built.name for built in build_configured_sensors(config, positions, around("train", "odd"))] == [
            "watch"
        ]
        return
    with pytest.warns(KedroProjectWarning, match="'watch' is left out: its job or assets are not exposed") as warned:
        assert build_configured_sensors(config, positions, around("train", "odd")) == []
    assert [(warning.filename, warning.lineno) for warning in warned] == [(str(file), 2)]


def test_a_job_that_a_subclass_leaves_out_is_hidden():
    class WithoutTrain(KedroProjectComponent):
        def get_job(self, job):
            return None if job.name == "train" else job

    defs = with_sensors(WithoutTrain(), watch={"type": "file_arrived", "job": "train", "path": "x"})
    assert names(defs) == HOOK_SENSORS


def test_a_job_that_is_not_there_is_a_mistake():
    with pytest.raises(LoadError, match="there is no job 'trian'"):
        with_sensors(watch={"type": "file_arrived", "job": "trian", "path": "x"})


def test_what_sensors_may_name():
    manifest = golden("odd_names")
    table = AssetTable(
        datasets={"raw": dg.AssetSpec("source")}, nodes={"model_report": dg.AssetSpec("report")}, producers={}
    )
    jobs = {"p_train": "job", "p_hidden": None}
    found = sensor_surroundings(manifest, InstancePlan(key="kedro", ref=manifest.ref), table, jobs, "p_")
    assert found.jobs == {"train": "job"}
    assert found.keys == {"raw": dg.AssetKey("source"), "model_report": dg.AssetKey("report")}
    assert (found.prefix, found.resource_key, found.project_path) == ("p_", "kedro", "/project")


# Automation conditions


def automation(section, **conditions):
    specs = {name: dg.AssetSpec(name, automation_condition=condition) for name, condition in conditions.items()}
    nodes = {"publish": dg.AssetSpec("publish")}
    config = DagsterConfig.model_validate({"automation": section})
    return build_automation(config, read_all_positions([], {}), AssetTable(specs, nodes, {}), "kedro_automation")


def test_the_sensor_behind_conditions():
    eager = dg.AutomationCondition.eager()
    section = {"default_status": "STOPPED", "minimum_interval_seconds": 90}
    [sensor] = automation(section, a=eager, b=None, c=eager)
    assert (sensor.name, sensor.minimum_interval_seconds) == ("kedro_automation", 90)
    assert sensor.default_status == dg.DefaultSensorStatus.STOPPED
    assert sensor.asset_selection == dg.AssetSelection.assets("a", "c")
    [sensor] = automation({}, a=eager)
    assert (sensor.minimum_interval_seconds, sensor.default_status) == (30, dg.DefaultSensorStatus.RUNNING)


@pytest.mark.parametrize("section", [None, {}])
def test_without_conditions_nothing_is_behind_them(section):
    assert automation(section, a=None) == []


def test_conditions_without_the_section_warn():
    eager = dg.AutomationCondition.eager()
    with pytest.warns(KedroProjectWarning, match="2 assets have an automation condition, and no sensor looks at them"):
        assert automation(None, a=eager, b=eager) == []


def test_conditions_of_the_file_are_evaluated(instance):
    defs = with_sensors(automation={}, assets={"lonely": {"automation_condition": "missing"}})
    sensor = next(sensor for sensor in defs.sensors if sensor.name == "kedro_automation")
    assert sensor.asset_selection.resolve(defs.resolve_asset_graph()) == {dg.AssetKey("lonely")}
    found = dg.evaluate_automation_conditions(defs, instance, asset_selection=sensor.asset_selection)
    assert found.get_num_requested(dg.AssetKey("lonely")) == 1
