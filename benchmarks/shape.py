"""A project of any size as plain data: what it holds depends on its number of nodes alone."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

STAGES = 5
"""Registered pipelines beside `__default__`; each has a fifth of the nodes."""

FORMATS = ("json", "pickle", "memory")
"""Formats of the datasets, in turn; the last one is not in the catalog."""

FACTORIES_FROM = 1000
"""Nodes from which on the catalog is made of dataset factories."""


@dataclass(frozen=True)
class Dataset:
    """A dataset.

    Attributes:
        name: With the namespace in front.
        format: One of `FORMATS`.
    """

    name: str
    format: str

    @property
    def path(self) -> tuple[str, ...]:
        """The parts of its asset key."""
        return tuple(self.name.split("."))


@dataclass(frozen=True)
class Node:
    """A node.

    Attributes:
        name: Without namespace.
        namespace: None without one.
        stage: Registered pipeline that holds it.
        inputs: Datasets it reads.
        outputs: None, one or two datasets.
        parameters: Configured value by the name nodes use (`params:s0.rate`).
        tags: Kedro tags.
    """

    name: str
    namespace: str | None
    stage: str
    inputs: tuple[Dataset, ...]
    outputs: tuple[Dataset, ...]
    parameters: Mapping[str, Any]
    tags: tuple[str, ...]

    @property
    def full_name(self) -> str:
        """Its name with the namespace in front."""
        return f"{self.namespace}.{self.name}" if self.namespace else self.name

    @property
    def group(self) -> str:
        """Group of its assets."""
        return self.namespace or self.stage


@dataclass(frozen=True)
class Job:
    """A job.

    Attributes:
        name: Its name.
        pipeline: Its filter, as `dagster.yml` has it.
        groups: Groups of the assets it makes; empty where `tag` says it, or for everything.
        tag: Kedro tag of the nodes it runs.
        executor: Executor in `dagster.yml` and in Dagster alike.
    """

    name: str
    pipeline: Mapping[str, Any]
    groups: tuple[str, ...] = ()
    tag: str | None = None
    executor: str | None = None


@dataclass(frozen=True)
class Shape:
    """A project.

    Attributes:
        size: Number of nodes.
        nodes: In an order they can run in.
        raw: Datasets no node makes.
        jobs: Six of them, which overlap.
    """

    size: int
    nodes: tuple[Node, ...]
    raw: tuple[Dataset, ...]
    jobs: tuple[Job, ...]

    @property
    def has_factories(self) -> bool:
        """Whether the catalog is made of dataset factories."""
        return self.size >= FACTORIES_FROM

    @property
    def stages(self) -> dict[str, list[Node]]:
        """Nodes by registered pipeline."""
        stages: dict[str, list[Node]] = {}
        for node in self.nodes:
            stages.setdefault(node.stage, []).append(node)
        return stages

    @property
    def datasets(self) -> list[Dataset]:
        """Every dataset, raw ones first."""
        return [*self.raw, *(dataset for node in self.nodes for dataset in node.outputs)]


@dataclass
class _Lanes:
    """The datasets the next layer reads, one a lane."""

    latest: deque[Dataset] = field(default_factory=deque)

    def take(self) -> tuple[Dataset, ...]:
        """What the next lane and its neighbour hold."""
        return tuple(dict.fromkeys([self.latest[0], self.latest[1 % len(self.latest)]]))

    def put(self, outputs: tuple[Dataset, ...]) -> None:
        """Go on to the next lane; one whose node made nothing keeps what it held."""
        held = self.latest.popleft()
        self.latest.append(outputs[0] if outputs else held)


def build_shape(size: int, lanes: int | None = None) -> Shape:
    """A project of chains that run side by side and read from each other, in five stages.

    Every seventh node has two outputs and every twentieth none; every second one takes a mapping as parameters, the
    others a number they share; every second stage has a namespace.

    Args:
        size: Number of nodes, five at least.
        lanes: How many chains there are; None for more of them where there are more nodes.
    """
    per_stage = -(-size // STAGES)
    width = lanes or max(1, math.isqrt(per_stage) // 2)
    raw = tuple(Dataset(f"raw_{lane}_json", "json") for lane in range(width))
    read_next = _Lanes(deque(raw))
    nodes = tuple(_node(number, per_stage, read_next) for number in range(size))
    return Shape(size, nodes, raw, _JOBS)


def _node(number: int, per_stage: int, lanes: _Lanes) -> Node:
    stage, place = divmod(number, per_stage)
    namespace = f"team_{stage}" if stage % 2 else None
    name = f"s{stage}_n{place}"
    inputs, outputs = lanes.take(), tuple(_outputs(number, name, namespace))
    lanes.put(outputs)
    return Node(name, namespace, f"stage_{stage}", inputs, outputs, _parameters(stage, place), tuple(_tags(number)))


def _outputs(number: int, name: str, namespace: str | None) -> Iterator[Dataset]:
    prefix = f"{namespace}." if namespace else ""
    count = 0 if number % 20 == 19 else 2 if number % 7 == 6 else 1
    for index in range(count):
        form = FORMATS[(number + index) % len(FORMATS)]
        yield Dataset(f"{prefix}{name}_{index}_{form}", form)


def _parameters(stage: int, place: int) -> dict[str, Any]:
    if place % 2:
        return {f"params:s{stage}.n{place}": {"alpha": 0.5, "rounds": 3, "label": "x", "deep": {"on": True}}}
    return {f"params:s{stage}.rate": 0.25}


def _tags(number: int) -> Iterator[str]:
    if number % 3 == 0:
        yield "daily"
    if number % 5 == 0:
        yield "heavy"


_JOBS = (
    Job("everything", {"pipeline_name": "__default__"}),
    Job("first", {"pipeline_names": ["stage_0", "stage_1", "stage_2"]}, ("stage_0", "team_1", "stage_2")),
    Job("second", {"pipeline_names": ["stage_2", "stage_3", "stage_4"]}, ("stage_2", "team_3", "stage_4")),
    Job("daily", {"pipeline_name": "__default__", "tags": ["daily"]}, tag="daily", executor="in_process"),
    Job("team", {"pipeline_name": "__default__", "node_namespaces": ["team_1"]}, ("team_1",), executor="in_process"),
    Job("stage", {"pipeline_name": "stage_3"}, ("team_3",), executor="multiprocess"),
)
