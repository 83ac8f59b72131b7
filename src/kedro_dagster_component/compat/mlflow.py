"""The state behind MLflow's fluent calls (`mlflow.log_metric` ...). Tried on MLflow 3.16.1.

MLflow has a call for changing each part of it, but none that puts a part back as it was: ending a run and resuming
it would write a status and an end time to the server each time, also to a run that has failed meanwhile.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlflow.tracking import fluent
from mlflow.tracking._model_registry import utils as registry
from mlflow.tracking._tracking_service import utils as tracking

import mlflow

_VARIABLES = ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI", "MLFLOW_EXPERIMENT_ID", "MLFLOW_RUN_ID")
"""Environment variables that MLflow's own calls set and unset."""


@dataclass(frozen=True)
class FluentState:
    """What fluent calls of one thread act on.

    Attributes:
        tracking_uri: As set by `mlflow.set_tracking_uri`; None where nothing did.
        registry_uri: As set by `mlflow.set_registry_uri`; None where nothing did.
        experiment_id: As set by `mlflow.set_experiment`; None where nothing did.
        runs: Active runs of this thread, the innermost last.
        variables: MLflow's environment variables; None for one that is not set.
    """

    tracking_uri: str | None
    registry_uri: str | None
    experiment_id: str | None
    runs: tuple[Any, ...]
    variables: Mapping[str, str | None]


def fluent_state() -> FluentState:
    """The state as it is."""
    return FluentState(
        tracking_uri=tracking._tracking_uri,  # noqa: SLF001
        registry_uri=registry._registry_uri,  # noqa: SLF001
        experiment_id=fluent._active_experiment_id,  # noqa: SLF001
        runs=tuple(fluent._active_run_stack.get()),  # noqa: SLF001
        variables={name: os.environ.get(name) for name in _VARIABLES},
    )


def set_fluent_state(state: FluentState) -> None:
    """Put a state in force; the server is not asked, and no run on it changes."""
    mlflow.set_tracking_uri(state.tracking_uri)
    mlflow.set_registry_uri(state.registry_uri)
    fluent._active_experiment_id = state.experiment_id  # noqa: SLF001
    fluent._active_run_stack.get()[:] = state.runs  # noqa: SLF001
    for name, value in state.variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
