"""Pipeline that writes a statement for each airline with a contract."""

from kedro.pipeline import Node, Pipeline

from .nodes import write_statements


def create_pipeline() -> Pipeline:
    """Create the pipeline."""
    return Pipeline([Node(write_statements, ["contracts", "delays"], "statements", name="write_statements")])
