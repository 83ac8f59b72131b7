"""Assets of steps, kept for the next load of the same process.

Some commands of Dagster load a code location twice (`dg list defs` once to look, once to list). Python runs a module with
definitions written by hand once all the same; here it is the assets of the steps, most of what a load builds, that are
not built again while all that they follow from is the same. Everything else is, so that every load claims, warns and
hands out as the first one does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dagster as dg

from kedro_dagster_component.asset_checks import CheckTable
from kedro_dagster_component.config.models import DagsterConfig
from kedro_dagster_component.introspection.cache_files import lines_of
from kedro_dagster_component.manifest import ProjectManifest
from kedro_dagster_component.translate.assets import AssetTable

if TYPE_CHECKING:
    from kedro_dagster_component.component import KedroProjectComponent

StepAssets = dict[str, dg.AssetsDefinition]
"""By op name."""

_MOST_KEPT = 20
"""Instances; of a code location they are all loaded before the first one comes again."""
_OF_THE_LOAD = frozenset({"load_context", "findings", "translation"})
"""Attributes of a component that no two loads share; what a translation does shows in the specs."""


@dataclass(frozen=True)
class Origin:
    """All that the assets of an instance's steps follow from.

    Attributes:
        kind: Class of the component.
        attributes: Of the component.
        manifest: Digest of the project as it was read.
        config: `dagster.yml`, with what it takes from the environment.
        looks: Final specs and checks where code of the user has a say in them; None where they follow from the rest,
            since a second copy of all specs would be kept alive with them.
    """

    kind: type
    attributes: Mapping[str, Any]
    manifest: bytes
    config: DagsterConfig
    looks: tuple[AssetTable, CheckTable] | None


_kept: dict[str, tuple[Origin, StepAssets]] = {}


def origin_of(
    component: KedroProjectComponent,
    manifest: ProjectManifest,
    config: DagsterConfig,
    table: AssetTable,
    checks: CheckTable,
) -> Origin | None:
    """What the assets of a component's steps follow from.

    Returns:
        None for a component that is made in Python: it lives on from load to load, and who has it may change it.
    """
    if component.load_context is None:
        return None
    is_plain = component.translation is None and type(component).__module__.partition(".")[0] == __package__
    return Origin(
        kind=type(component),
        attributes={name: value for name, value in vars(component).items() if name not in _OF_THE_LOAD},
        manifest=_digest(manifest),
        config=config,
        looks=None if is_plain else (table, checks),
    )


def _digest(manifest: ProjectManifest) -> bytes:
    """Digest of a manifest, taken piece by piece: as one text it would be the largest object of a load.

    Dagster calls the second load of a command one for a run; what runs do without is nothing that an asset depends on.
    """
    digest = hashlib.blake2b()
    for line in lines_of(manifest.for_run()):
        digest.update(f"{line}\n".encode())
    return digest.digest()


def kept_or_built(label: str, origin: Origin | None, build: Callable[[], StepAssets]) -> StepAssets:
    """The assets that the load before built for an instance, if they follow from the same; else new ones, which are kept.

    Args:
        label: The instance's own file and document.
        origin: Of its assets; None keeps nothing.
        build: Builds them.
    """
    known, kept = _kept.pop(label, (None, None))
    assets = kept if kept is not None and _are_same(known, origin) else build()
    if origin is not None:
        _kept[label] = (origin, assets)
        if len(_kept) > _MOST_KEPT:
            del _kept[next(iter(_kept))]
    return assets


def _are_same(known: Origin | None, origin: Origin | None) -> bool:
    try:
        return origin is not None and bool(known == origin)
    except Exception:  # noqa: BLE001 - a field of a subclass may hold anything, also what cannot be compared
        return False
