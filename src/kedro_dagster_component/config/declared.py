"""What is known of `dagster.yml` where some of it is wrong: names to refer to, and what was left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kedro_dagster_component.config.environment import KeyPath, holds_placeholder


class UnreadNames(frozenset[str]):
    """The names of a section that cannot be read: any name may be one of them."""

    def __contains__(self, name: object) -> bool:
        """Nobody can say that it is not."""
        return True


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
    def of(cls, content: Mapping[str, Any], partitions: Iterable[str] = (), *, is_whole: bool = True) -> Declared:
        """The names in a configuration.

        Args:
            content: Mappings by section, as in the file.
            partitions: Names of partitions defined elsewhere.
            is_whole: Whether all files could be read.
        """
        if not is_whole:
            unread = UnreadNames()
            return cls(unread, unread, unread, unread, unread)
        in_file = _names(content.get("partitions"))
        return cls(
            executors=_names(content.get("executors")),
            schedules=_names(content.get("schedules")),
            loggers=_names(content.get("loggers")),
            partitions=in_file if isinstance(in_file, UnreadNames) else in_file | frozenset(partitions),
            jobs=_names(content.get("jobs")),
        )

    def lacks(self, *path: str) -> bool:
        """Whether a part of what is below a path, or the entry at it, was left out."""
        return any(left_out[: len(path)] == path for left_out in self.left_out)


def _names(section: object) -> frozenset[str]:
    if holds_placeholder(section):
        return UnreadNames()
    return frozenset(map(str, section)) if isinstance(section, Mapping) else frozenset()
