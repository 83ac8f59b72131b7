"""Definitions and components."""
