"""Checks of free inputs and of freshness, and how checks are planned and described."""

import dagster as dg
import pytest
from golden import definitions, golden

from kedro_dagster_component import KedroProjectComponent
from kedro_dagster_component.compat.dagster import LoadError
from kedro_dagster_component.config import DagsterConfig
from kedro_dagster_component.manifest import DatasetEntry, ValidatorEntry
from kedro_dagster_component.translate.checks import (
    build_check_plans,
    build_check_specs,
    build_freshness_checks,
    freshness_configs,
    input_check_names,
    unshowable_key,
)

KEY = dg.AssetKey(["raw"])
HOUR, MINUTE = 3600, 60


def settings_with(*checks):
    return DagsterConfig.model_validate({"assets": {"raw": {"checks": list(checks)}}}).assets["raw"]


def entry(**fields):
    return DatasetEntry(name="raw", spellings=("raw",), type="pandas.CSVDataset", in_catalog=True, config={}, **fields)


def with_checks(component=None, **checks_by_name):
    """Definitions of the odd project with some `checks:`."""
    assets = {name: {"checks": checks} for name, checks in checks_by_name.items()}
    return definitions(golden("odd_names", dagster={**golden("odd_names").dagster, "assets": assets}), component)


def op_checks(defs):
    """The checks that are ops of their own, by op name."""
    return {one.node_def.name: one for one in defs.asset_checks or ()}


VALIDATOR = ValidatorEntry(class_path="demo.Prices", modes=("load", "save"), is_enabled=True, is_error=True)


@pytest.mark.parametrize("is_error", [True, False])
def test_kedros_own_validation_comes_first(is_error):
    dataset = entry(validator=VALIDATOR.model_copy(update={"is_error": is_error}))
    settings = settings_with("not_empty")
    assert [(plan.name, plan.kind) for plan in build_check_plans(dataset, settings)] == [
        ("validator", "validator"),
        ("not_empty", "not_empty"),
    ]
    validator, other = build_check_specs(dataset, settings, KEY)
    assert (validator.blocking, other.blocking) == (is_error, False)
    assert validator.description == "Kedro's validation on load and save: demo.Prices"
    assert validator.metadata == {"kedro/validator": "demo.Prices"}


def test_validation_that_is_off_is_no_check():
    dataset = entry(validator=VALIDATOR.model_copy(update={"is_enabled": False}))
    assert build_check_plans(dataset, None) == build_check_specs(dataset, None, KEY) == ()


@pytest.mark.parametrize(
    ("config", "name", "description"),
    [
        ("not_empty", "not_empty", "Holds some data."),
        ({"type": "row_count", "min": 1}, "row_count", "Has at least 1 rows."),
        ({"type": "row_count", "min": 0, "max": 9}, "row_count", "Has at least 0 and at most 9 rows."),
        ({"type": "columns", "columns": ["a", "b"], "name": "wide"}, "wide", "Has the columns a, b."),
        ({"type": "not_empty", "description": "Anything."}, "not_empty", "Anything."),
    ],
)
def test_what_a_check_says_of_itself(config, name, description):
    (spec,) = build_check_specs(entry(), settings_with(config), KEY)
    (plan,) = build_check_plans(entry(), settings_with(config))
    assert (spec.name, spec.description, plan.name) == (name, description, name)


def test_settings_of_a_check_are_in_its_plan():
    count = {"type": "row_count", "min": 1, "max": 2, "severity": "warn", "blocking": False}
    columns = {"type": "columns", "columns": ["a"], "blocking": True}
    first, second = build_check_plans(entry(), settings_with(count, columns))
    assert (first.min_rows, first.max_rows, first.is_error, first.is_blocking) == (1, 2, False, False)
    assert (second.columns, second.is_error, second.is_blocking) == (("a",), True, True)


