"""Parts of the metadata of materialisations, as `include_metadata` names them."""

from __future__ import annotations

from typing import Literal

MetadataPart = Literal["column_metadata", "row_count", "size", "figures", "metrics", "preview"]

DEFAULT_PARTS: tuple[MetadataPart, ...] = ("column_metadata", "row_count", "size", "figures", "metrics")
"""All but `preview`, which copies data into Dagster's storage."""
