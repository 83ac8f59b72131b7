"""Partition mappings: which partitions of an upstream dataset a partition needs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from kedro_dagster_component.config.scalars import Number, Text
from kedro_dagster_component.config.section import Section, read_by_type


class IdentityMappingConfig(Section):
    """The partition of the same key."""

    type: Literal["identity"] = Field(description="The partition of the same key.")


class AllMappingConfig(Section):
    """All partitions."""

    type: Literal["all"] = Field(description="All partitions of the upstream dataset.")


class LastMappingConfig(Section):
    """The last partition."""

    type: Literal["last"] = Field(description="The last partition of the upstream dataset.")


class TimeWindowMappingConfig(Section):
    """The partitions whose time overlaps, moved by an offset."""

    type: Literal["time_window"] = Field(description="The partitions whose time overlaps.")
    start_offset: Number = Field(
        default=0, description="Moves the start by so many partitions; -1 adds the one before."
    )
    end_offset: Number = Field(default=0, description="Moves the end by so many partitions.")
    allow_nonexistent_upstream_partitions: bool = Field(
        default=False, description="Whether upstream partitions before the first one are left out without an error."
    )


class StaticMappingConfig(Section):
    """A table from upstream keys to keys."""

    type: Literal["static"] = Field(description="A table from upstream keys to keys.")
    downstream_keys_by_upstream_key: dict[str, str | tuple[str, ...]] = Field(
        description="For each upstream key the key, or list of keys, that need it."
    )


class SpecificMappingConfig(Section):
    """Always the same partitions."""

    type: Literal["specific"] = Field(description="Always the same upstream partitions.")
    partition_keys: tuple[Text, ...] = Field(min_length=1, description="Their keys.")


class MultiToSingleMappingConfig(Section):
    """Between two dimensions and one of them."""

    type: Literal["multi_to_single"] = Field(description="Between partitions of two dimensions and one of them.")
    partition_dimension_name: Text | None = Field(
        default=None, description="The dimension; can be left out where only one fits."
    )


_SIMPLE_TYPES: dict[str, type[Section]] = {
    "identity": IdentityMappingConfig,
    "all": AllMappingConfig,
    "last": LastMappingConfig,
    "time_window": TimeWindowMappingConfig,
    "static": StaticMappingConfig,
    "specific": SpecificMappingConfig,
}
_Simple = (
    IdentityMappingConfig
    | AllMappingConfig
    | LastMappingConfig
    | TimeWindowMappingConfig
    | StaticMappingConfig
    | SpecificMappingConfig
)


def _read_simple(value: Any) -> Any:
    return read_by_type(value, _SIMPLE_TYPES, "partition mapping of a dimension")


class DimensionMappingConfig(Section):
    """How one dimension depends on a dimension of the upstream dataset."""

    dimension_name: Text = Field(description="The dimension of the dataset itself.")
    partition_mapping: Annotated[_Simple, BeforeValidator(_read_simple)] = Field(
        description="Between the two dimensions."
    )


class MultiMappingConfig(Section):
    """Between partitions of two dimensions, dimension by dimension."""

    type: Literal["multi"] = Field(description="Between partitions of two dimensions, dimension by dimension.")
    dimensions: dict[str, DimensionMappingConfig] = Field(description="By name of the upstream dimension.")


MAPPING_TYPES: dict[str, type[Section]] = {
    **_SIMPLE_TYPES,
    "multi_to_single": MultiToSingleMappingConfig,
    "multi": MultiMappingConfig,
}


def _read_mapping(value: Any) -> Any:
    return read_by_type(value, MAPPING_TYPES, "partition mapping")


PartitionMappingConfig = Annotated[
    _Simple | MultiToSingleMappingConfig | MultiMappingConfig, BeforeValidator(_read_mapping)
]
"""A partition mapping, chosen by `type`."""
