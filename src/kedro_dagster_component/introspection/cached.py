"""The manifest of a project: the one that is kept while all it depends on is unchanged, else a new one."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from kedro_dagster_component.errors import KedroDagsterError
from kedro_dagster_component.introspection.cache_files import Entry, pack, read_entry, unpack, write_entry
from kedro_dagster_component.introspection.digests import Digests, new_salt
from kedro_dagster_component.introspection.footprint import Footprint
from kedro_dagster_component.introspection.process import environment_for, introspect_with_footprint
from kedro_dagster_component.manifest import ProjectManifest, ProjectRef

_MOST_NAMED = 4
_log = logging.getLogger("kedro_dagster_component.cache")


@dataclass(frozen=True)
class Cache:
    """Where the manifest of one component is kept, and what it depends on beside what reading the project shows.

    Attributes:
        file: Is written and read; None keeps nothing.
        prepared: Was made beforehand by `prepare_manifest`, and is only read; None for none.
        files: Files, folders and patterns that the user names; relative ones start at the project's root.
        variables: Environment variables that the user names.
    """

    file: Path | None = None
    prepared: Path | None = None
    files: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()


@dataclass(frozen=True)
class Found:
    """A manifest, however it was come by.

    Attributes:
        manifest: The project.
        differing: Where two readings at once differed, so that none is kept; empty where they did not.
        children: Programs that reading started, so that none is kept; empty for none.
        text: The manifest as `pack` makes it, where that is at hand; else None.
    """

    manifest: ProjectManifest
    differing: tuple[str, ...] = ()
    children: tuple[str, ...] = ()
    text: str | None = None


class Reading(NamedTuple):
    """What one process read: the project, and what that depends on (None where it cannot be told)."""

    manifest: ProjectManifest
    footprint: Footprint | None


Read = Callable[[ProjectRef, str], Reading]
"""Reads a project, with the salt for the footprint."""


def read_in_process(ref: ProjectRef, salt: str) -> Reading:
    """Read a project in a process of its own; see `introspect_with_footprint`."""
    return Reading(*introspect_with_footprint(ref, salt))


def find_manifest(ref: ProjectRef, cache: Cache, read: Read = read_in_process) -> Found:
    """The manifest of a project; the project is not read where that would give the one that is kept.

    A project read for the first time is read twice, by two processes at once. Where what they give differs, no manifest
    is kept until something that it depends on has changed.

    Args:
        ref: Which project, and how to open it.
        cache: Where the manifest is kept.
        read: What reads it otherwise.

    Raises:
        ConfigurationError: A YAML file of the project holds a mistake.
        IntrospectionError: The project cannot be read for any other reason.
    """
    is_steady = False
    for file in filter(None, (cache.prepared, cache.file)):
        entry, text = read_entry(file) or (None, "")
        if entry is None:
            continue
        changes = tuple(islice(_changes(entry, ref, cache), _MOST_NAMED))
        if changes:
            _log.info("%s is read: not as before are %s", ref.project_path, ", ".join(changes))
            is_steady = is_steady or not entry.differing
        elif not entry.is_kept:
            return Found(read(ref, entry.footprint.salt).manifest, entry.differing, entry.children)
        else:
            with suppress(ValueError):
                return _unpacked(text, ref)
    if cache.file is None:
        return Found(read(ref, new_salt()).manifest)
    made = _read_anew(ref, cache, read, is_steady=is_steady)
    with suppress(OSError):  # then the next load reads it again
        made.keep(cache.file)
    return Found(made.manifest, made.differing, made.children, made.text if not ref.runtime_params else None)


def prepare_manifest(ref: ProjectRef, cache: Cache, file: Path, read: Read = read_in_process) -> Found:
    """Read a project, twice at once, and keep the manifest in a file.

    Args:
        ref: Which project, and how to open it.
        cache: What the manifest depends on; where it is kept counts for nothing.
        file: Is written.
        read: What reads it.

    Returns:
        The manifest. Where the two readings differ, or started programs, it is not kept.

    Raises:
        ConfigurationError: A YAML file of the project holds a mistake.
        IntrospectionError: The project cannot be read for any other reason.
        OSError: The file cannot be written.
    """
    made = _read_anew(ref, cache, read, is_steady=False)
    made.keep(file)
    return Found(made.manifest, made.differing, made.children)


@dataclass(frozen=True)
class _Made:
    """A manifest that was read just now.

    Attributes:
        manifest: The project.
        differing: Where two readings differed.
        entry: What is to be kept of it; None where nothing can be.
        text: The manifest as it is kept: without runtime parameters, which may hold a secret.
    """

    manifest: ProjectManifest
    differing: tuple[str, ...]
    entry: Entry | None
    text: str

    def keep(self, file: Path) -> None:
        """Write it, if it can be kept."""
        if self.entry is not None:
            write_entry(file, self.entry, self.text if self.entry.is_kept else "")

    @property
    def children(self) -> tuple[str, ...]:
        """Programs that reading started and nothing is watched for."""
        return self.entry.children if self.entry is not None else ()


def _read_anew(ref: ProjectRef, cache: Cache, read: Read, *, is_steady: bool) -> _Made:
    salt = new_salt()
    digests = Digests(salt)
    watched = _watched(digests, ref, cache)  # before the project is read, see `recording`
    variables = _variables(digests, ref, cache)
    (manifest, footprint), differing = (read(ref, salt), ()) if is_steady else _read_twice(ref, salt, read)
    text = pack(without_parameters(manifest))
    if footprint is None:
        return _Made(manifest, differing, None, text)
    footprint = footprint.model_copy(update={"variables": {**footprint.variables, **variables}})
    children = footprint.children if not (cache.files or cache.variables) else ()
    entry = Entry(
        request=_request(digests, ref), footprint=footprint, watched=watched, differing=differing, children=children
    )
    return _Made(manifest, differing, entry, text)


def _read_twice(ref: ProjectRef, salt: str, read: Read) -> tuple[Reading, tuple[str, ...]]:
    """The first of two readings, with what either depends on, and where they differ."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        task = pool.submit(read, ref, salt)
        first = read(ref, salt)
        try:
            second = task.result()
        except KedroDagsterError as error:
            return first, (f"the second of two readings, which failed: {str(error).splitlines()[0]}",)
    if first.footprint is None or second.footprint is None or not first.footprint.agrees_with(second.footprint):
        return Reading(first.manifest, None), ()  # what they read changed meanwhile, and so may they
    differing = islice(_differences(first.manifest.model_dump(), second.manifest.model_dump()), _MOST_NAMED)
    return Reading(first.manifest, first.footprint.joined(second.footprint)), tuple(differing)


