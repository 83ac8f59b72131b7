"""What is told of materialisations: the component's choice, the dataset's own, Kedro-Viz' settings."""

import pytest
from golden import definitions, golden

from kedro_dagster_component import KedroProjectComponent
from kedro_dagster_component.config.assets import AssetConfig
from kedro_dagster_component.config.configured import ConfiguredDataset
from kedro_dagster_component.config.metadata_parts import DEFAULT_PARTS
from kedro_dagster_component.manifest import DatasetEntry
from kedro_dagster_component.translate.run_metadata import metadata_choice

DEFAULT = frozenset(DEFAULT_PARTS) - {"metrics"}


def choice(type_="pandas.CSVDataset", *, parts=DEFAULT_PARTS, own=None, **metadata):
    fields = {"name": "x", "spellings": ("x",), "type": type_, "in_catalog": True, "metadata": metadata}
    if own is None:
        return metadata_choice(DatasetEntry(**fields), parts)
    settings = AssetConfig.model_validate({"include_metadata": own})
    return metadata_choice(ConfiguredDataset(**fields, settings=settings), parts)


def test_the_components_choice_counts():
    assert choice().parts == DEFAULT
    assert choice(parts=["preview"]).parts == {"preview"}
    assert choice(parts=[]).parts == set()
    assert not choice().counts_lazy


@pytest.mark.parametrize("type_", ["json.JSONDataset", "yaml.YAMLDataset", "tracking.MetricsDataset"])
def test_metrics_are_looked_for_where_they_are_kept(type_):
    assert choice(type_).parts == DEFAULT | {"metrics"}
    assert choice("pickle.PickleDataset", own=["metrics"]).parts == {"metrics"}


def test_a_datasets_own_choice_takes_its_place():
    assert choice(own=["preview"]).parts == {"preview"}
    assert choice(own=[]).parts == set()
    assert choice(own=["row_count"]).counts_lazy
    assert not choice(own=["size"]).counts_lazy


def test_what_kedro_viz_does_not_show_is_not_shown():
    hidden = {"kedro-viz": {"preview": False}}
    assert choice(parts=[*DEFAULT_PARTS, "preview"], **hidden).parts == DEFAULT - {"figures"}
    assert choice(own=["preview"], **hidden).parts == {"preview"}


@pytest.mark.parametrize(
    ("arguments", "rows"),
    [({"nrows": 2}, 2), ({"nrows": 1000}, 100), ({"nrows": 0}, 1), ({"nrows": "many"}, 5), ({}, 5), (None, 5)],
)
def test_kedro_viz_says_how_many_rows(arguments, rows):
    assert choice(**{"kedro-viz": {"preview_args": arguments}}).preview_rows == rows


def test_a_wrong_part_is_refused_at_its_place():
    dagster = {"assets": {"model": {"include_metadata": ["size", "row_cuont"]}}}
    with pytest.raises(
        Exception, match=r"include_metadata\[1\]: expected .*'row_cuont'(.|\n)*did you mean 'row_count'"
    ):
        definitions(golden("odd_names", dagster=dagster, jobs={}, job_selections={}))


def test_a_component_made_in_python_is_looked_at_too():
    with pytest.raises(Exception, match="include_metadata"):
        definitions(golden("odd_names"), KedroProjectComponent(include_metadata=["everything"]))
