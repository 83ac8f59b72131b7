"""In-memory outputs for the hook after the last node: loaded where a hook asks, and on their way to another process."""

import pickle

import pytest

from kedro_dagster_component.errors import MemoryDatasetError
from kedro_dagster_component.runtime.handed_over import HandedOverDataset
from kedro_dagster_component.runtime.run_outputs import StoredOutput


def counted(value):
    loads = []
    return loads, StoredOutput(lambda: loads.append(value) or value)


def test_a_stored_output_is_loaded_once_something_asks():
    loads, output = counted({"a": 1})
    dataset = HandedOverDataset(output)
    assert dataset.exists()
    assert not loads
    assert dataset.load() == dataset.load() == {"a": 1}
    assert len(loads) == 1


def test_data_saved_over_a_stored_output_counts():
    loads, output = counted(1)
    dataset = HandedOverDataset(output)
    dataset.save(2)
    assert dataset.load() == 2
    assert not loads


def test_a_stored_output_takes_its_data_to_another_process():
    loads, output = counted([1, 2])
    sent = pickle.dumps(output)
    assert len(loads) == 1
    assert pickle.loads(sent)() == [1, 2]


@pytest.mark.parametrize("value", [MemoryDatasetError("it is gone"), lambda: None])
def test_an_output_that_cannot_be_sent_is_an_error_of_the_hook_that_asks(value):
    def load():
        if isinstance(value, Exception):
            raise value
        return value

    arrived = pickle.loads(pickle.dumps(StoredOutput(load)))
    with pytest.raises(MemoryDatasetError):
        arrived()