def _changes(entry: Entry, ref: ProjectRef, cache: Cache) -> Iterator[str]:
    """What is not as it was when an entry was made, in words; nothing where the entry holds."""
    digests = Digests(entry.footprint.salt)
    if entry.request != _request(digests, ref):
        yield "the attributes of the component"
    if entry.watched.keys() != set(cache.files) or not entry.footprint.variables.keys() >= set(cache.variables):
        yield "what the component wants to be watched"
    yield from entry.footprint.changes(environment_for(ref))
    watched = _watched(digests, ref, cache)
    yield from (pattern for pattern, known in entry.watched.items() if watched.get(pattern, known) != known)


def _request(digests: Digests, ref: ProjectRef) -> str:
    return str(digests.of_text(ref.model_dump_json()))


def _watched(digests: Digests, ref: ProjectRef, cache: Cache) -> dict[str, str | None]:
    return {pattern: digests.of_pattern(pattern, ref.project_path) for pattern in cache.files}


def _variables(digests: Digests, ref: ProjectRef, cache: Cache) -> dict[str, str | None]:
    environment = environment_for(ref)
    return {name: digests.of_text(environment.get(name)) for name in cache.variables}


def without_parameters(manifest: ProjectManifest) -> ProjectManifest:
    """A manifest as it may be kept: runtime parameters can hold a secret, and whoever asks again has them."""
    return manifest.model_copy(update={"ref": manifest.ref.model_copy(update={"runtime_params": {}})})


def _unpacked(text: str, ref: ProjectRef) -> Found:
    manifest = unpack(text)
    if not ref.runtime_params:
        return Found(manifest, text=text)
    return Found(manifest.model_copy(update={"ref": ref}))


def _differences(one: Any, other: Any, path: str = "") -> Iterator[str]:
    """Paths of the values that differ; of a mapping that differs in its keys or their order, its own."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        if list(one) != list(other):
            yield path or "the manifest"
            return
        for key, value in one.items():
            yield from _differences(value, other[key], f"{path}.{key}" if path else str(key))
    elif one != other and not (one != one and other != other):  # noqa: PLR0124 - no number is equal to itself
        yield path
