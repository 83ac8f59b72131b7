"""What the source of a dataset class tells is what the class itself tells."""

import sys
import textwrap

import pytest

from kedro_dagster_component.introspection import dataset_sources
from kedro_dagster_component.introspection.dataset_classes import accepted_by_class, dataset_class, type_mistake
from kedro_dagster_component.introspection.dataset_sources import accepted_by_source, known_types


@pytest.mark.parametrize("type_name", known_types())
def test_source_and_class_agree(type_name):
    kind, accepted = dataset_class(type_name), accepted_by_source(type_name)
    if accepted is None:
        assert kind is None
    elif accepted.names:
        assert accepted == accepted_by_class(kind)


def test_nothing_is_imported_for_the_source():
    sys.modules.pop("kedro_datasets.svmlight", None)
    assert "filepath" in accepted_by_source("svmlight.SVMLightDataset").required
    assert "kedro_datasets.svmlight" not in sys.modules


@pytest.mark.parametrize(
    "type_name",
    ["demo.Thing", "pandas.DataFrame", "pandas", "kedro_datasets", "kedro_datasets.pandas", "", ".", "a.b.c"],
)
def test_what_is_no_class_of_kedro_datasets(type_name):
    assert accepted_by_source(type_name) is None


def test_mistakes_name_what_is_near(tmp_path):
    assert type_mistake("MemoryDatast", tmp_path)[1].startswith("did you mean 'MemoryDataset'")
    assert type_mistake("pandas.CSVDataSet", tmp_path)[1].startswith("did you mean 'pandas.CSVDataset'")
    assert type_mistake("kedro_datasets.json.JSONDatast", tmp_path)[1].startswith(
        "did you mean 'kedro_datasets.json.JSONDataset'"
    )
    assert type_mistake("kedro.io.MemoryDatast", tmp_path)[0] == "the module 'kedro.io' has no class 'MemoryDatast'"
    assert type_mistake(".x", tmp_path)[0] == "'.x' is no import path"


def test_a_requirement_that_is_not_installed_is_seen_through_other_modules(tmp_path, monkeypatch):
    package = tmp_path / "kedro_datasets_experimental"
    files = {
        "__init__.py": "",
        "deep/__init__.py": 'import lazy_loader as lazy\nlazy.attach(__name__, submod_attrs={"a": ["A"], "b": ["B"]})\n',
        "deep/a.py": "from ._base import Base\nclass A:\n    def __init__(self, path): ...\n",
        "deep/b.py": "import json.decoder\nfrom . import _other\nclass B:\n    def __init__(self, *, path, x=1, **more): ...\n",
        "deep/_base.py": "from kedro_datasets_experimental.deep import a\nimport not_installed.below\n",
        "deep/_other.py": "from __future__ import annotations\n",
    }
    for name, text in files.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(textwrap.dedent(text))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, package.name, raising=False)
    dataset_sources._root.cache_clear()
    try:
        assert accepted_by_source("kedro_datasets_experimental.deep.A") is None
        accepted = accepted_by_source("kedro_datasets_experimental.deep.B")
        assert (accepted.names, accepted.required, accepted.any_name) == ({"path", "x"}, {"path"}, True)
    finally:
        dataset_sources._root.cache_clear()
