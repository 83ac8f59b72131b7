"""Kedro's run-level hooks, with the arguments `kedro run` gives them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kedro import __version__ as kedro_version
from kedro.framework.project import pipelines
from kedro.pipeline import Pipeline

from kedro_dagster_component.runtime.hook_errors import hooks_named
from kedro_dagster_component.runtime.live import live_node
from kedro_dagster_component.runtime.messages import RunInfo

if TYPE_CHECKING:
    from kedro_dagster_component.runtime.session import KedroRunSession

_FILTER_NAMES = ("tags", "from_nodes", "to_nodes", "node_names", "from_inputs", "to_outputs")
_TUPLES = frozenset({"tags", "node_names"})
"""What the `kedro` command hands over as a tuple; the other filters are lists there."""


class RunHooks:
    """Fires the run-level hooks of one session.

    The pipeline and the parameters are made once, so that all hooks of a run see the same objects.
    """

    def __init__(self, session: KedroRunSession, info: RunInfo) -> None:
        """Look at a session; nothing is fired.

        Args:
            session: Open in this process.
            info: The Dagster run.
        """
        self._session = session
        self._pipeline = _run_pipeline(session, info)
        self._run_params = _run_params(session, info)

    def before(self) -> None:
        """Fire `before_pipeline_run`."""
        self._fire("before_pipeline_run", run_params=self._run_params)

    def before_of(self, plugin: Any) -> None:
        """Fire `before_pipeline_run` of one hook object alone."""
        manager = self._session.hook_manager
        others = [one for one in manager.get_plugins() if one is not plugin]
        caller = manager.subset_hook_caller("before_pipeline_run", others)
        with hooks_named(manager):
            caller(run_params=self._run_params, pipeline=self._pipeline, catalog=self._session.catalog)

    def after(self) -> None:
        """Fire `after_pipeline_run`; its result holds datasets, not data, as Kedro's does."""
        catalog = self._session.catalog
        result = {
            name: catalog.get(name, fallback_to_runtime_pattern=True) for name in sorted(self._pipeline.outputs())
        }
        self._fire("after_pipeline_run", run_params=self._run_params, run_result=result)

    def error(self, error: BaseException) -> None:
        """Fire `on_pipeline_error`."""
        self._fire("on_pipeline_error", error=error, run_params=self._run_params)

    def _fire(self, name: str, **arguments: Any) -> None:
        manager = self._session.hook_manager
        with hooks_named(manager):
            getattr(manager.hook, name)(**arguments, pipeline=self._pipeline, catalog=self._session.catalog)


def _run_pipeline(session: KedroRunSession, info: RunInfo) -> Pipeline:
    """The pipeline of the run: that of its job by Kedro's own filter, cut to the nodes that the run runs."""
    entries = session.request.nodes
    wanted = {entry.name for entry in entries}
    if info.pipeline_names and all(name in pipelines for name in info.pipeline_names):
        combined = Pipeline([])
        for name in info.pipeline_names:
            combined += pipelines[name]
        filtered = combined.filter(**{name: list(values) for name, values in info.filters.items()})
        if {node.name for node in filtered.nodes} == wanted:
            return filtered
    return Pipeline([live_node(entry) for entry in entries])


def _run_params(session: KedroRunSession, info: RunInfo) -> dict[str, Any]:
    """What `KedroSession.run` records, as called by the `kedro` command, plus the Dagster run's id.

    A run without a job has no pipeline names; its nodes stand in `node_names`.
    """
    filters = dict(info.filters)
    if not info.pipeline_names:
        filters["node_names"] = tuple(sorted(entry.name for entry in session.request.nodes))
    request = session.request
    return {
        "run_id": request.save_version,
        "project_path": request.ref.project_path,
        "env": session.context.env,
        "kedro_version": kedro_version,
        **{name: _as_given(name, filters) for name in _FILTER_NAMES},
        "load_versions": dict(request.load_versions),
        "runtime_params": {**session.runtime_params, **info.partitions},
        "pipeline_names": list(info.pipeline_names),
        "namespaces": list(filters.get("node_namespaces", ())),
        "runner": info.runner,
        "only_missing_outputs": False,
        "dagster_run_id": info.dagster_run_id,
    }


def _as_given(name: str, filters: Mapping[str, tuple[str, ...]]) -> tuple[str, ...] | list[str]:
    values = filters.get(name, ())
    return tuple(values) if name in _TUPLES else list(values)
