"""Nodes that clean the raw tables and join them to one row per flight."""

import logging
from typing import Any

import pandas as pd

logger = logging.getLogger(__name__)

KM_PER_MILE = 1.609344
METRES_PER_FOOT = 0.3048
MM_PER_INCH = 25.4


def clean_flights(flights: pd.DataFrame) -> pd.DataFrame:
    """Keep the flights that arrived, one row each, under a readable key."""
    arrived = flights.dropna(subset=["dep_delay", "arr_delay"])
    logger.info("Dropped %d cancelled or diverted flights", len(flights) - len(arrived))
    date = pd.to_datetime(arrived[["year", "month", "day"]])
    number = arrived["carrier"] + arrived["flight"].astype(str)
    cleaned = pd.DataFrame(
        {
            "flight_id": date.dt.strftime("%Y%m%d") + "-" + number + "-" + arrived["origin"],
            "date": date,
            "hour": arrived["hour"],
            "departure_hour_utc": arrived["time_hour"],
            "carrier": arrived["carrier"],
            "tail_number": arrived["tailnum"],
            "origin": arrived["origin"],
            "destination": arrived["dest"],
            "distance_km": arrived["distance"] * KM_PER_MILE,
            "departure_delay": arrived["dep_delay"],
            "arrival_delay": arrived["arr_delay"],
        }
    )
    return cleaned.sort_values("flight_id", ignore_index=True)


def clean_weather(weather: pd.DataFrame, max_gap_hours: int) -> pd.DataFrame:
    """Convert the observations to metric units and carry values over short gaps.

    Args:
        weather: Raw observations, one row per airport and hour.
        max_gap_hours: How many missing hours in a row are filled with the last known value.

    Returns:
        One row per airport and hour in UTC.
    """
    cleaned = pd.DataFrame(
        {
            "origin": weather["origin"],
            "hour_utc": weather["time_hour"],
            "temperature_c": (weather["temp"] - 32) / 1.8,
            "humidity": weather["humid"],
            "wind_kmh": weather["wind_speed"] * KM_PER_MILE,
            "precipitation_mm": weather["precip"] * MM_PER_INCH,
            "visibility_km": weather["visib"] * KM_PER_MILE,
        }
    ).sort_values(["origin", "hour_utc"], ignore_index=True)
    values = cleaned.columns.drop(["origin", "hour_utc"])
    cleaned[values] = cleaned.groupby("origin")[list(values)].ffill(limit=max_gap_hours)
    return cleaned


def clean_planes(planes: pd.DataFrame) -> pd.DataFrame:
    """Keep build year and seats, and give each manufacturer one spelling."""
    manufacturer = planes["manufacturer"].str.title().str.split().str[:2].str.join(" ")
    shorter_names = {"Airbus Industrie": "Airbus", "Bombardier Inc": "Bombardier"}
    return pd.DataFrame(
        {
            "tail_number": planes["tailnum"],
            "manufacturer": manufacturer.replace(shorter_names),
            "build_year": planes["year"],
            "seats": planes["seats"],
        }
    ).sort_values("tail_number", ignore_index=True)


def clean_airports(airports: pd.DataFrame) -> pd.DataFrame:
    """Keep name, altitude in metres and UTC offset of each airport."""
    return pd.DataFrame(
        {
            "destination": airports["faa"],
            "destination_name": airports["name"].str.strip(),
            "destination_altitude_m": airports["alt"] * METRES_PER_FOOT,
            "destination_utc_offset": airports["tz"],
        }
    ).sort_values("destination", ignore_index=True)


def add_aircraft(flights: pd.DataFrame, planes: pd.DataFrame) -> pd.DataFrame:
    """Add the aircraft to each flight; some carriers report no tail number that is on record."""
    return flights.merge(planes, on="tail_number", how="left", validate="many_to_one")


def add_names(flights: pd.DataFrame, airports: pd.DataFrame, airlines: pd.DataFrame) -> pd.DataFrame:
    """Add the destination airport and the name of the airline to each flight."""
    names = airlines.rename(columns={"name": "airline"})
    return flights.merge(airports, on="destination", how="left", validate="many_to_one").merge(
        names, on="carrier", how="left", validate="many_to_one"
    )


def add_weather(flights: pd.DataFrame, weather: pd.DataFrame) -> pd.DataFrame:
    """Add the weather at the origin in the hour of the scheduled departure."""
    return flights.merge(
        weather,
        left_on=["origin", "departure_hour_utc"],
        right_on=["origin", "hour_utc"],
        how="left",
        validate="many_to_one",
    ).drop(columns="hour_utc")


def check_quality(flights: pd.DataFrame, limits: dict[str, Any]) -> None:
    """Stop the run when the joined flights are too few or have too many gaps.

    Args:
        flights: Joined flights.
        limits: `min_rows`, and `max_missing` with the largest share of missing values by column, from 0 to 1.

    Raises:
        ValueError: If a limit is broken; the message lists all of them.
    """
    missing = flights.isna().mean()
    problems = [
        f"{column}: {missing[column]:.1%} missing, at most {limit:.1%} allowed"
        for column, limit in limits["max_missing"].items()
        if missing[column] > limit
    ]
    if len(flights) < limits["min_rows"]:
        problems.append(f"{len(flights)} rows, at least {limits['min_rows']} needed")
    if problems:
        raise ValueError("Joined flights are not good enough: " + "; ".join(problems))
    for column, share in missing[missing > 0].items():
        logger.info("%s: %.1f%% missing", column, 100 * share)
    logger.info("Quality check passed for %d flights", len(flights))
