import re
from datetime import datetime, timezone

import dagster as dg
import pytest

from kedro_dagster_component.runtime.runs import (
    STORED_KEY,
    VERSION_KEY,
    Recorded,
    recorded_memory,
    recorded_version,
    run_record,
    save_version,
)

KEY = dg.AssetKey("model")


@dg.op(config_schema={"metadata": dg.Noneable(dict)})
def save(context):
    if context.op_config["metadata"] is not None:
        context.log_event(dg.AssetMaterialization(KEY, metadata=context.op_config["metadata"]))


@dg.job
def saves():
    save()


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def run(instance):
    """One Dagster run that records a materialisation: `run({"kedro/stored": True})`; none for None."""

    def run_(metadata, parent=None):
        tags = {"dagster/parent_run_id": parent.run_id, "dagster/root_run_id": parent.run_id} if parent else {}
        config = {"ops": {"save": {"config": {"metadata": metadata}}}}
        result = saves.execute_in_process(run_config=config, instance=instance, tags=tags)
        found = instance.get_run_by_id(result.run_id)
        if parent is None:
            return found
        return found._replace(parent_run_id=parent.run_id, root_run_id=parent.run_id)

    return run_


def test_save_version_is_a_kedro_timestamp_of_the_start_of_the_run(instance, run):
    version = save_version(run_record(instance, run(None).run_id))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\d\.\d{3}Z", version)
    moment = datetime.strptime(version, "%Y-%m-%dT%H.%M.%S.%fZ").replace(tzinfo=timezone.utc)
    assert abs((datetime.now(tz=timezone.utc) - moment).total_seconds()) < 60


def test_an_unknown_run_has_no_record(instance):
    with pytest.raises(RuntimeError, match="does not know run"):
        run_record(instance, "nowhere")


def test_a_version_is_that_of_this_run_then_of_its_parent_never_of_another(instance, run):
    parent = run({VERSION_KEY: "parent"})
    other = run({VERSION_KEY: "other"})
    child = run(None, parent)
    assert recorded_version(instance, child, KEY) == "parent"
    assert recorded_version(instance, other, KEY) == "other"
    assert recorded_version(instance, run(None), KEY) is None
    assert recorded_version(instance, run({VERSION_KEY: "own"}, parent), KEY) == "own"


def test_a_run_that_stored_its_own_data_is_not_misled_by_another_that_did_not(instance, run):
    mine = run({STORED_KEY: True})
    other = run({STORED_KEY: False})
    later = run(None)
    assert recorded_memory(instance, mine, KEY) == Recorded(mine.run_id, True)
    assert recorded_memory(instance, other, KEY) == Recorded(other.run_id, False)
    assert recorded_memory(instance, later, KEY) == Recorded(other.run_id, False)
    assert recorded_memory(instance, run(None, mine), KEY) == Recorded(mine.run_id, True)


def test_data_nobody_made_and_data_made_outside_of_kedro(instance, run):
    assert recorded_memory(instance, run(None), KEY) is None
    made = run({"rows": 1})
    assert recorded_memory(instance, made, KEY) == Recorded(made.run_id, False)
