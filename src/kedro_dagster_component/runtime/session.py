"""One Kedro session, context and catalog for each (process, Dagster run, component instance)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from time import perf_counter
from typing import Any

from kedro.io import AbstractDataset, MemoryDataset
from kedro.pipeline.node import Node
from kedro.runner import Task

from kedro_dagster_component.compat import kedro_session as compat
from kedro_dagster_component.compat.kedro import create_catalog
from kedro_dagster_component.compat.kedro_mlflow import load_from
from kedro_dagster_component.errors import RunFailedError, StepError
from kedro_dagster_component.manifest import NodeEntry, dataset_name
from kedro_dagster_component.plan import merge_deep
from kedro_dagster_component.runtime.checked import CheckedData
from kedro_dagster_component.runtime.facts import FactRecorder, facts_of_loaded
from kedro_dagster_component.runtime.handed_over import HandedOverDataset
from kedro_dagster_component.runtime.hook_errors import HookError, hooks_named
from kedro_dagster_component.runtime.keyed_data import KeyedData
from kedro_dagster_component.runtime.live import import_pipelines, live_node
from kedro_dagster_component.runtime.messages import (
    CheckRequest,
    Failure,
    LoadRequest,
    MemoryRef,
    MlflowRun,
    RunInfo,
    RunMoment,
    SessionRequest,
    StepRequest,
    StepResult,
)
from kedro_dagster_component.runtime.mlflow_bridge import MlflowBridge
from kedro_dagster_component.runtime.overlay import (
    fresh_outputs,
    laid_over,
    parameter_datasets,
    pinned_datasets,
)
from kedro_dagster_component.runtime.overrides import component_parameters, override_datasets
from kedro_dagster_component.runtime.recorder import Recorder
from kedro_dagster_component.runtime.release import Releaser
from kedro_dagster_component.runtime.reports import step_result
from kedro_dagster_component.runtime.run_hooks import RunHooks
from kedro_dagster_component.runtime.validations import ValidationRecorder, validated

_logger = logging.getLogger("kedro.runner")
_ONCE_PER_RUN = frozenset({"kedro-telemetry"})
"""Plugins that report a run by its context and catalog: they would report every step process as a run."""


class KedroRunSession:
    """What one Dagster run holds of one Kedro project in this process.

    Attributes:
        request: What it was opened for.
        catalog: The live catalog; the same object for all steps, since hooks keep and change it.
        context: Kedro's.
        hook_manager: The pluggy manager with the hooks of project and plugins.
        mlflow: kedro-mlflow's part of it.
        runtime_params: Of the component, the job and the launchpad, merged; what the session was made with.
        errors: The error of each node that raised when it ran last in this session, by node name.
    """

    def __init__(self, request: SessionRequest) -> None:
        """Create session, context and catalog, firing their hooks once.

        Args:
            request: The project must be open in this process, and the working directory be its root.
        """
        ref = request.ref
        self.request = request
        self.errors: dict[str, BaseException] = {}
        self.runtime_params = merge_deep(ref.runtime_params, request.run_params)
        without_run = component_parameters(request) if request.run_params else None
        self._session = compat.create_session(
            project_path=ref.project_path,
            env=ref.env,
            runtime_params=self.runtime_params or None,
            conf_source=ref.conf_source,
            save_on_close=False,
        )
        compat.set_session_id(self._session, request.save_version)
        self.hook_manager = compat.hook_manager_of(self._session)
        if not request.in_run_process:
            compat.leave_out_plugins(self.hook_manager, _ONCE_PER_RUN)
        self._keyed = KeyedData(self)
        self._facts = FactRecorder()
        self._recorder = Recorder()
        self.hook_manager.register(self._recorder)
        self.hook_manager.register(self._facts)
        self.mlflow = MlflowBridge(self.hook_manager, request)
        with self.mlflow.in_force():
            self._open(without_run)

    def _open(self, without_run: Mapping[str, Any] | None) -> None:
        """Create context and catalog.

        Args:
            without_run: Parameters without those of job and launchpad; None where these have none.
        """
        request = self.request
        with hooks_named(self.hook_manager):
            self.context = self._session.load_context()
        import_pipelines(request.pipelines, is_job=bool(request.info.pipeline_names))
        if without_run is not None:
            loader = self.context.config_loader
            loader["parameters"] = merge_deep(without_run, compat.configured_parameters(self.context))
        override_datasets(self.context.config_loader, request.dataset_overrides)
        compat.limit_validation(self.context, request.pipelines)
        with hooks_named(self.hook_manager):
            self.catalog: compat.Catalog = create_catalog(
                self.context, save_version=request.save_version, load_versions=dict(request.load_versions)
            )
        self._releaser = Releaser(request.nodes, request.kept_datasets)
        self._run_hooks: RunHooks | None = None
        self._registered: frozenset[str] | None = None
        if request.repeat_before is not None:
            self.fire("before", request.repeat_before, None)

    def missing_memory(self, wanted: tuple[MemoryRef, ...]) -> tuple[MemoryRef, ...]:
        """Those of some in-memory datasets that hold no data in this process."""
        return tuple(ref for ref in wanted if not self._holds_memory(ref))

    def load(self, request: LoadRequest) -> Any:
        """Load one dataset, at a version or one of its partitions where one is given."""
        self._join_mlflow_run()
        dataset = self._keyed.one(request.dataset, request.keys) if request.keys is not None else None
        if dataset is None:
            dataset = self.catalog.get(request.dataset, fallback_to_runtime_pattern=True)
        if dataset is not None and request.version is not None:
            dataset = compat.with_version(dataset, request.version, self.request.save_version) or dataset
        if dataset is None:
            raise StepError(f"The catalog has no dataset '{request.dataset}'")
        if request.mlflow_origin is not None:
            load_from(dataset, request.mlflow_origin)
        return dataset.load()

    def check(self, request: CheckRequest) -> CheckedData:
        """Load one dataset, and look at it."""
        data = request.memory if request.memory is not None else self.load(request.load)
        validation = validated(self.catalog, request.load.dataset, data) if request.is_validated else None
        return CheckedData(facts_of_loaded(data), validation)

    def run_step(self, request: StepRequest) -> StepResult:
        """Run one node as a Kedro runner does.

        Raises:
            StaleNodeError: The code has changed since Dagster loaded the definitions.
            MemoryDatasetError: An in-memory output is wanted back and cannot be copied.
        """
        node = live_node(request.node)
        self._join_mlflow_run()
        self._register_datasets()
        self._check_inputs(node, request)
        for ref, value in request.memory_inputs.items():
            self._save_memory(ref, value)
        for name, origin in request.mlflow_origins.items():
            load_from(self.catalog.get(name), origin)
        validations = ValidationRecorder(node.outputs)
        with (
            laid_over(self.catalog, self._keyed_datasets(node, request)),
            laid_over(self.catalog, self._overlay(node, request)),
            validations.told_by_errors(),
            validations.observed(self.catalog, (*node.inputs, *node.outputs)),
        ):
            self._facts.begin([name for name in node.outputs if dataset_name(name) in request.checked_outputs])
            self._recorder.begin(request.metadata)
            started = perf_counter()
            self._execute(node, is_async=request.is_async)
            seconds = perf_counter() - started
            _logger.info("Completed node: %s", node.name)
            result = step_result(node, request, self.catalog, self._recorder.take(), self._facts, seconds)
        self._free(node, request)
        return replace(result, mlflow_run=self.mlflow.run, validations=tuple(validations.validations))

    def node_done(self, entry: NodeEntry) -> None:
        """Free what only a node took that has run for all partition keys, or need not run again."""
        self._register_datasets()  # where nothing has run so far
        self._releaser.node_done(live_node(entry), self._release)

    def _keyed_datasets(self, node: Node, request: StepRequest) -> dict[str, AbstractDataset[Any, Any]]:
        """Datasets of the partitions the step works on."""
        if request.partition is None:
            return {}
        memory = frozenset((*request.memory_outputs, *request.memory_names))
        return self._keyed.datasets(request.partition, tuple(node.inputs), tuple(node.outputs), memory)

    def _overlay(self, node: Node, request: StepRequest) -> dict[str, AbstractDataset[Any, Any]]:
        """Parameters and versions of the step; the catalog serves the step's partitions by now."""
        parameters = dict(request.parameters)
        if request.partition is not None and request.partition.parameters:
            parameters["parameters"] = merge_deep(parameters.get("parameters", {}), request.partition.parameters)
        return {
            **parameter_datasets(self.context, parameters),
            **pinned_datasets(self.catalog, tuple(node.inputs), request.pinned_versions, self.request.save_version),
            **fresh_outputs(self.catalog, tuple(node.outputs), self.request.save_version),
        }

    def _holds_memory(self, ref: MemoryRef) -> bool:
        name, key = ref
        dataset = self._in_memory(name) if key is None else self._keyed.memory(ref)
        return dataset is not None and dataset.exists()

    def _save_memory(self, ref: MemoryRef, value: Any) -> None:
        name, key = ref
        if key is None:
            self._in_memory(name).save(value)
        else:
            self._keyed.save_memory(ref, value)

    def _free(self, node: Node, request: StepRequest) -> None:
        """Free what nothing takes any more: by Kedro's own count where all steps share this process."""
        partition = request.partition
        if self.request.shares_process and (partition is None or partition.is_last):
            self._releaser.node_done(node, self._release)
        for name in request.released:
            if partition is not None and partition.key is not None:
                self._keyed.release(name, partition.key)
            elif not self.request.shares_process:
                self._release(name)

    def _release(self, name: str) -> None:
        self.catalog.release(name)
        self._keyed.release(name)

    def fire(
        self,
        moment: RunMoment,
        info: RunInfo,
        failure: Failure | None,
        memory: Mapping[str, Callable[[], Any]] | None = None,
    ) -> None:
        """Fire a run-level hook.

        Args:
            moment: Which one.
            info: The Dagster run.
            failure: Why the run failed, for `on_pipeline_error`; the exception itself is used where it was raised
                in this session.
            memory: What loads the in-memory outputs of the run that are in other processes, by name.

        Raises:
            HookError: The hook raised.
        """
        hooks = self._hooks(info)
        if moment == "before":
            may_open = self.request.repeat_before is None or self.request.opens_mlflow_run
            with self.mlflow.beginning(may_open=may_open):
                hooks.before()
            return
        self._join_mlflow_run()
        self._register_datasets()
        if moment == "after":
            for name, fetch in (memory or {}).items():
                if not self._holds_memory((name, None)):
                    compat.put_dataset(self.catalog, name, HandedOverDataset(fetch))
            hooks.after()
        else:
            raised = [error for name, error in self.errors.items() if failure is not None and name in failure.nodes]
            hooks.error(raised[-1] if raised else _portable_error(failure))

    def _hooks(self, info: RunInfo) -> RunHooks:
        if self._run_hooks is None:
            self._run_hooks = RunHooks(self, info)
        return self._run_hooks

    def mlflow_run(self, instead: str | None) -> MlflowRun | None:
        """The MLflow run of the session, joined or opened; `instead` is one that it has to give its own up for."""
        self._join_mlflow_run()
        if instead is not None:
            self.mlflow.exchange(instead, self._begin_of)
        return self.mlflow.run

    def _join_mlflow_run(self) -> None:
        self.mlflow.join(self._begin_of)

    def _begin_of(self, plugin: Any) -> None:
        self._hooks(self.request.info).before_of(plugin)

    def close(self) -> None:
        """End the Kedro session."""
        self._session.close()

    def _execute(self, node: Node, *, is_async: bool) -> None:
        task = Task(
            node=node,
            catalog=self.catalog,
            hook_manager=self.hook_manager,
            is_async=is_async,
            run_id=self.request.save_version,
        )
        self.errors.pop(node.name, None)
        try:
            with hooks_named(self.hook_manager):
                task.execute()
        except BaseException as error:
            self.errors[node.name] = _raised_by_project(error)
            raise

    def _check_inputs(self, node: Node, request: StepRequest) -> None:
        """Refuse a node whose inputs nothing provides, in the words of Kedro's runners, and warm up its datasets."""
        produced = {dataset_name(name) for entry in self.request.nodes for name in entry.outputs}
        provided = produced | {name for name, _ in request.memory_inputs}
        given = request.partition.parameters if request.partition is not None else {}
        unsatisfied = sorted(
            name
            for name in node.inputs
            if dataset_name(name) not in provided
            and name.removeprefix("params:") not in given
            and self._is_unknown(name)
        )
        for name in (*node.inputs, *node.outputs):
            if name.removeprefix("params:") not in given:
                self.catalog.get(name, fallback_to_runtime_pattern=True)
        missing = [name for name in unsatisfied if not _holds_data(self.catalog.get(name))]
        if missing:
            raise StepError(
                f"Pipeline input(s) {{{', '.join(map(repr, missing))}}} not found in the "
                f"{type(self.catalog).__name__} (node '{node.name}')"
            )

    def _register_datasets(self) -> None:
        """Enter all datasets of the run in the catalog, as a runner does once `before_pipeline_run` has fired."""
        if self._registered is None:
            names = {name for entry in self.request.nodes for name in (*entry.inputs, *entry.outputs)}
            self._registered = compat.register_datasets(self.catalog, names)

    def _is_unknown(self, name: str) -> bool:
        """Whether the configuration of the catalog says nothing of a dataset."""
        registered = self._registered or frozenset()
        return (name in registered or name not in self.catalog) and not compat.matches_pattern(self.catalog, name)

    def _in_memory(self, name: str) -> AbstractDataset[Any, Any]:
        dataset = self.catalog.get(name, fallback_to_runtime_pattern=True)
        if dataset is None:
            dataset = MemoryDataset()
            self.catalog[name] = dataset
        return dataset


def _raised_by_project(error: BaseException) -> BaseException:
    """What the node or its hook raised, without the name of the hook that we put around it."""
    return error.__cause__ if isinstance(error, HookError) and isinstance(error.__cause__, Exception) else error


def _portable_error(failure: Failure | None) -> RunFailedError:
    if failure is None:
        return RunFailedError("RunFailed", "the Dagster run failed")
    return RunFailedError(failure.class_name, failure.message, failure.traceback, failure.step)


def _holds_data(dataset: AbstractDataset[Any, Any] | None) -> bool:
    return dataset is not None and dataset.exists()
