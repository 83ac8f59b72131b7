"""Private parts of Kedro's session, context and catalog that a step needs. Tried on Kedro 1.3.0 to 1.7.0.

Kedro offers one public call that builds all of it, `KedroSession.run`, and that call runs a whole pipeline.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import click
from kedro.config import MissingConfigException
from kedro.framework.context import KedroContext
from kedro.framework.session import KedroSession
from kedro.io import AbstractDataset, AbstractVersionedDataset, CatalogProtocol, DataCatalog, Version
from kedro.io.data_catalog import _LazyDataset
from pluggy import PluginManager

from kedro_dagster_component.compat.kedro import feed_parameters

Catalog = CatalogProtocol[Any, Any]


def create_session(**arguments: Any) -> KedroSession:
    """`KedroSession.create` outside any click command.

    It stores the arguments of the running click command, tokens included. Click keeps its context per
    thread, so a thread of its own has none.
    """
    if click.get_current_context(silent=True) is None:
        return KedroSession.create(**arguments)
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(KedroSession.create, **arguments).result()


def set_session_id(session: KedroSession, session_id: str) -> None:
    """Give a session the id of its Dagster run's save version: Kedro generates one for each session."""
    session.session_id = session_id
    session._store.update({"session_id": session_id})  # noqa: SLF001


def hook_manager_of(session: KedroSession) -> PluginManager:
    """The pluggy manager that holds the project's and the plugins' hooks; `KedroSession.run` hands it to the runner."""
    return session._hook_manager  # noqa: SLF001


def leave_out_plugins(manager: PluginManager, distributions: frozenset[str]) -> None:
    """Unregister the hooks of some installed plugins, as DISABLE_HOOKS_FOR_PLUGINS does for the whole process."""
    for plugin, distribution in manager.list_plugin_distinfo():
        if distribution.project_name in distributions and manager.is_registered(plugin):
            manager.unregister(plugin)


def config_loader_of(session: KedroSession) -> Any:
    """A new config loader as the session would give its context, with the session's runtime parameters."""
    return session._get_config_loader()  # noqa: SLF001


def limit_validation(context: KedroContext, pipelines: tuple[str, ...]) -> None:
    """Validate parameters against some registered pipelines only, as `kedro run --pipeline` does since 1.5."""
    if pipelines and "__default__" not in pipelines and hasattr(context, "_pipelines_to_validate"):
        context._pipelines_to_validate = list(pipelines)  # noqa: SLF001


def configured_parameters(context: KedroContext) -> dict[str, Any]:
    """What `config_loader["parameters"]` holds; empty in a project without any parameters file."""
    try:
        return dict(context.config_loader["parameters"])
    except MissingConfigException:
        return {}


def parameters_under(context: KedroContext, configured: Mapping[str, Any]) -> dict[str, Any]:
    """`parameters` and every `params:a.b` as Kedro would build and validate them from a configuration.

    The context's own configuration and its cache of validated parameters are as before afterwards.

    Args:
        context: The session's context.
        configured: What `config_loader["parameters"]` should hold.

    Returns:
        Values by the names nodes use; typed parameters are objects.
    """
    loader = context.config_loader
    before = configured_parameters(context)
    cached = context._validated_params_cache  # noqa: SLF001
    validation, level = logging.getLogger("kedro.validation"), logging.getLogger("kedro.validation").level
    try:
        validation.setLevel(logging.WARNING)  # that it looked is said once, when the session's catalog is made
        loader["parameters"] = dict(configured)
        context._validated_params_cache = None  # noqa: SLF001
        return feed_parameters(context)
    finally:
        loader["parameters"] = before
        context._validated_params_cache = cached  # noqa: SLF001
        validation.setLevel(level)


class _DatasetByName(_LazyDataset):
    """A dataset of a pattern, or an in-memory one, whose configuration is looked up once something asks for it.

    Matching a name with a catalog's patterns takes up to a millisecond: too much for all names of a run in each of its
    steps' processes. `_LazyDataset`, `_lazy_datasets` and `_add_from_config` of Kedro 1.3 to 1.7.
    """

    def __init__(self, name: str, catalog: DataCatalog) -> None:
        self.name, self._catalog = name, catalog

    def __repr__(self) -> str:
        return repr(_LazyDataset(self.name, self._resolved()))

    def __getattr__(self, attribute: str) -> Any:
        if attribute == "config":
            return self._resolved()
        raise AttributeError(attribute)

    def materialize(self) -> AbstractDataset[Any, Any]:
        """Make the dataset as the catalog does for a name it has just matched, with version and validator."""
        lazy = self._catalog._lazy_datasets  # noqa: SLF001
        lazy.pop(self.name, None)
        self._catalog._add_from_config(self.name, self._resolved())  # noqa: SLF001
        return lazy.pop(self.name).materialize()

    def _resolved(self) -> dict[str, Any]:
        return self._catalog.config_resolver.resolve_pattern(self.name) or {"type": "MemoryDataset"}


