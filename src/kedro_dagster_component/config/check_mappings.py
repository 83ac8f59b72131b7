"""Whether partition mappings fit the partitions they are between."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kedro_dagster_component.config.assets import AssetConfig
from kedro_dagster_component.config.environment import KeyPath
from kedro_dagster_component.config.mappings import (
    IdentityMappingConfig,
    MultiMappingConfig,
    MultiToSingleMappingConfig,
    SpecificMappingConfig,
    StaticMappingConfig,
    TimeWindowMappingConfig,
)
from kedro_dagster_component.config.models import DagsterConfig
from kedro_dagster_component.config.partitions import (
    MultiPartitionsConfig,
    StaticPartitionsConfig,
    TimePartitionsConfig,
)
from kedro_dagster_component.config.positions import Places
from kedro_dagster_component.config.section import Section
from kedro_dagster_component.errors import Problem, did_you_mean

PartitionsOf = Callable[[str], object]
"""Partitions of a dataset by its name: their settings, the name of an entry of `partitions:`, or None."""


@dataclass(frozen=True)
class _Between:
    """A mapping and what stands on its two sides.

    Attributes:
        mapping: As in the file.
        upstream: Partitions of the upstream dataset; None where nothing says it.
        own: Partitions of the dataset itself; None where it has none, or nothing says it.
        at: Path of the mapping.
        places: Of the file it is in.
    """

    mapping: Any
    upstream: Section | None
    own: Section | None
    at: KeyPath
    places: Places

    def problem(self, message: str, *below: str | int, hint: str | None = None, at_key: bool = False) -> Problem:
        return self.places.problem((*self.at, *below), message, hint=hint, at_key=at_key)


def check_mappings(
    asset: AssetConfig, at: KeyPath, config: DagsterConfig, places: Places, partitions_of: PartitionsOf
) -> Iterator[Problem]:
    """Mappings of one asset that cannot be between its partitions and those of the upstream dataset.

    Args:
        asset: Its settings.
        at: Path of its mappings.
        config: With the named partitions.
        places: Of the file they are in.
        partitions_of: Says which partitions a dataset has.
    """
    own = _resolved(asset.partitions, config)
    for name, mapping in asset.partition_mappings.items():
        check = _CHECKS.get(type(mapping))
        if check is not None:
            upstream = _resolved(partitions_of(name), config)
            yield from check(_Between(mapping, upstream, own, (*at, name), places))


def _resolved(choice: Any, config: DagsterConfig) -> Section | None:
    return config.partitions.get(choice) if isinstance(choice, str) else choice


def _kind(partitions: Section) -> str:
    return str(getattr(partitions, "type", "other"))


def _identity(between: _Between) -> Iterator[Problem]:
    upstream, own = between.upstream, between.own
    if upstream is not None and own is not None and _family(upstream) != _family(own):
        message = f"no key is the same: the upstream dataset has {_kind(upstream)} partitions, this one {_kind(own)}"
        yield between.problem(message, "type", hint="without a mapping each partition needs all of the upstream ones")


def _family(partitions: Section) -> str:
    return "time" if isinstance(partitions, TimePartitionsConfig) else _kind(partitions)


def _time_window(between: _Between) -> Iterator[Problem]:
    for side, partitions in _sides(between):
        if not isinstance(partitions, TimePartitionsConfig):
            message = f"the mapping is between partitions by time: {side} has {_kind(partitions)} ones"
            yield between.problem(message, "type")


def _static(between: _Between) -> Iterator[Problem]:
    wrong = [(side, one) for side, one in _sides(between) if not isinstance(one, StaticPartitionsConfig)]
    for side, partitions in wrong:
        message = f"the mapping is between static partitions: {side} has {_kind(partitions)} ones"
        yield between.problem(message, "type")
    table: Mapping[str, str | tuple[str, ...]] = between.mapping.downstream_keys_by_upstream_key
    field = "downstream_keys_by_upstream_key"
    for upstream_key, own_keys in table.items():
        if isinstance(between.upstream, StaticPartitionsConfig):
            known = between.upstream.partition_keys
            if upstream_key not in known:
                yield _unknown(between, "the upstream dataset", upstream_key, known, field, upstream_key, at_key=True)
        if isinstance(between.own, StaticPartitionsConfig):
            is_one = isinstance(own_keys, str)
            for index, own_key in enumerate((own_keys,) if isinstance(own_keys, str) else own_keys):
                if own_key not in between.own.partition_keys:
                    below = (field, upstream_key) if is_one else (field, upstream_key, index)
                    yield _unknown(between, "the dataset", own_key, between.own.partition_keys, *below)


def _specific(between: _Between) -> Iterator[Problem]:
    if isinstance(between.upstream, StaticPartitionsConfig):
        for index, key in enumerate(between.mapping.partition_keys):
            if key not in between.upstream.partition_keys:
                known = between.upstream.partition_keys
                yield _unknown(between, "the upstream dataset", key, known, "partition_keys", index)


def _multi(between: _Between) -> Iterator[Problem]:
    for side, partitions in _sides(between):
        if not isinstance(partitions, MultiPartitionsConfig):
            message = f"the mapping is between partitions of two dimensions: {side} has {_kind(partitions)} ones"
            yield between.problem(message, "type", hint="'multi_to_single' is between two dimensions and one of them")
    for name, dimension in between.mapping.dimensions.items():
        if isinstance(between.upstream, MultiPartitionsConfig) and name not in between.upstream.dimensions:
            message = f"the upstream dataset has no dimension '{name}'"
            hint = did_you_mean(name, between.upstream.dimensions)
            yield between.problem(message, "dimensions", name, hint=hint, at_key=True)
        if isinstance(between.own, MultiPartitionsConfig) and dimension.dimension_name not in between.own.dimensions:
            message = f"the dataset has no dimension '{dimension.dimension_name}'"
            hint = did_you_mean(dimension.dimension_name, between.own.dimensions)
            yield between.problem(message, "dimensions", name, "dimension_name", hint=hint)


def _multi_to_single(between: _Between) -> Iterator[Problem]:
    sides = list(_sides(between))
    several = [one for _, one in sides if isinstance(one, MultiPartitionsConfig)]
    if len(sides) == 2 and len(several) != 1:
        both = "both" if several else "neither"
        message = f"the mapping is between two dimensions and one of them: {both} of the datasets has two"
        yield between.problem(message, "type")
    name = between.mapping.partition_dimension_name
    if len(several) == 1 and name is not None and name not in several[0].dimensions:
        hint = did_you_mean(name, several[0].dimensions)
        yield between.problem(f"there is no dimension '{name}'", "partition_dimension_name", hint=hint)


def _sides(between: _Between) -> Iterator[tuple[str, Section]]:
    sides = (("the upstream dataset", between.upstream), ("this one", between.own))
    return ((side, partitions) for side, partitions in sides if partitions is not None)


def _unknown(
    between: _Between, side: str, key: str, known: Collection[str], *below: str | int, at_key: bool = False
) -> Problem:
    return between.problem(f"{side} has no partition '{key}'", *below, hint=did_you_mean(key, known), at_key=at_key)


_CHECKS: Mapping[type[Section], Callable[[_Between], Iterator[Problem]]] = {
    IdentityMappingConfig: _identity,
    TimeWindowMappingConfig: _time_window,
    StaticMappingConfig: _static,
    SpecificMappingConfig: _specific,
    MultiMappingConfig: _multi,
    MultiToSingleMappingConfig: _multi_to_single,
}
"""What to look at, by the model of the mapping; any mapping may be `all` or `last`."""
