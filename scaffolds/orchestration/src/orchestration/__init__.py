"""Dagster project around the Kedro project `flights`."""
