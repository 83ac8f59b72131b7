"""What is wrong with catalog entries and would end a run: told without making a dataset."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from kedro_dagster_component.config.environment import KeyPath
from kedro_dagster_component.config.positions import Place, show_path
from kedro_dagster_component.errors import Problem, did_you_mean
from kedro_dagster_component.introspection.conf import Conf
from kedro_dagster_component.introspection.dataset_classes import accepted_by_class, dataset_class, type_mistake
from kedro_dagster_component.introspection.dataset_sources import Accepted, accepted_by_source
from kedro_dagster_component.introspection.validators import VALIDATOR_KEY, validator_mistake
from kedro_dagster_component.manifest import ProblemRecord

CREDENTIALS = "credentials"
_CATALOG = "catalog"
_NESTED = "dataset"
_VERSION = "version"
_CATALOGS_OWN = frozenset({"type", "versioned", _VERSION, VALIDATOR_KEY})
"""Keys of an entry that no constructor is given; `validator` since Kedro 1.6."""
_PARTITIONED = frozenset({"PartitionedDataset", "IncrementalDataset"})
_GIVEN_TO_PARTITIONS = frozenset({CREDENTIALS, "fs_args"})
_RUNTIME = "runtime_params"
_NO_TYPE = "give it a type such as `pandas.CSVDataset`"
_SHOWN_NAMES = 3
_NAME_LENGTH = 40


@dataclass(frozen=True)
class Mistake:
    """One mistake in an entry.

    Attributes:
        path: Keys below the entry.
        message: What is wrong.
        hint: The way out.
        at_key: The last key of the path is wrong rather than its value.
    """

    path: KeyPath
    message: str
    hint: str | None = None
    at_key: bool = False


class CatalogProblems:
    """Collects mistakes; the same one of several datasets (of one pattern, of one anchor) is told once."""

    def __init__(self, conf: Conf) -> None:
        self._conf = conf
        self._always: list[tuple[str, Mistake]] = []
        self._spellings: dict[tuple[str, Mistake], list[str]] = {}

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._always or self._spellings)

    def add(self, entry: str, mistake: Mistake) -> None:
        """A mistake that ends every run: Kedro looks at all entries when it makes the catalog."""
        self._always.append((entry, mistake))

    def check(self, spelling: str, config: Mapping[str, Any], entry: str) -> None:
        """Look at what one dataset would be made of.

        Args:
            spelling: As nodes write it.
            config: Of the dataset, placeholders of a pattern filled in.
            entry: Key in the catalog.
        """
        for mistake in entry_mistakes(config, self._conf.project_path):
            self._spellings.setdefault((entry, mistake), []).append(spelling)

    def problems_of_all(self) -> list[Problem]:
        """Those of `add`."""
        return [self._problem(entry, mistake) for entry, mistake in self._always]

    def records(
        self,
        nodes_by_spelling: Mapping[str, Collection[str]],
        *,
        doubt: str | None,
        doubt_about_credentials: str | None,
    ) -> list[ProblemRecord]:
        """All of them.

        Args:
            nodes_by_spelling: Ids of the nodes that read or write a dataset.
            doubt: Why an entry may be another one in a run; None where it is this one.
            doubt_about_credentials: The same for credentials.
        """
        always = [
            ProblemRecord.of(
                self._problem(entry, mistake),
                doubt=doubt_about_credentials if mistake.path[-1:] == (CREDENTIALS,) else doubt,
            )
            for entry, mistake in self._always
        ]
        return always + [
            ProblemRecord.of(
                self._problem(entry, mistake, spellings),
                node_ids=tuple(dict.fromkeys(node for name in spellings for node in nodes_by_spelling.get(name, ()))),
                doubt=doubt or self._doubt_about_text(entry, mistake),
            )
            for (entry, mistake), spellings in self._spellings.items()
        ]

    def _problem(self, entry: str, mistake: Mistake, spellings: Sequence[str] = ()) -> Problem:
        path = (entry, *mistake.path)
        is_whole = mistake.path[-1:] in ((), (_NESTED,))
        position = self._conf.positions(_CATALOG).at(*path, at_key=mistake.at_key or is_whole)
        shown = show_path(path[:-1] if mistake.at_key and mistake.path else path)
        names = [name for name in spellings if name != entry]
        more = f" (the dataset {_shown(names)})" if names else ""
        where = shown if position is not None else f"catalog entry {shown}"
        return Problem(f"{where}: {mistake.message}{more}", position, mistake.hint)

    def _doubt_about_text(self, entry: str, mistake: Mistake) -> str | None:
        place: Place | None = self._conf.positions(_CATALOG).place((entry, *mistake.path))
        if place is not None and place.text is not None and _RUNTIME in place.text:
            return "unless runtime parameters of the run mend it"
        return None


def entry_mistakes(config: Mapping[str, Any], project_path: Path) -> Iterator[Mistake]:
    """What keeps Kedro from making a dataset, as far as it can be told without making it.

    Args:
        config: Of one dataset; names of credentials stand for themselves.
        project_path: Root of the project.
    """
    yield from _mistakes(config, (), project_path, given=())
    if (message := validator_mistake(config)) is not None:
        yield Mistake((str(VALIDATOR_KEY),), message)
    nested = config.get(_NESTED)
    name = str(config.get("type")).rpartition(".")[2]
    if name in _PARTITIONED:
        nested = {"type": nested} if isinstance(nested, str) else nested
        given = {*_GIVEN_TO_PARTITIONS, str(config.get("filepath_arg", "filepath"))}
    elif name == "CachedDataset":
        given = set()
    else:
        return
    if isinstance(nested, Mapping):
        yield from _mistakes(nested, (_NESTED,), project_path, given=given)


def credentials_mistakes(config: Any, known: Collection[str], path: KeyPath = ()) -> Iterator[Mistake]:
    """Names of credentials that are not there, wherever Kedro looks for them: in mappings, not in lists.

    Args:
        config: Of one entry.
        known: Names of all credentials.
        path: Of the config below its entry.
    """
    for key, value in config.items():
        if key == CREDENTIALS and isinstance(value, str):
            if value not in known:
                close = did_you_mean(value, known)
                shown = f" '{value}'" if value.isidentifier() and len(value) <= _NAME_LENGTH else " of this name"
                yield Mistake(
                    (*path, key),
                    f"there are no credentials{shown}",
                    close or "write them in conf/local/credentials.yml, under this name",
                )
        elif isinstance(value, Mapping):
            yield from credentials_mistakes(value, known, (*path, key))


def shape_mistake(config: Any) -> Mistake | None:
    """Why an entry is none at all; None where it is one."""
    if not isinstance(config, Mapping):
        return Mistake((), "this entry is no mapping", "put '_' before a key that is there for interpolation only")
    return None if "type" in config else _without_type(config, ())


def _without_type(config: Mapping[str, Any], path: KeyPath) -> Mistake:
    close = difflib.get_close_matches("type", config, n=1)
    if close:
        return Mistake((*path, close[0]), f"there is no `type`, but '{close[0]}'", "write `type`", at_key=True)
    return Mistake(path, "there is no `type`", _NO_TYPE)


def _mistakes(
    config: Mapping[str, Any], path: KeyPath, project_path: Path, *, given: Iterable[str]
) -> Iterator[Mistake]:
    if "type" not in config:
        yield _without_type(config, path)
        return
    type_name = config["type"]
    if not isinstance(type_name, str) or type_name.startswith("<"):  # a class: a loader written in Python
        return
    by_source = accepted_by_source(type_name)
    if by_source is not None and not list(_arguments(config, path, by_source, given)):
        return
    kind = dataset_class(type_name)
    if kind is None:
        message, hint = _type_mistake(type_name, project_path)
        yield Mistake((*path, "type"), message, hint)
    elif inspect.isabstract(kind):
        lacking = ", ".join(f"`{name}`" for name in sorted(kind.__abstractmethods__))
        yield Mistake((*path, "type"), f"'{type_name}' cannot be made: it lacks {lacking}", "write these methods")
    elif (accepted := accepted_by_class(kind)) is not None:
        yield from _arguments(config, path, accepted, given)


_type_mistake = cache(type_mistake)


def _arguments(config: Mapping[str, Any], path: KeyPath, accepted: Accepted, given: Iterable[str]) -> Iterator[Mistake]:
    """Arguments that a constructor does not take, and those it lacks."""
    keys = [key for key in config if key not in _CATALOGS_OWN]
    missing = accepted.required.difference(keys, given)
    kind = config["type"]
    if config.get("versioned"):
        missing -= {_VERSION}
        if _VERSION not in accepted.names and not accepted.any_name:
            yield Mistake((*path, "versioned"), f"'{kind}' cannot be versioned", "take `versioned` out", at_key=True)
    free = accepted.names.difference(keys, given, {_VERSION})
    for key in keys:
        if key in accepted.names or accepted.any_name:
            continue
        if key == "metadata":
            yield Mistake((*path, key), f"'{kind}' takes no `metadata`", _metadata_hint(config[key]), at_key=True)
            continue
        hint = did_you_mean(key, free) or "take it out"
        missing -= {name for name in missing if hint.startswith("did you mean") and f"'{name}'" in hint}
        yield Mistake((*path, key), f"'{kind}' takes no argument '{key}'", hint, at_key=True)
    if missing:
        names = ", ".join(f"'{name}'" for name in sorted(missing))
        yield Mistake(path, f"'{kind}' needs {names}", "add what is missing")


def _metadata_hint(value: Any) -> str:
    if isinstance(value, Mapping) and "dagster" in value:
        return "write these settings under `assets:` of dagster.yml, below the name of the dataset"
    return "take it out; settings for Dagster can stand under `assets:` of dagster.yml"


def _shown(names: Sequence[str]) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:_SHOWN_NAMES])
    more = len(names) - _SHOWN_NAMES
    return f"{shown} and {more} more" if more > 0 else shown
