"""Nodes that write to airlines."""

from collections.abc import Callable
from typing import Any

import pandas as pd

Partitions = dict[str, Callable[[], Any]]
"""What a PartitionedDataset loads: a function for each partition."""


def write_statements(contracts: Partitions, delays: Partitions) -> dict[str, str]:
    """Write to each airline with a contract how late it left, and what that costs it."""
    tables = [load().assign(airport=key.split("|")[0]) for key, load in delays.items()]
    departures = pd.concat(tables) if tables else pd.DataFrame(columns=["carrier", "airport", "count", "mean"])
    return {airline: _statement(airline, load(), departures) for airline, load in contracts.items()}


def _statement(airline: str, contract: dict[str, Any], departures: pd.DataFrame) -> str:
    own = departures[departures["carrier"] == airline]
    late = own[own["mean"] > contract["free_minutes"]]
    fee = int(late["count"].sum()) * contract["fee_per_departure"]
    return (
        f"# {contract['name']}\n\n"
        f"{int(own['count'].sum())} departures from {own['airport'].nunique()} airports, "
        f"{int(late['count'].sum())} on days with more than {contract['free_minutes']} minutes of delay: {fee} USD\n"
    )
