"""Manifests made ahead of time, by Dagster's own means: `dg utils refresh-defs-state`, in the build of an image for instance."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dagster.components import DefsStateConfig, DefsStateConfigArgs

from kedro_dagster_component.attributes import cache_of, check_values
from kedro_dagster_component.errors import ConfigurationError, Problem
from kedro_dagster_component.loading import ComponentPlace, prepare_state, state_key
from kedro_dagster_component.project_reading import project_ref

if TYPE_CHECKING:
    from kedro_dagster_component.component import KedroProjectComponent


def state_config(component: KedroProjectComponent) -> DefsStateConfig:
    """How Dagster calls a component's manifest, and that it lies in a file beside the definitions."""
    context = component.load_context
    key = state_key(ComponentPlace(context)) if context is not None else type(component).__name__
    arguments = DefsStateConfigArgs.local_filesystem()
    return DefsStateConfig.from_args(arguments.model_copy(update={"refresh_if_dev": False}), default_key=key)


def write_state(component: KedroProjectComponent, file: Path) -> None:
    """Read the Kedro project and keep its manifest in a file; nothing is written where the component's cache is off.

    Raises:
        KedroDagsterError: The project cannot be read, is read differently each time, or the component was made in
            Python, where nobody tells from which folder its paths start.
    """
    if component.load_context is None:
        message = "the manifest of a component that is made in Python cannot be prepared"
        raise ConfigurationError([Problem(message, hint="load its definitions once with KEDRO_DAGSTER_CACHE set")])
    place = ComponentPlace(component.load_context)
    problems = check_values(component, place)
    if problems:
        raise ConfigurationError(problems)
    prepare_state(place, project_ref(component, place), cache_of(component), file)
