"""What a catalog entry of type `DagsterPartitionedDataset` says of partitions, read as settings of `dagster.yml`.

Two spellings mean the same and can be mixed: the types of `dagster.yml` (`static`, `daily`, ...), and the names of
Dagster's classes with the arguments of their constructors, as kedro-dagster has them
(`dagster.StaticPartitionsDefinition`, with or without `dagster.`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails, InitErrorDetails

from kedro_dagster_component.config.finding import describe, finding, quote, refusal, refuse
from kedro_dagster_component.config.mappings import (
    MAPPING_TYPES,
    DimensionMappingConfig,
    MultiMappingConfig,
    PartitionMappingConfig,
)
from kedro_dagster_component.config.partitions import (
    PARTITION_TYPES,
    DynamicPartitionsConfig,
    MultiPartitionsConfig,
    PartitionsChoice,
    dimension_mistake,
)
from kedro_dagster_component.config.patterns import most_specific
from kedro_dagster_component.config.scalars import EMPTY_AS_MAPPING, Text
from kedro_dagster_component.config.section import Section
from kedro_dagster_component.errors import did_you_mean

DATASETS = "kedro_dagster_component.datasets"
"""Package of the dataset classes: a `type` of the catalog begins with it."""

_PARTITIONED = "DagsterPartitionedDataset"
_NOTHING = "DagsterNothingDataset"
_MAPPING_OPTIONS = ("partition_mapping", "partition_mappings")
_QUOTED = re.compile(r"'([^']*)'")


def is_partitioned_type(type_name: str) -> bool:
    """Whether the `type` of a catalog entry is our `DagsterPartitionedDataset`."""
    return _is_ours(type_name, _PARTITIONED)


def is_nothing_type(type_name: str) -> bool:
    """Whether the `type` of a catalog entry is our `DagsterNothingDataset`."""
    return _is_ours(type_name, _NOTHING)


def type_instead_of(type_name: str) -> str | None:
    """The `type` to write instead of one of kedro-dagster's; None for any other."""
    package, _, name = type_name.rpartition(".")
    if package.partition(".")[0] != "kedro_dagster" or name not in {_PARTITIONED, _NOTHING}:
        return None
    return f"{DATASETS}.{name}"


@dataclass(frozen=True)
class DatasetPartitions:
    """Partitions of a dataset, and what those of its consumers' outputs need of them.

    Attributes:
        partitions: Their settings, or the name of an entry of `partitions:` in `dagster.yml`. Whether there is one
            is not checked.
        mappings_by_downstream: As in the catalog, on the entry of the upstream dataset: the key is the name of a
            **downstream** dataset, or a factory pattern that fits it. In `assets:` of `dagster.yml` it is the other
            way round, so what stands here under `b` in the entry `a` is `assets: {b: {partition_mappings: {a: ...}}}`.
            The mapping itself means the same in both places.
    """

    partitions: PartitionsChoice
    mappings_by_downstream: Mapping[str, PartitionMappingConfig] = field(default_factory=dict)

    def mapping_to(self, downstream: str) -> PartitionMappingConfig | None:
        """The mapping for a downstream dataset: of its name, else of the most specific pattern that fits; or None."""
        key = most_specific(self.mappings_by_downstream, downstream)
        return None if key is None else self.mappings_by_downstream[key]


def settings_from_dataset(config: Mapping[str, Any]) -> DatasetPartitions:
    """What a catalog entry of type `DagsterPartitionedDataset` says of partitions.

    Args:
        config: The entry; other options than `partition`, `partition_mapping` and `partition_mappings` do not matter.

    Raises:
        ValidationError: It is wrong; all mistakes at once as `finding`s, each at its place below the entry, in the
            words and keys of the spelling that was used.
    """
    options = {name: config[name] for name in ("partition", *_MAPPING_OPTIONS) if config.get(name) is not None}
    entry = _Entry.model_validate(options)
    return DatasetPartitions(entry.partition, entry.partition_mapping or entry.partition_mappings)


def _is_ours(type_name: str, name: str) -> bool:
    return type_name.startswith(f"{DATASETS}.") and type_name.rpartition(".")[2] == name


