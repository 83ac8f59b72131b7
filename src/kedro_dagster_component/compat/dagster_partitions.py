"""What Dagster does with partitions behind its public names. Tried on Dagster 1.13.9 to 1.13.27."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import dagster as dg
from dagster._core.definitions.data_version import (
    CODE_VERSION_TAG,
    DATA_VERSION_IS_USER_PROVIDED_TAG,
    DATA_VERSION_TAG,
    DEFAULT_DATA_VERSION,
    NULL_EVENT_POINTER,
    SKIP_PARTITION_DATA_VERSION_DEPENDENCY_THRESHOLD,
    compute_logical_data_version,
    extract_data_version_from_entry,
    get_input_data_version_tag,
    get_input_event_pointer_tag,
)
from dagster._core.definitions.dependency import DynamicCollectDependencyDefinition
from dagster._core.definitions.partitions.utils import MultiPartitionKey
from dagster._core.definitions.partitions.utils.multi import (
    MULTIPARTITION_KEY_DELIMITER,
    get_tags_from_multi_partition_key,
)
from dagster._core.definitions.source_asset import SYSTEM_METADATA_KEY_SOURCE_ASSET_OBSERVATION
from dagster._utils.warnings import disable_dagster_warnings

WITHOUT_EVENT: Mapping[str, Any] = {SYSTEM_METADATA_KEY_SOURCE_ASSET_OBSERVATION: True}
"""Metadata of an output that stands for no materialisation.

A step that works on several keys records each of them itself, after its save; the output that Dagster waits for
would add events for all of them. Source assets that observe themselves are told apart by this key.
"""


def without_beta_warnings() -> AbstractContextManager[None]:
    """Dagster calls some partition mappings beta, with a warning for each that is made: it is for us to follow them."""
    return disable_dagster_warnings()


def versioned_output(
    value: Any, output_name: str, metadata: Mapping[str, Any], version: dg.DataVersion | None
) -> dg.Output[Any]:
    """An output with a data version, without the warning that Dagster calls the argument beta."""
    with disable_dagster_warnings():
        return dg.Output(value, output_name=output_name, metadata=metadata, data_version=version)


def collected(node: str, output: str) -> Any:
    """A dependency on all copies of a mapped op; public only through the composition of a decorated graph."""
    return DynamicCollectDependencyDefinition(node, output)


def key_dimensions(key: str) -> Mapping[str, str] | None:
    """The key of each dimension of a key that Dagster gave; None for one without dimensions."""
    return key.keys_by_dimension if isinstance(key, MultiPartitionKey) else None


def split_key(key: str) -> list[str]:
    """A key of several dimensions as text, dimension by dimension."""
    return key.split(MULTIPARTITION_KEY_DELIMITER)


def partition_tags(key: str) -> dict[str, str]:
    """Tags by which Dagster finds an event by one dimension of its key."""
    return dict(get_tags_from_multi_partition_key(key)) if isinstance(key, MultiPartitionKey) else {}


def knows_assets(step_context: Any) -> bool:
    """Whether a step's job is one of assets, whose outputs Dagster records as materialisations."""
    return bool(step_context.job_def.asset_layer.executable_asset_keys)


def data_version(step_context: Any, asset_key: dg.AssetKey, code_version: str | None) -> dg.DataVersion | None:
    """The data version of what a run has made, where its code version does not say all that the data depends on.

    Dagster makes a data version of those of code and inputs: a run after a change of a file that Dagster does not
    watch would leave nothing out of date. So data made by code with our version gets a version for each run, as data
    of code without a version does.

    Args:
        step_context: Of the step.
        asset_key: What was materialised.
        code_version: Ours.

    Returns:
        None where the user has set the code version, or none: Dagster then does as always.
    """
    layer = step_context.job_def.asset_layer
    if code_version is None or not layer.has(asset_key) or layer.get(asset_key).code_version != code_version:
        return None
    return dg.DataVersion(step_context.dagster_run.run_id)


def version_tags(
    step_context: Any,
    asset_key: dg.AssetKey,
    keys_by_input: Mapping[dg.AssetKey, Sequence[str]],
    *,
    code_version: str | None,
    own_code_version: str | None,
) -> dict[str, str]:
    """Code version, data version and provenance of one materialisation, as Dagster tags those it makes itself.

    Args:
        step_context: Of the step.
        asset_key: What was materialised.
        keys_by_input: All inputs that are assets; of partitioned ones the partition keys taken.
        code_version: Of the asset; it counts where the run's job, one of ops, does not know it.
        own_code_version: See `data_version`.
    """
    layer = step_context.job_def.asset_layer
    knows = layer.has(asset_key)
    told = layer.get(asset_key).code_version if knows else code_version
    if knows and not step_context.is_external_input_asset_version_info_loaded:
        step_context.fetch_external_input_asset_version_info()
    tags, versions = {CODE_VERSION_TAG: told or step_context.dagster_run.run_id}, {}
    for key in layer.get(asset_key).parent_keys if knows else keys_by_input:
        storage_id, version = _input_version(step_context, key, knows=knows)
        keys = keys_by_input.get(key, ())
        if storage_id is not None and 0 < len(keys) < SKIP_PARTITION_DATA_VERSION_DEPENDENCY_THRESHOLD:
            version = step_context._data_version_cache._get_partitions_data_version_from_keys(key, list(keys))  # noqa: SLF001
        versions[key] = version
        tags[get_input_data_version_tag(key)] = version.value
        tags[get_input_event_pointer_tag(key)] = str(storage_id) if storage_id else NULL_EVENT_POINTER
    own = data_version(step_context, asset_key, own_code_version)
    if not knows and told is not None and told == own_code_version:
        own = dg.DataVersion(step_context.dagster_run.run_id)
    tags[DATA_VERSION_TAG] = (own or compute_logical_data_version(tags[CODE_VERSION_TAG], versions)).value
    if own is not None:
        tags[DATA_VERSION_IS_USER_PROVIDED_TAG] = "true"
    return tags


def _input_version(step_context: Any, key: dg.AssetKey, *, knows: bool) -> tuple[int | None, dg.DataVersion]:
    """Storage id (None without) and data version of the latest event of an input."""
    if knows:
        info = step_context.maybe_fetch_and_get_input_asset_version_info(key)
        return (info.storage_id if info is not None else None), (info and info.data_version) or DEFAULT_DATA_VERSION
    cache = step_context._data_version_cache  # noqa: SLF001 - its public part looks for the input's name in a job of assets
    event = cache._get_input_asset_event(key, cache._fetch_asset_records([key]).get(key))  # noqa: SLF001
    if event is None:
        return None, DEFAULT_DATA_VERSION
    return event.storage_id, extract_data_version_from_entry(event.event_log_entry) or DEFAULT_DATA_VERSION
