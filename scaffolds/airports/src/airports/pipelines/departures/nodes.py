"""Nodes that look at departures by airport and day."""

from collections.abc import Callable
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

Partitions = dict[str, Callable[[], Any]]
"""What a PartitionedDataset loads: a function for each partition."""


def select_departures(flights: pd.DataFrame, airport: str, day: str) -> pd.DataFrame:
    """Take the flights that left an airport on a day."""
    date = pd.Timestamp(day)
    chosen = (flights["origin"] == airport) & (flights["month"] == date.month) & (flights["day"] == date.day)
    return flights.loc[chosen, ["carrier", "flight", "dest", "hour", "dep_delay"]]


def measure_delays(departures: Partitions) -> dict[str, pd.DataFrame]:
    """Average the delay of departures over each airline, for each airport and day."""
    return {
        key: load().groupby("carrier")["dep_delay"].agg(["count", "mean"]).round(1).reset_index()
        for key, load in departures.items()
    }


def compare_airports(delays: Partitions) -> dict[str, pd.DataFrame]:
    """Put the airports of each day side by side."""
    days: dict[str, list[dict[str, Any]]] = {}
    for key, load in sorted(delays.items()):
        airport, day = key.split("|")
        table = load()
        flights = int(table["count"].sum())
        minutes = float((table["count"] * table["mean"]).sum()) / max(flights, 1)
        days.setdefault(day, []).append({"airport": airport, "flights": flights, "mean_delay": round(minutes, 1)})
    return {day: pd.DataFrame(rows) for day, rows in days.items()}


def plot_airports(comparisons: Partitions) -> Figure:
    """Plot the mean delay of each airport over all days there are."""
    tables = [load().assign(day=day) for day, load in sorted(comparisons.items())]
    delays = pd.concat(tables).pivot_table(index="day", columns="airport", values="mean_delay")
    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.subplots()
    for airport in delays.columns:
        axes.plot(delays.index, delays[airport], marker="o", label=airport)
    axes.set(ylabel="mean delay (minutes)")
    axes.tick_params(axis="x", rotation=60)
    axes.legend()
    return figure