# The two spellings ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Spelling:
    """How settings of one kind are spelled.

    Attributes:
        kind: Their `type` in `dagster.yml`.
        keys: Keys that are called otherwise there, by the name they have in this spelling.
        model: What reads them where their own model cannot: it has settings inside in either spelling.
    """

    kind: str
    keys: Mapping[str, str] = field(default_factory=dict)
    model: type[Section] | None = None

    def swap(self, key: str) -> str:
        """The key in the other spelling, in both directions: what is unknown in one is unknown in the other."""
        back = {ours: theirs for theirs, ours in self.keys.items()}
        return {**self.keys, **back}.get(key, key)


def _read(value: Any, spellings: Mapping[str, _Spelling], models: Mapping[str, type[Section]], noun: str) -> Any:
    """Settings in either spelling, as the model of `dagster.yml`.

    Raises:
        ValidationError: They are wrong, in the words of the spelling they have.
    """
    types = f"the types are {', '.join(sorted(models))}, and Dagster's classes"
    if not isinstance(value, Mapping):
        raise refuse(f"expected a mapping with a 'type', got {describe(value)}", hint=types, value=value)
    if value.get("type") is None:
        raise refuse("'type' is missing", hint=types, at=("type",), at_key=True, value=value)
    name = _class_name(value["type"])
    spelling = spellings.get(name) if name is not None else None
    if spelling is None:
        got = quote(name) if name is not None else describe(value["type"])
        hint = did_you_mean(name, spellings) if name is not None else types
        raise refuse(f"unknown type of {noun}: {got}", hint=hint, at=("type",), value=value["type"])
    # An option that is empty counts as left out: Dagster's constructors take None for every optional argument.
    content = {spelling.swap(str(key)): child for key, child in value.items() if child is not None}
    model = spelling.model or models[spelling.kind]
    try:
        found = model.model_validate({**content, "type": spelling.kind})
    except ValidationError as error:
        raise refusal(*(_in_spelling(line, spelling) for line in error.errors(include_url=False))) from None
    return models[spelling.kind].model_validate(dict(found)) if spelling.model else found


def _class_name(kind: object) -> str | None:
    """`StaticPartitionsDefinition` for the class itself, its name, or its name in any module of Dagster."""
    if isinstance(kind, type):
        return kind.__name__
    if not isinstance(kind, str):
        return None
    return kind.rpartition(".")[2] if kind.startswith("dagster.") else kind


def _in_spelling(line: ErrorDetails, spelling: _Spelling) -> InitErrorDetails:
    """A mistake that the model of `dagster.yml` found, with the keys as they were written."""
    at, context = line["loc"], line["ctx"]
    message, hint = context["message"], context["hint"]
    if len(at) <= 1:  # deeper ones speak of settings inside, which have their own spelling
        message, hint = (_QUOTED.sub(lambda key: f"'{spelling.swap(key[1])}'", text) for text in (message, hint))
    if at and isinstance(at[0], str):
        at = (spelling.swap(at[0]), *at[1:])
    return finding(message, hint=hint or None, at=at, at_key=context["at_key"], value=line["input"])


# Partitions ----------------------------------------------------------------------------------------------------------


def _read_definition(value: Any) -> Any:
    """Partitions in either spelling; a text that is no class of Dagster is a name and stays."""
    if isinstance(value, (str, type)) and _class_name(value) in _DEFINITION_CLASSES:
        value = {"type": value}
    return _read(value, _DEFINITIONS, PARTITION_TYPES, "partitions") if isinstance(value, Mapping) else value


_Definition: TypeAlias = Annotated[PartitionsChoice, BeforeValidator(_read_definition)]


class _DynamicPartitions(DynamicPartitionsConfig):
    """Without an entry under `partitions:`, whose name it could take."""

    name: Text = Field(description="under which Dagster stores the keys, or make it an entry under 'partitions:'")


def _read_dimension(value: Any) -> Any:
    if value is None:
        raise refuse("expected the name of partitions or their settings, got nothing")
    found = _read_definition(value)
    if isinstance(found, MultiPartitionsConfig):
        raise refuse("a dimension cannot have dimensions itself", at=("type",), value=value)
    if (mistake := dimension_mistake(found)) is not None:
        raise refuse(mistake, value=value)
    return found


class _MultiPartitions(MultiPartitionsConfig):
    """With dimensions in either spelling."""

    dimensions: dict[Text, Annotated[PartitionsChoice, BeforeValidator(_read_dimension)]] = Field(  # type: ignore[assignment]
        description="the two dimensions by name"
    )


