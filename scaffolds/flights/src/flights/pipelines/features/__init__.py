"""Turns joined flights into what the models learn from."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
