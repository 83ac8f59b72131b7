"""Things laid over a live catalog for the length of one step, and taken off again.

The catalog object itself is never rebuilt: hooks keep it, and change it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from kedro.framework.context import KedroContext
from kedro.io import AbstractDataset, MemoryDataset
from kedro.io.core import generate_timestamp

from kedro_dagster_component.compat import kedro_session as compat
from kedro_dagster_component.compat.kedro_partitions import forget_dataset
from kedro_dagster_component.errors import StepError, did_you_mean
from kedro_dagster_component.manifest import dataset_name
from kedro_dagster_component.plan import merge_deep
from kedro_dagster_component.runtime.restored import restored


@contextmanager
def laid_over(catalog: compat.Catalog, datasets: Mapping[str, AbstractDataset[Any, Any]]) -> Iterator[None]:
    """Let the catalog serve other datasets under some of its names.

    A dataset that a hook put in its place meanwhile stays.
    """
    before = {name: _known(catalog, name) for name in datasets}
    for name, dataset in datasets.items():
        compat.put_dataset(catalog, name, dataset)
    try:
        yield
    finally:
        for name, replaced in before.items():
            if catalog.get(name) is not datasets[name]:
                continue
            if replaced is None:
                forget_dataset(catalog, name)
            else:
                compat.put_dataset(catalog, name, replaced)


def _known(catalog: compat.Catalog, name: str) -> AbstractDataset[Any, Any] | None:
    """A dataset of a catalog; None for a parameter it does not have, which no pattern is to invent."""
    if name.startswith("params:") and name not in catalog:
        return None
    return catalog.get(name, fallback_to_runtime_pattern=True)


def parameter_datasets(context: KedroContext, overrides: Mapping[str, Any]) -> dict[str, AbstractDataset[Any, Any]]:
    """Datasets of the parameters that change when overrides are merged deep over the configuration.

    Args:
        context: The session's context; the configuration it holds stays as it is.
        overrides: Values by spelling, as a launchpad holds them: `params:a.b` or `parameters`.

    Returns:
        One in-memory dataset for each `parameters` and `params:a.b` whose value differs, validated and typed
        as Kedro does.

    Raises:
        StepError: An override names a parameter the project does not have.
    """
    if not overrides:
        return {}
    configured = compat.configured_parameters(context)
    plain = compat.parameters_under(context, configured)
    overridden = configured
    for spelling, value in overrides.items():
        overridden = merge_deep(overridden, _nested(configured, spelling, value))
    changed = compat.parameters_under(context, overridden)
    return {
        name: MemoryDataset(data=value)
        for name, value in changed.items()
        if name not in plain or not _equal(plain[name], value)
    }


def pinned_datasets(
    catalog: compat.Catalog, inputs: tuple[str, ...], versions: Mapping[str, str], save_version: str
) -> dict[str, AbstractDataset[Any, Any]]:
    """Versioned inputs that load a settled version instead of the latest.

    Args:
        catalog: The live catalog.
        inputs: Inputs as the node spells them.
        versions: Load version by dataset name, without transcoding suffix.
        save_version: The run's.

    Returns:
        Datasets by spelling; only those that have a version to pin.
    """
    pinned: dict[str, AbstractDataset[Any, Any]] = {}
    for spelling in inputs:
        version = versions.get(dataset_name(spelling))
        dataset = catalog.get(spelling) if version else None
        copy = compat.with_version(dataset, version, save_version) if dataset is not None else None
        if copy is not None:
            pinned[spelling] = copy
    return pinned


def fresh_outputs(
    catalog: compat.Catalog, outputs: tuple[str, ...], save_version: str
) -> dict[str, AbstractDataset[Any, Any]]:
    """Versioned outputs whose version is taken: an earlier attempt of this step left it, whole or in part.

    Returns:
        Datasets by spelling that save under a new timestamp of Kedro's; empty where every version is free.
    """
    replaced: dict[str, AbstractDataset[Any, Any]] = {}
    for spelling in outputs:
        dataset = catalog.get(spelling)
        taken = compat.with_version(dataset, save_version, save_version) if dataset is not None else None
        fresh = compat.with_version(taken, None, generate_timestamp()) if taken and taken.exists() else None
        if fresh is not None:
            replaced[spelling] = fresh
    return replaced


def _nested(configured: Mapping[str, Any], spelling: str, value: Any) -> dict[str, Any]:
    """`params:a.b` and a value as the mapping that holds just that; keys may hold dots themselves."""
    if spelling == "parameters":
        result: dict[str, Any] = restored(value, configured)
        return result
    path = spelling.removeprefix("params:")
    keys = _key_path(configured, path)
    if keys is None:
        message = f"There is no parameter '{path}' to override"
        hint = did_you_mean(path, [str(key) for key in configured])
        raise StepError(f"{message}; {hint}" if hint else message)
    below: Any = configured
    for key in keys:
        below = below[key]
    nested: Any = restored(value, below)
    for key in reversed(keys):
        nested = {key: nested}
    return {keys[0]: nested[keys[0]]}


def _key_path(mapping: Any, dotted: str) -> list[Any] | None:
    """The keys that lead to a dotted name, as they are configured; None where it does not exist."""
    if not isinstance(mapping, Mapping):
        return None
    if dotted in mapping:
        return [dotted]
    for key, below in mapping.items():
        if str(key) == dotted:
            return [key]
        if dotted.startswith(f"{key}."):
            rest = _key_path(below, dotted[len(str(key)) + 1 :])
            if rest is not None:
                return [key, *rest]
    return None


def _equal(left: Any, right: Any) -> bool:
    """Equality that survives values (arrays, frames) whose comparison is no boolean."""
    try:
        return bool(left == right)
    except Exception:  # noqa: BLE001  (any type may raise here; then the override wins)
        return False
