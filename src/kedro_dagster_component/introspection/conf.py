"""The configuration source of a project: its environments and files, and reading one kind of configuration."""

from __future__ import annotations

import glob
import tarfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

import yaml
from kedro.config import AbstractConfigLoader, MissingConfigException, OmegaConfigLoader
from omegaconf.errors import OmegaConfBaseException

from kedro_dagster_component.compat.kedro import environment_resolver
from kedro_dagster_component.config.environment import environment_placeholder
from kedro_dagster_component.config.positions import Positions, read_all_positions, read_positions
from kedro_dagster_component.errors import ConfigurationError, IntrospectionError, Problem, did_you_mean
from kedro_dagster_component.introspection.conf_problems import (
    duplicate_problems,
    file_problems,
    interpolation_problems,
    readable_content,
)
from kedro_dagster_component.introspection.failures import reading
from kedro_dagster_component.introspection.positions import top_level_lines
from kedro_dagster_component.manifest import SourceRef
from kedro_dagster_component.masking import mask_text

_SUFFIXES = (".yml", ".yaml", ".json")
_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")
_CREDENTIALS = "credentials"
_DAGSTER = "dagster"
_KINDS = ("globals", "parameters", "catalog", _CREDENTIALS, _DAGSTER)
DAGSTER_PATTERNS = ["dagster*", "dagster*/**", "**/dagster*"]
"""Where the configuration for Dagster is looked for, by the same rule as Kedro's own kinds."""


