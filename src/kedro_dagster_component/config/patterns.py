"""Names with {placeholders}: keys of job factories and dataset factories."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from kedro_dagster_component.config.scalars import PLACEHOLDER


def is_pattern(name: str) -> bool:
    """Whether a name holds a placeholder."""
    return PLACEHOLDER.search(name) is not None


def placeholders(name: str) -> tuple[str, ...]:
    """Names of the placeholders, without repeats, in order."""
    return tuple(dict.fromkeys(PLACEHOLDER.findall(name)))


def literal_length(pattern: str) -> int:
    """Number of characters outside placeholders: the larger, the more specific the pattern."""
    return len(PLACEHOLDER.sub("", pattern))


def match(pattern: str, name: str) -> dict[str, str] | None:
    """The placeholders' values that make a pattern equal a name.

    Args:
        pattern: With or without placeholders; the same one twice stands for the same text.
        name: A concrete name.

    Returns:
        Value by placeholder; None where the pattern does not fit.
    """
    found = _compiled(pattern).fullmatch(name)
    return None if found is None else found.groupdict()


def fits(pattern: str, name: str) -> bool:
    """Whether a pattern, or a name without placeholders, fits a name."""
    return match(pattern, name) is not None


def fill(value: Any, values: Mapping[str, str]) -> Any:
    """Text values with the placeholders filled in, at any depth; keys and unknown placeholders stay.

    Args:
        value: Mappings, lists and scalars.
        values: By placeholder.
    """
    if isinstance(value, str):
        return PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), value)
    if isinstance(value, list | tuple):
        return [fill(item, values) for item in value]
    if isinstance(value, Mapping):
        return {key: fill(item, values) for key, item in value.items()}
    return value


def most_specific(patterns: Iterable[str], name: str) -> str | None:
    """The pattern for a name: the name itself, else the fitting one with most literal characters."""
    fitting = [pattern for pattern in patterns if fits(pattern, name)]
    if name in fitting:
        return name
    return max(fitting, key=lambda pattern: (literal_length(pattern), pattern), default=None)


def match_levels(pattern: str, name: str) -> bool:
    """Whether the first levels of a dotted name fit a dotted pattern, level by level."""
    levels, wanted = name.split("."), pattern.split(".")
    if len(levels) < len(wanted):
        return False
    values: dict[str, str] = {}
    for part, level in zip(wanted, levels, strict=False):
        found = match(part, level)
        if found is None or any(values.get(key, value) != value for key, value in found.items()):
            return False
        values |= found
    return True


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    expression, seen = "", set()
    for index, piece in enumerate(PLACEHOLDER.split(pattern)):
        if index % 2 == 0:
            expression += re.escape(piece)
        elif piece in seen:
            expression += f"(?P={piece})"
        else:
            seen.add(piece)
            expression += f"(?P<{piece}>.+?)"
    return re.compile(expression, re.DOTALL)
