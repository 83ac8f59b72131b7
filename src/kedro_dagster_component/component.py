"""The component: its fields, and the wiring from a Kedro project to Dagster definitions."""

# No `from __future__ import annotations`: Dagster reads the annotations of the fields as objects.

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import dagster as dg
from dagster.components import DefsStateConfig
from dagster.components.resolved.core_models import OpSpec
from dagster.components.resolved.model import Resolver
from dagster.components.scaffold.scaffold import scaffold_with
from dagster.components.utils.translation import TranslationFn
from pydantic import BaseModel
from typing_extensions import Self

from kedro_dagster_component.all_instances import build_or_tell_all
from kedro_dagster_component.config.component import OpConfig
from kedro_dagster_component.config.configured import settings_of
from kedro_dagster_component.config.metadata_parts import DEFAULT_PARTS, MetadataPart
from kedro_dagster_component.defs_state import state_config, write_state
from kedro_dagster_component.errors import ConfigurationError, Finding
from kedro_dagster_component.garbage import without_collections
from kedro_dagster_component.loading import YamlLines, shown_as_text
from kedro_dagster_component.manifest import DatasetEntry, NodeEntry
from kedro_dagster_component.op_settings import NodeOpSpec, RetryPolicyModel, node_op_spec
from kedro_dagster_component.plan import InstancePlan, StepPlan
from kedro_dagster_component.scaffolder import KedroProjectScaffolder
from kedro_dagster_component.translate.asset_settings import configured_spec
from kedro_dagster_component.translate.checks import build_check_specs
from kedro_dagster_component.translate.specs import dataset_spec, node_spec
from kedro_dagster_component.translation import TranslatedObject, TranslationResolver
from kedro_dagster_component.yaml_attributes import GivenAttributes, attributes_model, read_attributes

__all__ = ["KedroProjectComponent", "NodeOpSpec", "RetryPolicyModel", "TranslatedObject"]


class _ReadAttributes:
    """What reading the YAML leaves behind beside the fields.

    Attributes:
        findings: Mistakes in the attributes, told once the project is known; None for an instance made in Python.
        load_context: Where the YAML was found; None for an instance made in Python.
    """

    findings: tuple[Finding, ...] | None = None
    load_context: dg.ComponentLoadContext | None = None


