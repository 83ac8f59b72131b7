"""`python -m kedro_dagster_component`: what `dg` has no place for."""

from __future__ import annotations

import argparse
import json
import sys
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from dagster import ComponentTree

from kedro_dagster_component.compat.dagster import LoadError
from kedro_dagster_component.compat.dagster_partitions import without_beta_warnings
from kedro_dagster_component.errors import Position, did_you_mean
from kedro_dagster_component.explain import Explanation, Kind, explain, names_of
from kedro_dagster_component.parts import InstanceParts, parts_of_load

_KINDS: tuple[Kind, ...] = ("node", "dataset", "job")
_WIDE = 46
"""Columns for the value of a fact."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Returns:
        The exit code: 0; 1 where the definitions do not load; 2 where there is no object of the name.
    """
    options = _parser().parse_args(arguments)
    try:
        instances = _read_instances(Path(options.path))
    except LoadError as error:
        print(error, file=sys.stderr)
        return 1
    asked = [(kind, getattr(options, kind)) for kind in _KINDS if getattr(options, kind) is not None]
    found = {parts.place.label: list(_explanations(parts, asked)) for parts in instances}
    if asked and not any(found.values()):
        print(_unknown(instances, asked), file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps({label: list(map(_plain, one)) for label, one in found.items()}, indent=2))
    else:
        print("\n".join(_lines(found, Path(options.path))))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m kedro_dagster_component", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    told = commands.add_parser(
        "explain",
        help="what a Kedro object became in Dagster, and why",
        description="Prints what nodes, datasets and jobs of the Kedro projects in a Dagster project became: what Dagster "
        "shows, the rule it comes from, and the file and line. Without a name it prints all of them.",
    )
    one = told.add_mutually_exclusive_group()
    one.add_argument("--node", metavar="NAME", help="a node, as `kedro run --nodes` takes it")
    one.add_argument("--dataset", metavar="NAME", help="a dataset, without a transcoding suffix")
    one.add_argument("--job", metavar="NAME", help="a job, as Dagster shows it")
    told.add_argument("--path", default=".", metavar="FOLDER", help="the Dagster project (default: the current folder)")
    told.add_argument("--json", action="store_true", help="for tools")
    return parser


def _read_instances(path: Path) -> list[InstanceParts]:
    """Load the definitions of a Dagster project, as `dg` does; what each component instance is made of.

    Raises:
        LoadError: They do not load.
    """
    for folder in (path / "src", path):  # what `dg` does for a project that is not installed
        if folder.is_dir():
            sys.path.insert(0, str(folder.resolve()))
    with without_beta_warnings(), parts_of_load() as parts:
        ComponentTree.for_project(path.resolve()).build_defs()
    return list(parts)


def _explanations(parts: InstanceParts, asked: Sequence[tuple[Kind, str]]) -> Iterator[Explanation]:
    wanted = asked or [(kind, name) for kind in _KINDS for name in dict.fromkeys(names_of(parts, kind))]
    for kind, name in wanted:
        if name in names_of(parts, kind):
            yield from explain(parts, kind, name)


def _unknown(instances: Sequence[InstanceParts], asked: Sequence[tuple[Kind, str]]) -> str:
    ((kind, name),) = asked
    known = dict.fromkeys(one for parts in instances for one in names_of(parts, kind))
    hint = did_you_mean(name, known)
    return f"there is no {kind} '{name}'" + (f"\n  -> {hint}" if hint else "")


def _lines(found: dict[str, list[Explanation]], root: Path) -> Iterator[str]:
    for label, explanations in found.items():
        if not explanations:
            continue
        yield _shown(Path(label), root)
        for one in explanations:
            yield ""
            yield f"{one.kind} {one.name}" + (f"   {_at(one.place, root)}" if one.place else "")
            wide = max(len(fact.what) for fact in one.facts)
            for fact in one.facts:
                why = f"{fact.why}  {_at(fact.place, root)}".rstrip() if fact.place else fact.why
                values = textwrap.wrap(fact.value, _WIDE, break_on_hyphens=False) or [""]
                yield f"  {fact.what:<{wide}}  {values[0]:<{_WIDE}}  {why}".rstrip()
                yield from (f"  {'':<{wide}}  {more}" for more in values[1:])
        yield ""


def _at(place: Position | None, root: Path) -> str:
    if place is None:
        return ""
    text = str(place)
    return text.replace(str(place.file), _shown(place.file, root), 1)


def _shown(file: Path, root: Path) -> str:
    """A path as it is read most easily: below the Dagster project, or beside it, relative to it."""
    base = root.resolve()
    for up, folder in enumerate((base, base.parent)):
        if file.is_relative_to(folder):
            return str(Path(*[".."] * up, file.relative_to(folder)))
    return str(file)


def _plain(one: Explanation) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "name": one.name,
        "place": str(one.place) if one.place else None,
        "facts": [
            {"what": fact.what, "value": fact.value, "why": fact.why, "place": str(fact.place) if fact.place else None}
            for fact in one.facts
        ],
    }
