"""Nodes that turn joined flights into model inputs."""

import logging

import pandas as pd
import polars as pl

logger = logging.getLogger(__name__)


def create_calendar_features(flights: pd.DataFrame) -> pd.DataFrame:
    """Describe when each flight was due to leave, in local time."""
    return pd.DataFrame(
        {
            "flight_id": flights["flight_id"],
            "weekday": flights["date"].dt.day_name(),
            "is_weekend": flights["date"].dt.dayofweek.isin([5, 6]),
            "is_rush_hour": flights["hour"].isin([7, 8, 9, 16, 17, 18, 19]),
        }
    )


def create_weather_features(flights: pd.DataFrame, thresholds: dict[str, float]) -> pd.DataFrame:
    """Flag the weather that slows an airport down.

    Args:
        flights: Joined flights.
        thresholds: `strong_wind_kmh`, `low_visibility_km` and `wet_mm`.

    Returns:
        One row of flags per flight; missing weather raises no flag.
    """
    return pd.DataFrame(
        {
            "flight_id": flights["flight_id"],
            "is_freezing": flights["temperature_c"] <= 0,
            "is_wet": flights["precipitation_mm"] >= thresholds["wet_mm"],
            "is_windy": flights["wind_kmh"] >= thresholds["strong_wind_kmh"],
            "is_misty": flights["visibility_km"] <= thresholds["low_visibility_km"],
        }
    )


def assemble_features(
    flights: pd.DataFrame, calendar_features: pd.DataFrame, weather_features: pd.DataFrame
) -> pd.DataFrame:
    """Put all features of a flight in one row, beside its key and its delay on arrival."""
    features = flights.merge(calendar_features, on="flight_id", validate="one_to_one").merge(
        weather_features, on="flight_id", validate="one_to_one"
    )
    features["plane_age"] = features["date"].dt.year - features["build_year"]
    return features.drop(columns=["departure_hour_utc", "tail_number", "build_year", "destination_name"])


def split_by_date(features: pd.DataFrame, test_days: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Hold back the last days for testing, as a model in use would meet them.

    Args:
        features: One row per flight.
        test_days: How many days at the end are held back.

    Returns:
        The flights to train on and the flights to test on.
    """
    first_test_day = features["date"].max() - pd.Timedelta(days=test_days - 1)
    is_test = features["date"] >= first_test_day
    logger.info("Testing on %d flights from %s on", is_test.sum(), first_test_day.date())
    return (
        features[~is_test].reset_index(drop=True),
        features[is_test].reset_index(drop=True),
    )


def summarise_carriers(features: pl.DataFrame, late_minutes: int) -> pl.DataFrame:
    """Count flights and late arrivals per airline."""
    return (
        features.group_by("carrier", "airline")
        .agg(
            pl.len().alias("flights"),
            pl.col("arrival_delay").median().alias("median_delay"),
            (pl.col("arrival_delay") > late_minutes).mean().round(4).alias("late_share"),
        )
        .sort("carrier")
    )
