"""From a component's place in the code location to a manifest, and from an error to what the user sees."""

from __future__ import annotations

import linecache
import logging
import os
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import dagster as dg
from dagster_shared.yaml_utils.source_position import SourcePositionTree, ValueAndSourcePositionTree

from kedro_dagster_component.compat.dagster import (
    LoadError,
    keep_for_runs,
    kept_for_runs,
    local_state_file,
    makes_definitions,
)
from kedro_dagster_component.config.cache import CacheConfig
from kedro_dagster_component.config.positions import (
    PositionTree,
    position_of,
    read_documents,
    read_positions,
    show_path,
)
from kedro_dagster_component.errors import (
    ConfigurationError,
    Finding,
    IntrospectionError,
    KedroDagsterError,
    Position,
    Problem,
    masked_line,
)
from kedro_dagster_component.introspection import Cache, find_manifest, introspect_project, prepare_manifest
from kedro_dagster_component.introspection.cache_files import (
    cache_folder,
    file_name,
    is_of_use,
    is_switched_off,
    pack,
    unpack,
)
from kedro_dagster_component.introspection.cached import Found, without_parameters
from kedro_dagster_component.manifest import MANIFEST_FORMAT, ProjectManifest, ProjectRef
from kedro_dagster_component.naming import identifier

TRACEBACK_VARIABLE = "KEDRO_DAGSTER_TRACEBACK"
"""Environment variable that, when set, lets errors of the load keep their traceback."""

_NO_FILE = "<Kedro project>"
"""Shown in place of a file where a warning is about none."""
_ROOT_KEY = "kedro"
_IO_MANAGER = "io_manager"
"""Key of Dagster's own IO manager, which in-memory datasets go through."""
_YAML = frozenset({".yml", ".yaml", ".json"})
_YAML_NAMES = ("defs.yaml", "defs.yml", "component.yaml", "component.py")


class KedroProjectWarning(UserWarning):
    """Something a user should know about a project that loads all the same."""


class YamlLines:
    """The lines of one component in a YAML file, which may hold several.

    Attributes:
        file: The file; a name in angle brackets for attributes that come from none.
        problems: Mistakes of the YAML itself.
    """

    def __init__(self, file: Path, tree: PositionTree | None = None) -> None:
        self.file = file
        self.problems: tuple[Problem, ...] = tree.problems if tree is not None else ()
        self._tree = tree

    @classmethod
    def of(cls, source: SourcePositionTree) -> YamlLines:
        """The lines of what Dagster has read: its own positions are those of keys, not of values."""
        file, line = Path(source.position.filename), source.position.start.line
        documents = {position_of(file, tree.root).line: tree for tree in read_documents(file) if tree.root is not None}
        return cls(file, documents.get(line))

    def position(self, path: Sequence[str | int], *, at_key: bool = False) -> Position:
        """The place of a value under `attributes`, or of the nearest key above it that the file has."""
        place = self._tree.find(("attributes", *path)) if self._tree is not None else None
        if place is None:
            return Position(self.file)
        is_found = bool(path) and place.depth > len(path)
        return place.value if is_found and not at_key else place.key

    def problem(self, finding: Finding) -> Problem:
        """A mistake with its place, and with its path before the message."""
        shown = show_path(finding.path[:-1] if finding.at_key else finding.path)
        message = f"{shown}: {finding.message}" if shown else finding.message
        return Problem(message, self.position(finding.path, at_key=finding.at_key), finding.hint)


class ComponentPlace:
    """Where a component instance stands: its file, and the lines in it.

    Attributes:
        file: The YAML file, or the Python file for an instance made in Python.
        label: The file, with the number of the YAML document where it is not the first.
        folder: The folder relative paths start at.
        key: The component's path under `defs/` made an identifier; `kedro` at its root.
        defs_folder: The folder `defs/`.
    """

    def __init__(self, context: dg.ComponentLoadContext) -> None:
        """Look at a load context; nothing is read from disk but the names of files."""
        path = context.path
        self.folder = path if path.is_dir() else path.parent
        names = [self.folder / name for name in _YAML_NAMES]
        self.file = path if path.is_file() else next((name for name in names if name.exists()), path)
        number = context.component_path.instance_key
        self.label = f"{self.file} (document {number + 1})" if isinstance(number, int) and number else str(self.file)
        self.key = self._key(context)
        self.defs_folder = context.defs_module_path
        self._context = context

    @cached_property
    def lines(self) -> YamlLines:
        """The lines of the instance's attributes."""
        tree = getattr(self._context.component_decl, "source_tree", None)
        if not isinstance(tree, ValueAndSourcePositionTree):  # an instance made in Python, or in a test
            return YamlLines(self.file)
        return YamlLines.of(tree.source_position_tree)

    def position(self, *keys: str | int) -> Position:
        """The place of a value under `attributes`, or of the nearest key above it that the file has."""
        return self.lines.position(keys)

    def error(self, message: str, *keys: str | int, hint: str | None = None) -> ConfigurationError:
        """One mistake at a place under `attributes`."""
        return ConfigurationError([Problem(message, self.position(*keys), hint)])

    def _key(self, context: dg.ComponentLoadContext) -> str:
        try:
            parts = self.folder.relative_to(context.defs_module_path).parts
        except ValueError:  # a component of a test stands outside any defs folder
            parts = ()
        number = context.component_path.instance_key
        suffix = [str(number)] if number not in (None, 0) else []
        key = identifier("_".join([*parts, *suffix]) or _ROOT_KEY)
        return f"{key}_" if key == _IO_MANAGER else key


