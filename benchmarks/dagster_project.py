"""A shape as two Dagster projects: one that has a `component.yaml` only, and one written by hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.kedro_project import raw_files, write_files
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
_KEDRO_TABLE = """\

[tool.kedro]
package_name = "{module}"
project_name = "{module}"
kedro_init_version = "1.3.0"
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

import json
import pickle
from pathlib import Path

import dagster as dg

DATA = Path(__file__).parents[3] / "data"
MULTIPROCESS = dg.multiprocess_executor.configured({"max_concurrent": 2})


def load(context, name):
    """Read a dataset."""
    context.log.info("Loading %s", name)
    if name.endswith("json"):
        return json.loads((DATA / f"{name}.json").read_text())
    return pickle.loads((DATA / f"{name}.pickle").read_bytes())


def save(context, name, data):
    """Write a dataset."""
    context.log.info("Saving %s", name)
    if name.endswith("json"):
        (DATA / f"{name}.json").write_text(json.dumps(data))
    else:
        (DATA / f"{name}.pickle").write_bytes(pickle.dumps(data))


def parameter(context, name):
    """A value of the configuration."""
    context.log.info("Loading %s", name)
    return context.op_config[name]


def count(context, name, inputs, parameters, outputs):
    """Count the inputs of a node, and save the number as each of its outputs."""
    data = [*(load(context, dataset) for dataset in inputs), *(parameter(context, key) for key in parameters)]
    context.log.info("Running %s", name)
    for dataset in outputs:
        save(context, dataset, len(data))
    context.log.info("Completed %s", name)
'''
_EXECUTORS = {"in_process": "dg.in_process_executor", "multiprocess": "MULTIPROCESS"}
_TYPES = {float: "float", int: "int", str: "str", bool: "bool"}


def write_component_project(root: Path) -> None:
    """Write a Dagster project with one component, for the Kedro project in the folder `kedro` beside it."""
    write_dagster_project(root, COMPONENT_MODULE, {"kedro/component.yaml": _COMPONENT})


def write_hand_written_project(shape: Shape, root: Path) -> None:
    """Write a Dagster project with the same assets and jobs, as a careful person would: no class, no loop."""
    write_dagster_project(root, HAND_WRITTEN_MODULE, {"definitions.py": "\n\n".join([_HEADER, *_blocks(shape)]) + "\n"})
    write_files(root, raw_files(shape))


def write_dagster_project(root: Path, module: str, files: Mapping[str, str]) -> None:
    """Write a Dagster project of one module, without any definitions but those of some files.

    Args:
        root: Empty, or missing.
        module: Name of the module.
        files: Texts by their path below the module's folder `defs`.
    """
    defs = f"src/{module}/defs"
    texts = {
        "pyproject.toml": _PYPROJECT.format(module=module),
        f"src/{module}/__init__.py": "",
        f"src/{module}/definitions.py": _DEFINITIONS,
        f"{defs}/__init__.py": "",
        **{f"{defs}/{name}": text for name, text in files.items()},
    }
    write_files(root, texts)


def write_combined_project(root: Path, module: str, component: str, files: Mapping[str, str]) -> None:
    """Write a Kedro project that is a Dagster project too, and has a home for its runs.

    Args:
        root: Empty, or missing.
        module: Name of the package.
        component: Text of `component.yaml`.
        files: Of the Kedro project, by their path: registry and catalog.
    """
    write_dagster_project(root, module, {"kedro/component.yaml": component})
    texts = {
        "pyproject.toml": f"{_PYPROJECT}{_KEDRO_TABLE}".format(module=module),
        f"src/{module}/settings.py": "",
        "conf/local/.gitkeep": "",
        **files,
    }
    write_files(root, texts)
    write_home(root)


def write_home(root: Path) -> None:
    """Write the folder `home` of a project, for `DAGSTER_HOME`."""
    write_files(root, {"home/dagster.yaml": "telemetry: {enabled: false}\n"})


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
    if len(node.outputs) > 1:
        specs = ", ".join(f"dg.AssetSpec({_look(dataset.path, node, dataset)}, {deps})" for dataset in node.outputs)
        return f"@dg.multi_asset(specs=[{specs}], {config}, can_subset=True)\n{_body(node)}"
    look = _look(node.outputs[0].path, node, node.outputs[0]) if node.outputs else _look(_node_path(node), node, None)
    return f"@dg.asset({look}, {deps}, {config})\n{_body(node)}"


def _look(path: Iterable[str], node: Node, dataset: Dataset | None) -> str:
    tags = {f"kedro/{tag}": "" for tag in node.tags}
    return f"key={list(path)!r}, group_name={node.group!r}, kinds={_kinds(dataset)}, tags={tags!r}"


def _body(node: Node) -> str:
    inputs, outputs = ([dataset.name for dataset in datasets] for datasets in (node.inputs, node.outputs))
    parameters = [name.removeprefix("params:") for name in node.parameters]
    lines = [
        f"def {_function(node)}(context){'' if len(outputs) > 1 else ' -> None'}:",
        '"""Count the inputs."""',
        f"count(context, {node.full_name!r}, {inputs!r}, {parameters!r}, {outputs!r})",
    ]
    if len(outputs) > 1:
        lines += [f"yield dg.MaterializeResult(asset_key={list(dataset.path)!r})" for dataset in node.outputs]
    return "\n    ".join(lines)


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
