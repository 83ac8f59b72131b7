"""Opening a Kedro project in this process, and being in it while its code runs."""

from __future__ import annotations

import importlib.resources
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kedro_dagster_component.manifest import ProjectRef
from kedro_dagster_component.runtime.project_logging import apply_logging, read_project_logging

_LOGGING_CONFIG = "KEDRO_LOGGING_CONFIG"


def open_project(ref: ProjectRef) -> None:
    """Import and configure a Kedro project, once in the life of a process.

    Kedro configures the logging of the whole process when it is imported. An incremental configuration of our
    own keeps every handler that is already there, Dagster's among them; the project's is then applied beside it.
    The current folder has to be the project's root.
    """
    project_logging = read_project_logging(ref.project_path)
    with _logging_configuration_of_ours():
        from kedro.framework.project import configure_project
        from kedro.framework.startup import bootstrap_project

        if ref.package_name is not None:
            configure_project(ref.package_name)
        else:
            bootstrap_project(Path(ref.project_path))
    apply_logging(project_logging)


@contextmanager
def inside_project(ref: ProjectRef) -> Iterator[None]:
    """The surroundings `kedro run` gives its nodes: the project's root as working directory, and KEDRO_ENV."""
    directory, env = Path.cwd(), os.environ.get("KEDRO_ENV")
    os.chdir(ref.project_path)
    if ref.env is not None:
        os.environ["KEDRO_ENV"] = ref.env
    try:
        yield
    finally:
        os.chdir(directory)
        _restore("KEDRO_ENV", env)


@contextmanager
def _logging_configuration_of_ours() -> Iterator[None]:
    before, hook = os.environ.get(_LOGGING_CONFIG), sys.excepthook
    path = importlib.resources.files("kedro_dagster_component.runtime") / "kedro_logging.yml"
    with importlib.resources.as_file(path) as file:
        os.environ[_LOGGING_CONFIG] = str(file)
        try:
            yield
        finally:
            sys.excepthook = hook
            _restore(_LOGGING_CONFIG, before)


def _restore(variable: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(variable, None)
    else:
        os.environ[variable] = value
