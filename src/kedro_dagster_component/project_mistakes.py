"""Mistakes of a Kedro project that concern what a component instance exposes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kedro_dagster_component.attributes import filters_of
from kedro_dagster_component.config.project_problems import project_problems
from kedro_dagster_component.errors import Problem
from kedro_dagster_component.loading import ComponentPlace, warn_at
from kedro_dagster_component.manifest import ProjectManifest
from kedro_dagster_component.siblings import Claims, is_made_before
from kedro_dagster_component.translate.exposure import check_filters, exposed_nodes
from kedro_dagster_component.translation import TranslationError

if TYPE_CHECKING:
    from kedro_dagster_component.component import KedroProjectComponent


def check_project(
    component: KedroProjectComponent, place: ComponentPlace, manifest: ProjectManifest, claims: Claims
) -> list[Problem]:
    """Mistakes in the catalog, the parameters and the inputs of what is exposed; what may be one becomes a warning.

    Args:
        component: The instance.
        place: Where it stands.
        manifest: Its project.
        claims: Of this load: an input that the catalog does not hold may be what another instance makes.
    """

    def is_made_elsewhere(name: str) -> bool:
        try:
            key = component.get_asset_spec(None, manifest.datasets[name]).key
        except TranslationError:  # told where the asset is made
            return False
        return is_made_before(claims, place.label, key.to_user_string())

    filters = filters_of(component)
    exposed = frozenset() if check_filters(manifest, filters) else exposed_nodes(manifest, filters)
    mistakes, doubts = project_problems(manifest, exposed, is_made_elsewhere)
    for doubt in doubts:
        warn_at(doubt.position or place.position("project"), str(Problem(doubt.message, hint=doubt.hint)))
    return mistakes
