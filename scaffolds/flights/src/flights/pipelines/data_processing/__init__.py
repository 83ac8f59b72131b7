"""Cleans the raw tables and joins them to one row per flight."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
