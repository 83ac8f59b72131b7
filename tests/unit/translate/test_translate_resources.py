"""The session resource of an instance, and the sensors that see to its hooks."""

from types import SimpleNamespace

import dagster as dg
import pytest
from dagster._core.remote_representation.external_data import RepositorySnap
from golden import definitions, golden

from kedro_dagster_component import KedroProjectComponent
from kedro_dagster_component.manifest import DatasetEntry
from kedro_dagster_component.masking import MASK
from kedro_dagster_component.plan import DatasetPlan, InstancePlan
from kedro_dagster_component.runtime.resource import SessionOptions
from kedro_dagster_component.translate.config_schema import changeable_configs
from kedro_dagster_component.translate.run_sensors import build_hook_sensors
from kedro_dagster_component.translate.session_resource import build_session_resource

RAW = DatasetPlan("raw", ("raw",), ("raw",), is_memory=False, is_versioned=False)
SHOWN = {"raw": {"filepath": "raw.csv", "load_args": {"sep": ","}}, "other": {"filepath": "other.csv"}}
INSTANCE = InstancePlan(key="kedro", ref=golden("odd_names").ref, datasets={("raw",): RAW})


@dg.asset(required_resource_keys={"kedro"})
def options(context):
    return context.resources.kedro.options


def given(config):
    """Options of the session of a run that is launched with some configuration."""
    resources = {"kedro": build_session_resource(INSTANCE, SHOWN), "io_manager": dg.mem_io_manager}
    with dg.DagsterInstance.ephemeral() as instance:
        run_config = {"resources": {"kedro": {"config": config}}} if config is not None else {}
        return dg.materialize([options], resources=resources, run_config=run_config, instance=instance)


def test_the_resource_is_optional_in_every_launchpad():
    assert given(None).output_for_node("options") == SessionOptions()
    assert given({}).output_for_node("options") == SessionOptions()


def test_the_page_of_the_resource_can_be_shown():
    repository = RepositorySnap.from_def(definitions(golden("odd_names")).get_repository_def())
    names = {resource.name for resource in repository.resources}
    assert "kedro" in names
    # Dagster looks each of these up, and has no page where one is missing.
    assert {nested.name for resource in repository.resources for nested in resource.nested_resources.values()} <= names


def test_options_of_a_run():
    config = {
        "runtime_params": {"nested": {"rate": 0.3}},
        "load_versions": {"model": "2026-01-31T12.00.00.000Z"},
        "datasets": {"raw": {"filepath": "other.csv"}},
        "is_async": True,
    }
    assert given(config).output_for_node("options") == SessionOptions(**config)


@pytest.mark.parametrize(
    ("changed", "override"),
    [
        ({}, {}),
        ({"raw": {"load_args": {"sep": ";"}}}, {"raw": {"load_args": {"sep": ";"}}}),
        ({"raw": {"load_args": {"sep": ",", "nrows": 3}}}, {"raw": {"load_args": {"nrows": 3}}}),
        ({"new": {"filepath": "x"}}, {"new": {"filepath": "x"}}),
    ],
)
def test_what_the_launchpad_shows_and_nobody_changes_is_no_override(changed, override):
    shown = {**SHOWN, **{name: {**SHOWN.get(name, {}), **config} for name, config in changed.items()}}
    assert given({"datasets": shown}).output_for_node("options").datasets == override


def test_what_the_launchpad_shows_of_the_catalog():
    entry = {"spellings": ("a",), "type": "pandas.CSVDataset", "in_catalog": True, "name": "a"}
    config = {
        "type": "pandas.CSVDataset",
        "filepath": "a.csv",
        "credentials": "x",
        "load_args": {"token": MASK, "sep": ","},
    }
    plain = DatasetEntry(**entry, config=config)
    transcoded = DatasetEntry(**{**entry, "spellings": ("t@pandas", "t@polars")}, config=config)
    memory = DatasetEntry(**{**entry, "in_catalog": False})
    assert changeable_configs({"a": plain, "t": transcoded, "m": memory}) == {
        "a": {"filepath": "a.csv", "load_args": {"sep": ","}}
    }
    assert changeable_configs({str(number): plain for number in range(201)}) == {}


@pytest.mark.parametrize("config", [{"is_async": "yes"}, {"runtime_param": {}}, {"datasets": 3}])
def test_options_that_are_refused(config):
    with pytest.raises(dg.DagsterInvalidConfigError):
        given(config)


def test_a_dataset_is_loaded_in_a_run_only():
    resource = build_session_resource(INSTANCE, SHOWN).resource_fn(dg.build_init_resource_context(config={}))
    context = dg.build_input_context(asset_key=dg.AssetKey("raw"))
    with pytest.raises(dg.DagsterInvariantViolationError, match="step_context"):
        next(resource).load_input(context)


def test_the_end_of_a_run_that_has_no_hooks_open_does_nothing():
    context = SimpleNamespace(
        resource_config={}, resources=None, run_id="unknown", run=SimpleNamespace(run_id="unknown")
    )
    resource = build_session_resource(INSTANCE, SHOWN).resource_fn(context)
    assert next(resource).options == SessionOptions()
    assert list(resource) == []


def test_the_resource_is_taken_down_without_a_complaint():
    events = given({}).all_events
    assert [event.message for event in events if "Teardown" in (event.message or "")] == []


def names(**options):
    return [sensor.name for sensor in build_hook_sensors(INSTANCE, "prod_", **options)]


def test_names_of_hook_sensors():
    assert names(has_other_executor=False) == ["prod_kedro_run_hooks", "prod_kedro_run_hooks_cancelled"]
    assert names(has_other_executor=True) == [
        "prod_kedro_run_hooks",
        "prod_kedro_run_hooks_cancelled",
        "prod_kedro_run_hooks_succeeded",
    ]


def test_hook_sensors_run_by_themselves_and_say_what_for():
    for sensor in build_hook_sensors(INSTANCE, "", has_other_executor=False):
        assert sensor.default_status == dg.DefaultSensorStatus.RUNNING
        assert sensor.description == "Fires Kedro's on_pipeline_error for runs whose own process was killed."
    for sensor in build_hook_sensors(INSTANCE, "", has_other_executor=True):
        assert sensor.description.endswith(
            "Fires all run-level hooks for runs of an executor without `with_kedro_hooks`."
        )


def test_a_location_with_an_executor_of_its_own_has_one_more():
    odd = golden("odd_names")
    assert len(definitions(odd).sensors) == 2
    assert len(definitions(odd, KedroProjectComponent(executor=None)).sensors) == 3


@pytest.mark.parametrize("index", [0, 1, 2])
def test_a_run_that_never_started_has_no_hooks_to_fire(index):
    sensor = build_hook_sensors(INSTANCE, "", has_other_executor=True)[index]
    job = dg.GraphDefinition("empty").to_job()
    with dg.DagsterInstance.ephemeral() as instance:
        run = instance.create_run_for_job(job)
        event = dg.DagsterEvent(dg.DagsterEventType.RUN_CANCELED.value, "empty")
        skipped = sensor(dg.build_run_status_sensor_context(sensor.name, event, instance, run))
    assert skipped.skip_message == "the hooks of this run have fired"
