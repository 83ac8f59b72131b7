"""Nodes that compare the model variants."""

import logging
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

logger = logging.getLogger(__name__)


def compare_models(linear_scores: dict[str, float], forest_scores: dict[str, float]) -> dict[str, Any]:
    """Put the scores of both models side by side and name the one with the smaller mean absolute error."""
    scores = {"linear": linear_scores, "forest": forest_scores}
    best_model = min(scores, key=lambda name: scores[name]["mae"])
    logger.info("Best model: %s, off by %.1f minutes on average", best_model, scores[best_model]["mae"])
    return {"best_model": best_model, **scores}


def plot_predictions(linear_predictions: pd.DataFrame, forest_predictions: pd.DataFrame) -> Figure:
    """Plot predicted against actual delays, one panel per model."""
    figure = Figure(figsize=(9, 4.5), layout="constrained")
    panels = figure.subplots(ncols=2, sharex=True, sharey=True)
    predictions = {"linear": linear_predictions, "forest": forest_predictions}
    for axes, (name, values) in zip(panels, predictions.items(), strict=True):
        axes.scatter(values["actual"], values["predicted"], s=6, alpha=0.4)
        axes.axline((0, 0), slope=1, color="black", linewidth=0.8)
        axes.set(title=name, xlabel="actual delay (minutes)")
    panels[0].set_ylabel("predicted delay (minutes)")
    return figure


def summarise_errors(
    linear_predictions: pd.DataFrame, forest_predictions: pd.DataFrame, test_set: pd.DataFrame
) -> pd.DataFrame:
    """Average the absolute error of both models over the test flights of each airline."""
    errors = pd.DataFrame(
        {
            "airline": test_set["airline"],
            "linear": (linear_predictions["predicted"] - linear_predictions["actual"]).abs(),
            "forest": (forest_predictions["predicted"] - forest_predictions["actual"]).abs(),
        }
    )
    return errors.groupby("airline").mean().round(2).reset_index()