@contextmanager
def shown_as_text() -> Iterator[None]:
    """Errors of this package as their text alone, without a traceback unless `KEDRO_DAGSTER_TRACEBACK` is set."""
    try:
        yield
    except KedroDagsterError as error:
        if os.environ.get(TRACEBACK_VARIABLE):
            raise
        raise LoadError(str(error)) from None


def warn_at(position: Position | None, message: str) -> None:
    """Warn about a project that loads all the same, with the place as the warning's own.

    The processes of a run stay silent: all was said when the definitions were made. `dg check defs` hands warnings
    over to a logger that nobody listens to; there Dagster's own gets them.
    """
    if not makes_definitions():
        return
    if warnings.showwarning.__module__ == logging.__name__:
        logging.getLogger("dagster").warning("%s", Problem(message, position))
    else:
        file, line = (str(position.file), position.line) if position else (_NO_FILE, None)
        if position is not None and position.file.suffix in _YAML:
            _show_masked(position)
        warnings.warn_explicit(message, KedroProjectWarning, file, line or 1, module="kedro_dagster_component")


def _show_masked(position: Position) -> None:
    """See that Python, which prints the line that a warning is about, prints no secret that stands on it."""
    lines = [""] * ((position.line or 1) - 1) + [f"{masked_line(position)}\n"]
    file = str(position.file)
    linecache.cache[file] = (0, None, lines, file)  # without a time nobody compares it with the file


def warn_of(problems: Iterable[Problem]) -> None:
    """Warn about what may be meant otherwise, each at its place."""
    for problem in problems:
        warn_at(problem.position, str(Problem(problem.message, hint=problem.hint)))


def load_manifest(place: ComponentPlace, ref: ProjectRef, cache: str | CacheConfig = "off") -> ProjectManifest:
    """The manifest of a project: read or taken from the cache when definitions are made, the same in all processes of a run.

    The one of a run is as `ProjectManifest.for_run` makes it. Runtime parameters of the component are not kept: they can hold a
    secret, and Dagster stores what is kept.

    Args:
        place: Where the component stands.
        ref: Which project, and how to open it.
        cache: `auto`, `off`, or what to watch too.

    Raises:
        ConfigurationError: A YAML file of the project holds mistakes.
        IntrospectionError: The project cannot be read.
    """
    key = f"kedro_dagster_component/manifest/{place.key}"
    kept = _manifest_of_run(kept_for_runs(key))
    if kept is not None:
        own = kept.ref.model_copy(update={"runtime_params": ref.runtime_params})
        return kept.for_run().model_copy(update={"ref": own})
    try:
        found = _find(place, ref, cache)
    except ConfigurationError as error:
        raise ConfigurationError(_explained(error.problems)) from error
    except IntrospectionError as error:
        raise type(error)(str(Problem(str(error), place.position(_blamed(ref, str(error)))))) from error
    for reason, hint in _reasons_to_read_anew(found):
        message = f"the project is read at each load: {reason}"
        way_out = f"{hint}; `cache: off` reads it at each load without this warning"
        warn_at(place.position("cache"), str(Problem(message, hint=way_out)))
    keep_for_runs(key, found.text or pack(without_parameters(found.manifest)))
    return found.manifest


def _manifest_of_run(text: str | None) -> ProjectManifest | None:
    """The manifest of a run; None without one, and for a run that another version of this package has started."""
    if text is None:
        return None
    try:
        manifest = unpack(text)
    except ValueError:
        return None
    return manifest if manifest.format == MANIFEST_FORMAT else None


def _reasons_to_read_anew(found: Found) -> Iterator[tuple[str, str]]:
    """Why a manifest is not kept, and the way out; nothing where it is."""
    if found.differing:
        yield (
            f"two readings at once differed in {', '.join(found.differing)}",
            "random numbers, clocks and networks cannot be watched",
        )
    if found.children:
        started = ", ".join(found.children)
        yield (
            f"its code starts {started} when it is imported, and what another program reads cannot be seen",
            "name what that depends on, for example `cache: {files: [.git/HEAD]}`",
        )


def _find(place: ComponentPlace, ref: ProjectRef, cache: str | CacheConfig) -> Found:
    """The manifest from the cache or from the project."""
    if not _is_cached(ref, cache) or is_switched_off():
        return Found(introspect_project(ref))
    folder = cache_folder(Path(ref.project_path))
    more = _more(cache)
    prepared = local_state_file(place.defs_folder, state_key(place))
    owner = f"{place.label}\0{place.key}"  # a Python file may make several instances, which only the key tells apart
    file = folder / file_name(ref, owner) if folder is not None else None
    return find_manifest(ref, Cache(file if file and is_of_use(file) else None, prepared, more.files, more.env))