_DEFINITION_CLASSES = {
    "StaticPartitionsDefinition": _Spelling("static"),
    "DynamicPartitionsDefinition": _Spelling("dynamic", model=_DynamicPartitions),
    "HourlyPartitionsDefinition": _Spelling("hourly"),
    "DailyPartitionsDefinition": _Spelling("daily"),
    "WeeklyPartitionsDefinition": _Spelling("weekly"),
    "MonthlyPartitionsDefinition": _Spelling("monthly"),
    "TimeWindowPartitionsDefinition": _Spelling("time_window", {"start": "start_date", "end": "end_date"}),
    "MultiPartitionsDefinition": _Spelling("multi", {"partitions_defs": "dimensions"}, _MultiPartitions),
}
_DEFINITIONS = {
    **_DEFINITION_CLASSES,
    **{name: _Spelling(name) for name in PARTITION_TYPES},
    "dynamic": _Spelling("dynamic", model=_DynamicPartitions),
    "multi": _Spelling("multi", model=_MultiPartitions),
}


# Mappings ------------------------------------------------------------------------------------------------------------


def _read_mapping(value: Any) -> Any:
    """A partition mapping in either spelling; a text is its type, for those that need no options."""
    if isinstance(value, (str, type)):
        value = {"type": value}
    return _read(value, _MAPPINGS, MAPPING_TYPES, "partition mapping")


_Mapping: TypeAlias = Annotated[PartitionMappingConfig, BeforeValidator(_read_mapping)]
_MappingsByName: TypeAlias = Annotated[dict[str, _Mapping], EMPTY_AS_MAPPING]


def _without_class(value: Any) -> Any:
    """Dagster's class of a dimension can be named, there is only one."""
    if isinstance(value, Mapping) and _class_name(value.get("type")) == "DimensionPartitionMapping":
        return {key: child for key, child in value.items() if key != "type"}
    return value


def _read_simple(value: Any) -> Any:
    if isinstance(value, (str, type)):
        value = {"type": value}
    simple = {name: spelling for name, spelling in _MAPPINGS.items() if not spelling.kind.startswith("multi")}
    return _read(value, simple, MAPPING_TYPES, "partition mapping of a dimension")


class _DimensionMapping(DimensionMappingConfig):
    """With a mapping in either spelling."""

    partition_mapping: Annotated[Any, BeforeValidator(_read_simple)] = Field(description="between the two dimensions")


def _own(dimension: _DimensionMapping) -> DimensionMappingConfig:
    return DimensionMappingConfig.model_validate(dict(dimension))


class _MultiMapping(MultiMappingConfig):
    """With mappings in either spelling."""

    dimensions: dict[str, Annotated[_DimensionMapping, AfterValidator(_own), BeforeValidator(_without_class)]] = Field(  # type: ignore[assignment]
        description="by name of the upstream dimension"
    )


_MAPPINGS = {
    "IdentityPartitionMapping": _Spelling("identity"),
    "AllPartitionMapping": _Spelling("all"),
    "LastPartitionMapping": _Spelling("last"),
    "StaticPartitionMapping": _Spelling(
        "static", {"downstream_partition_keys_by_upstream_partition_key": "downstream_keys_by_upstream_key"}
    ),
    "TimeWindowPartitionMapping": _Spelling("time_window"),
    "SpecificPartitionsPartitionMapping": _Spelling("specific"),
    "MultiToSingleDimensionPartitionMapping": _Spelling("multi_to_single"),
    "MultiPartitionMapping": _Spelling(
        "multi", {"downstream_mappings_by_upstream_dimension": "dimensions"}, _MultiMapping
    ),
    **{name: _Spelling(name) for name in MAPPING_TYPES},
    "multi": _Spelling("multi", model=_MultiMapping),
}


# The entry -----------------------------------------------------------------------------------------------------------


class _Entry(Section):
    """The options of a catalog entry that are about partitions."""

    partition: _Definition = Field(
        description="for example {type: static, partition_keys: [eu, us]}, or the name of partitions in dagster.yml"
    )
    partition_mapping: _MappingsByName = Field(default={}, description="by downstream dataset")
    partition_mappings: _MappingsByName = Field(default={}, description="by downstream dataset")

    @model_validator(mode="before")
    @classmethod
    def _check_spelling(cls, options: dict[str, Any]) -> dict[str, Any]:
        if all(name in options for name in _MAPPING_OPTIONS):
            one, other = _MAPPING_OPTIONS
            raise refuse(f"give '{one}' or '{other}', not both", hint="they mean the same", at=(other,), at_key=True)
        return options
