"""Predicts the arrival delay of flights from New York City."""

__version__ = "0.1.0"
