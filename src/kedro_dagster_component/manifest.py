"""What a Kedro project looks like from outside: plain data, no live object, no secret.

Introspection writes it, translation and the steps read it. It travels as JSON: between processes and inside
the data Dagster keeps for a run.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer

from kedro_dagster_component.errors import Position, Problem
from kedro_dagster_component.plain import from_typed_text, typed_text

MANIFEST_FORMAT = 4
"""Raised whenever a field changes its meaning; a manifest of another format is never read."""


_NO_FIELDS: set[str] = set()


class Record(BaseModel):
    """Base of all plain data here: frozen, strict about unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)  # the outer ones hold the inner

    def model_post_init(self, _context: Any, /) -> None:
        """Forget which fields were given: nobody asks, and with thousands of entries it is a third of the memory.

        All share one empty set, then: pydantic makes another for each copy.
        """
        object.__setattr__(self, "__pydantic_fields_set__", _NO_FIELDS)


_TypedMapping = Annotated[
    dict[str, Any],
    PlainSerializer(lambda params: typed_text(params) if params else {}, when_used="json"),
    BeforeValidator(lambda params: from_typed_text(params) if isinstance(params, str) else params),
]
"""In JSON a text of YAML: a run is given these values as they are, and reading the project has to see the same."""


class ProjectRef(Record):
    """Which Kedro project to open, and how: all that `kedro run` takes from its surroundings.

    Attributes:
        project_path: Absolute path of the Kedro project's root. For a packaged project the folder that holds
            `conf`, else the current folder.
        package_name: Import name of a packaged project; None where `project_path` has a pyproject.toml.
        conf_source: Absolute path of a folder or archive, as `kedro run --conf-source`; None for the project's own.
        env: Kedro environment the user asked for; None leaves the choice to Kedro.
        runtime_params: As `kedro run --params`, as a nested mapping.
        include_hooks: Whether the project's own context and catalog hooks fire while the project is read.
    """

    project_path: str
    package_name: str | None = None
    conf_source: str | None = None
    env: str | None = None
    runtime_params: _TypedMapping = {}
    include_hooks: bool = False


class SourceRef(Record):
    """A place in a file of the project.

    Attributes:
        file: Absolute path.
        line: 1-based.
    """

    file: str
    line: int


class ParameterHint(Record):
    """What the annotation of an argument says of the parameter it takes.

    Attributes:
        kind: `int`, `float`, `bool` or `str`; `any` where it may be of several of these; None for anything else.
        may_be_none: Whether None will do too.
        description: Of a field of a model, or the first line of a model's docstring; None without one.
        fields: Of a model, by the key they have in the configuration.
    """

    kind: str | None = None
    may_be_none: bool = False
    description: str | None = None
    fields: dict[str, ParameterHint] = {}


class NodeEntry(Record):
    """One distinct Kedro node: the same name, inputs and outputs in two pipelines are one entry.

    Attributes:
        id: Unique in the manifest and stable between loads: the name, with a short hash behind it where
            several distinct nodes share the name.
        name: As `kedro run --nodes` takes it, namespace included.
        namespace: Dotted; None without one.
        func: Import path of the function as Kedro shows it, e.g. `spaceflights.nodes.clean`.
        inputs: As the node spells them, in order, parameters (`params:x`, `parameters`) and
            transcoding suffixes (`x@pandas`) included, without repeats.
        outputs: As the node spells them, in order.
        confirms: Datasets the node confirms.
        tags: Sorted.
        pipelines: Registered pipelines that hold it, in the order of the registry.
        description: First the docstring of the function (whole, dedented, secrets masked), else None.
        signature: `func(a, b)`; None where it has none.
        is_generator: Whether the node saves chunk by chunk.
        source: Where the function is defined; None for built-ins and the like.
        fingerprint: Changes when the live node differs in a way a step depends on (name, function path,
            input mapping, output mapping, confirms).
        code_version: Changes with the code of the function, what goes into it and the configured values of its
            parameters; the same on every machine.
        hints: What its function's annotations say of parameters, by the name it spells them.
    """

    id: str
    name: str
    namespace: str | None
    func: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    confirms: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    pipelines: tuple[str, ...] = ()
    description: str | None = None
    signature: str | None = None
    is_generator: bool = False
    source: SourceRef | None = None
    fingerprint: str
    code_version: str | None = None
    hints: dict[str, ParameterHint] = {}

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """Inputs that are parameters, as spelled."""
        return tuple(name for name in self.inputs if is_parameter(name))

    @cached_property
    def input_datasets(self) -> tuple[str, ...]:
        """Names (without transcoding suffix) of the inputs that are data, without repeats, in order."""
        return tuple(dict.fromkeys(dataset_name(name) for name in self.inputs if not is_parameter(name)))

    @cached_property
    def output_datasets(self) -> tuple[str, ...]:
        """Names (without transcoding suffix) of the outputs, in order."""
        return tuple(dict.fromkeys(dataset_name(name) for name in self.outputs))


