"""What is known of `dagster.yml` where some of it is wrong: names to refer to, and what was left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kedro_dagster_component.config.environment import KeyPath


@dataclass(frozen=True)
class Declared:
    """Names by kind, whether or not the entry behind each is right.

    Attributes:
        left_out: Paths of the settings that are wrong in themselves, and no part of the configuration.
    """

    executors: frozenset[str]
    schedules: frozenset[str]
    loggers: frozenset[str]
    partitions: frozenset[str]
    jobs: frozenset[str]
    left_out: frozenset[KeyPath] = frozenset()

    @classmethod
    def of(cls, content: Mapping[str, Any], partitions: Iterable[str] = ()) -> Declared:
        """The names in a configuration.

        Args:
            content: Mappings by section, as in the file.
            partitions: Names of partitions defined elsewhere.
        """
        return cls(
            executors=_names(content.get("executors")),
            schedules=_names(content.get("schedules")),
            loggers=_names(content.get("loggers")),
            partitions=_names(content.get("partitions")) | frozenset(partitions),
            jobs=_names(content.get("jobs")),
        )

    def lacks(self, *path: str) -> bool:
        """Whether a part of what is below a path, or the entry at it, was left out."""
        return any(left_out[: len(path)] == path for left_out in self.left_out)


def _names(section: object) -> frozenset[str]:
    return frozenset(map(str, section)) if isinstance(section, Mapping) else frozenset()
