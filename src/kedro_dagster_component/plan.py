"""What a step needs at run time, as plain data: made once by the translation, read by the runtime.

```
InstancePlan            one component instance
├── steps               by op name
│   └── StepPlan        one Kedro node, or a group of them in Kedro's order
│       └── nodes       NodePlan, ...
│           ├── inputs  DatasetPlan, ...
│           └── outputs DatasetPlan by output name
└── datasets            every DatasetPlan, by asset key
```
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from kedro_dagster_component.manifest import NodeEntry, ParameterHint, ProjectRef
from kedro_dagster_component.naming import fan_out_names

MemoryPolicy = Literal["auto", "stored"]
"""`auto`: live inside one process, stored between processes; `stored`: always stored too."""


@dataclass(frozen=True, slots=True)
class CheckPlan:
    """One check of a dataset's data, as the step that makes it evaluates it.

    Attributes:
        name: Of Dagster's asset check.
        kind: `validator` for Kedro's own validation, else the `type` in `checks:`.
        is_error: Whether a failure is an error, else a warning.
        is_blocking: Whether a failure that is an error keeps steps downstream from running.
        min_rows: Of `row_count`; None for no bound.
        max_rows: Of `row_count`; None for no bound.
        columns: Of `columns`: those that have to be there.
        modes: Of `validator`: when Kedro validates, `load` or `save` or both.
    """

    name: str
    kind: Literal["validator", "not_empty", "row_count", "columns"]
    is_error: bool = True
    is_blocking: bool = False
    min_rows: int | None = None
    max_rows: int | None = None
    columns: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()


@dataclass(frozen=True)
class MetadataChoice:
    """What is told of each materialisation of a dataset, beside times and versions.

    Attributes:
        parts: Names as `include_metadata` has them.
        preview_rows: Rows that `preview` shows.
        counts_lazy: Whether the rows of a table are counted that has to be computed for it.
    """

    parts: frozenset[str] = frozenset()
    preview_rows: int = 5
    counts_lazy: bool = False


@dataclass(frozen=True, slots=True)
class DatasetPlan:
    """One dataset as a step sees it.

    Attributes:
        name: Kedro's name without transcoding suffix.
        asset_key: Path of the Dagster asset key; empty for one that stays inside its step and is no asset.
        spellings: Names nodes use for it (`x@pandas`, `x@polars`, or the name alone).
        is_memory: Whether its data lives in memory only.
        is_versioned: Whether saving makes a new version.
        type: Of its catalog entry, as written.
        checks: Of its data.
        is_free: Whether no node makes it.
        metadata: What is told of each materialisation.
        code_version: Of its asset; None without.
    """

    name: str
    asset_key: tuple[str, ...]
    spellings: tuple[str, ...]
    is_memory: bool
    is_versioned: bool
    type: str = ""
    checks: tuple[CheckPlan, ...] = ()
    is_free: bool = False
    metadata: MetadataChoice = MetadataChoice()
    code_version: str | None = None


@dataclass(frozen=True, slots=True)
class InputPartitions:
    """Which keys of a partitioned input a step needs.

    Attributes:
        definition: Dagster's partitions definition of the input.
        mapping: Dagster's partition mapping.
        is_single: Whether the mapping always gives one key: the node then gets the data of that key itself,
            otherwise a mapping from each key to a function that loads it, as Kedro's PartitionedDataset does.
    """

    definition: Any
    mapping: Any
    is_single: bool


@dataclass(frozen=True, slots=True)
class StepPartitions:
    """What a step has to do with partitions.

    Attributes:
        definition: Dagster's partitions definition of its outputs; None where only inputs have one.
        inputs: By name of the dataset, those that are partitioned.
        fans_out: Whether each key is a step of its own.
    """

    definition: Any
    inputs: Mapping[str, InputPartitions] = field(default_factory=dict)
    fans_out: bool = False


@dataclass(frozen=True, slots=True)
class NodePlan:
    """One Kedro node of a step.

    Attributes:
        node: As the manifest describes it.
        inputs: Its input datasets, parameters excluded, in order.
        outputs: Its output datasets that are assets, by Dagster output name, in order.
        inside: Its output datasets that are no assets.
        marker: Output name of a node that stands for itself, since it makes no asset; None for any other.
        asset_key: Path of the asset key of such a node; empty for any other.
        shows_preview: Whether what the node shows of itself (Kedro's `preview_fn`) is told.
    """

    node: NodeEntry
    inputs: tuple[DatasetPlan, ...]
    outputs: Mapping[str, DatasetPlan]
    inside: tuple[DatasetPlan, ...] = ()
    marker: str | None = None
    asset_key: tuple[str, ...] = ()
    shows_preview: bool = False

    @property
    def made(self) -> tuple[DatasetPlan, ...]:
        """All datasets it makes."""
        return (*self.outputs.values(), *self.inside)

    @property
    def output_names(self) -> tuple[str, ...]:
        """Names of its Dagster outputs."""
        return tuple(self.outputs) if self.marker is None else (self.marker,)


@dataclass(frozen=True)
class StepPlan:
    """One Dagster step that runs one Kedro node, or a group of them.

    Attributes:
        op_name: Name of the Dagster op.
        nodes: In the order they run in.
        inputs: The datasets that nodes outside of the step make, in order.
        defaults: Configured parameter values by spelling (`params:a.b`, `parameters`), as the launchpad shows them.
        partitions: None where neither an input nor an output has any.
        kept_inside: Names of in-memory datasets that its own nodes take, and no other node.
        group: What its nodes share, as `group_nodes_by` says; None for a node by itself.
    """

    op_name: str
    nodes: tuple[NodePlan, ...]
    inputs: tuple[DatasetPlan, ...]
    defaults: Mapping[str, Any]
    partitions: StepPartitions | None = None
    kept_inside: frozenset[str] = frozenset()
    group: str | None = None

    @property
    def node(self) -> NodeEntry:
        """Its node; of a group the first one."""
        return self.nodes[0].node

    @property
    def node_ids(self) -> tuple[str, ...]:
        """Ids of its nodes."""
        return tuple(one.node.id for one in self.nodes)

    @property
    def label(self) -> str:
        """Its nodes by name, for a sentence."""
        return " and ".join(f"'{one.node.name}'" for one in self.nodes)

    @cached_property
    def outputs(self) -> Mapping[str, DatasetPlan]:
        """The datasets it makes that are assets, by Dagster output name."""
        if len(self.nodes) == 1:
            return self.nodes[0].outputs
        return {name: dataset for one in self.nodes for name, dataset in one.outputs.items()}

    @cached_property
    def node_by_output(self) -> Mapping[str, NodePlan]:
        """Which node makes each Dagster output."""
        return {name: one for one in self.nodes for name in one.output_names}

    @property
    def hints(self) -> Mapping[str, ParameterHint]:
        """What annotations of its nodes say of parameters; nothing of one that two of them see in different ways."""
        if len(self.nodes) == 1:
            return self.nodes[0].node.hints
        found = [(name, hint) for one in self.nodes for name, hint in one.node.hints.items()]
        return {name: hint for name, hint in found if all(other == hint for key, other in found if key == name)}

    @property
    def parameters(self) -> tuple[str, ...]:
        """Parameters that its nodes take, as spelled, without repeats, in order."""
        return tuple(dict.fromkeys(name for one in self.nodes for name in one.node.parameters))

    @property
    def last_step(self) -> str:
        """Key of the Dagster step that ends it."""
        if self.partitions is None or not self.partitions.fans_out:
            return self.op_name
        return f"{self.op_name}.{fan_out_names(self.op_name)[-1]}"


@dataclass(frozen=True, slots=True)
class PartitionChoice:
    """What `partitions` of a job says.

    Attributes:
        text: `all`, `latest` or a range `a...b`.
        takers: Partitions definitions of the job that a range is one of; empty for any other text.
    """

    text: str
    takers: tuple[Any, ...] = ()


@dataclass(frozen=True)
class InstancePlan:
    """One component instance.

    Attributes:
        key: Key of its session resource, unique in the code location.
        ref: The Kedro project, with the component's own runtime parameters.
        memory: What happens to in-memory datasets.
        steps: By op name, filled while the assets are built.
        datasets: By asset key path, external ones included.
        job_params: Runtime parameters of each job that has some, by Dagster job name.
        job_pipelines: Registered pipelines each job is cut from, by Dagster job name.
        job_partitions: What `partitions` of each job that has it says, by Dagster job name.
        job_filters: Arguments of Kedro's `Pipeline.filter` each job sets, by Dagster job name.
        op_job_nodes: Ids of the nodes of each job of ops, by Dagster job name.
        job_loggers: Loggers of each job that has some, as `logging.config` describes them, by Dagster job name.
        run_hooks: Whether `before_pipeline_run` fires once for a run, or in every step process too.
    """

    key: str
    ref: ProjectRef
    memory: MemoryPolicy = "auto"
    steps: Mapping[str, StepPlan] = field(default_factory=dict)
    datasets: Mapping[tuple[str, ...], DatasetPlan] = field(default_factory=dict)
    job_params: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    job_pipelines: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    job_partitions: Mapping[str, PartitionChoice] = field(default_factory=dict)
    job_filters: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    op_job_nodes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    job_loggers: Mapping[str, tuple[Mapping[str, Any], ...]] = field(default_factory=dict)
    run_hooks: Literal["once", "every_process"] = "once"


def merge_deep(base: Mapping[str, Any], override: Mapping[str, Any]) -> dict[str, Any]:
    """A new mapping: `override` laid over `base`, mapping by mapping; any other value replaces."""
    merged = dict(base)
    for key, value in override.items():
        below = merged.get(key)
        merged[key] = merge_deep(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged


def nested_params(params: Mapping[str, Any]) -> dict[str, Any]:
    """Runtime parameters with dotted keys read as `kedro run --params a.b=1` reads them: `{"a": {"b": 1}}`."""
    nested: dict[str, Any] = {}
    for dotted, value in params.items():
        below = value
        for key in reversed(str(dotted).split(".")):
            below = {key: below}
        nested = merge_deep(nested, below)
    return nested


def difference(value: Any, default: Any) -> Any:
    """The part of `value` that differs from `default`; `UNCHANGED` where nothing does.

    Mappings are compared key by key and only the differing keys are returned; a key that `value` leaves out is
    no difference. Everything else is compared as a whole.
    """
    if isinstance(value, Mapping) and isinstance(default, Mapping):
        parts = {key: difference(item, default[key]) if key in default else item for key, item in value.items()}
        changed = {key: part for key, part in parts.items() if part is not UNCHANGED}
        return changed or UNCHANGED
    return UNCHANGED if type(value) is type(default) and value == default else _unless_equal_number(value, default)


class _Unchanged:
    """Type of `UNCHANGED`, so that None stays a value like any other."""

    def __repr__(self) -> str:
        return "UNCHANGED"


UNCHANGED = _Unchanged()


def _unless_equal_number(value: Any, default: Any) -> Any:
    """Dagster turns an integer into a float where a float is expected: 1 and 1.0 are the same setting."""
    numbers = (int, float)
    if isinstance(value, numbers) and isinstance(default, numbers) and not isinstance(value, bool):
        return UNCHANGED if value == default and not isinstance(default, bool) else value
    return value
