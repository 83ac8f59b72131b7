"""Private attributes of Kedro: one function each, with the reason and the versions it holds for."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kedro.config import OmegaConfigLoader
    from kedro.framework.context import KedroContext
    from kedro.io.core import CatalogProtocol
    from kedro.pipeline.node import Node


# Reading a project ---------------------------------------------------------------------------------------------------


@contextmanager
def session_without_plugins(*, project_hooks: bool) -> Iterator[None]:
    """`KedroSession.create` inside registers no plugin and starts no git.

    Reason: the session's constructor imports and registers every installed plugin, kedro-telemetry among them, and
    runs `git status`, which may rewrite the index; no argument switches either off. Module names of
    `kedro.framework.session.session`, the same in 1.3 to 1.7.

    Args:
        project_hooks: Whether the hooks of the project's own settings are registered.
    """
    from kedro.framework.session import session as module

    replaced: dict[str, Any] = {
        "_register_hooks_entry_points": lambda *_args, **_kwargs: None,
        "_describe_git": lambda *_args, **_kwargs: {},
    }
    if not project_hooks:
        replaced["_register_hooks"] = lambda *_args, **_kwargs: None
    originals = {name: getattr(module, name) for name in replaced}
    for name, value in replaced.items():
        setattr(module, name, value)
    try:
        yield
    finally:
        for name, value in originals.items():
            setattr(module, name, value)


@contextmanager
def environment_resolver(loader: OmegaConfigLoader, resolver: Callable[..., str]) -> Iterator[None]:
    """OmegaConf's `oc.env` is another function inside, for the values of globals too; afterwards all is as before.

    Reason: no public call gives back a resolver that was there, and the loader keeps the globals it read when it was
    made. `BaseContainer._resolvers` of OmegaConf 2.1 to 2.4; `_globals` and `_globals_oc` of Kedro 1.3 to 1.7.
    """
    from omegaconf import OmegaConf
    from omegaconf.basecontainer import BaseContainer

    earlier = BaseContainer._resolvers.get("oc.env")  # noqa: SLF001
    kept = {name: getattr(loader, name) for name in ("_globals", "_globals_oc") if hasattr(loader, name)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # 2.4 has another name for this call, which 2.3 lacks
        OmegaConf.register_new_resolver("oc.env", resolver, replace=True)
    try:
        if earlier is not None and kept:  # only then can a global hold an environment variable
            loader._globals = loader["globals"] if kept["_globals"] else {}  # noqa: SLF001
            loader._globals_oc = None  # noqa: SLF001
        yield
    finally:
        for name, value in kept.items():
            setattr(loader, name, value)
        OmegaConf.clear_resolver("oc.env")
        if earlier is not None:
            BaseContainer._resolvers["oc.env"] = earlier  # noqa: SLF001


def create_catalog(
    context: KedroContext,
    *,
    save_version: str | None = None,
    load_versions: dict[str, str] | None = None,
) -> CatalogProtocol[Any, Any]:
    """The catalog as a session makes it: of the project's class, with parameters, `after_catalog_created` fired.

    Reason: the public `context.catalog` ignores DATA_CATALOG_CLASS and versions. 1.3 to 1.7.
    """
    from kedro.framework.project import settings

    catalog: CatalogProtocol[Any, Any] = context._get_catalog(  # noqa: SLF001
        catalog_class=settings.DATA_CATALOG_CLASS, save_version=save_version, load_versions=load_versions
    )
    return catalog


def is_as_configured(catalog: CatalogProtocol[Any, Any], name: str) -> bool:
    """Whether a catalog holds a dataset as its configuration has it: not made yet, and put there by nobody else.

    Reason: `keys()` tells neither. `_lazy_datasets` of `DataCatalog` in 1.3 to 1.7; a catalog without it is not known.
    """
    lazy = getattr(catalog, "_lazy_datasets", None)
    return isinstance(lazy, dict) and (name in lazy or name not in catalog.keys())  # noqa: SIM118 - it is no mapping


def feed_parameters(context: KedroContext) -> dict[str, Any]:
    """Every parameter by the name nodes take it (`params:a.b`, `parameters`), typed ones as objects.

    Reason: what a typed parameter adds (defaults of its model) is in no public place. 1.3 to 1.7.
    """
    return context._get_parameters()  # noqa: SLF001


def node_mappings(node: Node) -> tuple[Any, Any]:
    """Inputs and outputs as the node was given them: None, a name, a list, or argument names to dataset names.

    Reason: the public `inputs` and `outputs` lose which argument takes what. 1.3 to 1.7.
    """
    return node._inputs, node._outputs  # noqa: SLF001


# Registered pipelines ------------------------------------------------------------------------------------------------


def loaded_pipelines() -> frozenset[str] | None:
    """Names of the registered pipelines that this process has asked for and imported; None where that is not all known.

    Returns:
        Empty before any is imported; None once all are, and where a version of Kedro imports nothing but all.

    Reason: asking for others imports the registry anew, and nothing public says whether it was imported. 1.5 to 1.7;
    before there is no `set_requested`.
    """
    from kedro.framework.project import pipelines

    if not hasattr(pipelines, "set_requested"):
        return None
    if not pipelines._is_data_loaded:  # noqa: SLF001
        return frozenset()
    asked = pipelines._requested_pipelines  # noqa: SLF001
    return None if asked is None else frozenset(asked)