@scaffold_with(KedroProjectScaffolder)
@dataclass
class KedroProjectComponent(_ReadAttributes, dg.StateBackedComponent, dg.Resolvable):
    """Show a Kedro project in Dagster and run it there, without any change to the project.

    The nodes of the project's registered pipelines become steps, its datasets assets, its pipelines (or what
    `conf/<env>/dagster.yml` says) jobs and schedules. A step runs its node as `kedro run` does.

    Scaffold one with
    `dg scaffold defs kedro_dagster_component.KedroProjectComponent kedro --project-path ../my-kedro-project`.

    Example:
        ```yaml
        type: kedro_dagster_component.KedroProjectComponent
        attributes:
          project: "{{ context.project_root }}/../spaceflights"
          env: local
        ```
    """

    project: Annotated[
        str | None,
        Resolver.default(
            description="Root of the Kedro project (the folder whose pyproject.toml has [tool.kedro]). A relative path "
            "starts at this file. Without it: the nearest Kedro project above this file.",
            examples=["{{ context.project_root }}/../spaceflights", "../../../.."],
        ),
    ] = None
    package: Annotated[
        str | None,
        Resolver.default(
            description="Import name of an installed Kedro package (made by `kedro package`), instead of `project`. "
            "Needs `conf_source`.",
            examples=["spaceflights"],
        ),
    ] = None
    env: Annotated[
        str | None,
        Resolver.default(
            description="Kedro environment, as `kedro run --env`. Without it: KEDRO_ENV, else the project's default.",
            examples=["local", "{{ env.KEDRO_ENVIRONMENT }}"],
        ),
    ] = None
    conf_source: Annotated[
        str | None,
        Resolver.default(
            description="Folder or archive with the configuration, as `kedro run --conf-source`. A relative path starts "
            "at the Kedro project's root.",
            examples=["conf", "/etc/spaceflights/conf.tar.gz"],
        ),
    ] = None
    runtime_params: Annotated[
        dict[str, Any],
        Resolver.default(
            description="Runtime parameters, as `kedro run --params` and merged the same way.",
            examples=[{"model_options": {"test_size": 0.3}}],
        ),
    ] = field(default_factory=dict)
    include_hooks: Annotated[
        bool,
        Resolver.default(
            description="Fire the project's own context and catalog hooks while the project is read. Needed where hooks "
            "make pipelines or datasets; hooks of plugins never fire then.",
            examples=[True],
        ),
    ] = False
    run_hooks: Annotated[
        Literal["once", "every_process"],
        Resolver.default(
            description="`once` fires before_pipeline_run in the run's own process; `every_process` in each step process "
            "too, for hooks that keep state from it for their nodes.",
            examples=["every_process"],
        ),
    ] = "once"
    cache: Annotated[
        str | dict[str, list[str]],
        Resolver.default(
            description="`auto` keeps what the project was found to be until something changes that reading it was seen to "
            "depend on; `off` reads it at each load; `files` (from the project's root, with patterns) and `env` name "
            "what else counts.",
            examples=[{"files": ["data/01_raw/countries.csv"], "env": ["REGION"]}, "off"],
        ),
    ] = "auto"
    pipelines: Annotated[
        list[str] | None,
        Resolver.default(
            description="Registered pipelines to expose. Without it: all of them.",
            examples=[["data_processing", "data_science"]],
        ),
    ] = None
    select: Annotated[
        list[str] | None,
        Resolver.default(
            description="Nodes to expose: 'pipeline:x', 'tag:x', 'namespace:x', 'node:x' or 'dataset:x' (the node that "
            "makes it). Without it: all of them.",
            examples=[["tag:nightly", "namespace:active_modelling"]],
        ),
    ] = None
    exclude: Annotated[
        list[str] | None,
        Resolver.default(
            description="Nodes to leave out, in the same form as `select`. 'dataset:x' of a free input leaves out its "
            "external asset, for one that something else in the code location makes under the same key.",
            examples=[["node:upload_report"]],
        ),
    ] = None
    group_nodes_by: Annotated[
        str,
        Resolver.default(
            description="Which nodes one step runs: `node` (each by itself), `namespace` (its first part; `namespace:2` the "
            "first two), `pipeline`, `tag:<prefix>` (nodes with the same tag of that prefix) or `memory` (nodes joined by "
            "in-memory datasets, which stay inside the step and are no assets then).",
            examples=["namespace", "tag:step_", "memory"],
        ),
    ] = "node"
    name_prefix: Annotated[
        str | None,
        Resolver.default(
            description="Put before the names of jobs, schedules and ops, so that two instances can live in one code "
            "location.",
            examples=["prod_"],
        ),
    ] = None
    executor: Annotated[
        str | None,
        Resolver.default(
            description="Executor of runs without a job (materialisations, backfills): a name from dagster.yml, `default` "
            "for Dagster's own, or null where the code location has an executor of its own. One per code location.",
            examples=["default", "parallel"],
        ),
    ] = "default"
    memory_datasets: Annotated[
        Literal["auto", "stored"],
        Resolver.default(
            description="`auto` hands in-memory datasets over live inside one process and through Dagster's `io_manager` "
            "between processes; `stored` stores them always, so that later runs can start from them.",
            examples=["stored"],
        ),
    ] = "auto"
    include_metadata: Annotated[
        list[MetadataPart],
        Resolver.default(
            description="What is told of each materialisation beside times and versions: `column_metadata`, `row_count`, "
            "`size`, `figures`, `metrics`, and `preview` for first rows, which copies data into Dagster's storage. A "
            "dataset can have its own in dagster.yml.",
            examples=[["column_metadata", "row_count", "preview"]],
        ),
    ] = field(default_factory=lambda: list(DEFAULT_PARTS))
    op: Annotated[
        NodeOpSpec | None,
        Resolver.default(
            description="Settings of every step: Dagster's OpSpec (tags, pool, backfill_policy ...) plus `retry_policy`.",
            examples=[{"tags": {"team": "forecast"}, "pool": "warehouse", "retry_policy": {"max_retries": 3}}],
        ),
    ] = None
    translation: Annotated[
        TranslationFn[TranslatedObject] | None,
        TranslationResolver(
            description="How assets look: Dagster's usual overrides of asset specs. Templates see `spec`, `node` (none for "
            "a free input) and `dataset` (none for a node without outputs).",
            examples=[{"key_prefix": "prod"}, {"group_name": "{{ node.namespace if node else 'raw' }}"}],
        ),
    ] = None

    partitions: Annotated[
        dict[str, Any],
        Resolver.default(
            description="Partitions by name, for assets and jobs in dagster.yml to refer to; written as under `partitions:` "
            "there, which wins on the same name.",
            examples=[{"day": {"type": "daily", "start_date": "2024-01-01"}}],
        ),
    ] = field(default_factory=dict)

    @classmethod
    def model(cls) -> type[BaseModel]:
        """The model Dagster validates the attributes with: it takes everything, `resolve_from_model` looks at it."""
        return attributes_model(cls, KedroProjectComponent)

    @classmethod
    def load(cls, attributes: BaseModel | None, context: dg.ComponentLoadContext) -> Self:
        """The component of a YAML file, known to Dagster by the key of its state.

        `StateBackedComponent` asks for that key before it could know where the file is.
        """
        component = super(dg.StateBackedComponent, cls).load(attributes, context)
        component.load_context = context
        key = component.defs_state_config.key
        context.component_tree.mark_component_defs_state_key(defs_state_key=key, loc=context.component_loc)
        return component

    @property
    def defs_state_config(self) -> DefsStateConfig:
        """The state that `dg utils refresh-defs-state` makes ahead: the manifest of the Kedro project."""
        return state_config(self)

    def write_state_to_path(self, state_path: Path) -> None:
        """Read the Kedro project and keep its manifest in a file.

        Raises:
            LoadError: The project cannot be read, or is read differently each time.
        """
        with shown_as_text():
            write_state(self, state_path)

    def build_defs_from_state(self, context: dg.ComponentLoadContext, state_path: Path | None) -> dg.Definitions:
        """As `build_defs`, which uses the state for as long as it is that of the project."""
        return self.build_defs(context)

    @classmethod
    def resolve_from_model(cls, context: dg.ResolutionContext, model: BaseModel) -> Self:
        """The component that the attributes in YAML describe; mistakes are kept for `build_defs`, which knows more.

        Raises:
            LoadError: A field of a subclass that has no default is wrong or missing.
        """
        given = model.given if isinstance(model, GivenAttributes) else model.model_dump(exclude_unset=True)
        read = read_attributes(cls, KedroProjectComponent, context, given)
        if not read.is_complete and context.source_position_tree is not None:
            lines = YamlLines.of(context.source_position_tree)
            with shown_as_text():
                raise ConfigurationError([*lines.problems, *map(lines.problem, read.findings)])
        values = dict(read.values)
        if isinstance(values.get("op"), OpConfig | OpSpec):
            values["op"] = node_op_spec(values["op"])
        component = cls(**values)
        component.findings = read.findings
        return component

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Read the Kedro project and translate it.

        Raises:
            LoadError: Something is wrong with the project or its configuration; the text says where and what to do.
        """
        with shown_as_text(), without_collections():
            return build_or_tell_all(self, context, KedroProjectComponent)

    def get_asset_spec(self, node: NodeEntry | None, dataset: DatasetEntry | None) -> dg.AssetSpec:
        """The asset of a dataset, or of a node without outputs. Override it to change how Kedro's things look.

        Args:
            node: The node that makes the dataset; None for a free input.
            dataset: The dataset; None for a node without outputs.

        Returns:
            A spec without dependencies. A changed key is followed everywhere: outputs, dependencies, jobs.

        Example:
            ```python
            class MyKedroComponent(KedroProjectComponent):
                def get_asset_spec(self, node, dataset):
                    spec = super().get_asset_spec(node, dataset)
                    return spec.replace_attributes(owners=["team:forecast"])
            ```
        """
        if dataset is not None:
            spec = configured_spec(dataset_spec(node, dataset), settings_of(dataset))
        elif node is not None:
            spec = configured_spec(node_spec(node), settings_of(node))
        else:
            raise ValueError("either a node or a dataset has to be given")
        return self.translation(spec, TranslatedObject(node, dataset)) if self.translation else spec

    def get_asset_check_specs(
        self, asset: dg.AssetSpec, node: NodeEntry | None, dataset: DatasetEntry
    ) -> Sequence[dg.AssetCheckSpec]:
        """The checks of a dataset: Kedro's own validation, then those of `checks:`. Override it to change them.

        Args:
            asset: The final asset, of which the checks are.
            node: The node that makes the dataset; None for a free input.
            dataset: The dataset.

        Returns:
            Specs. One that is left out is not evaluated; what is evaluated under a name stays the same. A spec of
            another name is for `execute` to evaluate: it yields a `dagster.AssetCheckResult`.

        Example:
            ```python
            class MyKedroComponent(KedroProjectComponent):
                def get_asset_check_specs(self, asset, node, dataset):
                    specs = super().get_asset_check_specs(asset, node, dataset)
                    return [spec._replace(blocking=True) for spec in specs]
            ```
        """
        return build_check_specs(dataset, settings_of(dataset), asset.key)

    def get_job(self, job: Any) -> Any:
        """The Dagster job of a registered pipeline or of an entry of dagster.yml. Override it to change jobs.

        Args:
            job: What `dagster.define_asset_job` made.

        Returns:
            The job to use, or None to leave it out together with its schedule.

        Example:
            ```python
            class MyKedroComponent(KedroProjectComponent):
                def get_job(self, job):
                    return None if job.name == "scratch" else job
            ```
        """
        return job

    def execute(self, context: dg.AssetExecutionContext, instance: InstancePlan, step: StepPlan) -> Iterator[Any]:
        """Run a step. Override it to do something around every step.

        Args:
            context: Dagster's.
            instance: This component instance.
            step: The step; `step.nodes` are the Kedro nodes it runs, one unless `group_nodes_by` groups them.

        Yields:
            Dagster's events.

        Example:
            ```python
            class MyKedroComponent(KedroProjectComponent):
                def execute(self, context, instance, step):
                    context.log.info(f"starting {step.label}")
                    yield from super().execute(context, instance, step)
            ```
        """
        from kedro_dagster_component.runtime.step import run_step

        yield from run_step(context, instance, step)
