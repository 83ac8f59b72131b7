import pytest

from kedro_dagster_component.compat.dagster import LoadError
from tests.locations import CodeLocation
from tests.projects import KedroProjectBuilder


@pytest.fixture
def location(tmp_path):
    """An empty Dagster project in `location/`."""
    return CodeLocation(tmp_path / "location")


@pytest.fixture
def project(tmp_path):
    """Writes a Kedro project to `demo/`: `project(catalog="...")`."""

    def write(folder="demo", **texts):
        return KedroProjectBuilder(tmp_path.resolve() / folder, **texts).write()

    return write


@pytest.fixture
def refused(location):
    """Loads the location and gives the text that ends the load."""

    def load():
        with pytest.raises(LoadError) as caught:
            location.load()
        text = str(caught.value)
        assert "Traceback" not in text
        assert caught.value.__cause__ is None
        return text

    return load
