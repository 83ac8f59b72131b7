"""One Dagster step that runs one Kedro node: Dagster's context in, Dagster's events out."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from typing import Any

import dagster as dg

from kedro_dagster_component.compat.dagster import only_checks
from kedro_dagster_component.compat.dagster_partitions import (
    WITHOUT_EVENT,
    data_version,
    knows_assets,
    partition_tags,
    version_tags,
    versioned_output,
)
from kedro_dagster_component.plan import UNCHANGED, DatasetPlan, InstancePlan, StepPlan, difference
from kedro_dagster_component.runtime.check_runs import run_checks
from kedro_dagster_component.runtime.handover import Surroundings, load, store, stored_keys
from kedro_dagster_component.runtime.host import hosts
from kedro_dagster_component.runtime.messages import (
    DatasetReport,
    KeyRequest,
    MemoryRef,
    StepRequest,
    StepResult,
)
from kedro_dagster_component.runtime.mlflow_claim import with_mlflow_run
from kedro_dagster_component.runtime.mlflow_record import recorded_origin
from kedro_dagster_component.runtime.orphan import end_with_run
from kedro_dagster_component.runtime.resource import LIVE, SessionOptions
from kedro_dagster_component.runtime.run_partitions import input_keys, parameters_of, step_keys
from kedro_dagster_component.runtime.runs import recorded_by_run, recorded_version
from kedro_dagster_component.runtime.step_checks import CHECKED_KEY, StepChecks
from kedro_dagster_component.runtime.step_metadata import saved_metadata, step_metadata
from kedro_dagster_component.runtime.unattended import open_run
from kedro_dagster_component.runtime.view import RunView, session_request, sink_of

DONE = "done"
"""Output of the op that runs a node for one partition key."""

BACKFILL_TAG = "dagster/backfill"
"""Tag by which Dagster finds the events of a backfill."""


def run_step(context: Any, instance: InstancePlan, plan: StepPlan) -> Iterator[Any]:
    """Run the node of a step, for each of the step's partition keys, and say what it saved.

    Args:
        context: Dagster's, of an asset or of an op.
        instance: The component instance.
        plan: The step.

    Yields:
        One output for each selected output dataset, after its save; what the node saved besides, and each
        partition by its key, is logged as a materialisation.
    """
    op_context: dg.OpExecutionContext = getattr(context, "op_execution_context", context)
    options: SessionOptions = getattr(op_context.resources, instance.key).options
    view = RunView.of_op(op_context)
    end_with_run(view)
    open_run(view)
    if only_checks(op_context.job_def, op_context.op_handle.path[0]):
        yield from run_checks(op_context, instance, plan)
        return
    step = _Step(op_context, instance, plan, options, view)
    keys = step_keys(op_context, instance, plan)
    if keys == (None,):
        result = yield from step.run(step.key_request(None, is_last=True))
        yield from step.outputs(result)
        yield from step.checks.events()
        return
    fans_out = op_context.get_mapping_key() is not None
    for number, key in enumerate(keys, start=1):
        request = step.key_request(key, is_last=number == len(keys) and not fans_out)
        result = yield from step.run(request)
        step.record(request, result)
    if fans_out:
        yield from step.checks.events_of_inputs()
        yield dg.Output(None, DONE)
        return
    yield from outputs_without_event(op_context, plan)
    yield from step.checks.events()


def finish_fan_out(context: dg.OpExecutionContext, instance: InstancePlan, plan: StepPlan) -> Iterator[Any]:
    """What is left to do once a node has run for all keys: free what only it took, check, and let Dagster go on."""
    if only_checks(context.job_def, plan.op_name):
        yield from run_checks(context, instance, plan)
        return
    options: SessionOptions = getattr(context.resources, instance.key).options
    view = RunView.of_op(context)
    session = session_request(view, instance, options)
    if session.shares_process:
        hosts.get(instance.ref).node_done(session, plan.node, sink_of(context.log))
    yield from outputs_without_event(context, plan)
    yield from _checks_of_keys(context, plan).events()


def outputs_without_event(context: dg.OpExecutionContext, plan: StepPlan) -> Iterator[dg.Output[Any]]:
    """The outputs of a step whose materialisations are logged already."""
    names = (plan.marker,) if plan.marker is not None else tuple(plan.outputs)
    for name in names:
        if name in context.selected_output_names:
            is_memory = plan.marker is None and plan.outputs[name].is_memory and not _fans_out(plan)
            yield dg.Output(LIVE if is_memory else None, output_name=name, metadata=dict(WITHOUT_EVENT))


class _Step:
    """One Dagster step, which runs its node once for each of its partition keys."""

    def __init__(
        self,
        context: dg.OpExecutionContext,
        instance: InstancePlan,
        plan: StepPlan,
        options: SessionOptions,
        view: RunView,
    ) -> None:
        self._context, self._plan, self._options = context, plan, options
        self._sink = sink_of(context.log)
        self._host = hosts.get(instance.ref)
        self._session = with_mlflow_run(
            view, instance, session_request(view, instance, options), self._host, self._sink
        )
        self._stores = instance.memory == "stored" or not self._session.shares_process
        self.checks = StepChecks(context, plan, has_outputs=context.get_mapping_key() is None)

    def key_request(self, key: str | None, *, is_last: bool) -> KeyRequest | None:
        """What one key means for the node; None for a step without anything partitioned."""
        partitions = self._plan.partitions
        if partitions is None:
            return None
        return KeyRequest(
            key=key,
            parameters=parameters_of(key, partitions.definition) if key is not None else {},
            inputs={
                name: input_keys(self._context, name, one, partitions.definition, key)
                for name, one in partitions.inputs.items()
            },
            is_last=is_last,
        )

    def run(self, partition: KeyRequest | None) -> Generator[Any, None, StepResult]:
        """Run the node, once; where it fails, what Kedro's validation found comes before the error."""
        context, plan = self._context, self._plan
        request = StepRequest(
            session=self._session,
            node=plan.node,
            parameters=overridden_parameters(context.run.run_config, plan),
            pinned_versions=_pinned_versions(context, plan, self._options, partition),
            mlflow_origins=_mlflow_origins(context, plan),
            memory_inputs=self._memory_inputs(partition),
            memory_names=tuple(dataset.name for dataset in plan.inputs if dataset.is_memory),
            memory_outputs=tuple(dataset.name for dataset in plan.outputs.values() if dataset.is_memory),
            return_memory=self._stores,
            is_async=self._options.is_async,
            partition=partition,
            checked_outputs=self.checks.wanted,
            metadata={dataset.name: dataset.metadata for dataset in (*plan.inputs, *plan.outputs.values())},
            shows_preview=plan.shows_preview,
        )
        try:
            result = self._host.run_step(request, self._sink)
        except Exception as error:
            yield from self.checks.events_of_error(error)
            raise
        self.checks.take(result)
        return result

    def outputs(self, result: StepResult) -> Iterator[dg.Output[Any]]:
        """Dagster's outputs of a step without partitions."""
        context, plan = self._context, self._plan
        if not knows_assets(context.get_step_execution_context()):
            self.record(None, result)
            yield from outputs_without_event(context, plan)
            return
        selected = context.selected_output_names
        if plan.marker is not None:
            metadata = step_metadata(result)
            version = self._data_version(plan.asset_key)
            yield versioned_output(None, plan.marker, metadata, version)
        for output_name, dataset in plan.outputs.items():
            report = _report(result, plan, dataset)
            metadata = saved_metadata(report, dataset, result, stored=self._stores)
            if output_name in selected:
                value = report.value if dataset.is_memory and self._stores else LIVE if dataset.is_memory else None
                version = self._data_version(dataset.asset_key)
                yield versioned_output(value, output_name, metadata, version)
            else:
                self._log(dataset.asset_key, {**metadata, **self._stored(dataset, report, None)})

    def record(self, request: KeyRequest | None, result: StepResult) -> None:
        """Log what was saved: of one partition, or in a job of ops of the whole."""
        key = request.key if request is not None else None
        inputs = request.inputs if request is not None else {}
        tags = self._tags(key)
        taken = {
            dg.AssetKey(dataset.asset_key): tuple(inputs[dataset.name].parameters) if dataset.name in inputs else ()
            for dataset in self._plan.inputs
        }
        made: list[tuple[tuple[str, ...], DatasetPlan | None]] = [
            (dataset.asset_key, dataset) for dataset in self._plan.outputs.values()
        ]
        for asset_key, dataset in made or [(self._plan.asset_key, None)]:
            metadata = step_metadata(result)
            if dataset is not None:
                report = _report(result, self._plan, dataset)
                if not report.is_saved:
                    self._context.log.warning(
                        "Node '%s' saved nothing of '%s' for %s", self._plan.node.name, dataset.name, key
                    )
                    continue
                metadata = saved_metadata(report, dataset, result, stored=self._stores, key=key)
                metadata |= self._stored(dataset, report, key)
                metadata |= self.checks.metadata(dataset, result) if _fans_out(self._plan) else {}
            own = self._plan.node.code_version
            versions = version_tags(
                self._context.get_step_execution_context(),
                dg.AssetKey(asset_key),
                taken,
                code_version=dataset.code_version if dataset is not None else own,
                own_code_version=own,
            )
            self._log(asset_key, metadata, key, {**tags, **versions})

    def _data_version(self, asset_key: tuple[str, ...]) -> dg.DataVersion | None:
        context = self._context.get_step_execution_context()
        return data_version(context, dg.AssetKey(asset_key), self._plan.node.code_version)

    def _tags(self, key: str | None) -> dict[str, str]:
        backfill = self._context.run.tags.get(BACKFILL_TAG)
        return {**(partition_tags(key) if key is not None else {}), **({BACKFILL_TAG: backfill} if backfill else {})}

    def _log(
        self,
        asset_key: tuple[str, ...],
        metadata: Mapping[str, Any],
        key: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        event = dg.AssetMaterialization(dg.AssetKey(asset_key), partition=key, metadata=metadata, tags=tags)
        self._context.log_event(event)

    def _stored(self, dataset: DatasetPlan, report: DatasetReport, key: str | None) -> Mapping[str, Any]:
        """Store an in-memory output that Dagster does not ask for; what its IO manager says of it."""
        if not (dataset.is_memory and self._stores):
            return {}
        return store(Surroundings.of_op(self._context), dataset, report.value, self._plan.node.name, key)

    def _memory_inputs(self, partition: KeyRequest | None) -> dict[MemoryRef, Any]:
        """In-memory inputs that are not in the process of the node, of partitioned ones those that there are."""
        memory = {dataset.name: dataset for dataset in self._plan.inputs if dataset.is_memory}
        if not memory:
            return {}
        inputs = partition.inputs if partition is not None else {}
        wanted: list[MemoryRef] = []
        for name in memory:
            wanted += [(name, key) for key in inputs[name].parameters] if name in inputs else [(name, None)]
        around = Surroundings.of_op(self._context)
        found: dict[MemoryRef, Any] = {}
        for name, key in self._host.missing_memory(self._session, tuple(wanted), self._sink):
            is_optional = key is not None and not inputs[name].is_single
            if not is_optional or stored_keys(around, memory[name], [key or ""]):
                found[name, key] = load(around, memory[name], self._plan.node.name, key)
        return found


def _checks_of_keys(context: dg.OpExecutionContext, plan: StepPlan) -> StepChecks:
    """The checks of a node that has run for all keys of this run, with what their materialisations have kept."""
    checks = StepChecks(context, plan)
    for dataset in plan.outputs.values():
        if dataset.checks:
            for kept in recorded_by_run(context.instance, context.run, dg.AssetKey(dataset.asset_key), CHECKED_KEY):
                checks.take_recorded(dataset, kept)
    return checks


def overridden_parameters(run_config: Mapping[str, Any], plan: StepPlan) -> dict[str, Any]:
    """Parameter overrides of a step: what the run's own configuration holds and the configured values do not.

    Args:
        run_config: As the run was launched; unlike `context.op_config` it holds no defaults.
        plan: The step.

    Returns:
        Overrides by spelling, of mappings only the keys that differ.
    """
    config = ((run_config.get("ops") or {}).get(plan.op_name) or {}).get("config") or {}
    changed = {
        name: difference(value, plan.defaults.get(name, UNCHANGED))
        for name, value in config.items()
        if name in plan.node.parameters
    }
    return {name: value for name, value in changed.items() if value is not UNCHANGED}


def _pinned_versions(
    context: dg.OpExecutionContext, plan: StepPlan, options: SessionOptions, partition: KeyRequest | None
) -> dict[str, str]:
    """Versions of inputs that this run, or the run it re-executes, has settled; the launchpad's come first.

    Of an input of several partitions none is pinned: each was saved under a version of its own.
    """
    versions = {}
    keyed = partition.inputs if partition is not None else {}
    for dataset in plan.inputs:
        if dataset.is_versioned and dataset.name not in options.load_versions:
            keys = keyed.get(dataset.name)
            if keys is not None and not keys.is_single:
                continue
            key = next(iter(keys.parameters), None) if keys is not None else None
            version = recorded_version(context.instance, context.run, dg.AssetKey(dataset.asset_key), key)
            if version is not None:
                versions[dataset.name] = version
    return versions


def _mlflow_origins(context: dg.OpExecutionContext, plan: StepPlan) -> dict[str, str]:
    """Where MLflow has the models and metrics among the inputs, by spelling."""
    origins = {}
    for dataset in plan.inputs:
        origin = recorded_origin(context.instance, context.run, dataset)
        if origin is not None:
            origins.update(dict.fromkeys(dataset.spellings, origin))
    return origins


def _report(result: StepResult, plan: StepPlan, dataset: DatasetPlan) -> DatasetReport:
    """What became of an output dataset, by the first of its spellings that the node saves."""
    return next(result.outputs[name] for name in plan.node.outputs if name in dataset.spellings)


def _fans_out(plan: StepPlan) -> bool:
    return plan.partitions is not None and plan.partitions.fans_out
