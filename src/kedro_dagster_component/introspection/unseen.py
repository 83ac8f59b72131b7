"""What may change a project's catalog and parameters when it runs, and is not seen while it is read."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import entry_points

from kedro.framework.context import KedroContext
from kedro.framework.project import settings
from kedro.io import DataCatalog

_PLUGINS = "kedro.hooks"
"""Group of entry points of Kedro's plugins."""
_HARMLESS = frozenset({"kedro-telemetry", "kedro-mlflow", "kedro-viz", "kedro-datasets"})
"""Plugins whose hooks add no parameter, no credentials, and no dataset."""
_BEFORE_CATALOG = ("after_context_created",)
_WITH_CATALOG = (*_BEFORE_CATALOG, "after_catalog_created")
_BEFORE_RUN = "before_pipeline_run"


def doubt_about_credentials(*, include_hooks: bool) -> str | None:
    """Why credentials that no file holds may be there in a run; None where nothing can bring them."""
    return _doubt(_BEFORE_CATALOG, fired=_BEFORE_CATALOG if include_hooks else ())


def doubt_about_datasets(*, include_hooks: bool) -> str | None:
    """Why a dataset may be another one in a run than the catalog says; None where nothing can change it."""
    return _doubt(_WITH_CATALOG, fired=_WITH_CATALOG if include_hooks else ())


def doubt_about_parameters(*, include_hooks: bool) -> str | None:
    """Why a parameter that no file holds may be there in a run; None where nothing can bring it."""
    return _doubt((*_WITH_CATALOG, _BEFORE_RUN), fired=_WITH_CATALOG if include_hooks else ())


def doubt_about_inputs(*, include_hooks: bool) -> str | None:
    """Why a dataset that the catalog does not hold may be there in a run; None where nothing can bring it."""
    if settings.DATA_CATALOG_CLASS is not DataCatalog:
        return "unless the project's own catalog class brings it"
    return doubt_about_parameters(include_hooks=include_hooks)


def _doubt(names: Iterable[str], *, fired: Iterable[str]) -> str | None:
    already = frozenset(fired)
    for name in names:
        if name not in already and any(callable(getattr(hook, name, None)) for hook in settings.HOOKS):
            way_out = "" if name == _BEFORE_RUN else "; `include_hooks: true` fires it here too"
            return f"unless a hook of the project (`{name}`) mends it{way_out}"
    plugins = sorted(_other_plugins())
    if plugins:
        return f"unless the plugin {plugins[0]} mends it, whose hooks do not fire while the project is read"
    if not already and settings.CONTEXT_CLASS is not KedroContext:
        return "unless the project's own context class mends it"
    return None


def _other_plugins() -> set[str]:
    """Distributions with hooks of which nothing is known here, without importing one."""
    disabled = settings.DISABLE_HOOKS_FOR_PLUGINS
    found = {_plain(entry.dist.name) for entry in entry_points(group=_PLUGINS) if entry.dist is not None}
    return found - _HARMLESS - set(map(_plain, disabled))


def _plain(distribution: str) -> str:
    return distribution.replace("_", "-").lower()
