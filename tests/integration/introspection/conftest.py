import importlib
import sys
from pathlib import Path

import pytest

from kedro_dagster_component.introspection import introspect_project

TESTS = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def projects():
    """The module `tests/projects.py`; test folders are no packages."""
    sys.path.insert(0, str(TESTS))
    try:
        return importlib.import_module("projects")
    finally:
        sys.path.remove(str(TESTS))


@pytest.fixture
def project(tmp_path, projects):
    """Writes a project: `project(catalog="...")`."""

    def write(**texts):
        return projects.KedroProjectBuilder(tmp_path.resolve() / "demo", **texts).write()

    return write


@pytest.fixture
def read(project):
    """Writes a project and reads it: `read(catalog="...", ref={"env": "prod"})`."""

    def read_(*, ref=None, **texts):
        return introspect_project(project(**texts).ref(**(ref or {})))

    return read_
