"""Any value of a configuration made into what JSON can hold, or into text that keeps what JSON loses."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any
from uuid import UUID

import yaml

NOT_FINITE = frozenset({"inf", "-inf", "nan"})
"""Numbers that JSON cannot hold, as `plain` writes them."""


def plain(value: Any) -> Any:
    """Mappings with text keys, lists, text, whole and finite numbers, booleans and None.

    Dates and paths become text, infinities and NaN `inf`, `-inf` and `nan`, tuples and sets lists (sets sorted by
    their text), models and data classes mappings. Of anything else only the type is told: its `repr` may hold an
    address or a secret.
    """
    if isinstance(value, Enum):
        return plain(value.value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return encodable(str(value))
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(float(value))  # one of NOT_FINITE
    if isinstance(value, Mapping):
        return {encodable(str(key)): plain(child) for key, child in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(child) for child in value]
    if isinstance(value, (set, frozenset)):
        return sorted((plain(child) for child in value), key=str)
    return _plain_object(value)


def encodable(text: str) -> str:
    """Text that can be written: a lone surrogate, which Python's own text may hold, becomes a question mark."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


class _TypedDumper(yaml.SafeDumper):
    """YAML of plain data; of anything else as `plain` writes it."""

    def ignore_aliases(self, data: Any) -> bool:
        """Always: equal values are equal text, one object or two."""
        return True


_TypedDumper.add_multi_representer(object, lambda dumper, value: dumper.represent_data(plain(value)))


def typed_text(value: Any) -> str:
    """As YAML, which tells infinities, NaN, dates and keys that are no text from the text JSON makes of them."""
    return yaml.dump(value, Dumper=_TypedDumper, sort_keys=False)


def from_typed_text(text: str) -> Any:
    """What `typed_text` was given."""
    return yaml.safe_load(text)


def _plain_object(value: Any) -> Any:
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, (PurePath, Decimal, UUID, dt.timedelta)):
        return str(value)
    if hasattr(value, "model_dump") and not isinstance(value, type):
        return plain(value.model_dump())
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if callable(getattr(value, "item", None)) and getattr(value, "shape", None) == ():
        return plain(value.item())  # a scalar of numpy
    kind = value if isinstance(value, type) else type(value)
    return f"<{kind.__module__}.{kind.__qualname__}>"
