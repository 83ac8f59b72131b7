"""Departures by airport and day."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
