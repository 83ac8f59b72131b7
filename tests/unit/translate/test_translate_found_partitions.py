"""Sensors that add what a dataset has in storage to dynamic partitions, ticked against an instance of their own."""

import dagster as dg
import pytest

from kedro_dagster_component.config import DagsterConfig
from kedro_dagster_component.config.positions import read_all_positions
from kedro_dagster_component.errors import ConfigurationError
from kedro_dagster_component.loading import KedroProjectWarning
from kedro_dagster_component.translate.found_partitions import DynamicKeys, dynamic_keys
from kedro_dagster_component.translate.sensors import SensorSurroundings, build_sensor
from kedro_dagster_component.triggers import build_configured_sensors

CUSTOMERS = DynamicKeys("customers")


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


class Ticks:
    """One tick after the other, as the daemon does them; `stored` is what is in storage."""

    def __init__(self, instance, target=CUSTOMERS, **fields):
        config = DagsterConfig.model_validate(
            {"sensors": {"s": {"type": "partitions_found", "dataset": "x", **fields}}}
        )
        self._instance, self.stored, self.cursor = instance, [], None
        self._sensor = build_sensor("s", config.sensors["s"], self._around(target))

    def _around(self, target):
        return SensorSurroundings(
            prefix="",
            jobs={},
            keys={"x": dg.AssetKey("x")},
            resource_key="kedro",
            project_path="/p",
            dynamic={"x": target},
            stored_keys=lambda name: tuple(self.stored) if name == "x" else (),
        )

    def __call__(self, *stored):
        self.stored = stored
        context = dg.build_sensor_context(instance=self._instance, cursor=self.cursor)
        data = self._sensor.evaluate_tick(context)
        self.cursor = data.cursor
        for request in data.dynamic_partitions_requests or ():
            if isinstance(request, dg.AddDynamicPartitionsRequest):
                self._instance.add_dynamic_partitions(request.partitions_def_name, request.partition_keys)
            else:
                for key in request.partition_keys:
                    self._instance.delete_dynamic_partition(request.partitions_def_name, key)
        return data.skip_message, self._instance.get_dynamic_partitions("customers")


def test_keys_in_storage_are_added(instance):
    tick = Ticks(instance)
    assert tick() == ("partitions: 0 new", [])
    assert tick("acme", "nord/ost") == ("partitions: 2 new", ["acme", "nord/ost"])
    assert tick("acme", "nord/ost") == ("partitions: 0 new", ["acme", "nord/ost"])
    assert tick("acme", "zeta") == ("partitions: 1 new", ["acme", "nord/ost", "zeta"])
    instance.delete_dynamic_partition("customers", "acme")
    assert tick("acme") == ("partitions: 1 new", ["nord/ost", "zeta", "acme"])


def test_keys_that_are_gone_are_removed_where_the_sensor_has_found_them(instance):
    instance.add_dynamic_partitions("customers", ["by hand"])
    tick = Ticks(instance, remove=True)
    tick("acme", "zeta")
    assert tick("acme") == ("partitions: 0 new, 1 gone", ["by hand", "acme"])
    assert tick("acme") == ("partitions: 0 new, 0 gone", ["by hand", "acme"])


def test_an_empty_storage_removes_nothing(instance):
    tick = Ticks(instance, remove=True)
    tick("acme", "zeta")
    assert tick() == ("partitions: 0 new, 0 gone", ["acme", "zeta"])
    assert tick("zeta") == ("partitions: 0 new, 1 gone", ["zeta"])


def test_removing_that_is_switched_on_later_knows_what_was_found_before(instance):
    tick = Ticks(instance)
    tick("acme", "zeta")
    tick("acme")
    later = Ticks(instance, remove=True)
    later.cursor = tick.cursor
    assert later("acme") == ("partitions: 0 new, 1 gone", ["acme"])


def test_keys_that_cannot_be_partitions_are_left_out_and_told(instance, capsys):
    assert Ticks(instance)("a...b", "acme", "../x") == ("partitions: 1 new", ["acme"])
    said = capsys.readouterr().err
    assert "2 keys in storage cannot be partitions: 'a...b' holds '...'" in said
    assert "'../x' leads out of its folder" in said


def test_the_dynamic_dimension_of_keys_of_two(instance, capsys):
    days = dg.DailyPartitionsDefinition("2024-01-01")
    customers = dg.DynamicPartitionsDefinition(name="customers")
    both = dynamic_keys(dg.MultiPartitionsDefinition({"who": customers, "day": days}))
    assert both == DynamicKeys("customers", 1)
    tick = Ticks(instance, both)
    assert tick("2024-01-01|acme", "2024-01-02|acme", "2024-01-02|zeta", "stray") == (
        "partitions: 2 new",
        ["acme", "zeta"],
    )
    assert "'stray' has no '|'" in capsys.readouterr().err


def test_where_dynamic_keys_are():
    letters = dg.StaticPartitionsDefinition(["a"])
    assert dynamic_keys(dg.DynamicPartitionsDefinition(name="customers")) == CUSTOMERS
    assert dynamic_keys(letters) is None
    assert dynamic_keys(dg.MultiPartitionsDefinition({"a": letters, "b": letters})) is None


def built(folder, keys, dynamic):
    content = {"sensors": {"s": {"type": "partitions_found", "dataset": "x", "minimum_interval_seconds": 7}}}
    file = folder / "dagster.yml"
    file.write_text("sensors:\n  s: {type: partitions_found, dataset: x, minimum_interval_seconds: 7}\n")
    around = SensorSurroundings("pre_", {}, keys, "kedro", "/p", dynamic)
    return build_configured_sensors(DagsterConfig.model_validate(content), read_all_positions([file], content), around)


def test_it_needs_no_job(tmp_path):
    [sensor] = built(tmp_path, {"x": dg.AssetKey("x")}, {"x": CUSTOMERS})
    assert (sensor.name, sensor.minimum_interval_seconds, sensor.default_status.value) == ("pre_s", 7, "STOPPED")
    dg.Definitions.validate_loadable(dg.Definitions(sensors=[sensor]))


def test_a_dataset_that_is_not_exposed(tmp_path):
    with pytest.warns(KedroProjectWarning, match="sensor 's' is left out"):
        assert built(tmp_path, {}, {}) == []


def test_partitions_whose_keys_do_not_change(tmp_path):
    with pytest.raises(ConfigurationError, match=r"dagster.yml:2:40: .*'x' has no dynamic partitions"):
        built(tmp_path, {"x": dg.AssetKey("x")}, {})
