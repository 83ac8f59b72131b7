"""Kedro names made into Dagster names: one way, never parsed back."""

from __future__ import annotations

import hashlib
import keyword
import re
from collections.abc import Iterable, Mapping

_INVALID = re.compile(r"[^A-Za-z0-9_]")
_TAG_INVALID = re.compile(r"[^A-Za-z0-9_.-]+")
_TAG_LENGTH = 63
_RESERVED = frozenset(
    {
        *("context", "conf", "config", "meta", "arg_dict", "dict", "input_arg_dict", "output_arg_dict"),
        *("int", "str", "float", "bool", "input", "output", "type"),
        *keyword.kwlist,
    }
)
"""Names Dagster keeps for itself (`DISALLOWED_NAMES` in its definitions); an op of such a name is refused."""


def identifier(name: str) -> str:
    """A valid Dagster op, job or output name that resembles `name`.

    Every character outside `[A-Za-z0-9_]` becomes `_`; a reserved word gets a `_` behind it, and a name of
    which nothing is left becomes `_` and a hash. Distinct names may become equal: see `unique_identifiers`.
    """
    cleaned = _INVALID.sub("_", name)
    if not cleaned.strip("_"):
        return f"_{short_hash(name)}"
    return f"{cleaned}_" if cleaned in _RESERVED else cleaned


def unique_identifiers(names: Iterable[str], *, taken: Iterable[str] = (), suffix: str = "") -> dict[str, str]:
    """Identifiers by name, all different and different from `taken`.

    Where several names become equal, each that had to be changed gets a hash of its own name behind it, so
    the result for one name does not depend on the order of the others.

    Args:
        names: In any order; repeats count once.
        taken: Identifiers that are not to be used.
        suffix: Put behind an identifier that is taken, e.g. `_node`.

    Returns:
        Identifier by name, in the order of `names`.
    """
    ordered = list(dict.fromkeys(names))
    counts: dict[str, int] = {}
    for name in ordered:
        counts[identifier(name)] = counts.get(identifier(name), 0) + 1
    used = set(taken)
    result: dict[str, str] = {}
    for name in ordered:
        candidate = identifier(name)
        if counts[candidate] > 1 and candidate != name:
            candidate = f"{candidate}_{short_hash(name)}"
        if candidate in used:
            candidate = f"{candidate}{suffix}"
        result[name] = _first_free(candidate, used)
        used.add(result[name])
    return result


def short_hash(text: str) -> str:
    """Six hexadecimal digits of a text, stable across machines and Python versions."""
    return hashlib.sha256(text.encode()).hexdigest()[:6]


def tag_value(text: str) -> str:
    """A valid Dagster tag value (63 characters of `[A-Za-z0-9_.-]`) that resembles `text`."""
    cleaned = _TAG_INVALID.sub("_", text)
    return cleaned if len(cleaned) <= _TAG_LENGTH else f"{cleaned[: _TAG_LENGTH - 7]}-{short_hash(text)}"


def tags_from(names: Iterable[str], *, prefix: str = "kedro") -> Mapping[str, str]:
    """Dagster tags of Kedro tags: `kedro/<tag>` with an empty value, sorted."""
    return {f"{prefix}/{tag_value(name)}": "" for name in sorted(names)}


def group_name(namespace: str) -> str:
    """Group of a namespace: `a.b` becomes `a/b` (hierarchical groups of Dagster 1.13.9)."""
    return "/".join(_INVALID.sub("_", part) or "_" for part in namespace.split("."))


def _first_free(candidate: str, used: set[str]) -> str:
    name, number = candidate, 2
    while name in used:
        name = f"{candidate}_{number}"
        number += 1
    return name


def fan_out_names(op_name: str) -> tuple[str, str, str]:
    """Names of the three ops of a node whose partition keys are steps of their own: keys, node, done."""
    return f"{op_name}__keys", f"{op_name}__node", f"{op_name}__done"


def schedule_name(job: str) -> str:
    """What Dagster calls the schedule of a job."""
    return f"{identifier(job)}_schedule"
