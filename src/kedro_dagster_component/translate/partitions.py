"""Partitions definitions and mappings of `dagster.yml` as Dagster's own, and who has which."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
from dagster import PartitionMapping, PartitionsDefinition, TimeWindowPartitionsDefinition

from kedro_dagster_component.compat.dagster_partitions import without_beta_warnings
from kedro_dagster_component.config import mappings as maps
from kedro_dagster_component.config import partitions as parts
from kedro_dagster_component.config.configured import settings_of
from kedro_dagster_component.config.patterns import most_specific
from kedro_dagster_component.manifest import DatasetEntry, NodeEntry, ProjectManifest
from kedro_dagster_component.plan import InputPartitions, StepPartitions

Named = Mapping[str, Any]
"""Partitions configurations by the name of their entry."""


@dataclass(frozen=True)
class PartitionMistake:
    """Partitions that cannot be what they are said to be.

    Attributes:
        dataset: The dataset whose settings are to change.
        setting: `partitions` or `partition_mappings`.
        message: What is wrong.
        hint: The way out.
    """

    dataset: str
    setting: str
    message: str
    hint: str


@dataclass(frozen=True)
class PartitionTable:
    """Partitions of everything an instance exposes.

    Attributes:
        datasets: By dataset name, free inputs included.
        steps: By node id; only nodes that have to do with partitions.
        mistakes: Empty where everything fits.
    """

    datasets: Mapping[str, PartitionsDefinition] = field(default_factory=dict)
    steps: Mapping[str, StepPartitions] = field(default_factory=dict)
    mistakes: tuple[PartitionMistake, ...] = ()


def build_partitions(config: Any, named: Named, name: str) -> PartitionsDefinition:
    """Dagster's partitions definition.

    Args:
        config: A configuration of `config.partitions`.
        named: What dimensions may refer to.
        name: Of the entry; under it a dynamic definition without a name keeps its keys.
    """
    return _BUILDERS[type(config)](config, named, name)


def build_mapping(config: Any) -> PartitionMapping:
    """Dagster's partition mapping."""
    with without_beta_warnings():
        return _MAPPINGS[type(config)](config)


def build_partition_table(
    manifest: ProjectManifest,
    node_ids: Sequence[str],
    named: Named,
    translated: Mapping[str, PartitionsDefinition] | None = None,
) -> PartitionTable:
    """Who has which partitions, and which keys of its inputs a step needs.

    Args:
        manifest: The project, with the settings of its assets.
        node_ids: Exposed nodes.
        named: Partitions by name; all that settings name.
        translated: Those that `translation` gives a dataset, by its name; they win over settings.
    """
    nodes = [manifest.nodes[node_id] for node_id in node_ids]
    mistakes: list[PartitionMistake] = []
    cache: dict[str, PartitionsDefinition] = {}
    datasets: dict[str, PartitionsDefinition] = {}
    for name in dict.fromkeys(name for node in nodes for name in (*node.input_datasets, *node.output_datasets)):
        definition = (translated or {}).get(name) or _definition_of(manifest.datasets[name], name, named, cache)
        if definition is not None:
            datasets[name] = definition
    own: dict[str, PartitionsDefinition] = {}
    for node in nodes:
        definition = _of_node(node, manifest, datasets, named, cache, mistakes)
        if definition is not None:
            own[node.id] = definition
            datasets.update({name: definition for name in node.output_datasets if manifest.datasets[name].is_memory})
    steps = {}
    for node in nodes:
        inputs = {name: datasets[name] for name in node.input_datasets if name in datasets}
        if node.id in own or inputs:
            mapped = _input_partitions(node, inputs, own.get(node.id), manifest, mistakes)
            steps[node.id] = StepPartitions(own.get(node.id), mapped)
    return PartitionTable(datasets, steps, tuple(mistakes))


def default_mapping(upstream: PartitionsDefinition, downstream: PartitionsDefinition | None) -> PartitionMapping:
    """Of an input nobody has given a mapping: the same definition, the same key; else all keys.

    Two different definitions by time meet where their time does, and one of two dimensions in that dimension, as
    everywhere in Dagster.
    """
    if downstream is None:
        return dg.AllPartitionMapping()
    if upstream == downstream:
        return dg.IdentityPartitionMapping()
    if _is_time(upstream) and _is_time(downstream):
        return dg.TimeWindowPartitionMapping()
    dimensions = next((one for one in (upstream, downstream) if isinstance(one, dg.MultiPartitionsDefinition)), None)
    other = downstream if dimensions is upstream else upstream
    if dimensions is not None and sum(part.partitions_def == other for part in dimensions.partitions_defs) == 1:
        with without_beta_warnings():
            return dg.MultiToSingleDimensionPartitionMapping()
    return dg.AllPartitionMapping()