class ValidatorEntry(Record):
    """What `validator:` of a catalog entry declares (Kedro 1.6 and newer).

    Attributes:
        class_path: Import path of the validator.
        modes: When Kedro validates: `load`, `save` or both.
        is_error: Whether Kedro stops where validation fails, or only warns.
        is_enabled: Whether Kedro validates at all.
    """

    class_path: str
    modes: tuple[str, ...]
    is_error: bool
    is_enabled: bool = True


class DatasetEntry(Record):
    """One dataset that a node reads or writes, parameters excluded.

    Attributes:
        name: Without transcoding suffix.
        spellings: The names nodes use for it, e.g. `("x@pandas", "x@polars")`; `(name,)` without transcoding.
        type: `type` of its catalog entry as written (of the first spelling), e.g. `pandas.CSVDataset`;
            `MemoryDataset` for one that is not in the catalog.
        in_catalog: Whether an entry or a factory pattern of the catalog describes it.
        is_memory: Whether its data lives in memory only (by Kedro's own flag on the dataset class).
        is_versioned: Whether saving makes a new version.
        is_single_process: Whether Kedro forbids it between processes.
        pattern: The factory pattern that made it; None for an entry of its own.
        partition_parameters: Runtime parameters of a partition (`partition_key` ...) that its entry asks for.
        config: Its resolved catalog configuration with all secrets masked; empty where not in the catalog.
        metadata: `metadata` of the catalog entry, masked.
        location: The entry (or pattern) in the catalog file; None where it cannot be told.
        validator: Kedro's own validation of its data; None without.
    """

    name: str
    spellings: tuple[str, ...]
    type: str
    in_catalog: bool
    is_memory: bool = False
    is_versioned: bool = False
    is_single_process: bool = False
    pattern: str | None = None
    partition_parameters: tuple[str, ...] = ()
    config: dict[str, Any] = {}
    metadata: dict[str, Any] = {}
    location: SourceRef | None = None
    validator: ValidatorEntry | None = None


class ParameterEntry(Record):
    """A parameter some node takes.

    Attributes:
        name: As nodes spell it: `params:a.b` or `parameters`.
        value: The configured value as JSON can hold it (dates and the like as text), secrets masked.
        is_secret: Whether the value was masked as a whole.
    """

    name: str
    value: Any
    is_secret: bool = False


class JobSelection(Record):
    """What the filter of one job of `dagster.yml` leaves, by Kedro's own `Pipeline.filter`.

    Attributes:
        node_ids: In Kedro's execution order; empty where there is an error.
        error: Kedro's own words where the filter cannot be applied; None where it can.
        source: Key in `dagster.yml` of the factory that made the job; None for a job that is written out.
    """

    node_ids: tuple[str, ...] = ()
    error: str | None = None
    source: str | None = None


class ExpandedJob(Record):
    """One job of `dagster.yml`, of a factory or written out.

    Attributes:
        key: Its key in the file: the concrete name, or the factory's (`{variant}__predict`), which positions and
            messages are about.
        config: Its configuration with placeholders filled in; empty where the file has no mapping there.
        bindings: What fills the factory's placeholders; empty for a job that is written out.
    """

    key: str
    config: dict[str, Any] = {}
    bindings: dict[str, str] = {}