def prepare_state(place: ComponentPlace, ref: ProjectRef, cache: str | CacheConfig, file: Path) -> None:
    """Read a project and keep its manifest for the loads to come; nothing is written where the cache is off.

    Args:
        place: Where the component stands.
        ref: Which project, and how to open it.
        cache: As for `load_manifest`.
        file: Is written.

    Raises:
        ConfigurationError: A YAML file of the project holds mistakes.
        IntrospectionError: The project cannot be read, or not twice with the same result.
    """
    if not _is_cached(ref, cache):
        return
    more = _more(cache)
    found = prepare_manifest(ref, Cache(files=more.files, variables=more.env), file)
    for reason, hint in _reasons_to_read_anew(found):
        file.unlink(missing_ok=True)
        message = f"the manifest of {ref.project_path} cannot be kept: {reason}"
        raise IntrospectionError(f"{message}\n  -> {hint}")


def state_key(place: ComponentPlace) -> str:
    """How Dagster calls the manifest of a component: one of its kind in a code location, and a good file name."""
    return f"KedroProjectComponent.{place.key}"


def _is_cached(ref: ProjectRef, cache: str | CacheConfig) -> bool:
    return cache != "off" and not (ref.conf_source is not None and "://" in ref.conf_source)


def _more(cache: str | CacheConfig) -> CacheConfig:
    """What to watch too."""
    return cache if isinstance(cache, CacheConfig) else CacheConfig()


def _explained(problems: Iterable[Problem]) -> Iterator[Problem]:
    """Problems of broken YAML in words for the person who wrote it, where we have better ones than the parser."""
    for problem in problems:
        file = problem.position.file if problem.position is not None else None
        known = read_positions(file).problems if file is not None and file.suffix in {".yml", ".yaml"} else ()
        yield from known or (problem,)


def _blamed(ref: ProjectRef, message: str) -> str:
    """The attribute of the component that a failure to read the project is about."""
    if ref.env is not None and f"environment '{ref.env}'" in message:
        return "env"
    if ref.conf_source is not None and f"configuration source {ref.conf_source}" in message:
        return "conf_source"
    return "package" if ref.package_name else "project"


def resolve_project(
    place: ComponentPlace, project: str | None, package: str | None, conf_source: str | None
) -> tuple[Path, str | None]:
    """The Kedro project's root and configuration source a component means.

    Args:
        place: Where the component stands.
        project: Path as written; relative to the component's file.
        package: Import name of a packaged project; excludes `project`.
        conf_source: As written; relative to the project's root.

    Raises:
        ConfigurationError: There is no Kedro project, or the fields contradict each other.
    """
    if package is not None:
        return _packaged(place, project, package, conf_source)
    if project is None:
        root = nearest_kedro_project(place.folder)
        if root is None:
            raise place.error(
                "there is no Kedro project above this file",
                hint="set `project` to the folder whose pyproject.toml has a [tool.kedro] section",
            )
    else:
        root = _existing_project(place, (place.folder / project).expanduser().resolve())
    return root, str((root / conf_source).resolve()) if conf_source and "://" not in conf_source else conf_source


def nearest_kedro_project(folder: Path) -> Path | None:
    """The nearest folder, this one included, whose pyproject.toml has a `[tool.kedro]` section."""
    return next((parent for parent in (folder, *folder.parents) if is_kedro_project(parent)), None)


def is_kedro_project(folder: Path) -> bool:
    """Whether a folder is the root of a Kedro project, by Kedro's own rule."""
    try:
        return "[tool.kedro]" in (folder / "pyproject.toml").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False


def _packaged(
    place: ComponentPlace, project: str | None, package: str, conf_source: str | None
) -> tuple[Path, str | None]:
    if project is not None:
        raise place.error("give `project` or `package`, not both", "package")
    if conf_source is None:
        raise place.error(
            f"the packaged project '{package}' needs `conf_source`",
            "package",
            hint="point it at the configuration archive or folder that `kedro package` made",
        )
    source = (place.folder / conf_source).expanduser().resolve()
    if not source.exists():
        raise place.error(f"there is no configuration at {source}", "conf_source")
    return source.parent, str(source)


def _existing_project(place: ComponentPlace, root: Path) -> Path:
    if is_kedro_project(root):
        return root
    above = nearest_kedro_project(root) if root.exists() else None
    below = sorted(child for child in root.iterdir() if is_kedro_project(child)) if root.is_dir() else []
    found = [above] if above else below
    message = f"there is no Kedro project at {root}" + ("" if root.exists() else " (the folder does not exist)")
    hint = "a Kedro project's root has a pyproject.toml with a [tool.kedro] section"
    if found:
        hint += "; nearby there is " + " and ".join(str(path) for path in found[:3])
    raise place.error(message, "project", hint=hint)