def gives_one_key(
    mapping: PartitionMapping, upstream: PartitionsDefinition, downstream: PartitionsDefinition | None
) -> bool:
    """Whether a mapping gives exactly one upstream key for each key, by what it is and not by chance; never none."""
    if isinstance(mapping, dg.IdentityPartitionMapping | dg.LastPartitionMapping):
        return True
    if isinstance(mapping, dg.MultiToSingleDimensionPartitionMapping):
        return isinstance(downstream, dg.MultiPartitionsDefinition)
    if isinstance(mapping, dg.SpecificPartitionsPartitionMapping):
        return len(mapping.partition_keys) == 1
    if isinstance(mapping, dg.TimeWindowPartitionMapping):
        may_give_none = mapping.allow_nonexistent_upstream_partitions
        return upstream == downstream and mapping.start_offset == mapping.end_offset and not may_give_none
    if isinstance(mapping, dg.StaticPartitionMapping):
        table = mapping.downstream_partition_keys_by_upstream_partition_key
        targets = [key for keys in table.values() for key in ([keys] if isinstance(keys, str) else keys)]
        keys = downstream.get_partition_keys() if isinstance(downstream, dg.StaticPartitionsDefinition) else ()
        return sorted(targets) == sorted(keys)
    return False


def is_same_key(mapping: PartitionMapping) -> bool:
    """Whether a mapping between equal partitions gives each key itself."""
    if isinstance(mapping, dg.TimeWindowPartitionMapping):
        return mapping.start_offset == mapping.end_offset == 0
    return isinstance(mapping, dg.IdentityPartitionMapping)


def _definition_of(
    entry: DatasetEntry | NodeEntry, name: str, named: Named, cache: dict[str, PartitionsDefinition]
) -> PartitionsDefinition | None:
    """What the settings of a dataset, or of a node without outputs, say; one object for each name, which is known to exist."""
    settings = settings_of(entry)
    choice = settings.partitions if settings is not None else None
    if choice is None:
        return None
    if not isinstance(choice, str):
        return build_partitions(choice, named, name)
    if choice not in cache:
        cache[choice] = build_partitions(named[choice], named, choice)
    return cache[choice]


def _of_node(
    node: NodeEntry,
    manifest: ProjectManifest,
    datasets: Mapping[str, PartitionsDefinition],
    named: Named,
    cache: dict[str, PartitionsDefinition],
    mistakes: list[PartitionMistake],
) -> PartitionsDefinition | None:
    """The one definition of a node's outputs; in-memory ones that say nothing follow the others."""
    if not node.outputs:
        return _definition_of(node, node.name, named, cache)
    told = [name for name in node.output_datasets if name in datasets or not manifest.datasets[name].is_memory]
    definitions = [datasets.get(name) for name in told or node.output_datasets]
    other = next((name for name, one in zip(told, definitions, strict=False) if one != definitions[0]), None)
    if other is not None:
        message = f"node '{node.name}' makes '{told[0]}' and '{other}', which do not have the same partitions"
        mistakes.append(PartitionMistake(other, "partitions", message, "give both the same, or make them in two nodes"))
    return definitions[0]


def _input_partitions(
    node: NodeEntry,
    inputs: Mapping[str, PartitionsDefinition],
    own: PartitionsDefinition | None,
    manifest: ProjectManifest,
    mistakes: list[PartitionMistake],
) -> dict[str, InputPartitions]:
    """Which keys of each partitioned input a step needs."""
    outputs = [manifest.datasets[name] for name in node.output_datasets]
    entries: list[DatasetEntry | NodeEntry] = [*outputs] if outputs else [node]
    configured: dict[str, tuple[str, Any]] = {}
    for entry in entries:
        settings = settings_of(entry)
        given = settings.partition_mappings if settings is not None else {}
        for name in inputs:
            key = most_specific(given, name)
            known = configured.setdefault(name, (entry.name, given[key])) if key is not None else None
            if known is not None and key is not None and known[1] != given[key]:
                message = f"'{known[0]}' and '{entry.name}' are made by one node and map '{name}' in different ways"
                hint = "give both the same mapping, or give it to one of them only"
                mistakes.append(PartitionMistake(entry.name, "partition_mappings", message, hint))
    found = {}
    for name, upstream_def in inputs.items():
        dataset, config = configured.get(name, (entries[0].name, None))
        mapping = build_mapping(config) if config is not None else default_mapping(upstream_def, own)
        try:
            mapping.validate_partition_mapping(upstream_def, own)
            is_single = gives_one_key(mapping, upstream_def, own)
        except Exception as error:  # noqa: BLE001  (Dagster raises whatever its checks raise)
            message = f"partitions of '{name}' cannot be mapped to those of '{dataset}': {_first_line(error)}"
            hint = "choose another mapping under `partition_mappings`, or other partitions"
            mistakes.append(PartitionMistake(dataset, "partition_mappings", message, hint))
            continue
        found[name] = InputPartitions(upstream_def, mapping, is_single=is_single)
    return found


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].removeprefix("Check failed.").strip()


