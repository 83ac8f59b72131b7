"""Names that two instances of the component both want in one code location.

Dagster finds such clashes only after everything is built, and then without a file. Instances of one load are
built one after the other: each claims its names here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kedro_dagster_component.errors import ConfigurationError, Position, Problem

_ADVICE = (
    "give one of the two `name_prefix` (jobs, schedules, sensors, steps) and `translation: {key_prefix: ...}` (assets)"
)
_ORDER = (
    "instances are loaded in the order of their folders' names: let the one that makes the asset come first, "
    "or keep the two assets apart with `translation: {key_prefix: ...}`"
)
_SPACES: Mapping[str, str] = {"op": "name", "job": "name", "schedule": "tick", "sensor": "tick"}
"""Kinds whose names have to differ from each other's too."""
_ADVICE_BY_KIND: Mapping[str, str] = {
    "executor": "let both name the same executor, or set `executor: null` on all but one; "
    "jobs keep the executors of their own dagster.yml",
    "resource": "rename one of the two folders",
}


@dataclass
class Claims:
    """What the instances of one load have claimed so far.

    Attributes:
        owners: Label of the instance by kind of name and name.
        readers: Label of the instance that shows a free input, by name of the asset.
        executor: Label of the instance that set the code location's executor, and the executor.
    """

    owners: dict[tuple[str, str], str] = field(default_factory=dict)
    readers: dict[str, str] = field(default_factory=dict)
    executor: tuple[str, Any] | None = None


class _Load:
    """The load that is going on: one component tree, and its claims."""

    def __init__(self) -> None:
        self._tree: Any = None
        self._claims = Claims()

    def claims(self, tree: Any) -> Claims:
        if tree is not self._tree:
            self._tree, self._claims = tree, Claims()
        return self._claims


_load = _Load()


def claims_of(tree: Any) -> Claims:
    """The claims of the load a component tree stands for; those of the load before are forgotten."""
    return _load.claims(tree)


def claim_names(claims: Claims, label: str, position: Position, names: Mapping[str, Iterable[str]]) -> None:
    """Claim names for an instance.

    Args:
        claims: Of this load.
        label: The instance's own file and document, the same for an instance that is built twice.
        position: Where to point.
        names: Names by kind: `op`, `job`, `schedule`, `sensor`, `asset`, `resource`. Ops and jobs share one
            namespace, schedules and sensors another.

    Raises:
        ConfigurationError: Another instance has claimed some of them.
    """
    problems = [
        Problem(
            f"the asset '{name}', which this instance makes, was shown as a free input by {reader}", position, _ORDER
        )
        for name in names.get("asset", ())
        if (reader := claims.readers.get(name, label)) != label
    ]
    clashes: dict[tuple[str, str], list[str]] = {}
    for kind, wanted in names.items():
        space = _SPACES.get(kind, kind)
        for name in wanted:
            owner = claims.owners.setdefault((space, name), label)
            if owner != label:
                clashes.setdefault((kind, owner), []).append(name)
    problems += [
        Problem(_clash(kind, taken, owner), position, _ADVICE_BY_KIND.get(kind, _ADVICE))
        for (kind, owner), taken in clashes.items()
    ]
    if problems:
        raise ConfigurationError(problems)


def claim_inputs(claims: Claims, label: str, names: Iterable[str]) -> frozenset[str]:
    """The free inputs an instance is to show: not those that another instance makes, or shows already.

    Args:
        claims: Of this load.
        label: See `claim_names`.
        names: Names of the assets the instance reads and does not make.
    """
    unmade = [name for name in names if claims.owners.get(("asset", name), label) == label]
    return frozenset(name for name in unmade if claims.readers.setdefault(name, label) == label)


def is_made_before(claims: Claims, label: str, name: str) -> bool:
    """Whether an instance that is built already makes an asset; where none does, it counts as read by this one.

    Args:
        claims: Of this load.
        label: See `claim_names`.
        name: Of the asset, which the instance does not make.
    """
    if claims.owners.get(("asset", name), label) != label:
        return True
    claims.readers.setdefault(name, label)
    return False


def claim_executor(claims: Claims, label: str, position: Position, executor: Any) -> None:
    """Claim the code location's executor for an instance.

    Raises:
        ConfigurationError: Another instance has set a different one.
    """
    if claims.executor is not None and claims.executor[0] != label and claims.executor[1] is not executor:
        other, theirs = claims.executor
        message = f"the executor '{executor.name}' of this instance differs from '{theirs.name}' of {other}"
        raise ConfigurationError([Problem(message, position, _ADVICE_BY_KIND["executor"])])
    claims.executor = (label, executor)


def _clash(kind: str, names: list[str], owner: str) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    plural = "s" if len(names) > 1 else ""
    return f"the {kind}{plural} {shown} of this instance also belong{'' if plural else 's'} to {owner}"
