"""Nodes that build, train and score one delay model."""

import logging
from typing import Any

import pandas as pd
from sklearn.base import RegressorMixin, clone
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

logger = logging.getLogger(__name__)

ESTIMATORS: dict[str, type[RegressorMixin]] = {"ridge": Ridge, "random_forest": RandomForestRegressor}


def build_model(columns: dict[str, Any], options: dict[str, Any], seed: int) -> Pipeline:
    """Put preprocessing and estimator together, not yet fitted.

    Args:
        columns: The `numeric` and `categorical` columns to learn from.
        options: The `estimator`, one of `ESTIMATORS`, and its `arguments`.
        seed: Seed of everything random.

    Returns:
        The unfitted model.
    """
    preprocessing = make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), columns["numeric"]),
        (OneHotEncoder(handle_unknown="ignore"), columns["categorical"]),
    )
    estimator = ESTIMATORS[options["estimator"]](**options["arguments"], random_state=seed)
    return make_pipeline(preprocessing, estimator)


def train_model(unfitted_model: Pipeline, train_set: pd.DataFrame, columns: dict[str, Any]) -> Pipeline:
    """Fit the model to the arrival delays of the train flights."""
    logger.info("Training %s on %d flights", type(unfitted_model[-1]).__name__, len(train_set))
    return clone(unfitted_model).fit(train_set, train_set[columns["target"]])


def predict_delays(model: Pipeline, test_set: pd.DataFrame, columns: dict[str, Any]) -> pd.DataFrame:
    """Predict the arrival delay of each test flight, beside what it was, in minutes."""
    return pd.DataFrame(
        {
            "flight_id": test_set["flight_id"],
            "actual": test_set[columns["target"]],
            "predicted": model.predict(test_set).round(3),
        }
    )


def score_predictions(predictions: pd.DataFrame) -> dict[str, float]:
    """Measure the error of the predictions: mean absolute, root mean squared, and R squared."""
    actual, predicted = predictions["actual"], predictions["predicted"]
    scores = {
        "mae": mean_absolute_error(actual, predicted),
        "rmse": root_mean_squared_error(actual, predicted),
        "r2": r2_score(actual, predicted),
    }
    return {name: round(float(value), 4) for name, value in scores.items()}