def test_checks_of_a_free_input_are_an_op_that_can_run_some_of_them():
    checks = ["not_empty", {"type": "row_count", "min": 1}]
    ops = op_checks(with_checks(KedroProjectComponent(name_prefix="p_"), raw=checks, model=["not_empty"]))
    assert list(ops) == ["p_raw__checks"]
    found = ops["p_raw__checks"]
    assert {key.name for key in found.check_keys} == {"not_empty", "row_count"}
    assert found.can_subset
    assert found.required_resource_keys >= {"kedro", "io_manager"}


def test_names_of_ops_are_free():
    assert input_check_names(["raw", "a.b"], "", ["raw__checks"]) == {
        "raw": "raw__checks_input",
        "a.b": "a_b__checks",
    }


@pytest.mark.parametrize(("parts", "odd"), [(["a", "b.c-d_1"], None), (["a", "größe"], "größe"), (["a b"], "a b")])
def test_keys_that_dagster_makes_no_check_of(parts, odd):
    assert unshowable_key(dg.AssetKey(parts)) == odd


def test_such_a_key_ends_the_load_where_checks_are_asked_for():
    with pytest.raises(LoadError, match="asset 'größe' can have no checks: 'größe' has odd characters"):
        with_checks(größe=["not_empty"])


def test_checks_of_freshness_are_no_checks_of_data():
    settings = settings_with("not_empty", {"type": "freshness", "lower_bound_delta_seconds": MINUTE})
    assert [plan.name for plan in build_check_plans(entry(), settings)] == ["not_empty"]
    assert [config.type for config in freshness_configs(settings)] == ["freshness"]
    assert freshness_configs(None) == ()


def evaluated(checks, *made):
    """What freshness checks say, once some assets were materialised; True, or the severity of a failure."""
    with dg.DagsterInstance.ephemeral() as instance:
        for key in made:
            instance.report_runless_asset_event(dg.AssetMaterialization(key))
        job = dg.define_asset_job("fresh", selection=dg.AssetSelection.all_asset_checks())
        specs = [dg.AssetSpec(name) for name in ("raw", "other")]
        resolved = dg.Definitions(assets=specs, asset_checks=checks, jobs=[job]).resolve_job_def("fresh")
        result = resolved.execute_in_process(instance=instance)
        return {
            one.asset_key.to_user_string(): one.passed or one.severity for one in result.get_asset_check_evaluations()
        }


def test_freshness_is_that_of_dagster():
    config = {"type": "freshness", "lower_bound_delta_seconds": HOUR, "severity": "warn"}
    configs = freshness_configs(settings_with(config))
    checks = build_freshness_checks({KEY: configs, dg.AssetKey("other"): configs})
    assert len(checks) == 1  # assets with the same settings share one op
    assert evaluated(checks, "raw") == {"raw": True, "other": dg.AssetCheckSeverity.WARN}


def test_each_setting_of_freshness_has_an_op_of_its_own():
    deadline = {"type": "freshness", "lower_bound_delta_seconds": HOUR, "deadline_cron": "0 6 * * *"}
    zone = {**deadline, "timezone": "Europe/Paris"}
    checks = build_freshness_checks(
        {KEY: freshness_configs(settings_with(deadline)), dg.AssetKey("other"): freshness_configs(settings_with(zone))}
    )
    assert len({one.node_def.name for one in checks}) == 2
    assert evaluated(checks) == dict.fromkeys(("raw", "other"), dg.AssetCheckSeverity.ERROR)
    metadata = [check.metadata["dagster/freshness_params"].value for one in checks for check in one.check_specs]
    assert [one["timezone"] for one in metadata] == ["UTC", "Europe/Paris"]


def test_freshness_of_an_input_of_an_output_and_of_a_node_has_a_sensor():
    config = [{"type": "freshness", "lower_bound_delta_seconds": HOUR}]
    defs = with_checks(raw=config, model=config, lonely=config)
    (check,) = defs.asset_checks
    assert {key.asset_key.to_user_string() for key in check.check_keys} == {"raw", "model", "lonely"}
    assert "kedro_freshness" in [sensor.name for sensor in defs.sensors]
