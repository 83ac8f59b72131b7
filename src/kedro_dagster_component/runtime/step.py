"""One Dagster step that runs one Kedro node, or a group of them: Dagster's context in, Dagster's events out."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from kedro_dagster_component.compat.dagster import only_checks
from kedro_dagster_component.compat.dagster_interrupts import forks_with_own_handlers
from kedro_dagster_component.compat.dagster_partitions import (
    WITHOUT_EVENT,
    data_version,
    knows_assets,
    partition_tags,
    version_tags,
    versioned_output,
)
from kedro_dagster_component.plan import DatasetPlan, InstancePlan, NodePlan, StepPlan
from kedro_dagster_component.runtime.check_runs import run_checks
from kedro_dagster_component.runtime.event_lines import open_line_batches
from kedro_dagster_component.runtime.group import StepProgress, releases
from kedro_dagster_component.runtime.handover import Surroundings, load, store, stored_keys
from kedro_dagster_component.runtime.host import hosts
from kedro_dagster_component.runtime.messages import DatasetReport, KeyRequest, MemoryRef, StepRequest, StepResult
from kedro_dagster_component.runtime.mlflow_claim import with_mlflow_run
from kedro_dagster_component.runtime.orphan import end_with_run
from kedro_dagster_component.runtime.resource import LIVE, KedroSessionResource
from kedro_dagster_component.runtime.run_partitions import input_keys, parameters_of, step_keys
from kedro_dagster_component.runtime.runs import recorded_by_run, recorded_memory
from kedro_dagster_component.runtime.step_checks import CHECKED_KEY, StepChecks
from kedro_dagster_component.runtime.step_inputs import mlflow_origins, overridden_parameters, pinned_versions
from kedro_dagster_component.runtime.step_metadata import saved_metadata, step_metadata
from kedro_dagster_component.runtime.unattended import open_run
from kedro_dagster_component.runtime.view import RunView, sink_of, step_session

DONE = "done"
"""Output of the op that runs a node for one partition key."""

BACKFILL_TAG = "dagster/backfill"
"""Tag by which Dagster finds the events of a backfill."""


def run_step(context: Any, instance: InstancePlan, plan: StepPlan) -> Iterator[Any]:
    """Run the nodes of a step, for each of the step's partition keys, and say what they saved.

    Args:
        context: Dagster's, of an asset or of an op.
        instance: The component instance.
        plan: The step.

    Yields:
        One output for each selected output dataset, after its save; what a node saved besides, and each
        partition by its key, is logged as a materialisation.
    """
    op_context: dg.OpExecutionContext = getattr(context, "op_execution_context", context)
    resource: KedroSessionResource = getattr(op_context.resources, instance.key)
    view = RunView.of_op(op_context)
    end_with_run(view)
    with open_line_batches(view.log, view.instance, view.run.run_id):
        open_run(view)
        if only_checks(op_context.job_def, op_context.op_handle.path[0]):
            yield from run_checks(op_context, instance, plan)
        else:
            step = _Step(op_context, instance, plan, resource, view)
            yield from _run_keys(op_context, step, plan, step_keys(op_context, instance, plan))


def _run_keys(
    op_context: dg.OpExecutionContext, step: _Step, plan: StepPlan, keys: Sequence[str | None]
) -> Iterator[Any]:
    """Run a step for some partition keys, or once without any."""
    if keys == (None,):
        yield from step.run_nodes(step.key_request(None, is_last=True))
        return
    fans_out = op_context.get_mapping_key() is not None
    try:
        for number, key in enumerate(keys, start=1):
            yield from step.run_nodes(step.key_request(key, is_last=number == len(keys) and not fans_out))
    except Exception:
        yield from step.events_of_keys(has_failed=True)  # the next attempt need not run what has been made
        raise
    if not fans_out:
        yield from outputs_without_event(op_context, plan)
    yield from step.events_of_keys()
    if fans_out:
        yield dg.Output(None, DONE)


def finish_fan_out(context: dg.OpExecutionContext, instance: InstancePlan, plan: StepPlan) -> Iterator[Any]:
    """What is left to do once a node has run for all keys: free what only it took, check, and let Dagster go on."""
    if only_checks(context.job_def, plan.op_name):
        yield from run_checks(context, instance, plan)
        return
    session = step_session(RunView.of_op(context), instance, getattr(context.resources, instance.key))
    if session.shares_process:
        hosts.get(instance.ref).node_done(session, plan.node, sink_of(context.log))
    yield from outputs_without_event(context, plan)
    yield from _checks_of_keys(context, plan.nodes[0]).events()


def outputs_without_event(
    context: dg.OpExecutionContext, plan: StepPlan, nodes: Iterable[NodePlan] | None = None
) -> Iterator[dg.Output[Any]]:
    """The outputs of a step whose materialisations are logged already.

    Args:
        context: Of the step.
        plan: The step.
        nodes: Those whose outputs are meant; None for all.
    """
    for one in plan.nodes if nodes is None else nodes:
        for name in one.output_names:
            if name in context.selected_output_names:
                is_memory = one.marker is None and one.outputs[name].is_memory and not _fans_out(plan)
                yield dg.Output(LIVE if is_memory else None, output_name=name, metadata=dict(WITHOUT_EVENT))


class _Step:
    """One Dagster step, which runs its nodes once for each of its partition keys."""

    def __init__(
        self,
        context: dg.OpExecutionContext,
        instance: InstancePlan,
        plan: StepPlan,
        resource: KedroSessionResource,
        view: RunView,
    ) -> None:
        self._context, self._instance, self._plan, self._options = context, instance, plan, resource.options
        self._sink = sink_of(context.log)
        self._host = hosts.get(instance.ref)
        session = step_session(view, instance, resource)
        self._session = with_mlflow_run(view, instance, session, self._host, self._sink)
        has_outputs = context.get_mapping_key() is None
        self._checks = {one.node.id: StepChecks(context, one, has_outputs=has_outputs) for one in plan.nodes}
        self._running: NodePlan | None = None
        self._fresh: set[str] = set()  # datasets that nodes of this step have just made
        kept = self._session.kept_datasets
        self._progress = StepProgress(view, instance, plan, kept=kept, is_retry=context.retry_number > 0)

    def run_nodes(self, request: KeyRequest | None) -> Iterator[Any]:
        """Run the nodes that are asked for, one after another, and hand on what is there already.

        A check that blocks what comes behind ends the step: Dagster fails it for the check.

        Args:
            request: The partition key to run them for; None for a step without anything partitioned.

        Yields:
            Outputs and checks of a node before the next one runs. Of partitions, which are logged by their keys, checks of
            a node that failed only: the others look at all keys.
        """
        key = request.key if request is not None else None
        to_run = self._progress.to_run(key, lambda dataset: self._is_at_hand(dataset, key))
        released = self._releases(to_run, key)
        self._fresh.clear()
        for one in self._progress.wanted:
            if one.node.id not in released:
                yield from self._hand_on(one, request)
                continue
            run = self.run(one, request, released[one.node.id])
            if key is not None:
                self.record(one, request, (yield from run))
            else:  # no name for the result: it may hold what the next nodes have to free
                yield from self.outputs(one, (yield from run))
            self._fresh.update(dataset.name for dataset in one.made)
            if key is not None:
                continue
            yield from self._checks[one.node.id].events()
            if self._checks[one.node.id].has_blocked:
                return

    def events_of_keys(self, *, has_failed: bool = False) -> Iterator[Any]:
        """What came of checks, once the nodes have run for all keys of this step, or one has failed, which told its own."""
        for one in self._plan.nodes:
            if has_failed and one is self._running:
                continue
            checks = self._checks[one.node.id]
            yield from checks.events_of_inputs() if _fans_out(self._plan) else checks.events()

    def _hand_on(self, one: NodePlan, request: KeyRequest | None) -> Iterator[dg.Output[Any]]:
        """Go past a node that need not run: what it made is there, in the process or stored."""
        self._context.log.info("Node '%s' is not run again: what it made is there", one.node.name)
        if self._session.shares_process and (request is None or request.is_last):
            self._host.node_done(self._session, one.node, self._sink)
        if request is None or request.key is None:
            yield from outputs_without_event(self._context, self._plan, [one])

    def _releases(self, nodes: Sequence[NodePlan], key: str | None) -> dict[str, tuple[str, ...]]:
        """What can be freed behind each node that runs, by its id, see `StepRequest`; a session may count by itself."""
        nothing: dict[str, tuple[str, ...]] = {one.node.id: () for one in nodes}
        if len(self._plan.nodes) == 1 or (self._session.shares_process and key is None):
            return nothing
        return nothing | releases(nodes, self._progress.alone if self._session.shares_process else None)

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

    def run(
        self, one: NodePlan, partition: KeyRequest | None, released: tuple[str, ...]
    ) -> Generator[Any, None, StepResult]:
        """Run a node, once; where it fails, what Kedro's validation found comes before the error.

        Args:
            one: The node.
            partition: The key to run it for.
            released: See `StepRequest`.
        """
        context, self._running = self._context, one
        in_memory = [dataset for dataset in one.made if dataset.is_memory]
        request = StepRequest(
            session=self._session,
            node=one.node,
            parameters=overridden_parameters(context.run.run_config, self._plan),
            pinned_versions=pinned_versions(context, one, self._options, partition),
            mlflow_origins=mlflow_origins(context, one),
            memory_inputs=self._memory_inputs(one, partition),
            memory_names=tuple(dataset.name for dataset in one.inputs if dataset.is_memory),
            memory_outputs=tuple(dataset.name for dataset in in_memory),
            returned_memory=tuple(dataset.name for dataset in in_memory if self._stores(dataset)),
            released=released,
            is_async=self._options.is_async,
            partition=partition,
            checked_outputs=self._checks[one.node.id].wanted,
            metadata={dataset.name: dataset.metadata for dataset in (*one.inputs, *one.outputs.values())},
            shows_preview=one.shows_preview,
        )
        try:
            with forks_with_own_handlers():
                result = self._host.run_step(request, self._sink)
        except Exception as error:
            yield from self._events_of_error(one, error)
            raise
        self._checks[one.node.id].take(result)
        return result

    def _events_of_error(self, one: NodePlan, error: Exception) -> Iterator[Any]:
        if len(self._plan.nodes) > 1:  # Dagster names the step alone, and Kedro no node that is a generator
            self._context.log.error("Node '%s' failed, and the step '%s' ends", one.node.name, self._plan.op_name)
        yield from self._checks[one.node.id].events_of_error(error)

    def outputs(self, one: NodePlan, result: StepResult) -> Iterator[dg.Output[Any]]:
        """Dagster's outputs of a node without partitions."""
        context = self._context
        if not knows_assets(context.get_step_execution_context()):
            self.record(one, None, result)
            yield from outputs_without_event(context, self._plan, [one])
            return
        selected = context.selected_output_names
        if one.marker is not None and one.marker in selected:
            metadata = step_metadata(result)
            version = self._data_version(one, one.asset_key)
            yield versioned_output(None, one.marker, metadata, version)
        for output_name, dataset in one.outputs.items():
            report = _report(result, one, dataset)
            is_stored = self._stores(dataset)
            metadata = saved_metadata(report, dataset, result, stored=is_stored)
            if output_name in selected:
                value = report.value if dataset.is_memory and is_stored else LIVE if dataset.is_memory else None
                version = self._data_version(one, dataset.asset_key)
                yield versioned_output(value, output_name, metadata, version)
            else:
                self._log(dataset.asset_key, {**metadata, **self._stored(one, dataset, report, None)})

    def record(self, one: NodePlan, request: KeyRequest | None, result: StepResult) -> None:
        """Log what a node saved: of one partition, or in a job of ops of the whole."""
        key = request.key if request is not None else None
        inputs = request.inputs if request is not None else {}
        tags = self._tags(key)
        taken = {
            dg.AssetKey(dataset.asset_key): tuple(inputs[dataset.name].parameters) if dataset.name in inputs else ()
            for dataset in one.inputs
            if dataset.asset_key
        }
        made: list[tuple[tuple[str, ...], DatasetPlan | None]] = [
            (dataset.asset_key, dataset) for dataset in one.outputs.values()
        ]
        if one.marker is not None:
            made.append((one.asset_key, None))
        for asset_key, dataset in made:
            metadata = step_metadata(result)
            if dataset is not None:
                report = _report(result, one, dataset)
                if not report.is_saved:
                    self._context.log.warning(
                        "Node '%s' saved nothing of '%s' for %s", one.node.name, dataset.name, key
                    )
                    continue
                metadata = saved_metadata(report, dataset, result, stored=self._stores(dataset), key=key)
                metadata |= self._stored(one, dataset, report, key)
                metadata |= self._checks[one.node.id].metadata(dataset, result) if _fans_out(self._plan) else {}
            own = one.node.code_version
            versions = version_tags(
                self._context.get_step_execution_context(),
                dg.AssetKey(asset_key),
                taken,
                code_version=dataset.code_version if dataset is not None else own,
                own_code_version=own,
            )
            self._log(asset_key, metadata, key, {**tags, **versions})

    def _stores(self, dataset: DatasetPlan) -> bool:
        """Whether an in-memory dataset is stored too; what stays inside the step is not, nor what only it takes."""
        if self._instance.memory == "stored" or not dataset.asset_key:
            return bool(dataset.asset_key)
        return not (self._session.shares_process or dataset.name in self._progress.alone)

    def _is_at_hand(self, dataset: DatasetPlan, key: str | None) -> bool:
        """Whether in-memory data is in the process, or stored by a run that counts."""
        if not self._host.missing_memory(self._session, ((dataset.name, key),), self._sink):
            return True
        if not dataset.asset_key:
            return False
        context = self._context
        record = recorded_memory(context.instance, context.run, dg.AssetKey(dataset.asset_key), key)
        return record is not None and bool(record.value)

    def _data_version(self, one: NodePlan, asset_key: tuple[str, ...]) -> dg.DataVersion | None:
        context = self._context.get_step_execution_context()
        return data_version(context, dg.AssetKey(asset_key), one.node.code_version)

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

    def _stored(self, one: NodePlan, dataset: DatasetPlan, report: DatasetReport, key: str | None) -> Mapping[str, Any]:
        """Store an in-memory output that Dagster does not ask for; what its IO manager says of it."""
        if not (dataset.is_memory and self._stores(dataset)):
            return {}
        return store(Surroundings.of_op(self._context), dataset, report.value, one.node.name, key)

    def _memory_inputs(self, one: NodePlan, partition: KeyRequest | None) -> dict[MemoryRef, Any]:
        """In-memory inputs that are not in the process of the node, of partitioned ones those that there are."""
        memory = {
            dataset.name: dataset for dataset in one.inputs if dataset.is_memory and dataset.name not in self._fresh
        }
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
                found[name, key] = load(around, memory[name], one.node.name, key)
        return found


def _checks_of_keys(context: dg.OpExecutionContext, one: NodePlan) -> StepChecks:
    """The checks of a node that has run for all keys of this run, with what their materialisations have kept."""
    checks = StepChecks(context, one)
    for dataset in one.outputs.values():
        if dataset.checks:
            for kept in recorded_by_run(context.instance, context.run, dg.AssetKey(dataset.asset_key), CHECKED_KEY):
                checks.take_recorded(dataset, kept)
    return checks


def _report(result: StepResult, one: NodePlan, dataset: DatasetPlan) -> DatasetReport:
    """What became of an output dataset, by the first of its spellings that the node saves."""
    return next(result.outputs[name] for name in one.node.outputs if name in dataset.spellings)


def _fans_out(plan: StepPlan) -> bool:
    return plan.partitions is not None and plan.partitions.fans_out