class ProblemRecord(Record):
    """A `Problem` that can travel, and whom it concerns.

    Attributes:
        message: See `Problem`.
        file: Absolute path; None where no file holds the mistake.
        line: 1-based, or None.
        column: 1-based, or None.
        hint: See `Problem`.
        node_ids: The nodes that cannot run; None where nothing can.
        parameter: Name of the parameter that is not there, as nodes spell it; None for any other mistake.
        dataset: Name of the dataset that is not there; None for any other mistake.
        doubt: Why it may be no mistake after all; None where it is one for certain.
    """

    message: str
    file: str | None = None
    line: int | None = None
    column: int | None = None
    hint: str | None = None
    node_ids: tuple[str, ...] | None = None
    parameter: str | None = None
    dataset: str | None = None
    doubt: str | None = None

    @classmethod
    def of(
        cls,
        problem: Problem,
        *,
        node_ids: tuple[str, ...] | None = None,
        parameter: str | None = None,
        dataset: str | None = None,
        doubt: str | None = None,
    ) -> ProblemRecord:
        """The record of a problem; the other arguments are the attributes of that name."""
        place = problem.position
        return cls(
            message=problem.message,
            file=str(place.file) if place else None,
            line=place.line if place else None,
            column=place.column if place else None,
            hint=problem.hint,
            node_ids=node_ids,
            parameter=parameter,
            dataset=dataset,
            doubt=doubt,
        )

    def problem(self) -> Problem:
        """The problem this is the record of."""
        position = Position(Path(self.file), self.line, self.column) if self.file else None
        return Problem(self.message, position, self.hint)


class ProjectManifest(Record):
    """A Kedro project in one environment.

    Attributes:
        format: `MANIFEST_FORMAT` of the writer.
        ref: What was asked for.
        project_name: Display name (`[tool.kedro] project_name`, else the package's name).
        package_name: Import name of the project's package.
        env: The environment in force: the one asked for, else KEDRO_ENV, else the loader's default run environment.
        kedro_version: Of the environment that read the project.
        environments: Names of the folders of the configuration source.
        pipelines: Node ids of each registered pipeline in execution order, by name, in the order of the registry.
        nodes: By id, `__default__`'s order first.
        datasets: By name.
        parameters: By name as spelled; only those some node takes.
        dagster: Merged content of the `dagster*` files as the project's config loader gives it; empty without one.
        dagster_files: Absolute paths of those files, base before environment.
        catalog_files: Absolute paths of the files of the catalog, base before environment.
        globals_files: Absolute paths of the files `${globals:...}` looks into, base before environment.
        jobs: By concrete job name (factories expanded): those written out first, in the order of the file.
        job_selections: By concrete job name; only jobs whose `pipeline` is a mapping. A factory that cannot be
            expanded has an entry with its error under its own key.
        warnings: What a user should hear on loading (a pipeline that failed to import, an empty registry).
        problems: Mistakes in the project's files that Kedro would find when it runs.
    """

    format: int = MANIFEST_FORMAT
    ref: ProjectRef
    project_name: str
    package_name: str
    env: str | None
    kedro_version: str
    environments: tuple[str, ...] = ()
    pipelines: dict[str, tuple[str, ...]]
    nodes: dict[str, NodeEntry]
    datasets: dict[str, DatasetEntry]
    parameters: dict[str, ParameterEntry]
    dagster: dict[str, Any] = {}
    dagster_files: tuple[str, ...] = ()
    catalog_files: tuple[str, ...] = ()
    globals_files: tuple[str, ...] = ()
    jobs: dict[str, ExpandedJob] = {}
    job_selections: dict[str, JobSelection] = {}
    warnings: tuple[str, ...] = ()
    problems: tuple[ProblemRecord, ...] = ()

    @property
    def project_path(self) -> Path:
        """Root of the Kedro project."""
        return Path(self.ref.project_path)

    def for_run(self) -> ProjectManifest:
        """As the processes of a run have it: without what was looked at when the definitions were made.

        The files of the configuration may have changed since, and the warnings are told.
        """
        return self.model_copy(update={"dagster_files": (), "warnings": ()})


def is_parameter(name: str) -> bool:
    """Whether a node's input is a parameter rather than data (Kedro's own rule)."""
    return name == "parameters" or name.startswith("params:")


def dataset_name(spelling: str) -> str:
    """The dataset behind a node's input or output: without the transcoding suffix."""
    return spelling.partition("@")[0]
