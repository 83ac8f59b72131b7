"""What a run changes of a project's configuration before its catalog is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kedro.config import MissingConfigException
from kedro.io import CatalogConfigResolver

from kedro_dagster_component.compat import kedro_session as compat
from kedro_dagster_component.errors import StepError, did_you_mean
from kedro_dagster_component.plan import merge_deep
from kedro_dagster_component.runtime.messages import SessionRequest
from kedro_dagster_component.runtime.restored import restored

_FIXED_KEYS = frozenset({"type", "credentials"})


def component_parameters(request: SessionRequest) -> Mapping[str, Any]:
    """Parameters without those of the job and the launchpad.

    Kedro merges runtime parameters into base and environment separately, so that an override loses the keys
    beside it whenever the environment has parameters of its own. Laying the result over this keeps them.
    """
    ref = request.ref
    session = compat.create_session(
        project_path=ref.project_path,
        env=ref.env,
        runtime_params=dict(ref.runtime_params) or None,
        conf_source=ref.conf_source,
        save_on_close=False,
    )
    try:
        loaded: Mapping[str, Any] = compat.config_loader_of(session)["parameters"]
    except MissingConfigException:
        return {}
    return loaded


def override_datasets(loader: Any, overrides: Mapping[str, Mapping[str, Any]]) -> None:
    """Lay configuration over catalog entries; an entry made by a factory becomes one of its own.

    Raises:
        StepError: Datasets the catalog does not have, or keys that are not to be changed; all of them.
    """
    if not overrides:
        return
    catalog = dict(loader["catalog"])
    resolver = CatalogConfigResolver(catalog)
    mistakes = []
    for name, override in overrides.items():
        entry = _entry(catalog, resolver, name)
        fixed = _fixed_key(override)
        if entry is None:
            hint = did_you_mean(name, [key for key in catalog if not key.startswith("_")])
            mistakes.append(f"There is no dataset '{name}' in the catalog to change" + (f"; {hint}" if hint else ""))
        elif fixed is not None:
            mistakes.append(f"The {fixed} of dataset '{name}' cannot be changed for a run; change the catalog")
        else:
            catalog[name] = merge_deep(entry, restored(override, entry))
    if mistakes:
        raise StepError("\n".join(mistakes))
    loader["catalog"] = catalog


def _fixed_key(override: Any) -> str | None:
    """A key that no run may change, of a dataset or of the one it wraps; None without one."""
    if isinstance(override, str):  # `dataset: pandas.CSVDataset`, short for its type
        return "type"
    found = sorted(_FIXED_KEYS.intersection(override))
    if found or "dataset" not in override:
        return found[0] if found else None
    return _fixed_key(override["dataset"])


def _entry(catalog: Mapping[str, Any], resolver: CatalogConfigResolver, name: str) -> Mapping[str, Any] | None:
    """Configuration of a dataset, its own or a factory's; None without any."""
    if name in catalog:
        entry: Mapping[str, Any] = catalog[name]
        return entry
    if resolver.match_dataset_pattern(name) or resolver.match_user_catch_all_pattern(name):
        return resolver.resolve_pattern(name)
    return None
