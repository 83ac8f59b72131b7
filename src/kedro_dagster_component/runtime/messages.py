"""What a Dagster step asks of a Kedro process, and what comes back: plain, picklable data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from kedro_dagster_component.manifest import NodeEntry, ProjectRef
from kedro_dagster_component.plan import MetadataChoice
from kedro_dagster_component.runtime.checked import DataFacts, Validation

RunMoment = Literal["before", "after", "error"]
"""The run-level hooks: `before_pipeline_run`, `after_pipeline_run`, `on_pipeline_error`."""


@dataclass(frozen=True)
class SessionRequest:
    """What makes one Kedro session: there is one per (process, Dagster run, component instance).

    Attributes:
        ref: The project; `ref.runtime_params` are the component's own.
        instance_key: Key of the component instance.
        run_id: Dagster run id.
        save_version: Version of everything the run saves, in Kedro's timestamp format.
        run_params: Runtime parameters of the job and of the session resource, merged; they win over the component's.
        load_versions: As `kedro run --load-versions`, by dataset name.
        dataset_overrides: Configuration laid over catalog entries, by dataset name.
        nodes: Every node of this component instance that the Dagster run runs, in no particular order.
        kept_datasets: Names of datasets that stay in memory after their last Kedro reader, since other assets of
            the run take them.
        pipelines: Registered pipelines whose parameters are validated; empty for all, as `kedro run` does
            for `__default__`.
        shares_process: Whether all steps of the run share one process.
        in_run_process: Whether this is the run's own process, or a child of it that lives as long: only there do
            plugins act that may act once for a run.
        repeat_before: What `before_pipeline_run` is told in this process too, once its session is open; None where
            it fires once for the run.
        loggers: Loggers of the job, as `job_loggers.build_handlers` takes them.
        info: The Dagster run as run-level hooks are told of it.
        mlflow_run_id: The MLflow run that another process of this Dagster run has opened; None without one.
        opens_mlflow_run: Whether the session may open one: nobody fires the run's hooks before its steps.
    """

    ref: ProjectRef
    instance_key: str
    run_id: str
    save_version: str
    run_params: Mapping[str, Any] = field(default_factory=dict)
    load_versions: Mapping[str, str] = field(default_factory=dict)
    dataset_overrides: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    nodes: tuple[NodeEntry, ...] = ()
    kept_datasets: tuple[str, ...] = ()
    pipelines: tuple[str, ...] = ()
    shares_process: bool = False
    in_run_process: bool = False
    repeat_before: RunInfo | None = None
    loggers: tuple[Mapping[str, Any], ...] = ()
    info: RunInfo = field(default_factory=lambda: RunInfo(""))
    mlflow_run_id: str | None = None
    opens_mlflow_run: bool = False

    @property
    def identity(self) -> tuple[str, str]:
        """What the session is kept under in its process: Dagster run and component instance."""
        return (self.run_id, self.instance_key)


@dataclass(frozen=True)
class RunInfo:
    """A Dagster run as Kedro's run-level hooks are told of it.

    Attributes:
        dagster_run_id: In `run_params` under that key.
        pipeline_names: Registered pipelines of the run's job; empty for a run without a job.
        filters: Arguments of Kedro's `Pipeline.filter` that are set, by name (`tags`, `node_namespaces` ...).
        runner: Name of the Dagster executor, in `run_params` under `runner`.
        partitions: Runtime parameters of the run's one partition key, or its list of `partition_keys`; empty without.
    """

    dagster_run_id: str
    pipeline_names: tuple[str, ...] = ()
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    runner: str = "dagster"
    partitions: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Failure:
    """Why a run failed, where the exception itself is in another process.

    Attributes:
        class_name: Of the original exception.
        message: Its text.
        traceback: Its traceback as text; empty where there is none (a killed process).
        step: The step that failed; None where it was none.
        nodes: The Kedro nodes of that step by name; empty where it was none of the instance that is told.
    """

    class_name: str
    message: str
    traceback: str = ""
    step: str | None = None
    nodes: tuple[str, ...] = ()


MemoryRef = tuple[str, "str | None"]
"""An in-memory dataset by name, and the partition key of the one meant; None without partitions."""


@dataclass(frozen=True)
class InputKeys:
    """The keys of one partitioned input that a step needs.

    Attributes:
        parameters: Runtime parameters (`partition_key` ...) by key, in order.
        is_single: Whether the node gets the data of the one key itself.
        is_everything: Whether the step has no key and takes all of them, as under `kedro run`.
    """

    parameters: Mapping[str, Mapping[str, str]]
    is_single: bool = False
    is_everything: bool = False


@dataclass(frozen=True)
class KeyRequest:
    """What a step has to do with partitions.

    Attributes:
        key: Of its outputs; None where they have none.
        parameters: Runtime parameters of the key; empty without one.
        inputs: By name of the dataset, those that are partitioned.
        is_last: Whether the node is run for no further key in this run, so that what it read can be freed.
    """

    key: str | None
    parameters: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, InputKeys] = field(default_factory=dict)
    is_last: bool = True


@dataclass(frozen=True)
class StepRequest:
    """One node to run.

    Attributes:
        session: The session to run in.
        node: The node as the manifest describes it.
        parameters: Overrides by spelling (`params:a.b`, `parameters`), merged deep over the configured values.
        pinned_versions: Load version by dataset name, for versioned inputs whose version is settled.
        mlflow_origins: Where MLflow has the inputs that were logged to it, by spelling.
        memory_inputs: Objects of in-memory inputs that are not in this process.
        memory_names: Names of in-memory inputs.
        memory_outputs: Names of in-memory outputs.
        returned_memory: Names of in-memory outputs that are wanted back as objects.
        released: Datasets, as spelled, that can be freed afterwards, since no later node of the step takes them; only of
            steps of several nodes.
        is_async: Load and save in threads, as `kedro run --async`.
        partition: None where the step has to do with none.
        checked_outputs: Names of outputs whose facts are wanted.
        metadata: What to tell of inputs and outputs, by name of the dataset.
        shows_preview: Whether to tell what the node shows of itself.
    """

    session: SessionRequest
    node: NodeEntry
    parameters: Mapping[str, Any] = field(default_factory=dict)
    pinned_versions: Mapping[str, str] = field(default_factory=dict)
    mlflow_origins: Mapping[str, str] = field(default_factory=dict)
    memory_inputs: Mapping[MemoryRef, Any] = field(default_factory=dict)
    memory_names: tuple[str, ...] = ()
    memory_outputs: tuple[str, ...] = ()
    returned_memory: tuple[str, ...] = ()
    released: tuple[str, ...] = ()
    is_async: bool = False
    partition: KeyRequest | None = None
    checked_outputs: frozenset[str] = frozenset()
    metadata: Mapping[str, MetadataChoice] = field(default_factory=dict)
    shows_preview: bool = False


@dataclass(frozen=True)
class LoadRequest:
    """One dataset to load for an asset that is not Kedro's.

    Attributes:
        session: The session to load in.
        dataset: Name as nodes spell it.
        version: Load version; None for the latest or for a dataset without versions.
        mlflow_origin: Where MLflow has it (`mlflow_record.recorded_origin`); None for what is not in MLflow.
        keys: Of its partitions; None for the whole.
    """

    session: SessionRequest
    dataset: str
    version: str | None = None
    mlflow_origin: str | None = None
    keys: InputKeys | None = None


@dataclass(frozen=True)
class CheckRequest:
    """One dataset to look at, without a node that makes it.

    Attributes:
        load: What to load.
        memory: The object itself, of an in-memory dataset that is in another process; None for any other.
        is_validated: Whether Kedro's own validation is asked for.
    """

    load: LoadRequest
    memory: Any = None
    is_validated: bool = False

    @property
    def session(self) -> SessionRequest:
        """The session to look in."""
        return self.load.session


@dataclass(frozen=True)
class HookRequest:
    """A run-level hook to fire.

    Attributes:
        session: The session to fire it in.
        moment: Which hook.
        info: The Dagster run.
        failure: Why the run failed; None unless it did.
        memory: What loads the in-memory outputs of the run that are in other processes, by name.
    """

    session: SessionRequest
    moment: RunMoment
    info: RunInfo
    failure: Failure | None = None
    memory: Mapping[str, Callable[[], Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class MlflowRun:
    """The MLflow run that kedro-mlflow logs a Dagster run to.

    Attributes:
        run_id: MLflow's.
        url: Its page on the tracking server; None where the store is no server.
    """

    run_id: str
    url: str | None


PlainKind = Literal["int", "float", "text", "json", "markdown", "schema", "table"]
"""Of which kind of Dagster's metadata values a fact is."""


