"""Pipeline that turns joined flights into model inputs."""

from kedro.pipeline import Node, Pipeline

from .nodes import (
    assemble_features,
    create_calendar_features,
    create_weather_features,
    split_by_date,
    summarise_carriers,
)


def create_pipeline() -> Pipeline:
    """Create the pipeline from `flights_joined` to the train and test sets."""
    return Pipeline(
        [
            Node(
                create_calendar_features,
                "flights_joined",
                "calendar_features",
                name="create_calendar_features",
            ),
            Node(
                create_weather_features,
                ["flights_joined", "params:features.weather"],
                "weather_features",
                name="create_weather_features",
            ),
            Node(
                assemble_features,
                ["flights_joined", "calendar_features", "weather_features"],
                "flight_features@pandas",
                name="assemble_features",
            ),
            Node(
                split_by_date,
                ["flight_features@pandas", "params:features.split.test_days"],
                ["train_set", "test_set"],
                name="split_by_date",
            ),
            Node(
                summarise_carriers,
                ["flight_features@polars", "params:late_minutes"],
                "carrier_summary",
                name="summarise_carriers",
                tags="report",
            ),
        ]
    )