@dataclass(frozen=True)
class Conf:
    """The configuration of an open project.

    Attributes:
        loader: The project's own, in the environment asked for.
        project_path: Root of the project.
    """

    loader: AbstractConfigLoader
    project_path: Path

    @property
    def base_env(self) -> str:
        """Folder read first; empty where the loader has no such notion."""
        return getattr(self.loader, "base_env", None) or ""

    @property
    def run_env(self) -> str:
        """Folder read second: the environment asked for, else the loader's default; empty without one."""
        return self.loader.env or getattr(self.loader, "default_run_env", None) or ""

    @cached_property
    def root(self) -> Path | None:
        """Folder of the configuration; None for an archive or a remote one."""
        root = Path(self.loader.conf_source)
        return root if root.is_dir() else None

    @cached_property
    def environments(self) -> tuple[str, ...]:
        """Names of the folders of the source, sorted; empty where it cannot be listed."""
        if self.root is not None:
            return tuple(sorted(path.name for path in self.root.iterdir() if path.is_dir() and path.name[0] != "."))
        return _archive_folders(Path(self.loader.conf_source))

    def has_environment(self, name: str) -> bool:
        """Whether a folder of that name (`a/b` goes deeper) is there; True where nobody can tell."""
        if self.root is not None:
            return (self.root / name).is_dir()
        return not self.environments or name.partition("/")[0] in self.environments

    def files(self, kind: str) -> list[Path]:
        """Files that hold a kind of configuration: base before environment, each by name.

        Empty for a source that is no local folder and for a loader without patterns; of such a loader the files for
        Dagster are looked for where Kedro's own would, for the places of mistakes, and left out unless they are plain
        YAML.
        """
        if self.root is None:
            return []
        all_patterns = getattr(self.loader, "config_patterns", None)
        if all_patterns is None:
            folders = (self.base_env or "base", self.run_env or "local")
            found = _matching(self.root, folders, DAGSTER_PATTERNS) if kind == _DAGSTER else []
            return [file for file in found if not read_positions(file).problems]
        patterns = all_patterns.get(kind, [])
        return _matching(self.root, (self.base_env, self.run_env), patterns)

    def folders(self, kind: str) -> list[list[Path]]:
        """The same files folder by folder: those of base, those of the environment."""
        files = self.files(kind)
        base = [file for file in files if self.root and file.is_relative_to(self.root / self.base_env)]
        environment = [file for file in files if self.root and file.is_relative_to(self.root / self.run_env)]
        return [group for group in (base, environment if self.run_env != self.base_env else []) if group]

    def readable(self, kind: str) -> dict[str, Any]:
        """What can be read of a kind that cannot be loaded, see `readable_content`; empty for a foreign loader."""
        if not isinstance(self.loader, OmegaConfigLoader):
            return {}
        is_soft = self.loader.merge_strategy.get(kind) == "soft"
        with self._environment(kind):
            return readable_content(self.folders(kind), is_soft=is_soft)

    def read(self, kind: str) -> dict[str, Any] | None:
        """Merged and resolved configuration of a kind.

        Returns:
            None where there is none: no file, no folder, or a loader that does not know the kind.

        Raises:
            ConfigurationError: A file is no valid YAML, or an interpolation cannot be resolved.
            IntrospectionError: The loader failed in any other way.
        """
        with reading(f"the {kind} configuration", self.project_path), self._environment(kind):
            try:
                content = self.loader[kind]
            except MissingConfigException:
                return None
            except KeyError:
                if kind in getattr(self.loader, "config_patterns", {}):
                    raise
                return None
            except Exception as error:
                problems = self._problems(kind, error)
                if not problems:
                    raise
                raise ConfigurationError(problems) from error
        return dict(content) if content is not None else None

    def location(self, kind: str, key: str) -> SourceRef | None:
        """Where a top-level key is written, in the environment before base."""
        for file in reversed(self._files_by_kind(kind)):
            if line := top_level_lines(file).get(key):
                return SourceRef(file=str(file), line=line)
        return None

    def positions(self, kind: str) -> Positions:
        """Places of every key of a kind; read once, for problems only."""
        if kind not in self._known_positions:
            self._known_positions[kind] = read_all_positions(self._files_by_kind(kind))
        return self._known_positions[kind]

    def read_all(self, kinds: Iterable[str]) -> tuple[dict[str, dict[str, Any] | None], list[Problem]]:
        """Configuration by kind, see `read`.

        Returns:
            Without the kinds that cannot be loaded, and what is wrong with these; and with the files of credentials,
            of which only the YAML is looked at.
        """
        contents: dict[str, dict[str, Any] | None] = {}
        problems = dict.fromkeys(file_problems(self.files(_CREDENTIALS), _CREDENTIALS))
        for kind in kinds:
            try:
                contents[kind] = self.read(kind)
            except ConfigurationError as error:
                problems.update(dict.fromkeys(error.problems))
        return contents, list(problems)

    def credentials_names(self) -> frozenset[str] | None:
        """Names of all credentials; the values are not looked at where they come from files of a folder.

        Returns:
            None where the names cannot be told: a loader of another kind may ask a vault for them.
        """
        if type(self.loader) is not OmegaConfigLoader:
            return None
        if self.root is not None and _CREDENTIALS not in self.loader:  # else a hook has set them
            files = self.files(_CREDENTIALS)
            if any(read_positions(file).problems for file in files):
                return None
            return frozenset(name for file in files for name in top_level_lines(file) if not name.startswith("_"))
        try:
            return frozenset(self.loader[_CREDENTIALS])
        except MissingConfigException:
            return frozenset()
        except Exception:  # noqa: BLE001 - an environment variable that only runs have, a resolver that asks a vault
            return None

    @cached_property
    def _known_positions(self) -> dict[str, Positions]:
        return {}

    @cached_property
    def _known_files(self) -> dict[str, list[Path]]:
        return {}

    def _files_by_kind(self, kind: str) -> list[Path]:
        if kind not in self._known_files:
            self._known_files[kind] = self.files(kind)
        return self._known_files[kind]

    def _environment(self, kind: str) -> AbstractContextManager[None]:
        """Environment variables as placeholders, where the loader would refuse them or tell their values."""
        if kind != _DAGSTER or not isinstance(self.loader, OmegaConfigLoader):
            return nullcontext()
        return environment_resolver(self.loader, environment_placeholder)

    def _problems(self, kind: str, error: Exception) -> list[Problem]:
        """What made the loader fail, with the mistakes of the files of other kinds; empty where nobody can tell."""
        found = [
            problem for each in dict.fromkeys((*_KINDS, kind)) for problem in file_problems(self.files(each), each)
        ]
        if found:
            return found
        if isinstance(error, OmegaConfBaseException):
            return interpolation_problems(self.folders(kind)) or [_unplaced(kind, error)]
        if isinstance(error, yaml.YAMLError):
            return [_unplaced(kind, error)]
        if isinstance(error, ValueError) and "Duplicate keys" in str(error):
            return duplicate_problems(self.files(kind)) or [
                Problem(mask_text(line)) for line in str(error).splitlines()
            ]
        return []


def globals_problems(root: Path, folders: Iterable[str], patterns: Sequence[str]) -> list[Problem]:
    """What is wrong with the files of globals, which a loader reads when it is made.

    Args:
        root: Folder of the configuration.
        folders: Base before environment.
        patterns: Of these files.
    """
    files = _matching(root, folders, patterns)
    by_folder = [found for folder in dict.fromkeys(folders) if (found := _matching(root, [folder], patterns))]
    return file_problems(files, "globals") or interpolation_problems(by_folder)


