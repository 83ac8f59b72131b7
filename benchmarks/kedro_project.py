"""A shape as a Kedro project, in plain files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from benchmarks.shape import Dataset, Node, Shape

PACKAGE = "generated"

_PYPROJECT = f"""\
[tool.kedro]
package_name = "{PACKAGE}"
project_name = "Generated"
kedro_init_version = "1.3.0"
source_dir = "src"
"""
_REGISTRY = '''\
"""Pipelines of the project."""

from kedro.framework.project import find_pipelines


def register_pipelines():
    """All that there are, and their sum."""
    pipelines = find_pipelines()
    pipelines["__default__"] = sum(pipelines.values())
    return pipelines
'''
_PIPELINE = '''\
"""One stage."""

from kedro.pipeline import node, pipeline

from {package}.functions import FUNCTIONS
{heavy}


def create_pipeline(**kwargs):
    """Nodes of the stage."""
    return pipeline(
        [
{nodes}
        ]
    )
'''
_FUNCTIONS = '''\
"""What the nodes do."""


def none(*data):
    """Take the inputs, give nothing."""


def one(*data):
    """Count the inputs."""
    return len(data)


def two(*data):
    """Count the inputs, twice."""
    return len(data), len(data)


FUNCTIONS = (none, one, two)
'''
_HEAVY = """\
\"\"\"Stands for a library that is slow to import.\"\"\"

import time

END = time.process_time() + {seconds}
while time.process_time() < END:
    pass
"""
HEAVY_STAGE = "stage_4"
"""Registered pipeline whose module imports what is slow to import."""

HEAVY_SECONDS = 0.3
"""CPU seconds of that import."""

_TYPES = {"json": "json.JSONDataset", "pickle": "pickle.PickleDataset"}


def write_kedro_project(shape: Shape, root: Path) -> None:
    """Write the project.

    Args:
        shape: What it holds.
        root: Its folder, made where it is missing.
    """
    write_files(root, dict(_files(shape)))


def write_files(root: Path, texts: Mapping[str, str]) -> None:
    """Write files by their path below a folder, making the folders they lie in."""
    for name, text in texts.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def _files(shape: Shape) -> Iterator[tuple[str, str]]:
    source = f"src/{PACKAGE}"
    yield "pyproject.toml", _PYPROJECT
    yield f"{source}/__init__.py", ""
    yield f"{source}/settings.py", ""
    yield f"{source}/functions.py", _FUNCTIONS
    yield f"{source}/heavy.py", _HEAVY.format(seconds=HEAVY_SECONDS)
    yield f"{source}/pipeline_registry.py", _REGISTRY
    yield f"{source}/pipelines/__init__.py", ""
    for stage, nodes in shape.stages.items():
        yield f"{source}/pipelines/{stage}/__init__.py", "from .pipeline import create_pipeline\n"
        yield f"{source}/pipelines/{stage}/pipeline.py", _pipeline(nodes, heavy=stage == HEAVY_STAGE)
        yield f"conf/base/parameters_{stage}.yml", _yaml(_parameters(nodes))
    yield "conf/base/catalog.yml", _yaml(_factories() if shape.has_factories else _catalog(shape.datasets))
    yield "conf/base/dagster.yml", _yaml(_dagster(shape))
    yield "conf/local/.gitkeep", ""
    yield from raw_files(shape).items()


def _pipeline(nodes: Iterable[Node], *, heavy: bool) -> str:
    lines = "\n".join(f"            {_node(node)}," for node in nodes)
    return _PIPELINE.format(package=PACKAGE, nodes=lines, heavy=f"from {PACKAGE} import heavy" if heavy else "")


def _node(node: Node) -> str:
    inputs = [*(dataset.name for dataset in node.inputs), *node.parameters]
    names = [dataset.name for dataset in node.outputs]
    outputs = names if len(names) > 1 else names[0] if names else None
    return (
        f"node(FUNCTIONS[{len(names)}], {inputs!r}, {outputs!r}, name={node.name!r}, "
        f"namespace={node.namespace!r}, tags={list(node.tags)!r})"
    )


def _parameters(nodes: Iterable[Node]) -> dict[str, Any]:
    parameters: dict[str, Any] = {}
    for node in nodes:
        for name, value in node.parameters.items():
            stage, key = name.removeprefix("params:").split(".")
            parameters.setdefault(stage, {})[key] = value
    return parameters


def _catalog(datasets: Iterable[Dataset]) -> dict[str, Any]:
    return {dataset.name: _entry(dataset.name, dataset.format) for dataset in datasets if dataset.format in _TYPES}


def _factories() -> dict[str, Any]:
    return {f"{{name}}_{form}": _entry(f"{{name}}_{form}", form) for form in _TYPES}


def _entry(name: str, form: str) -> dict[str, str]:
    return {"type": _TYPES[form], "filepath": f"data/{name}.{form}"}


def _dagster(shape: Shape) -> dict[str, Any]:
    return {
        "executors": {"in_process": {"in_process": {}}, "multiprocess": {"multiprocess": {"max_concurrent": 2}}},
        "schedules": {"nightly": {"cron_schedule": "0 3 * * *"}},
        "jobs": {
            job.name: {
                "pipeline": dict(job.pipeline),
                **({"executor": job.executor} if job.executor else {}),
                **({"schedule": "nightly"} if job.name == "daily" else {}),
            }
            for job in shape.jobs
        },
    }


def raw_files(shape: Shape) -> dict[str, str]:
    """Files of the datasets no node makes."""
    return {f"data/{dataset.name}.json": "1" for dataset in shape.raw}


def _yaml(content: Mapping[str, Any]) -> str:
    # JSON round trip: YAML would otherwise write anchors for values that are one object.
    return yaml.safe_dump(json.loads(json.dumps(content)), sort_keys=False)
