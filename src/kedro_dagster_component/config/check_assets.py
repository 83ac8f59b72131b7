"""Whether asset settings and partitions name things that exist."""

from __future__ import annotations

from collections.abc import Iterator

from kedro_dagster_component.config.assets import AssetConfig
from kedro_dagster_component.config.check_mappings import check_mappings
from kedro_dagster_component.config.declared import Declared
from kedro_dagster_component.config.environment import KeyPath
from kedro_dagster_component.config.models import DagsterConfig
from kedro_dagster_component.config.partitions import MultiPartitionsConfig, dimension_mistake
from kedro_dagster_component.config.patterns import is_pattern, match
from kedro_dagster_component.config.positions import Positions
from kedro_dagster_component.errors import Problem, did_you_mean
from kedro_dagster_component.manifest import ProjectManifest, dataset_name, is_parameter


def check_partitions(config: DagsterConfig, positions: Positions, declared: Declared) -> Iterator[Problem]:
    """Dimensions that name partitions which do not exist, or which have dimensions themselves."""
    for name, partitions in config.partitions.items():
        yield from _dimension_problems(partitions, ("partitions", name), config, positions, declared)


def check_assets(
    config: DagsterConfig, positions: Positions, manifest: ProjectManifest, declared: Declared
) -> Iterator[Problem]:
    """Settings for datasets that no pipeline has, and the names within the settings."""
    known = asset_names(manifest)
    for key, asset in config.assets.items():
        path = ("assets", key)
        yield from _key_problems(key, path, known, positions)
        yield from _partitions_problems(asset, path, config, positions, declared)
        yield from _upstream_problems(key, asset, positions, manifest)
        yield from check_mappings(key, config, positions)


def asset_names(manifest: ProjectManifest) -> frozenset[str]:
    """Names settings can be for: datasets, and nodes without outputs."""
    without_outputs = (node.name for node in manifest.nodes.values() if not node.outputs)
    return frozenset((*manifest.datasets, *without_outputs))


def _key_problems(key: str, path: KeyPath, known: frozenset[str], positions: Positions) -> Iterator[Problem]:
    if is_pattern(key):
        if not any(match(key, name) is not None for name in known):
            yield positions.problem(path, f"no dataset of a pipeline fits the pattern '{key}'", at_key=True)
        return
    if key in known:
        return
    hint = did_you_mean(key, known)
    if is_parameter(key):
        hint = "parameters are no assets"
    elif "@" in key and dataset_name(key) in known:
        hint = f"write '{dataset_name(key)}': the settings are for the dataset in all its forms"
    elif "{" in key:
        hint = "placeholders are written {name}"
    yield positions.problem(path, f"no pipeline has a dataset '{key}'", hint=hint, at_key=True)


def _partitions_problems(
    asset: AssetConfig, path: KeyPath, config: DagsterConfig, positions: Positions, declared: Declared
) -> Iterator[Problem]:
    at = (*path, "partitions")
    if isinstance(asset.partitions, str):
        if asset.partitions not in declared.partitions:
            yield _unknown_partitions(asset.partitions, at, positions, declared.partitions)
    else:
        yield from _dimension_problems(asset.partitions, at, config, positions, declared)


def _dimension_problems(
    partitions: object, path: KeyPath, config: DagsterConfig, positions: Positions, declared: Declared
) -> Iterator[Problem]:
    if not isinstance(partitions, MultiPartitionsConfig):
        return
    for dimension, choice in partitions.dimensions.items():
        at = (*path, "dimensions", dimension)
        if isinstance(choice, str) and choice not in declared.partitions:
            yield _unknown_partitions(choice, at, positions, declared.partitions)
        elif isinstance(choice, str) and isinstance(config.partitions.get(choice), MultiPartitionsConfig):
            yield positions.problem(
                at, f"'{choice}' has dimensions itself", hint="a dimension is daily, static and so on"
            )
        elif isinstance(choice, str) and (mistake := dimension_mistake(config.partitions.get(choice))) is not None:
            yield positions.problem(at, f"'{choice}' cannot be a dimension: {mistake}")


def _upstream_problems(
    key: str, asset: AssetConfig, positions: Positions, manifest: ProjectManifest
) -> Iterator[Problem]:
    """Mappings for datasets that do not go into the dataset, which would mean nothing."""
    known = asset_names(manifest)
    makers = [
        node
        for node in manifest.nodes.values()
        if any(match(key, name) is not None for name in (node.output_datasets or (node.name,)))
    ]
    inputs = {dataset_name(name) for node in makers for name in node.inputs if not is_parameter(name)}
    for upstream in asset.partition_mappings:
        at = ("assets", key, "partition_mappings", upstream)
        if not any(match(upstream, name) is not None for name in known):
            message, hint = f"no pipeline has a dataset '{upstream}'", did_you_mean(upstream, known)
        elif makers and not any(match(upstream, name) is not None for name in inputs):
            message, hint = f"'{upstream}' is no input of the node that makes '{key}'", did_you_mean(upstream, inputs)
        else:
            continue
        yield positions.problem(at, message, hint=hint, at_key=True)


def _unknown_partitions(name: str, at: KeyPath, positions: Positions, known: frozenset[str]) -> Problem:
    hint = did_you_mean(name, known) or "define them under 'partitions:'"
    return positions.problem(at, f"there are no partitions '{name}'", hint=hint)
