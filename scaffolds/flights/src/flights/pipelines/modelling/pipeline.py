"""One modular pipeline, used once per model variant."""

from kedro.pipeline import Node, Pipeline

from .nodes import build_model, predict_delays, score_predictions, train_model


def create_model_pipeline() -> Pipeline:
    """Create the pipeline from the train and test sets to the scores of one model."""
    return Pipeline(
        [
            Node(
                build_model,
                ["params:model_columns", "params:model_options", "params:seed"],
                "unfitted_model",
                name="build_model",
                tags="train",
            ),
            Node(
                train_model,
                ["unfitted_model", "train_set", "params:model_columns"],
                "model",
                name="train_model",
                tags="train",
            ),
            Node(
                predict_delays,
                ["model", "test_set", "params:model_columns"],
                "predictions",
                name="predict_delays",
                tags="train",
            ),
            Node(score_predictions, "predictions", "scores", name="score_predictions", tags=["train", "report"]),
        ]
    )


def create_variant(name: str, tags: str | None = None) -> Pipeline:
    """Create a copy of the model pipeline in a namespace of its own.

    Args:
        name: Name of the variant: its namespace, and what its predictions and scores start with.
        tags: Tags to add to all of its nodes.

    Returns:
        The copy. It shares the data, the columns and the seed with the other variants.
    """
    return Pipeline(
        create_model_pipeline(),
        namespace=name,
        inputs={"train_set", "test_set"},
        outputs={"predictions": f"{name}_predictions", "scores": f"{name}_scores"},
        parameters={"params:model_columns", "params:seed"},
        tags=tags,
    )


def create_pipeline() -> Pipeline:
    """Create both variants of the model pipeline."""
    return create_variant("linear") + create_variant("forest", tags="heavy")
