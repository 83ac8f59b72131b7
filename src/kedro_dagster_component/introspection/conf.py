"""The configuration source of a project: its environments and files, and reading one kind of configuration."""

from __future__ import annotations

import glob
import re
import tarfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

import yaml
from kedro.config import AbstractConfigLoader, MissingConfigException, OmegaConfigLoader
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from kedro_dagster_component.errors import ConfigurationError, IntrospectionError, Position, Problem, did_you_mean
from kedro_dagster_component.introspection.failures import cause, reading, safe_position
from kedro_dagster_component.introspection.positions import key_position, top_level_lines
from kedro_dagster_component.manifest import SourceRef
from kedro_dagster_component.masking import mask_text

_SUFFIXES = (".yml", ".yaml", ".json")
_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")
_NODE_LIMIT = re.compile(r"OMEGACONF_MAX_YAML_EXPANDED_NODES|expanded nodes", re.IGNORECASE)
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

        Empty for a source that is no local folder and for a loader without patterns.
        """
        patterns = getattr(self.loader, "config_patterns", {}).get(kind, [])
        if self.root is None:
            return []
        found: dict[Path, None] = {}
        for folder in dict.fromkeys((self.base_env, self.run_env)):
            names = {name for pattern in patterns for name in _glob(self.root / folder, pattern)}
            found.update(dict.fromkeys(self.root / folder / name for name in sorted(names)))
        return list(found)

    def read(self, kind: str) -> dict[str, Any] | None:
        """Merged and resolved configuration of a kind.

        Returns:
            None where there is none: no file, no folder, or a loader that does not know the kind.

        Raises:
            ConfigurationError: A file is no valid YAML, or an interpolation cannot be resolved.
            IntrospectionError: The loader failed in any other way.
        """
        with reading(f"the {kind} configuration", self.project_path):
            try:
                content = self.loader[kind]
            except MissingConfigException:
                return None
            except KeyError:
                if kind in getattr(self.loader, "config_patterns", {}):
                    raise
                return None
            except yaml.YAMLError as error:
                raise ConfigurationError(self._broken_files(kind, error)) from error
            except OmegaConfBaseException as error:
                raise ConfigurationError([self._unresolved(kind, error)]) from error
            except ValueError as error:
                if "Duplicate keys" not in str(error):
                    raise
                raise ConfigurationError([Problem(mask_text(line)) for line in str(error).splitlines()]) from error
        return dict(content) if content is not None else None

    def location(self, kind: str, key: str) -> SourceRef | None:
        """Where a top-level key is written, in the environment before base."""
        for file in reversed(self._files_by_kind(kind)):
            if line := top_level_lines(file).get(key):
                return SourceRef(file=str(file), line=line)
        return None

    def problem(self, kind: str, key: str, message: str, hint: str | None = None) -> Problem:
        """A problem at the place of a top-level key."""
        place = self.location(kind, key)
        return Problem(message, safe_position(Path(place.file), place.line, 1) if place else None, hint)

    @cached_property
    def _known_files(self) -> dict[str, list[Path]]:
        return {}

    def _files_by_kind(self, kind: str) -> list[Path]:
        if kind not in self._known_files:
            self._known_files[kind] = self.files(kind)
        return self._known_files[kind]

    def _broken_files(self, kind: str, error: yaml.YAMLError) -> list[Problem]:
        """One problem for each file that cannot be parsed; the loader's own words where none can be found."""
        candidates = dict.fromkeys([*self.files("globals"), *self.files(kind)])
        problems = [problem for file in candidates if (problem := _parse_problem(file))]
        return problems or [Problem(f"cannot parse the {kind} configuration: {mask_text(str(error))}")]

    def _unresolved(self, kind: str, error: OmegaConfBaseException) -> Problem:
        message = mask_text((getattr(error, "msg", None) or str(error)).strip().split("\n")[0])
        full_key = getattr(error, "full_key", None) or ""
        keys = [part for part in re.split(r"[.\[\]]", str(full_key)) if part]
        hint = None
        if _NODE_LIMIT.search(str(error)):
            hint = (
                "OmegaConf takes no file of more than 10000 values: split it into several files, use dataset factories,"
                " or set OMEGACONF_MAX_YAML_EXPANDED_NODES"
            )
        text = f"{message} (in '{full_key}' of the {kind} configuration)" if full_key else message
        for file in reversed(self.files(kind)):
            if place := _best_place(file, keys):
                return Problem(text, safe_position(file, *place), hint)
        return Problem(text, None, hint)


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
    if not Path(source).exists():
        raise IntrospectionError(f"the Kedro project at {conf.project_path} has no configuration source {source}")
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


def _best_place(file: Path, keys: Sequence[str]) -> tuple[int, int] | None:
    return key_position(file, keys) if keys else None


def _parse_problem(file: Path) -> Problem | None:
    """What is wrong with the syntax of a file; None where it can be parsed."""
    try:
        OmegaConf.load(file)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = mask_text(": ".join(part for part in (error.context, error.problem) if part))
        if mark is None:
            return Problem(f"cannot parse this file: {what}", Position(file))
        position = safe_position(file, mark.line + 1, mark.column + 1)
        where = "" if position.line else f" (line {mark.line + 1})"
        return Problem(f"cannot parse this file{where}: {what}", position)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what is wrong with the file
        return Problem(f"cannot read this file: {cause(error)}", Position(file))
    return None


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
