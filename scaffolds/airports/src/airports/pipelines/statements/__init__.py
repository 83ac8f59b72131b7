"""Statements for airlines."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
