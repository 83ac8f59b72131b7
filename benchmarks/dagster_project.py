"""A shape as two Dagster projects: one that has a `component.yaml` only, and one written by hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.shape import Dataset, Job, Node, Shape

COMPONENT_MODULE = "with_component"
HAND_WRITTEN_MODULE = "by_hand"

_COMPONENT = """\
type: kedro_dagster_component.KedroProjectComponent

attributes:
  project: "{{ context.project_root }}/../kedro"
"""
_PYPROJECT = """\
[tool.dg]
directory_type = "project"

[tool.dg.project]
root_module = "{module}"
"""
_DEFINITIONS = """\
from pathlib import Path

from dagster import definitions, load_from_defs_folder


@definitions
def defs():
    return load_from_defs_folder(path_within_project=Path(__file__).parent)
"""
_HEADER = '''\
"""Assets and jobs."""

import dagster as dg

MULTIPROCESS = dg.multiprocess_executor.configured({"max_concurrent": 2})
'''
_EXECUTORS = {"in_process": "dg.in_process_executor", "multiprocess": "MULTIPROCESS"}
_TYPES = {float: "float", int: "int", str: "str", bool: "bool"}


def write_component_project(root: Path) -> None:
    """Write a Dagster project with one component, for the Kedro project in the folder `kedro` beside it."""
    _write_project(root, COMPONENT_MODULE, {"kedro/component.yaml": _COMPONENT})


def write_hand_written_project(shape: Shape, root: Path) -> None:
    """Write a Dagster project with the same assets and jobs, as a careful person would: no class, no loop."""
    _write_project(root, HAND_WRITTEN_MODULE, {"definitions.py": "\n\n".join([_HEADER, *_blocks(shape)]) + "\n"})


def _write_project(root: Path, module: str, files: Mapping[str, str]) -> None:
    defs = f"src/{module}/defs"
    texts = {
        "pyproject.toml": _PYPROJECT.format(module=module),
        f"src/{module}/__init__.py": "",
        f"src/{module}/definitions.py": _DEFINITIONS,
        f"{defs}/__init__.py": "",
        **{f"{defs}/{name}": text for name, text in files.items()},
    }
    for name, text in texts.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def _blocks(shape: Shape) -> Iterator[str]:
    yield from (_asset(node) for node in shape.nodes)
    yield from (_job(job) for job in shape.jobs)
    yield "nightly = dg.ScheduleDefinition(job=daily, cron_schedule='0 3 * * *')"
    raw = [f"dg.AssetSpec({list(dataset.path)!r}, kinds={_kinds(dataset)})" for dataset in shape.raw]
    assets = [_function(node) for node in shape.nodes]
    jobs = [job.name for job in shape.jobs]
    yield (
        f"defs = dg.Definitions(\n    assets=[{', '.join([*raw, *assets])}],\n    jobs=[{', '.join(jobs)}],\n"
        "    schedules=[nightly],\n)"
    )


def _asset(node: Node) -> str:
    deps = f"deps=[{', '.join(repr(list(dataset.path)) for dataset in node.inputs)}]"
    config = f"config_schema={_fields(node.parameters)}"
    name = _function(node)
    if len(node.outputs) > 1:
        specs = ", ".join(f"dg.AssetSpec({_look(dataset.path, node, dataset)}, {deps})" for dataset in node.outputs)
        return f"@dg.multi_asset(specs=[{specs}], {config}, can_subset=True)\n{_body(name, 'yield')}"
    look = _look(node.outputs[0].path, node, node.outputs[0]) if node.outputs else _look(_node_path(node), node, None)
    return f"@dg.asset({look}, {deps}, {config})\n{_body(name, 'return')}"


def _look(path: Iterable[str], node: Node, dataset: Dataset | None) -> str:
    tags = {f"kedro/{tag}": "" for tag in node.tags}
    return f"key={list(path)!r}, group_name={node.group!r}, kinds={_kinds(dataset)}, tags={tags!r}"


def _body(name: str, statement: str) -> str:
    return f'def {name}(context) -> None:\n    """Count the inputs."""\n    {statement} 1'


def _fields(parameters: Mapping[str, Any]) -> str:
    return _schema({name.removeprefix("params:"): value for name, value in parameters.items()})


def _schema(values: Mapping[str, Any]) -> str:
    parts = (
        f"{name!r}: {_schema(value)}"
        if isinstance(value, Mapping)
        else f"{name!r}: dg.Field({_TYPES[type(value)]}, default_value={value!r})"
        for name, value in values.items()
    )
    return f"{{{', '.join(parts)}}}"


def _job(job: Job) -> str:
    selection = "dg.AssetSelection.all()"
    if job.groups:
        selection = f"dg.AssetSelection.groups({', '.join(map(repr, job.groups))})"
    if job.tag:
        selection = f"dg.AssetSelection.tag('kedro/{job.tag}', '')"
    executor = f", executor_def={_EXECUTORS[job.executor]}" if job.executor else ""
    return f"{job.name} = dg.define_asset_job({job.name!r}, {selection}{executor})"


def _kinds(dataset: Dataset | None) -> str:
    return "{'kedro'}" if dataset is None else f"{{'kedro', {dataset.format!r}}}"


def _node_path(node: Node) -> list[str]:
    return node.full_name.split(".")


def _function(node: Node) -> str:
    return node.full_name.replace(".", "__")
