"""Manifest and configuration in, Dagster definitions out: pure functions that never import Kedro."""