@dataclass(frozen=True)
class PlainMetadata:
    """Something to tell of a materialisation, as plain data.

    Attributes:
        kind: See `PlainKind`.
        value: Of Python's own types: a number, a text, what JSON can hold; for `schema` what `tables.schema_of` and for
            `table` what `tables.first_rows` gives.
    """

    kind: PlainKind
    value: Any


@dataclass(frozen=True)
class LoadReport:
    """How one input was loaded.

    Attributes:
        name: As the node spells it.
        seconds: Wall time.
        size_bytes: Size in storage; None where it cannot be told cheaply, or is not asked for.
    """

    name: str
    seconds: float
    size_bytes: int | None = None


@dataclass(frozen=True)
class DatasetReport:
    """What became of one output dataset.

    Attributes:
        name: As the node spells it.
        seconds: Wall time of its saves.
        save_version: Version it was saved under; None without versioning.
        row_count: Rows of tabular data; None where there are none to count.
        size_bytes: Size in storage after the save; None where it cannot be told cheaply.
        model_uri: Where MLflow has it; None for anything but a model logged to MLflow.
        value: The object, for in-memory outputs that are wanted back.
        has_value: Whether `value` is one.
        is_saved: Whether anything was saved: a node may leave out the one partition of its step.
        facts: What checks look at; None where nobody asked.
        metadata: What else is told of it, by metadata key.
    """

    name: str
    seconds: float
    save_version: str | None = None
    row_count: int | None = None
    size_bytes: int | None = None
    model_uri: str | None = None
    value: Any = None
    has_value: bool = False
    is_saved: bool = True
    facts: DataFacts | None = None
    metadata: Mapping[str, PlainMetadata] = field(default_factory=dict)


@dataclass(frozen=True)
class StepResult:
    """What a node left behind.

    Attributes:
        outputs: By name as the node spells it, in the node's order.
        seconds: Wall time of the node from first load to last save.
        mlflow_run: Where kedro-mlflow logged it; None without.
        validations: By Kedro of what the node loaded and saved, in order.
        loads: Its inputs that were loaded, in order.
        metadata: What is told of the node itself, by metadata key.
    """

    outputs: Mapping[str, DatasetReport]
    seconds: float
    mlflow_run: MlflowRun | None = None
    validations: tuple[Validation, ...] = ()
    loads: tuple[LoadReport, ...] = ()
    metadata: Mapping[str, PlainMetadata] = field(default_factory=dict)
