"""The dataset that only puts nodes in order."""

import pytest
from kedro.io import DataCatalog, DatasetError

from kedro_dagster_component.datasets import NOTHING_OUTPUT, DagsterNothingDataset


def test_it_loads_the_same_whatever_was_saved():
    dataset = DagsterNothingDataset(metadata={"owner": "me"})
    before = dataset.load()

    dataset.save(object())

    assert before == dataset.load() == NOTHING_OUTPUT == "__nothing__"
    assert dataset.exists()
    assert dataset.metadata == {"owner": "me"}


def test_none_is_refused_by_kedro_as_for_every_dataset():
    with pytest.raises(DatasetError, match="None"):
        DagsterNothingDataset().save(None)


def test_in_a_catalog():
    catalog = DataCatalog.from_config({"x": {"type": "kedro_dagster_component.datasets.DagsterNothingDataset"}})

    assert isinstance(catalog["x"], DagsterNothingDataset)
    assert "DagsterNothingDataset" in repr(catalog["x"])
