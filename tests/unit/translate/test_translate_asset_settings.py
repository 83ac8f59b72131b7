"""Settings of `assets:` as Dagster's own, on specs and on whole definitions."""

import warnings
from datetime import timedelta

import dagster as dg
import pytest
from golden import definitions, golden

from kedro_dagster_component import KedroProjectComponent
from kedro_dagster_component.compat.dagster import LoadError
from kedro_dagster_component.component import NodeOpSpec, RetryPolicyModel
from kedro_dagster_component.config.assets import AssetConfig
from kedro_dagster_component.config.automation import CONDITIONS
from kedro_dagster_component.translate.asset_settings import build_condition, configured_spec, step_settings

Condition = dg.AutomationCondition
MEASURE = "gr__e_messen"
"""The step that makes `größe`."""
SPEC = dg.AssetSpec("x", group_name="old", kinds={"kedro", "csv"}, tags={"old": "1"}, owners=["team:old"])


def settings(**fields):
    return AssetConfig.model_validate(fields)


def configured(**fields):
    return configured_spec(SPEC, settings(**fields))


def condition(value):
    return build_condition(settings(automation_condition=value).automation_condition)


def with_assets(component=None, **assets):
    """The definitions of the odd project with `assets:` in its file."""
    manifest = golden("odd_names")
    return definitions(golden("odd_names", dagster={**manifest.dagster, "assets": assets}), component)


def spec(defs, key):
    return defs.resolve_asset_graph().get(dg.AssetKey.from_user_string(key))


def step(defs, name):
    return next(each for each in defs.assets if isinstance(each, dg.AssetsDefinition) and each.op.name == name)


def test_what_settings_leave_out_stays():
    assert configured_spec(SPEC, None) is SPEC
    assert configured() == SPEC


def test_every_setting_of_a_spec():
    changed = configured(
        owners=["ann@example.com", "team:new"],
        tags={"new": "2", "priority": 3},
        kinds=["snowflake"],
        group_name="a/b",
        code_version="7",
        automation_condition="eager",
        freshness_policy={"type": "time_window", "fail_window_seconds": 120},
    )
    assert changed.owners == ["ann@example.com", "team:new"]
    assert changed.tags.items() >= {"old": "1", "new": "2", "priority": "3"}.items()
    assert changed.kinds == {"kedro", "csv", "snowflake"}
    assert changed.group_name == "a/b"
    assert changed.code_version == "7"
    assert changed.automation_condition == Condition.eager()
    assert changed.freshness_policy == dg.FreshnessPolicy.time_window(fail_window=timedelta(minutes=2))


def test_a_tag_wins_over_the_one_of_a_node():
    assert configured(tags={"old": "new"}).tags["old"] == "new"


def test_more_kinds_than_dagster_takes():
    own = list("abcdefghij")
    assert configured(kinds=own).kinds == set(own)
    assert configured(kinds=own[:9]).kinds == {*own[:9], "csv"}
    assert configured(kinds=["csv", "kedro"]).kinds == SPEC.kinds


NOT_ALONE = {
    "and": (["eager", "missing"], Condition.eager() & Condition.missing()),
    "or": (["eager", "missing"], Condition.eager() | Condition.missing()),
    "not": ("missing", ~Condition.missing()),
    "since": (["missing", "newly_updated"], Condition.missing().since(Condition.newly_updated())),
    "newly_true": ("missing", Condition.missing().newly_true()),
    "any_deps_match": ("missing", Condition.any_deps_match(Condition.missing())),
    "all_deps_match": ("missing", Condition.all_deps_match(Condition.missing())),
    **{
        name: ("0 2 * * *", getattr(Condition, name)("0 2 * * *"))
        for name in ("on_cron", "cron_tick_passed", "all_deps_updated_since_cron")
    },
}


@pytest.mark.parametrize("name", CONDITIONS)
def test_every_condition_is_dagsters(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)
        if name in NOT_ALONE:
            content, expected = NOT_ALONE[name]
            assert condition({name: content}) == expected
        else:
            assert condition(name) == getattr(Condition, name)()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (
            {"on_cron": {"cron_schedule": "@daily", "cron_timezone": "Europe/Paris"}},
            Condition.on_cron("@daily", "Europe/Paris"),
        ),
        (
            {"in_latest_time_window": 3600},
            Condition.in_latest_time_window(lookback_delta=timedelta(hours=1)),
        ),
        ({"in_latest_time_window": None}, Condition.in_latest_time_window()),
        (
            {"and": ["eager", {"not": {"or": ["in_progress", {"on_cron": "@hourly"}]}}, "code_version_changed"]},
            Condition.eager()
            & ~(Condition.in_progress() | Condition.on_cron("@hourly"))
            & Condition.code_version_changed(),
        ),
        ({"or": ["missing"]}, Condition.missing()),
        (
            {"since": [{"any_deps_match": {"newly_true": "missing"}}, {"cron_tick_passed": "@daily"}]},
            Condition.any_deps_match(Condition.missing().newly_true()).since(Condition.cron_tick_passed("@daily")),
        ),
    ],
)
def test_conditions_with_arguments_and_within_each_other(value, expected):
    assert condition(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (
            {"type": "time_window", "fail_window_seconds": 3600, "warn_window_seconds": 60},
            dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=1), warn_window=timedelta(minutes=1)),
        ),
        (
            {"type": "cron", "deadline_cron": "0 9 * * *", "lower_bound_delta_seconds": 600},
            dg.FreshnessPolicy.cron(deadline_cron="0 9 * * *", lower_bound_delta=timedelta(minutes=10)),
        ),
        (
            {
                "type": "cron",
                "deadline_cron": "0 9 * * *",
                "lower_bound_delta_seconds": 600,
                "timezone": "Europe/Paris",
            },
            dg.FreshnessPolicy.cron(
                deadline_cron="0 9 * * *", lower_bound_delta=timedelta(minutes=10), timezone="Europe/Paris"
            ),
        ),
    ],
)
def test_freshness_policies(value, expected):
    assert configured(freshness_policy=value).freshness_policy == expected


