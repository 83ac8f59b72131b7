"""Whether asset settings and partitions name things that exist."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace

from pydantic import ValidationError

from kedro_dagster_component.config.assets import AssetConfig
from kedro_dagster_component.config.check_mappings import PartitionsOf, check_mappings
from kedro_dagster_component.config.declared import Declared
from kedro_dagster_component.config.environment import KeyPath
from kedro_dagster_component.config.finding import KEY_MARK
from kedro_dagster_component.config.models import DagsterConfig
from kedro_dagster_component.config.partitions import MultiPartitionsConfig, dimension_mistake
from kedro_dagster_component.config.patterns import fits, is_pattern, most_specific
from kedro_dagster_component.config.positions import Places, Positions
from kedro_dagster_component.errors import Problem, did_you_mean
from kedro_dagster_component.manifest import ProjectManifest, dataset_name, is_parameter


@dataclass(frozen=True)
class SettingsAt:
    """Settings of some assets, and where they stand.

    Attributes:
        asset: The settings.
        path: Of their mapping.
        label: What they are for, as written: a dataset or a pattern.
        fits: Whether they are for a dataset.
        places: Of the file they are in.
    """

    asset: AssetConfig
    path: KeyPath
    label: str
    fits: Callable[[str], bool]
    places: Places


def check_partitions(config: DagsterConfig, positions: Positions, declared: Declared) -> Iterator[Problem]:
    """Dimensions that name partitions which do not exist, or which have dimensions themselves."""
    for name, partitions in config.partitions.items():
        yield from _dimension_problems(partitions, ("partitions", name), config, positions, declared.partitions)


def check_assets(
    config: DagsterConfig,
    positions: Positions,
    manifest: ProjectManifest,
    declared: Declared,
    partitions_of: PartitionsOf,
) -> Iterator[Problem]:
    """Settings for datasets that no pipeline has, and the names within the settings."""
    known = asset_names(manifest)
    for key, asset in config.assets.items():
        path: KeyPath = ("assets", key)
        yield from _key_problems(key, path, known, positions)
        whole = SettingsAt(asset, path, key, functools.partial(fits, key), positions)
        filled, wrong = _filled_in(whole, config, known)
        yield from wrong
        for settings in filled:
            yield from check_settings(settings, config, manifest, declared.partitions, partitions_of)


def _filled_in(
    whole: SettingsAt, config: DagsterConfig, known: Collection[str]
) -> tuple[list[SettingsAt], list[Problem]]:
    """Settings with their placeholders filled in, once for each dataset, and what is wrong with them then."""
    if not whole.asset.has_placeholders:
        return [whole], []
    filled, wrong = [], []
    for name in sorted(name for name in known if most_specific(config.assets, name) == whole.label):
        try:
            filled.append(replace(whole, asset=whole.asset.for_dataset(whole.label, name)))
        except ValidationError as error:
            for line in error.errors(include_url=False):
                path: KeyPath = (*whole.path, *(step for step in line["loc"] if step != KEY_MARK))
                message, hint = f"{line['ctx']['message']} (for '{name}')", line["ctx"]["hint"] or None
                wrong.append(whole.places.problem(path, message, hint=hint))
    return filled, wrong


def check_settings(
    settings: SettingsAt,
    config: DagsterConfig,
    manifest: ProjectManifest,
    partitions: Collection[str],
    partitions_of: PartitionsOf,
) -> Iterator[Problem]:
    """The names within the settings of some assets.

    Args:
        settings: Of `assets:`, or of the catalog.
        config: With the named partitions.
        manifest: The project.
        partitions: Names of all partitions.
        partitions_of: Says which partitions a dataset has.
    """
    asset, path, places = settings.asset, settings.path, settings.places
    yield from check_partitions_choice(asset.partitions, (*path, "partitions"), config, places, partitions)
    yield from _upstream_problems(settings, manifest)
    yield from check_mappings(asset, (*path, "partition_mappings"), config, places, partitions_of)


def asset_names(manifest: ProjectManifest) -> frozenset[str]:
    """Names settings can be for: datasets, and nodes without outputs."""
    without_outputs = (node.name for node in manifest.nodes.values() if not node.outputs)
    return frozenset((*manifest.datasets, *without_outputs))


def _key_problems(key: str, path: KeyPath, known: frozenset[str], positions: Positions) -> Iterator[Problem]:
    if is_pattern(key):
        if not any(fits(key, name) for name in known):
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


def check_partitions_choice(
    choice: object, at: KeyPath, config: DagsterConfig, places: Places, known: Collection[str]
) -> Iterator[Problem]:
    """The name of partitions, or the names of their dimensions."""
    if not isinstance(choice, str):
        yield from _dimension_problems(choice, at, config, places, known)
    elif choice not in known:
        yield _unknown_partitions(choice, at, places, known)


def _dimension_problems(
    partitions: object, path: KeyPath, config: DagsterConfig, places: Places, known: Collection[str]
) -> Iterator[Problem]:
    if not isinstance(partitions, MultiPartitionsConfig):
        return
    for dimension, choice in partitions.dimensions.items():
        at = (*path, "dimensions", dimension)
        if isinstance(choice, str) and choice not in known:
            yield _unknown_partitions(choice, at, places, known)
        elif isinstance(choice, str) and isinstance(config.partitions.get(choice), MultiPartitionsConfig):
            yield places.problem(at, f"'{choice}' has dimensions itself", hint="a dimension is daily, static and so on")
        elif isinstance(choice, str) and (mistake := dimension_mistake(config.partitions.get(choice))) is not None:
            yield places.problem(at, f"'{choice}' cannot be a dimension: {mistake}")


def _upstream_problems(settings: SettingsAt, manifest: ProjectManifest) -> Iterator[Problem]:
    """Mappings for datasets that do not go into the dataset, which would mean nothing."""
    if not settings.asset.partition_mappings:
        return
    known = asset_names(manifest)
    makers = [
        node
        for node in manifest.nodes.values()
        if any(settings.fits(name) for name in (node.output_datasets or (node.name,)))
    ]
    inputs = {dataset_name(name) for node in makers for name in node.inputs if not is_parameter(name)}
    for upstream in settings.asset.partition_mappings:
        at = (*settings.path, "partition_mappings", upstream)
        if not any(fits(upstream, name) for name in known):
            message, hint = f"no pipeline has a dataset '{upstream}'", did_you_mean(upstream, known)
        elif makers and not any(fits(upstream, name) for name in inputs):
            message = f"'{upstream}' is no input of the node that makes '{settings.label}'"
            hint = did_you_mean(upstream, inputs)
        else:
            continue
        yield settings.places.problem(at, message, hint=hint, at_key=True)


def _unknown_partitions(name: str, at: KeyPath, places: Places, known: Collection[str]) -> Problem:
    hint = did_you_mean(name, known) or "define them under 'partitions:' in dagster.yml"
    return places.problem(at, f"there are no partitions '{name}'", hint=hint)
