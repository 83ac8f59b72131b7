"""Assets of this project that build on the Kedro project."""

from typing import Any

import dagster as dg


@dg.asset(ins={"metrics": dg.AssetIn(key="model_metrics")}, group_name="report")
def best_model_summary(metrics: dict[str, Any]) -> dg.Output[dict[str, Any]]:
    """The better model and its scores; `metrics` is what the Kedro dataset `model_metrics` loads."""
    name = metrics["best_model"]
    summary = {"model": name, **metrics[name]}
    return dg.Output(summary, metadata=summary)
