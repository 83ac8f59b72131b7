"""One walk over an open project: configuration, pipelines, nodes, datasets, parameters, jobs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import kedro
from kedro.pipeline import Pipeline

from kedro_dagster_component.compat.kedro import feed_parameters
from kedro_dagster_component.config.load import content_problems
from kedro_dagster_component.config.shown import secret_places, without_shown_secrets
from kedro_dagster_component.config.written import without_written_values
from kedro_dagster_component.errors import ConfigurationError, IntrospectionError, Problem
from kedro_dagster_component.introspection.catalog import CatalogReader
from kedro_dagster_component.introspection.code_versions import with_parameters
from kedro_dagster_component.introspection.conf import check_folders
from kedro_dagster_component.introspection.input_problems import missing_inputs
from kedro_dagster_component.introspection.jobs import read_jobs
from kedro_dagster_component.introspection.logger_classes import check_logger_classes, check_logger_folders
from kedro_dagster_component.introspection.nodes import NodeTable, read_nodes
from kedro_dagster_component.introspection.parameter_problems import missing_parameters
from kedro_dagster_component.introspection.parameters import feed, read_parameters
from kedro_dagster_component.introspection.pipelines import read_pipelines
from kedro_dagster_component.introspection.project import OpenProject, open_project
from kedro_dagster_component.introspection.unseen import (
    doubt_about_credentials,
    doubt_about_datasets,
    doubt_about_inputs,
    doubt_about_parameters,
)
from kedro_dagster_component.manifest import ProblemRecord, ProjectManifest, ProjectRef, is_parameter
from kedro_dagster_component.plain import plain


def read_project(ref: ProjectRef) -> ProjectManifest:
    """Open a Kedro project in this process and describe it.

    Raises:
        ConfigurationError: A YAML file of the project holds a mistake.
        IntrospectionError: The project cannot be read for any other reason.
    """
    project = open_project(ref)
    conf = project.conf
    contents, problems = conf.read_all(("parameters", "catalog", "dagster"))
    broken = [ProblemRecord.of(problem) for problem in problems]
    warnings = []
    if contents.get("catalog") is None and not broken:
        check_folders(conf, asked=project.asked_env)
        warnings.append(f"there is no catalog in {conf.loader.conf_source}: Kedro refuses to run without one")
    content = plain((contents["dagster"] if "dagster" in contents else conf.readable("dagster")) or {})
    dagster = _without_secrets(content, conf.files("dagster")) if isinstance(content, Mapping) else content
    catalog = CatalogReader(conf, contents.get("catalog") or {}, project.catalog)
    pipelines, skipped = _pipelines(project, [*problems, *catalog.problems.problems_of_all()], dagster)
    nodes = read_nodes(pipelines)
    jobs, selections = read_jobs(dagster, pipelines, nodes)
    values, is_complete = _values(project, nodes, contents.get("parameters") or ref.runtime_params)
    datasets = catalog.read(name for name in _names(nodes) if not is_parameter(name))
    parameters = read_parameters((name for name in _names(nodes) if is_parameter(name)), values)
    manifest = ProjectManifest(
        ref=ref,
        project_name=project.project_name,
        package_name=project.package_name,
        env=project.env,
        kedro_version=kedro.__version__,
        environments=conf.environments,
        pipelines={name: nodes.pipelines[name] for name in pipelines},
        nodes=with_parameters(nodes.entries, parameters),
        datasets=datasets,
        parameters=parameters,
        dagster=dagster,
        dagster_files=tuple(str(file) for file in conf.files("dagster")),
        catalog_files=tuple(str(file) for file in conf.files("catalog")),
        globals_files=tuple(str(file) for file in conf.files("globals")),
        jobs=jobs,
        job_selections=selections,
        warnings=(*warnings, *skipped, *map(_doubtful, nodes.doubtful)),
    )
    broken += map(ProblemRecord.of, check_logger_classes(manifest))
    broken += check_logger_folders(manifest)
    found = [*broken, *_catalog_problems(project, catalog, nodes)]
    if is_complete and "parameters" in contents:
        found += _parameter_problems(project, catalog, nodes, values)
    if contents.get("catalog") is not None:
        found += _input_problems(project, catalog, nodes)
    return manifest.model_copy(update={"problems": tuple(found)})


def _pipelines(
    project: OpenProject, problems: list[Problem], dagster: Mapping[str, Any]
) -> tuple[dict[str, Pipeline], list[str]]:
    """See `read_pipelines`; where it fails, what was found before is told too."""
    try:
        return read_pipelines(project.path, include_hooks=project.ref.include_hooks)
    except IntrospectionError as error:
        told = [*problems, *content_problems(dagster, project.conf.files("dagster"))]
        if told:
            raise ConfigurationError([*told, Problem(str(error))]) from error
        raise


def _catalog_problems(project: OpenProject, catalog: CatalogReader, nodes: NodeTable) -> list[ProblemRecord]:
    if not catalog.problems:
        return []
    users: dict[str, list[str]] = {}
    for node in nodes.entries.values():
        for name in (*node.inputs, *node.outputs, *node.confirms):
            users.setdefault(name, []).append(node.id)
    include_hooks = project.ref.include_hooks
    return catalog.problems.records(
        users,
        doubt=doubt_about_datasets(include_hooks=include_hooks),
        doubt_about_credentials=doubt_about_credentials(include_hooks=include_hooks),
    )


def _parameter_problems(
    project: OpenProject, catalog: CatalogReader, nodes: NodeTable, values: Mapping[str, Any]
) -> list[ProblemRecord]:
    names = {name for node in nodes.entries.values() for name in node.parameters}
    return missing_parameters(
        nodes.entries.values(),
        {*values, *filter(catalog.has, names)},
        project.package_name,
        project.conf.files("parameters"),
        lambda: doubt_about_parameters(include_hooks=project.ref.include_hooks),
    )


def _input_problems(project: OpenProject, catalog: CatalogReader, nodes: NodeTable) -> list[ProblemRecord]:
    return missing_inputs(
        nodes.entries.values(),
        catalog.may_have,
        catalog.names,
        project.package_name,
        lambda: doubt_about_inputs(include_hooks=project.ref.include_hooks),
    )


def _names(nodes: NodeTable) -> Iterator[str]:
    for entry in nodes.entries.values():
        yield from entry.inputs
        yield from entry.outputs


def _values(project: OpenProject, nodes: NodeTable, configured: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """Every parameter by the name nodes take it; Kedro is asked for typed ones where the configuration lacks a name.

    Returns:
        Without typed ones, and False, where Kedro refuses them: a run says why, and says it better.
    """
    values = feed(configured)
    if all(name in values for name in _names(nodes) if is_parameter(name)):
        return values, True
    try:
        return {**feed_parameters(project.context), **values}, True
    except Exception:  # noqa: BLE001 - validation of the project's own models
        return values, False


def _doubtful(node_id: str) -> str:
    return (
        f"the node '{node_id}' is in several pipelines with the same function name but different code or bound"
        " arguments: the first is the one described; give them different names"
    )


def _without_secrets(content: Mapping[str, Any], files: Iterable[Path]) -> dict[str, Any]:
    """`dagster.yml` as it can be kept: secrets masked where Dagster shows them, and referred to where they are used."""
    masked = without_shown_secrets(content)
    return dict(without_written_values(masked, secret_places(masked), list(files)))
