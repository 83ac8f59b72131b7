"""Parts of Dagster outside its public names. Tried on Dagster 1.13.9 to 1.13.27."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import click
import dagster as dg
from dagster._config import ConfigTypeKind, process_config
from dagster._core.definitions.definitions_load_context import DefinitionsLoadContext, DefinitionsLoadType
from dagster._core.definitions.dependency import NodeHandle
from dagster._core.definitions.reconstruct import ReconstructableJob
from dagster._core.errors import DagsterUserCodeProcessError
from dagster._core.events import EngineEventData
from dagster._core.execution.plan.state import KnownExecutionState
from dagster.components.core.component_tree import ComponentTreeException
from dagster.components.core.decl import ComponentDecl
from dagster_shared.error import SerializableErrorInfo

_ONE_PROCESS = frozenset({"in_process", "execute_in_process_executor"})

_IMPORTED_BY_STEPS = (
    "dagster._core.executor.multiprocess",
    "dagster._core.instance.factory",
    "dagster._core.secrets.env_file",
    "dagster._core.storage.local_compute_log_manager",
    "dagster._core.storage.migration.utils",
    "dagster._core.storage.root",
    "dagster._core.system_config.composite_descent",
    "upath.implementations.local",  # of the storage for the state of definitions
)


class LoadError(ComponentTreeException, DagsterUserCodeProcessError, click.ClickException):
    """An error that ends the load of the definitions and is shown as its text alone.

    `DagsterUserCodeProcessError` is the one error whose text Dagster shows instead of a stack: it stands for an
    error of another process, as most of ours are. The commands of `dg` show a `ClickException` the same way.
    A `ComponentTreeException` is the one error the component tree does not wrap in one of its own.
    """

    def __init__(self, message: str) -> None:
        """Wrap a finished message.

        Args:
            message: What the user sees, whole.
        """
        info = SerializableErrorInfo(message=message + "\n", stack=[], cls_name="KedroConfigurationError")
        super().__init__(message, user_code_process_error_infos=[info])  # type: ignore[no-untyped-call]
        self.message = message  # type: ignore[misc]  # click makes it final, and sets it in a constructor not run here

    def __str__(self) -> str:
        """The message alone."""
        return str(self.args[0])


def instances_behind(
    context: dg.ComponentLoadContext, kind: type[dg.Component]
) -> Iterator[tuple[Any, dg.ComponentLoadContext]]:
    """Components of a kind that Dagster builds after the one of a context, each with a context of its own.

    `ComponentTree.get_all_components` gives no contexts, and nothing at all where one of them cannot be loaded: such a
    one is left out here. A component of a test has no declaration, and none behind it.
    """
    own: Any = context.component_decl
    if not isinstance(own, ComponentDecl):
        return
    tree = context.component_tree
    pairs = list(tree.find_root_decl().iterate_loc_component_decl_pairs())
    places = [place for place, _ in pairs]
    for place, declaration in pairs[places.index(own.loc) + 1 :] if own.loc in places else ():
        if not issubclass(declaration.component_type, kind):
            continue
        try:
            component = tree.load_component(place, kind)
        except Exception:  # noqa: BLE001, S112 - whatever user code raises; it is told when its turn comes
            continue
        yield component, dg.ComponentLoadContext.from_decl_load_context(declaration.context, declaration)


def kept_for_runs(key: str) -> str | None:
    """What the load that made the definitions kept under a key for the processes of its runs.

    Returns:
        None while definitions are made anew, and in a run whose definitions kept nothing.
    """
    context = DefinitionsLoadContext.get()
    if context.load_type is not DefinitionsLoadType.RECONSTRUCTION:
        return None
    value: str | None = context.reconstruction_metadata.get(key)
    return value


def local_state_file(defs_folder: Path, key: str) -> Path:
    """Where `dg utils refresh-defs-state` leaves the state of a component.

    Reason: Dagster's own function makes the folders, in which a load has no business. Takes keys that are file names.
    """
    return defs_folder / ".local_defs_state" / key / "state"


def portable_job(plan_context: Any, execution_plan: Any) -> Any:
    """The job of a run as its step processes load it, which can be pickled; None where it lives in one process only.

    What an executor of Dagster gives its step processes: `create_execution_plan` takes these two apart.
    """
    job = plan_context.job
    if not isinstance(job, ReconstructableJob):
        return None
    return job.with_repository_load_data(execution_plan.repository_load_data)


def load_job(job: Any) -> None:
    """Load a job from `portable_job`: Dagster keeps the last one, and finds it again in forks of this process."""
    _ = job.get_definition().run_config_schema  # made once for each process, too


def import_step_modules() -> None:
    """Import what Dagster imports late, in each step process anew: in one that steps are forked from, once for all.

    Reason: nothing public tells; a module that is not there (any more) is left to the steps.
    """
    for name in _IMPORTED_BY_STEPS:
        with suppress(ImportError):
            import_module(name)


def makes_definitions() -> bool:
    """Whether this load makes the definitions, and not the same ones again for a process of a run."""
    return DefinitionsLoadContext.get().load_type is DefinitionsLoadType.INITIALIZATION


def keep_for_runs(key: str, text: str) -> None:
    """Keep a text that every process of a run of these definitions gets, wherever it runs."""
    DefinitionsLoadContext.get().add_to_pending_reconstruction_metadata(key, text)


def shares_one_process(job_def: dg.JobDefinition, run_config: Mapping[str, Any]) -> bool:
    """Whether all steps of a run share one process: the in-process executor, or `execute_in_process`."""
    executor = job_def.executor_def
    if executor.name in _ONE_PROCESS:
        return True
    if executor.name != dg.multi_or_in_process_executor.name:
        return False
    return "in_process" in ((run_config.get("execution") or {}).get("config") or {})


_nodes_by_job: WeakKeyDictionary[dg.JobDefinition, Mapping[str, str]] = WeakKeyDictionary()


def op_names_of_run(job_def: dg.JobDefinition, run: dg.DagsterRun) -> frozenset[str]:
    """Names of the ops a run runs: those of its job, less what a re-execution or a selection leaves out.

    An op of which nothing but checks is selected runs no node.
    """
    names = _nodes_that_run(job_def)
    wanted = run.step_keys_to_execute
    if wanted is None:
        return frozenset(names)
    keys = {op_name_of_step(key) for key in wanted}
    return frozenset(definition for definition, node in names.items() if node in keys)


def _nodes_that_run(job_def: dg.JobDefinition) -> Mapping[str, str]:
    """Names of the nodes of a job by those of their definitions, found once: each step asks, and a job may have thousands."""
    if job_def not in _nodes_by_job:
        _nodes_by_job[job_def] = {
            node.definition.name: node.name for node in job_def.nodes if not only_checks(job_def, node.name)
        }
    return _nodes_by_job[job_def]


def only_checks(job_def: dg.JobDefinition, node_name: str) -> bool:
    """Whether of an op, or of a graph at the top of a job, nothing but asset checks is selected."""
    assets_def = job_def.asset_layer.get_assets_def_for_node(NodeHandle(node_name, None))
    return assets_def is not None and not assets_def.keys and bool(assets_def.check_keys)


def selected_asset_keys(job_def: dg.JobDefinition) -> frozenset[dg.AssetKey]:
    """Assets that a run of a job materialises: those of the job, less what a selection leaves out; none of a job of ops."""
    return frozenset(job_def.asset_layer.selected_asset_keys)


def goes_on_from_failure(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Whether a run re-executes what failed in its parent, and what comes behind.

    The UI and the daemon say so by a tag. `ReexecutionOptions.from_failure` in Python says it by the steps alone.
    """
    if run.is_resume_retry:
        return True
    parent = instance.get_run_by_id(run.parent_run_id) if run.parent_run_id and run.step_keys_to_execute else None
    if parent is None or parent.status not in {dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED}:
        return False
    steps, _ = KnownExecutionState.build_resume_retry_reexecution(instance, parent)
    return set(steps) == set(run.step_keys_to_execute or ())


