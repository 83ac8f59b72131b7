"""Pipeline that cleans the raw tables and joins them."""

from kedro.pipeline import Node, Pipeline

from .nodes import (
    add_aircraft,
    add_names,
    add_weather,
    check_quality,
    clean_airports,
    clean_flights,
    clean_planes,
    clean_weather,
)


def create_pipeline() -> Pipeline:
    """Create the pipeline from the raw tables to `flights_joined`."""
    return Pipeline(
        [
            Node(clean_flights, "flights", "flights_clean", name="clean_flights", tags="clean"),
            Node(
                clean_weather,
                ["weather", "params:cleaning.weather.max_gap_hours"],
                "weather_clean",
                name="clean_weather",
                tags="clean",
            ),
            Node(clean_planes, "planes", "planes_clean", name="clean_planes", tags="clean"),
            Node(clean_airports, "airports", "airports_clean", name="clean_airports", tags="clean"),
            Node(add_aircraft, ["flights_clean", "planes_clean"], "flights_with_aircraft", name="add_aircraft"),
            Node(
                add_names,
                ["flights_with_aircraft", "airports_clean", "airlines"],
                "flights_with_names",
                name="add_names",
            ),
            Node(add_weather, ["flights_with_names", "weather_clean"], "flights_joined", name="add_weather"),
            Node(
                check_quality,
                ["flights_joined", "params:cleaning.limits"],
                None,
                name="check_quality",
                tags="quality",
            ),
        ]
    )