def test_settings_are_on_the_assets():
    defs = with_assets(
        raw={"owners": ["team:source"], "freshness_policy": {"type": "time_window", "fail_window_seconds": 60}},
        größe={"group_name": "models/best", "code_version": "2", "automation_condition": "eager"},
        lonely={"kinds": ["slack"], "tags": {"audience": "all"}},
        **{"d{number}": {"owners": ["team:pattern"]}, "d.1": {"owners": ["team:name"]}},
    )
    dg.Definitions.validate_loadable(defs)
    assert spec(defs, "raw").owners == ["team:source"]
    assert spec(defs, "raw").freshness_policy is not None
    assert spec(defs, "größe").group_name == "models/best"
    assert spec(defs, "größe").code_version == "2"
    assert spec(defs, "lonely").kinds == {"kedro", "memory", "slack"}
    assert spec(defs, "lonely").tags["audience"] == "all"
    assert (spec(defs, "d/1").owners, spec(defs, "d-1").owners) == (["team:name"], ["team:pattern"])


def test_the_file_wins_over_the_catalog():
    manifest = golden("odd_names")
    in_catalog = {"dagster": {"owners": ["team:catalog"], "group_name": "catalog", "pool": "catalog"}}
    entry = manifest.datasets["größe"].model_copy(update={"metadata": in_catalog})
    datasets = {**manifest.datasets, "größe": entry}
    changed = golden("odd_names", dagster={**manifest.dagster, "assets": {"größe": {"group_name": "file"}}})
    defs = definitions(changed.model_copy(update={"datasets": datasets}))
    assert spec(defs, "größe").owners == ["team:catalog"]
    assert spec(defs, "größe").group_name == "file"
    assert step(defs, MEASURE).op.pool == "catalog"


@pytest.mark.parametrize(
    ("backfill", "expected"),
    [
        ({"type": "single_run"}, dg.BackfillPolicy.single_run()),
        ({"type": "multi_run"}, dg.BackfillPolicy.multi_run(1)),
        ({"type": "multi_run", "max_partitions_per_run": 5}, dg.BackfillPolicy.multi_run(5)),
    ],
)
def test_backfill_policies_of_a_step(backfill, expected):
    assert step(with_assets(größe={"backfill_policy": backfill}), MEASURE).backfill_policy == expected


def test_settings_of_a_step_win_over_those_of_the_component():
    op = NodeOpSpec(pool="shared", retry_policy=RetryPolicyModel(max_retries=1), tags={"team": "x"})
    retry = {"max_retries": 4, "delay": 0.5, "backoff": "linear", "jitter": "full"}
    defs = with_assets(KedroProjectComponent(op=op), größe={"pool": "own"}, lonely={"retry_policy": retry})
    shared = dg.RetryPolicy(max_retries=1)
    own = dg.RetryPolicy(max_retries=4, delay=0.5, backoff=dg.Backoff.LINEAR, jitter=dg.Jitter.FULL)
    assert (step(defs, MEASURE).op.pool, step(defs, MEASURE).op.retry_policy) == ("own", shared)
    assert (step(defs, "lonely").op.pool, step(defs, "lonely").op.retry_policy) == ("shared", own)
    assert step(defs, "lonely").op.tags["team"] == "x"


def test_settings_of_a_node_without_outputs():
    defs = with_assets(model_report={"kinds": ["slack"], "pool": "mail", "owners": ["team:x"]})
    assert spec(defs, "model_report").kinds == {"kedro", "slack"}
    assert spec(defs, "model_report").owners == ["team:x"]
    assert step(defs, "model_report").op.pool == "mail"


def test_settings_of_one_output_hold_for_its_step():
    defs = with_assets(**{"d-1": {"pool": "db"}, "d.1": {"owners": ["team:x"]}, "d_1": {"pool": "db"}})
    assert step(defs, "a__b").op.pool == "db"


def test_two_outputs_of_one_step_that_disagree():
    with pytest.raises(LoadError) as caught:
        with_assets(
            **{
                "d-1": {"pool": "db", "retry_policy": {"max_retries": 1}},
                "d_1": {"pool": "other", "retry_policy": {"max_retries": 2}},
            }
        )
    made = "'d-1' and 'd.1' and 'd_1' are made by one step (node 'a__b') and disagree on"
    way_out = "  -> give them the same, or give it to one of them only"
    found = str(caught.value).split("\n\n")[1:]
    assert found == [f"{made} `retry_policy`\n{way_out}", f"{made} `pool`\n{way_out}"]


def test_the_first_of_several_settings_counts_and_the_dispute_is_named():
    found, disputed = step_settings([None, settings(pool="a"), settings(), settings(pool="b")])
    assert (found.pool, found.retry_policy, found.backfill_policy) == ("a", None, None)
    assert disputed == ("pool",)
    assert step_settings([])[1] == ()