def outputs_read_by_others(job_def: dg.JobDefinition, own: Collection[str]) -> frozenset[tuple[str, str]]:
    """Outputs of some ops of a job, by op and output name, whose data other ops take; order alone is no taking."""
    read: set[tuple[str, str]] = set()
    structure = job_def.graph.dependency_structure
    for node in job_def.nodes:
        if node.definition.name in own:
            continue
        for taken, sources in structure.input_to_upstream_outputs_for_node(node.name).items():
            if not taken.input_def.dagster_type.is_nothing:
                read.update((source.node.definition.name, source.output_def.name) for source in sources)
    return frozenset(pair for pair in read if pair[0] in own)


def op_name_of_step(step_key: str) -> str:
    """The op, or the graph at the top of the job, that a step is part of: `op`, `graph.op`, `graph.op[key]`."""
    return re.split(r"[.\[]", step_key, maxsplit=1)[0]


def requirements_of(executor: dg.ExecutorDefinition) -> Any:
    """The function that says what an executor needs (`multiprocess`: outputs that persist)."""
    return executor.get_requirements


def refused_options(executor: dg.ExecutorDefinition, options: Mapping[str, Any]) -> list[str]:
    """What is wrong with an executor's options by its own schema; `configured` alone finds out in the run."""
    config_type = executor.config_schema.config_type
    if config_type is None:
        return []
    result = process_config(config_type, dict(options))
    return [error.message for error in result.errors or []]


def plain_schema(executor: dg.ExecutorDefinition) -> Any:
    """The schema of an executor's options as plain data, in the form that `config.executor_options` reads."""
    config_type = executor.config_schema.config_type
    return {"permissive": {}} if config_type is None else _plain(config_type)


def _plain(config_type: Any) -> Any:
    kind = config_type.kind
    if kind in _SHAPES:
        fields = config_type.fields.items()
        return {
            _SHAPES[kind]: {f"{name}{'!' * field.is_required}": _plain(field.config_type) for name, field in fields}
        }
    if kind in _AROUND:
        return {_AROUND[kind]: _plain(config_type.inner_type)}
    if kind is ConfigTypeKind.ENUM:
        return {"choices": [value.config_value for value in config_type.enum_values]}
    if kind is ConfigTypeKind.SCALAR_UNION:
        return {"either": [_plain(config_type.scalar_type), _plain(config_type.non_scalar_type)]}
    return config_type.given_name


_SHAPES = {
    ConfigTypeKind.STRICT_SHAPE: "shape",
    ConfigTypeKind.PERMISSIVE_SHAPE: "permissive",
    ConfigTypeKind.SELECTOR: "selector",
}
_AROUND = {ConfigTypeKind.ARRAY: "list", ConfigTypeKind.NONEABLE: "nullable", ConfigTypeKind.MAP: "map"}


def report_on_run(
    instance: dg.DagsterInstance, run: dg.DagsterRun, message: str, metadata: Mapping[str, dg.MetadataValue]
) -> None:
    """Write a line with metadata, links for instance, to the event log of a run from outside its steps."""
    instance.report_engine_event(message, run, EngineEventData(metadata=metadata))
