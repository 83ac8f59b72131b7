"""Parts of kedro-mlflow that a run in several processes needs. Tried on kedro-mlflow 2.0.2 and 2.0.3.

2.0.0 and 2.0.1 fail on Kedro 1.3 and newer, under `kedro run` too: they ask `run_params` for a key it has no more.
Nothing here imports it: where it is not installed, its names are simply not found.
"""

from __future__ import annotations

import sys
from typing import Any

from pluggy import PluginManager

_SAVED_MODEL = "_last_saved_model_uri"
_METRICS = frozenset({"MlflowMetricDataset", "MlflowMetricHistoryDataset", "MlflowMetricsHistoryDataset"})


def hook_of(manager: PluginManager) -> Any:
    """kedro-mlflow's hook object; None where it is not installed, or disabled in the project's settings."""
    module = sys.modules.get("kedro_mlflow.framework.hooks.mlflow_hook")
    if module is None:
        return None
    return next((plugin for plugin in manager.get_plugins() if isinstance(plugin, module.MlflowHook)), None)


def is_model(dataset_type: str) -> bool:
    """Whether a type of the catalog is that of models in an MLflow run, whose address only their saver knows."""
    return _last_part(dataset_type) == "MlflowModelTrackingDataset"


def is_metric(dataset_type: str) -> bool:
    """Whether a type of the catalog is that of metrics, which are loaded from the active MLflow run."""
    return _last_part(dataset_type) in _METRICS


def saved_model_uri(dataset: Any) -> str | None:
    """Address of the model a dataset has saved in this process; None where it has not, and for other datasets."""
    uri: str | None = getattr(dataset, _SAVED_MODEL, None)
    return uri


def load_from(dataset: Any, origin: str) -> None:
    """Have a dataset load what another process, or another run, has logged.

    Args:
        dataset: A model is left alone where it has saved one itself, a metric where the catalog names its run.
        origin: Address of the model; MLflow run of the metric.
    """
    attribute = _SAVED_MODEL if hasattr(dataset, _SAVED_MODEL) else "_run_id"
    if getattr(dataset, attribute, origin) is None:
        setattr(dataset, attribute, origin)


def _last_part(dataset_type: str) -> str:
    return dataset_type.rpartition(".")[2]
