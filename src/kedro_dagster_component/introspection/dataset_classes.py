"""The classes behind the types of a catalog, and why one cannot be had."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import pkgutil
import sys
import warnings
from functools import cache
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

import kedro.io
from kedro.io import AbstractDataset
from kedro.io.core import parse_dataset_definition

from kedro_dagster_component.errors import did_you_mean
from kedro_dagster_component.introspection.dataset_sources import PACKAGES, Accepted, known_types, module_of
from kedro_dagster_component.introspection.failures import cause, user_line

Mistake = tuple[str, str | None]
"""Message and hint."""

_DATASETS = "kedro-datasets"


@cache
def dataset_class(type_name: str) -> type[AbstractDataset[Any, Any]] | None:
    """The class Kedro would take; None where it takes none. Imports it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Kedro, about the name: a run gives them too
        try:
            return parse_dataset_definition({"type": type_name})[0]
        except (Exception, SystemExit):  # noqa: BLE001 - the module may be the project's own code
            return None


def accepted_by_class(kind: type[Any]) -> Accepted | None:
    """What the constructor of a class takes; None where making one is more than a call of `__init__`."""
    makers: tuple[Any, Any] = (kind.__new__, type(kind).__call__)
    try:
        arguments = list(inspect.signature(kind.__init__).parameters.values())[1:]
    except (TypeError, ValueError):
        return None
    fixed = [one for one in arguments if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)]
    if makers != (object.__new__, type.__call__) or any(one.kind is one.POSITIONAL_ONLY for one in fixed):
        return None
    return Accepted(
        frozenset(one.name for one in fixed),
        frozenset(one.name for one in fixed if one.default is one.empty),
        any(one.kind is one.VAR_KEYWORD for one in arguments),
    )


def type_mistake(type_name: str, project_path: Path) -> Mistake:
    """Why Kedro takes no class for a type.

    Args:
        type_name: One for which `dataset_class` gives None.
        project_path: Root of the project, whose own lines are named.
    """
    if type_name.strip(".") != type_name:
        return f"'{type_name}' is no import path", "write it without a dot at its ends"
    module = module_of(type_name)
    if module is not None:
        return _import_mistake(module, type_name, project_path) or _not_found(type_name)
    module = type_name.rpartition(".")[0]
    if not module or not _is_own_module(module):
        return _not_found(type_name)
    return _import_mistake(module, type_name, project_path) or _member_mistake(module, type_name)


def _is_own_module(module: str) -> bool:
    """Whether a type names a module by its full path rather than one of kedro-datasets."""
    if module.startswith(PACKAGES) or ("." not in module and _is_folder_of_datasets(module)):
        return False
    top = module.partition(".")[0]
    return top in sys.modules or _spec_of(top) is not None


def _is_folder_of_datasets(name: str) -> bool:
    return any(known.partition(".")[0] == name for known in known_types())


def _spec_of(name: str) -> Any:
    try:
        return importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None


def _import_mistake(module: str, type_name: str, project_path: Path) -> Mistake | None:
    """What keeps a module from being imported; None where nothing does."""
    try:
        importlib.import_module(module)
    except ModuleNotFoundError as error:
        missing = (error.name or module).partition(".")[0]
        if error.name and (module == error.name or module.startswith(f"{error.name}.")):
            return f"cannot import '{type_name}': there is no module '{error.name}'", _near_modules(error.name)
        return f"'{type_name}' needs the package '{missing}', which is not installed", _install(type_name, missing)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the module may be the project's own code
        place = user_line(error, project_path)
        at = f" ({place.file}:{place.line})" if place else ""
        return f"'{type_name}' cannot be imported: {cause(error)}{at}", None
    return None


def _near_modules(missing: str) -> str:
    parent, _, name = missing.rpartition(".")
    folders = getattr(sys.modules.get(parent), "__path__", ())
    beside = did_you_mean(name, (module.name for module in pkgutil.iter_modules(folders)))
    return beside or f"it is looked for in the project and in the environment of this Python: {sys.executable}"


def _member_mistake(module: str, type_name: str) -> Mistake:
    content, name = vars(importlib.import_module(module)), type_name.rpartition(".")[2]
    found = content.get(name)
    if found is None:
        classes = [key for key, value in content.items() if _is_dataset_class(value)]
        return f"the module '{module}' has no class '{name}'", did_you_mean(name, classes)
    return f"'{type_name}' is no dataset class", "a dataset class extends `kedro.io.AbstractDataset`"


def _is_dataset_class(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, AbstractDataset) and not inspect.isabstract(value)


def _not_found(type_name: str) -> Mistake:
    message = f"there is no dataset class '{type_name}'"
    if not known_types() and "." in type_name:
        extra = type_name.replace(".", "-").lower()
        return message, f'kedro-datasets is not installed: pip install "{_DATASETS}[{extra}]"'
    return message, _near_types(type_name)


def _near_types(type_name: str) -> str | None:
    """The nearest types; a list of all would be long."""
    own = [name for name in kedro.io.__all__ if _is_dataset_class(getattr(kedro.io, name, None))]
    prefix = next((f"{package}." for package in PACKAGES if type_name.startswith(f"{package}.")), "")
    hint = did_you_mean(type_name, [f"{prefix}{name}" for name in [*known_types(), *([] if prefix else own)]])
    if hint and hint.startswith("did you mean"):
        return hint
    return "a type is the path of a class: of Kedro or kedro-datasets such as pandas.CSVDataset, or of your own"


def _install(type_name: str, missing: str) -> str:
    """How to get a package; kedro-datasets has an extra for most of its classes."""
    where = f"in the environment of this Python: {sys.executable}"
    extra = "-".join(type_name.removeprefix(f"{PACKAGES[0]}.").split(".")).lower()
    try:
        extras = metadata(_DATASETS).get_all("Provides-Extra") or []
    except PackageNotFoundError:
        extras = []
    return f'pip install "{_DATASETS}[{extra}]", {where}' if extra in extras else f"install '{missing}' {where}"
