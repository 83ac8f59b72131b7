"""One walk over an open project: configuration, pipelines, nodes, datasets, parameters, jobs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import kedro

from kedro_dagster_component.compat.kedro import feed_parameters
from kedro_dagster_component.introspection.catalog import CatalogReader
from kedro_dagster_component.introspection.conf import check_folders
from kedro_dagster_component.introspection.jobs import read_jobs
from kedro_dagster_component.introspection.logger_classes import check_logger_classes
from kedro_dagster_component.introspection.nodes import NodeTable, read_nodes
from kedro_dagster_component.introspection.parameters import feed, read_parameters
from kedro_dagster_component.introspection.pipelines import read_pipelines
from kedro_dagster_component.introspection.plain import plain
from kedro_dagster_component.introspection.project import OpenProject, open_project
from kedro_dagster_component.manifest import ParameterEntry, ProjectManifest, ProjectRef, is_parameter


def read_project(ref: ProjectRef) -> ProjectManifest:
    """Open a Kedro project in this process and describe it.

    Raises:
        ConfigurationError: A YAML file of the project holds a mistake.
        IntrospectionError: The project cannot be read for any other reason.
    """
    project = open_project(ref)
    conf = project.conf
    parameters = conf.read("parameters")
    datasets = conf.read("catalog")
    warnings = []
    if datasets is None:
        check_folders(conf, asked=project.asked_env)
        warnings.append(f"there is no catalog in {conf.loader.conf_source}: Kedro refuses to run without one")
    dagster = plain(conf.read("dagster") or {})
    catalog = CatalogReader(conf, datasets or {}, project.catalog)
    pipelines, skipped = read_pipelines(project.path, include_hooks=ref.include_hooks)
    nodes = read_nodes(pipelines)
    jobs, selections = read_jobs(dagster, pipelines, nodes)
    manifest = ProjectManifest(
        ref=ref,
        project_name=project.project_name,
        package_name=project.package_name,
        env=project.env,
        kedro_version=kedro.__version__,
        environments=conf.environments,
        pipelines={name: nodes.pipelines[name] for name in pipelines},
        nodes=nodes.entries,
        datasets=catalog.read(name for name in _names(nodes) if not is_parameter(name)),
        parameters=_parameters(project, nodes, parameters or ref.runtime_params),
        dagster=dagster,
        dagster_files=tuple(str(file) for file in conf.files("dagster")),
        jobs=jobs,
        job_selections=selections,
        warnings=(*warnings, *skipped, *catalog.warnings, *map(_doubtful, nodes.doubtful)),
    )
    check_logger_classes(manifest)
    return manifest


def _names(nodes: NodeTable) -> Iterator[str]:
    for entry in nodes.entries.values():
        yield from entry.inputs
        yield from entry.outputs


def _parameters(project: OpenProject, nodes: NodeTable, configured: Mapping[str, Any]) -> dict[str, ParameterEntry]:
    """Parameters that nodes take; defaults of typed ones are asked of Kedro where the configuration lacks a name."""
    names = dict.fromkeys(name for name in _names(nodes) if is_parameter(name))
    values = feed(configured)
    if any(name not in values for name in names):
        values = {**_typed(project), **values}
    return read_parameters(names, values)


def _typed(project: OpenProject) -> dict[str, Any]:
    """Parameters as Kedro hands them out; empty where it refuses: a run says so, and says it better."""
    try:
        return feed_parameters(project.context)
    except Exception:  # noqa: BLE001 - validation of the project's own models
        return {}


def _doubtful(node_id: str) -> str:
    return (
        f"the node '{node_id}' is in several pipelines with the same function name but different code or bound"
        " arguments: the first is the one described; give them different names"
    )
