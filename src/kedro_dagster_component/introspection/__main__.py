"""The subprocess, started by `process`: this file by its path, with the folder of the request as argument."""

from __future__ import annotations

import os
import sys

if not __package__ and sys.path[0] == os.path.dirname(__file__):  # noqa: PTH120 - nothing may be imported before
    del sys.path[0]  # the folder of this file: its modules would hide the project's (a `nodes.py`)

import gc
import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

_ALLOCATIONS = 200_000


def main(directory: str) -> None:
    """Put the package there without running its top module, which imports Dagster: 0.7 seconds for nothing."""
    gc.set_threshold(
        _ALLOCATIONS
    )  # a process of imports has next to no garbage; looking for it takes a tenth of its time
    if "kedro_dagster_component" not in sys.modules:
        sys.modules["kedro_dagster_component"] = _lazy_package(Path(__file__).resolve().parent.parent)
    from kedro_dagster_component.introspection.worker import main as answer_request

    answer_request(directory)


def _lazy_package(folder: Path) -> ModuleType:
    """The package, whose top module runs when something first asks for one of its public names."""
    spec = importlib.util.spec_from_file_location(
        "kedro_dagster_component", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"no package at {folder}")
    package, loader = importlib.util.module_from_spec(spec), spec.loader

    def run_and_get(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        del vars(package)["__getattr__"]
        loader.exec_module(package)
        return getattr(package, name)

    vars(package)["__getattr__"] = run_and_get
    return package


if __name__ == "__main__":
    main(sys.argv[1])
