"""Names that entries of `dagster.yml` can refer to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Declared:
    """Names by kind, whether or not the entry behind each is right."""

    executors: frozenset[str]
    schedules: frozenset[str]
    loggers: frozenset[str]
    partitions: frozenset[str]
    jobs: frozenset[str]

    @classmethod
    def of(cls, content: Mapping[str, Any], partitions: Iterable[str] = ()) -> Declared:
        """The names in a configuration.

        Args:
            content: Mappings by section, as in the file.
            partitions: Names of partitions defined elsewhere.
        """
        names = {section: _names(content.get(section)) for section in ("executors", "schedules", "loggers", "jobs")}
        return cls(**names, partitions=_names(content.get("partitions")) | frozenset(partitions))


def _names(section: object) -> frozenset[str]:
    return frozenset(map(str, section)) if isinstance(section, Mapping) else frozenset()