def _is_time(definition: PartitionsDefinition) -> bool:
    return isinstance(definition, TimeWindowPartitionsDefinition)


def _times(config: parts.TimePartitionsConfig, *names: str) -> dict[str, Any]:
    return {
        "start_date": config.start,
        "end_date": config.end,
        "timezone": config.timezone,
        "fmt": config.fmt,
        "end_offset": config.end_offset,
        **{name: getattr(config, name) for name in names},
    }


def _window(config: parts.TimeWindowPartitionsConfig) -> PartitionsDefinition:
    return TimeWindowPartitionsDefinition(
        start=config.start,
        end=config.end,
        fmt=config.fmt,
        timezone=config.timezone,
        end_offset=config.end_offset,
        cron_schedule=config.cron_schedule,
    )


def _multi(config: parts.MultiPartitionsConfig, named: Named, name: str) -> PartitionsDefinition:
    dimensions = {
        dimension: build_partitions(named[choice], named, choice)
        if isinstance(choice, str)
        else build_partitions(choice, named, f"{name}_{dimension}")
        for dimension, choice in config.dimensions.items()
    }
    return dg.MultiPartitionsDefinition(dimensions)


_BUILDERS: Mapping[type[Any], Callable[[Any, Named, str], PartitionsDefinition]] = {
    parts.HourlyPartitionsConfig: lambda config, _named, _name: dg.HourlyPartitionsDefinition(
        **_times(config, "minute_offset")
    ),
    parts.DailyPartitionsConfig: lambda config, _named, _name: dg.DailyPartitionsDefinition(
        **_times(config, "minute_offset", "hour_offset")
    ),
    parts.WeeklyPartitionsConfig: lambda config, _named, _name: dg.WeeklyPartitionsDefinition(
        **_times(config, "minute_offset", "hour_offset", "day_offset")
    ),
    parts.MonthlyPartitionsConfig: lambda config, _named, _name: dg.MonthlyPartitionsDefinition(
        **_times(config, "minute_offset", "hour_offset", "day_offset")
    ),
    parts.TimeWindowPartitionsConfig: lambda config, _named, _name: _window(config),
    parts.StaticPartitionsConfig: lambda config, _named, _name: dg.StaticPartitionsDefinition(
        list(config.partition_keys)
    ),
    parts.DynamicPartitionsConfig: lambda config, _named, name: dg.DynamicPartitionsDefinition(
        name=config.name or name
    ),
    parts.MultiPartitionsConfig: _multi,
}


def _dimension_mappings(config: maps.MultiMappingConfig) -> dict[str, dg.DimensionPartitionMapping]:
    return {
        upstream: dg.DimensionPartitionMapping(
            dimension_name=mapping.dimension_name, partition_mapping=build_mapping(mapping.partition_mapping)
        )
        for upstream, mapping in config.dimensions.items()
    }


_MAPPINGS: Mapping[type[Any], Callable[[Any], PartitionMapping]] = {
    maps.IdentityMappingConfig: lambda _config: dg.IdentityPartitionMapping(),
    maps.AllMappingConfig: lambda _config: dg.AllPartitionMapping(),
    maps.LastMappingConfig: lambda _config: dg.LastPartitionMapping(),
    maps.TimeWindowMappingConfig: lambda config: dg.TimeWindowPartitionMapping(
        start_offset=config.start_offset,
        end_offset=config.end_offset,
        allow_nonexistent_upstream_partitions=config.allow_nonexistent_upstream_partitions,
    ),
    maps.StaticMappingConfig: lambda config: dg.StaticPartitionMapping(
        {
            upstream: [keys] if isinstance(keys, str) else list(keys)
            for upstream, keys in config.downstream_keys_by_upstream_key.items()
        }
    ),
    maps.SpecificMappingConfig: lambda config: dg.SpecificPartitionsPartitionMapping(list(config.partition_keys)),
    maps.MultiToSingleMappingConfig: lambda config: dg.MultiToSingleDimensionPartitionMapping(
        config.partition_dimension_name
    ),
    maps.MultiMappingConfig: lambda config: dg.MultiPartitionMapping(_dimension_mappings(config)),
}
