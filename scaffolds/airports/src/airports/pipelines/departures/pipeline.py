"""Pipeline from the flights of one airport and day to a plot of all of them."""

from kedro.pipeline import Node, Pipeline

from .nodes import compare_airports, measure_delays, plot_airports, select_departures


def create_pipeline() -> Pipeline:
    """Create the pipeline: airports x days, then days, then one plot."""
    return Pipeline(
        [
            Node(
                select_departures,
                ["flights", "params:partition_airport", "params:partition_day"],
                "departures@one",
                name="select_departures",
            ),
            Node(measure_delays, "departures@all", "delays", name="measure_delays"),
            Node(compare_airports, "delays", "airport_comparison", name="compare_airports"),
            Node(plot_airports, "airport_comparison", "airport_plot", name="plot_airports"),
        ]
    )
