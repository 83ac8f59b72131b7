"""What an instance is made from: the Kedro project, read, and its `dagster.yml`, checked against it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kedro_dagster_component.attributes import cache_of, check_attributes
from kedro_dagster_component.config.check_executors import kinds_in
from kedro_dagster_component.config.load import load_dagster_config
from kedro_dagster_component.config.models import DagsterConfig
from kedro_dagster_component.config.positions import Positions
from kedro_dagster_component.config.settings import check_catalog_settings
from kedro_dagster_component.config.shown import written_secrets
from kedro_dagster_component.config.without_effect import settings_without_effect
from kedro_dagster_component.errors import ConfigurationError, IntrospectionError, Problem
from kedro_dagster_component.loading import ComponentPlace, load_manifest, resolve_project, warn_of
from kedro_dagster_component.manifest import ProjectManifest, ProjectRef
from kedro_dagster_component.plan import nested_params
from kedro_dagster_component.project_mistakes import check_project
from kedro_dagster_component.siblings import Claims
from kedro_dagster_component.translate.executors import installed_schemas

if TYPE_CHECKING:
    from kedro_dagster_component.component import KedroProjectComponent


def project_ref(component: KedroProjectComponent, place: ComponentPlace) -> ProjectRef:
    """The project a component means, and how it opens it.

    Raises:
        ConfigurationError: There is no such project, or the fields contradict each other.
    """
    root, conf_source = resolve_project(place, component.project, component.package, component.conf_source)
    return ProjectRef(
        project_path=root.as_posix(),
        package_name=component.package,
        conf_source=conf_source,
        env=component.env,
        runtime_params=nested_params(component.runtime_params),
        include_hooks=component.include_hooks,
    )


def read_project(
    component: KedroProjectComponent, place: ComponentPlace, problems: Sequence[Problem]
) -> ProjectManifest:
    """The manifest of the project; where it cannot be read, that and the mistakes already found."""
    try:
        return load_manifest(place, project_ref(component, place), cache_of(component))
    except ConfigurationError as error:
        raise ConfigurationError([*problems, *error.problems]) from error
    except IntrospectionError as error:
        if not problems:
            raise
        raise ConfigurationError([*problems, Problem(str(error))]) from error


def read_configuration(
    component: KedroProjectComponent,
    place: ComponentPlace,
    manifest: ProjectManifest,
    claims: Claims,
    found: Sequence[Problem],
) -> tuple[DagsterConfig, Positions]:
    """`dagster.yml`, once it, the component's attributes and the rest of the project are known to hold no mistake.

    Raises:
        ConfigurationError: With the mistakes of all, and those found before.
    """
    problems = [
        *found,
        *check_attributes(component, place, manifest),
        *check_project(component, place, manifest, claims),
        *check_catalog_settings(manifest),
    ]
    try:
        config, positions = load_dagster_config(
            manifest,
            partitions=component.partitions,
            executors=[component.executor] if component.executor else [],
            executor_schemas=installed_schemas(kinds_in(manifest.dagster)),
        )
    except ConfigurationError as error:
        raise ConfigurationError(dict.fromkeys([*problems, *error.problems])) from error
    if problems:
        raise ConfigurationError(problems)
    warn_of(settings_without_effect(manifest, positions))
    warn_of(written_secrets(manifest.dagster, positions))
    return config, positions
