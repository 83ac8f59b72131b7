"""Pipeline that compares the model variants."""

from kedro.pipeline import Node, Pipeline

from .nodes import compare_models, plot_predictions, summarise_errors


def create_pipeline() -> Pipeline:
    """Create the pipeline from scores and predictions to metrics, plot and error table."""
    return Pipeline(
        [
            Node(compare_models, ["linear_scores", "forest_scores"], "model_metrics", name="compare_models"),
            Node(
                plot_predictions,
                ["linear_predictions", "forest_predictions"],
                "predictions_plot",
                name="plot_predictions",
            ),
            Node(
                summarise_errors,
                ["linear_predictions", "forest_predictions", "test_set"],
                "errors_by_airline",
                name="summarise_errors",
            ),
        ],
        tags="report",
    )
