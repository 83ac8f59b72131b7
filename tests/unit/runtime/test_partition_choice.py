import re
from datetime import datetime, timezone
from types import SimpleNamespace

import dagster as dg
import pytest

from kedro_dagster_component.errors import PartitionError
from kedro_dagster_component.manifest import ProjectRef
from kedro_dagster_component.plan import InstancePlan, PartitionChoice
from kedro_dagster_component.runtime.partition_choice import LATEST_TAG, build_choice, choice_problem, chosen_keys
from kedro_dagster_component.runtime.run_partitions import run_keys

DAYS = dg.DailyPartitionsDefinition("2024-01-01", end_date="2024-01-06")
MONTHS = dg.MonthlyPartitionsDefinition("2024-01-01", end_date="2024-04-01")
LETTERS = dg.StaticPartitionsDefinition(["a", "b", "c"])
BOTH = dg.MultiPartitionsDefinition({"day": DAYS, "letter": LETTERS})
GROWING = dg.DynamicPartitionsDefinition(name="growing")
RANGE = "2024-01-02...2024-01-03"


@pytest.fixture
def store():
    instance = dg.DagsterInstance.ephemeral()
    instance.add_dynamic_partitions("growing", ["x", "y", "a"])
    return instance


@pytest.mark.parametrize(
    ("definitions", "text", "takers"),
    [
        ([DAYS, LETTERS], RANGE, [DAYS]),
        ([DAYS, BOTH], RANGE, [DAYS]),
        ([DAYS, BOTH], "2024-01-02|a...2024-01-03|b", [BOTH]),
        ([GROWING, LETTERS], "a...b", [LETTERS]),
        ([GROWING, LETTERS], "x...y", [GROWING]),
        ([LETTERS], "a...x", []),
        ([DAYS], "all", []),
    ],
)
def test_whose_a_range_is(definitions, text, takers):
    choice = build_choice(text, definitions)
    assert choice is not None
    assert list(choice.takers) == takers


def test_a_range_that_nothing_takes_is_a_mistake():
    assert (
        choice_problem([LETTERS, DAYS], "a...2024-01-02") == "no partitions of this job have both 'a' and '2024-01-02'"
    )
    assert choice_problem([DAYS, GROWING], RANGE) is None


@pytest.mark.parametrize(
    ("definitions", "text", "keys"),
    [
        ([DAYS, LETTERS], RANGE, [["2024-01-02", "2024-01-03"], ["a", "b", "c"]]),
        ([DAYS, BOTH], "2024-01-02...2024-01-02", [["2024-01-02"], ["2024-01-02|a", "2024-01-02|b", "2024-01-02|c"]]),
        ([LETTERS, BOTH, DAYS], "2024-01-02|b...2024-01-02|b", [["b"], ["2024-01-02|b"], ["2024-01-02"]]),
        ([LETTERS, GROWING], "a...b", [["a", "b"], ["x", "y", "a"]]),
    ],
)
def test_a_range_limits_what_it_meets(store, definitions, text, keys):
    choice = build_choice(text, definitions)
    assert [chosen_keys(definition, choice, store) for definition in definitions] == keys


@pytest.mark.parametrize(
    ("definition", "text", "unknown"),
    [
        (DAYS, "2024-01-02...2024-01-20", "2024-01-20"),
        (DAYS, "2023-12-30...2024-01-03", "2023-12-30"),
        (DAYS, "2024-01-02...2024-01-04", "2024-01-04"),  # not over yet
        (BOTH, "2024-01-02|a...2024-01-20|b", "2024-01-20|b"),
        (GROWING, "x...z", "z"),
    ],
)
def test_an_end_that_does_not_exist_is_an_error_and_not_everything(store, definition, text, unknown):
    moment = datetime(2024, 1, 4, 12, tzinfo=timezone.utc)
    with pytest.raises(PartitionError, match=re.escape(f"There is no partition '{unknown}', an end of the range")):
        chosen_keys(definition, build_choice(text, [definition]), store, moment)


def test_the_latest_partition_stays_the_same_through_midnight_and_re_executions(store):
    first = dg.DagsterRun("newest", run_id="0f4d3f0a-0000-4000-8000-000000000001")
    again = dg.DagsterRun(
        "newest", run_id="0f4d3f0a-0000-4000-8000-000000000002", root_run_id=first.run_id, parent_run_id=first.run_id
    )
    store.run_storage.add_historical_run(first, datetime(2024, 1, 3, 23, 59, tzinfo=timezone.utc))
    store.run_storage.add_historical_run(again, datetime(2024, 1, 5, tzinfo=timezone.utc))
    plan = InstancePlan("kedro", ProjectRef(project_path="/"), job_partitions={"newest": PartitionChoice("latest")})

    def latest(run):
        return run_keys(SimpleNamespace(run=run, instance=store), plan, DAYS)

    assert latest(first) == latest(again) == ["2024-01-02"]
    scheduled = again.with_tags({LATEST_TAG: "2024-01-05T00:00:00+00:00"})
    assert latest(scheduled) == ["2024-01-04"]