def yaml_problems(root: Path, folders: Iterable[str], patterns: Mapping[str, Sequence[str]]) -> list[Problem]:
    """What is wrong with the YAML of files where there is no loader to ask for them.

    Args:
        root: Folder of the configuration.
        folders: Base before environment.
        patterns: Of the files by kind; Kedro's own for the kinds that are not in it.
    """
    kinds = {kind: patterns.get(kind, [f"{kind}*", f"{kind}*/**", f"**/{kind}*"]) for kind in _KINDS}
    kinds["globals"] = []
    return [
        problem for kind, names in kinds.items() for problem in file_problems(_matching(root, folders, names), kind)
    ]


def _unplaced(kind: str, error: Exception) -> Problem:
    """A mistake in files that cannot be looked into, such as those of an archive."""
    text = mask_text(" ".join((getattr(error, "msg", None) or str(error)).split()))
    key = getattr(error, "full_key", None)
    return Problem(f"cannot load the {kind} configuration: {text}" + (f" (in '{key}')" if key else ""))


def check_folders(conf: Conf, *, asked: str | None) -> None:
    """See that the folders Kedro reads are there: without one of them it finds nothing at all, and every run fails.

    To be asked where the loader found no catalog. A source that cannot be listed is taken as it is.

    Args:
        conf: The open project's.
        asked: The environment the user asked for (KEDRO_ENV included); None for the loader's default.

    Raises:
        IntrospectionError: The source, the base folder or the environment's folder is not there.
    """
    source = conf.loader.conf_source
    if "://" in str(source):
        return
    check_source(source, conf.project_path)
    if asked and not conf.has_environment(asked):
        hint = did_you_mean(asked, conf.environments)
        message = f"the Kedro project at {conf.project_path} has no environment '{asked}' in {source}"
        raise IntrospectionError(f"{message}\n  -> {hint}" if hint else message)
    for name in dict.fromkeys((conf.base_env, conf.run_env)):
        if name and isinstance(conf.loader, OmegaConfigLoader) and not conf.has_environment(name):
            raise IntrospectionError(
                f"the Kedro project at {conf.project_path} has no folder '{name}' in {source}, and Kedro reads no"
                " configuration at all without it\n"
                "  -> create it (an empty one will do; with a .gitkeep it stays in git), or name another environment"
            )


def check_source(source: str | Path, project_path: Path) -> None:
    """See that a configuration source is there; one with a protocol is not looked for.

    Raises:
        IntrospectionError: It is not.
    """
    if "://" in str(source) or Path(source).exists():
        return
    beside = [path.name for path in Path(source).parent.glob("*") if path.is_dir() or path.name.endswith(_ARCHIVES)]
    close = did_you_mean(Path(source).name, beside) or ""
    way_out = close if close.startswith("did you mean") else "create it, or name another one in `conf_source`"
    raise IntrospectionError(
        f"the Kedro project at {project_path} has no configuration source {source}\n  -> {way_out}"
    )


def _matching(root: Path, folders: Iterable[str], patterns: Sequence[str]) -> list[Path]:
    """Files of some folders, folder by folder, each by name."""
    found: dict[Path, None] = {}
    for folder in dict.fromkeys(folders):
        names = {name for pattern in patterns for name in _glob(root / folder, pattern)}
        found.update(dict.fromkeys(root / folder / name for name in sorted(names)))
    return list(found)


def _glob(folder: Path, pattern: str) -> list[str]:
    names = glob.glob(pattern, root_dir=folder, recursive=True)  # noqa: PTH207 - Path.glob takes hidden files too
    return [name for name in names if name.endswith(_SUFFIXES) and (folder / name).is_file()]


def _archive_folders(source: Path) -> tuple[str, ...]:
    """Folders one level below the archive's own root folder."""
    if not source.is_file() or not source.name.endswith(_ARCHIVES):
        return ()
    try:
        if zipfile.is_zipfile(source):
            with zipfile.ZipFile(source) as archive:
                names = archive.namelist()
        else:
            with tarfile.open(source) as archive_:
                names = archive_.getnames()
    except (OSError, tarfile.TarError, zipfile.BadZipFile):
        return ()
    parts = [PurePosixPath(name).parts for name in names]
    return tuple(sorted({part[1] for part in parts if len(part) > 2}))