def register_datasets(catalog: Catalog, names: Iterable[str]) -> frozenset[str]:
    """Enter datasets in a catalog as a runner does before its first node: those of patterns, and in-memory ones.

    A runner makes them at once. Here each is made when it is taken: one that cannot be made is no error of another
    node. A catalog of another kind is left as it is.

    Returns:
        The names that the catalog did not list; of another kind of catalog, those that it does not know.
    """
    new = frozenset(names).difference(catalog.keys())
    if not isinstance(catalog, DataCatalog):
        return frozenset(name for name in new if name not in catalog)
    for name in sorted(new):
        catalog[name] = _DatasetByName(name, catalog)
    return new


def matches_pattern(catalog: Catalog, name: str) -> bool:
    """Whether one of the patterns of the catalog's configuration is for a dataset."""
    if not isinstance(catalog, DataCatalog):
        return False
    resolver = catalog.config_resolver
    return bool(resolver.match_dataset_pattern(name) or resolver.match_user_catch_all_pattern(name))


def put_dataset(catalog: Catalog, name: str, dataset: AbstractDataset[Any, Any]) -> None:
    """Replace a dataset the catalog already holds, without its warning, its configuration or its validator lost.

    `catalog[name] = dataset` is the public way; it logs a warning for each replacement and forgets the
    validator declared for the dataset.
    """
    datasets = getattr(catalog, "_datasets", None)
    if isinstance(datasets, dict) and name in datasets:
        datasets[name] = dataset
    else:
        catalog[name] = dataset


def with_version(
    dataset: AbstractDataset[Any, Any], load: str | None, save: str
) -> AbstractVersionedDataset[Any, Any] | None:
    """A copy of a versioned dataset that loads and saves the given versions; None for one without versions."""
    if not isinstance(dataset, AbstractVersionedDataset) or not dataset._version:  # noqa: SLF001
        return None
    copy: Any = dataset._copy(_version=Version(load, save))  # noqa: SLF001
    copy._clear_version_cache()  # noqa: SLF001
    versioned: AbstractVersionedDataset[Any, Any] = copy
    return versioned


def save_version_of(dataset: AbstractDataset[Any, Any]) -> str | None:
    """The version the dataset saves under; None without versioning."""
    if not isinstance(dataset, AbstractVersionedDataset) or not dataset._version:  # noqa: SLF001
        return None
    version: str | None = dataset.resolve_save_version()
    return version


def stored_size_bytes(dataset: AbstractDataset[Any, Any], *, loaded: bool = False) -> int | None:
    """Size of what a dataset was just saved to, or loaded from, through its own fsspec filesystem.

    `_fs`, `_filepath`, `_get_load_path` and `_get_versioned_path`: kedro-datasets 9.

    Args:
        dataset: Any.
        loaded: Whether the version counts that it loads, not the one it saves.

    Returns:
        None for a dataset that has no filesystem, or nothing at its path: it keeps its data elsewhere.
    """
    filesystem, path = getattr(dataset, "_fs", None), getattr(dataset, "_filepath", None)
    if filesystem is None or path is None:
        return None
    if isinstance(dataset, AbstractVersionedDataset) and dataset._version:  # noqa: SLF001
        version = save_version_of(dataset)
        path = dataset._get_load_path() if loaded or version is None else dataset._get_versioned_path(version)  # noqa: SLF001
    return size_at(filesystem, str(path))


def size_at(filesystem: Any, path: str) -> int | None:
    """Bytes of a file, or of all files in a folder, of an fsspec filesystem; None where there is nothing."""
    try:
        info = filesystem.info(path)
    except FileNotFoundError:
        return None
    if info.get("type") == "directory":
        return int(filesystem.du(path))
    return int(info["size"]) if info.get("size") is not None else None
