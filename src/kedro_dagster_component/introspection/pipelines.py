"""The pipeline registry, and what went wrong where Kedro goes on."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kedro.framework import project as kedro_project
from kedro.framework.project import pipelines
from kedro.pipeline import Pipeline

from kedro_dagster_component.errors import IntrospectionError
from kedro_dagster_component.introspection.failures import cause, reading, user_line
from kedro_dagster_component.masking import mask_text

_MODULE = re.compile(r"importing the '([^']+)' module")


def read_pipelines(project_path: Path, *, include_hooks: bool) -> tuple[dict[str, Pipeline], list[str]]:
    """Import every registered pipeline.

    Returns:
        Pipelines by name in the order of the registry, and warnings: pipelines that `find_pipelines` skipped, and a
        registry without nodes.

    Raises:
        IntrospectionError: The registry cannot be imported or gives something else than pipelines.
    """
    found: list[str] = []
    with reading("the pipelines", project_path), _skipped_pipelines(found, project_path):
        registry = dict(pipelines)
    wrong = {name: type(value).__name__ for name, value in registry.items() if not isinstance(value, Pipeline)}
    if wrong:
        listed = ", ".join(f"'{name}' is a {kind}" for name, kind in wrong.items())
        raise IntrospectionError(f"the registry of the Kedro project at {project_path} holds no pipelines: {listed}")
    if not any(pipeline.nodes for pipeline in registry.values()):
        hint = "" if include_hooks else "; if hooks of the project make them, set `include_hooks: true`"
        found.append(f"the Kedro project at {project_path} registers no pipeline with a node in it{hint}")
    return registry, found


@contextmanager
def _skipped_pipelines(found: list[str], project_path: Path) -> Iterator[None]:
    """Turn the warnings of `find_pipelines` into one line each; other warnings are not ours to pass on.

    It warns while it handles the exception, so that the exception itself is at hand.
    """

    def show(message: Warning | str, _category: Any, filename: str, *_args: Any) -> None:
        if filename != kedro_project.__file__:
            return
        error = sys.exc_info()[1]
        found.append(_skipped(str(message), error, project_path))

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = show  # type: ignore[assignment]
        yield


def _skipped(message: str, error: BaseException | None, project_path: Path) -> str:
    module = _MODULE.search(message)
    if error is None or module is None:
        return mask_text(" ".join(message.split()))
    place = user_line(error, project_path)
    where = f" ({place.file}:{place.line})" if place else ""
    return f"the pipeline module '{module[1]}' was skipped: {cause(error)}{where}"
