"""Trains and scores two variants of one delay model."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
