"""A Kedro project opened as `kedro run` does it, without its plugins."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import kedro
from kedro.config import AbstractConfigLoader
from kedro.framework.context import KedroContext
from kedro.framework.project import configure_project, settings
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from kedro.utils import find_kedro_project

from kedro_dagster_component.compat.kedro import create_catalog, session_without_plugins
from kedro_dagster_component.errors import ConfigurationError, IntrospectionError, Position, Problem
from kedro_dagster_component.introspection.catalog import CatalogReader
from kedro_dagster_component.introspection.conf import (
    DAGSTER_PATTERNS,
    Conf,
    check_source,
    globals_problems,
    yaml_problems,
)
from kedro_dagster_component.introspection.failures import reading
from kedro_dagster_component.manifest import ProjectRef

if TYPE_CHECKING:
    from kedro.io.core import CatalogProtocol

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # a requirement of Kedro there


@dataclass(frozen=True)
class OpenProject:
    """Live objects of a project.

    Attributes:
        ref: What was asked for.
        project_name: Display name.
        package_name: Import name of its package.
        context: Of the project's class.
        conf: Its configuration.
        catalog: With `ref.include_hooks`, as the hooks left it; else None: making one needs credentials.
    """

    ref: ProjectRef
    project_name: str
    package_name: str
    context: KedroContext
    conf: Conf
    catalog: CatalogProtocol[Any, Any] | None

    @property
    def path(self) -> Path:
        """Root of the project."""
        return Path(self.ref.project_path)

    @property
    def env(self) -> str | None:
        """The environment in force."""
        return self.conf.run_env or None

    @property
    def asked_env(self) -> str | None:
        """The environment asked for by the component or by KEDRO_ENV; None where the default is in force."""
        return self.ref.env or os.environ.get("KEDRO_ENV") or None


def open_project(ref: ProjectRef) -> OpenProject:
    """Import a project's settings and make its context; with `ref.include_hooks` its catalog too.

    Changes the working directory to the project's root. To be called once in a process.

    Raises:
        IntrospectionError: There is no project, it is one of another Kedro version, or its own code fails.
        ConfigurationError: Its pyproject.toml cannot be parsed.
    """
    path = Path(ref.project_path)
    if ref.package_name is None:
        _check_project(path)
    elif not path.is_dir():
        raise IntrospectionError(f"the project path {path} is no folder")
    os.chdir(path)
    if ref.conf_source is not None:
        check_source(ref.conf_source, path)
    project_name, package_name = _configure(ref, path)
    with reading("the settings (settings.py)", path), session_without_plugins(project_hooks=ref.include_hooks):
        session = KedroSession.create(
            project_path=path,
            env=ref.env,
            runtime_params=ref.runtime_params or None,
            conf_source=ref.conf_source,
            save_on_close=False,
        )
    context = _context(session, ref)
    loader: AbstractConfigLoader = context.config_loader
    patterns = getattr(loader, "config_patterns", None)
    if isinstance(patterns, dict):
        patterns.setdefault("dagster", list(DAGSTER_PATTERNS))
    conf = Conf(loader, path)
    catalog = _live_catalog(context, conf) if ref.include_hooks else None
    return OpenProject(ref, project_name, package_name, context, conf, catalog)


def _configure(ref: ProjectRef, path: Path) -> tuple[str, str]:
    """Display name and package name of the project, now the one of this process."""
    if ref.package_name is not None:
        with reading("the package", path):
            configure_project(ref.package_name)
        return ref.package_name, ref.package_name
    with reading("pyproject.toml or the settings (settings.py)", path):
        metadata = bootstrap_project(path)
    return metadata.project_name or metadata.package_name, metadata.package_name


def _context(session: KedroSession, ref: ProjectRef) -> KedroContext:
    path = Path(ref.project_path)
    hooks = "settings, context or `after_context_created` hooks" if settings.HOOKS else "settings or context"
    with reading(f"the {hooks}", path):
        try:
            return session.load_context()
        except Exception as error:
            problems = _globals_problems(ref)
            if problems:
                raise ConfigurationError(problems) from error
            raise


def _globals_problems(ref: ProjectRef) -> list[Problem]:
    """What is wrong with `globals.yml`, and the YAML of the others.

    A loader that fails on globals is none that could be asked for its files.
    """
    options = settings.CONFIG_LOADER_ARGS
    root = Path(ref.conf_source or Path(ref.project_path) / settings.CONF_SOURCE)
    environment = ref.env or os.environ.get("KEDRO_ENV") or options.get("default_run_env", "")
    folders = (options.get("base_env", ""), environment)
    patterns = options.get("config_patterns", {})
    if not root.is_dir():
        return []
    found = globals_problems(root, folders, patterns.get("globals", ["globals.yml"]))
    return [*found, *yaml_problems(root, folders, patterns)] if found else []


def _live_catalog(context: KedroContext, conf: Conf) -> CatalogProtocol[Any, Any] | None:
    """The catalog after the project's hooks; None where there is no configuration to make one from."""
    with reading("the catalog, the parameters or an `after_catalog_created` hook", conf.project_path):
        try:
            return create_catalog(context)
        except Exception:
            found = [conf.read(kind) for kind in ("globals", "credentials", "parameters", "catalog")]
            if found[-1] is None:  # a mistake in one of the files was raised above, with its place
                return None
            if problems := CatalogReader(conf, found[-1]).problems.problems_of_all():
                raise ConfigurationError(problems) from None
            raise


def _check_project(path: Path) -> None:
    """See that a folder is the root of a Kedro project of this Kedro's major version.

    Raises:
        IntrospectionError: It is not.
        ConfigurationError: Its pyproject.toml cannot be parsed.
    """
    section = _kedro_section(path / "pyproject.toml")
    if section is None:
        lines = [f"{path} is no Kedro project: it has no pyproject.toml with a [tool.kedro] section"]
        if not path.is_dir():
            lines = [f"{path} is no Kedro project: there is no such folder"]
        nearest = find_kedro_project(path.parent)
        if nearest:
            lines.append(f"  -> the nearest Kedro project above it is {nearest}")
        raise IntrospectionError("\n".join(lines))
    version = str(section.get("kedro_init_version", ""))
    if version and version.partition(".")[0] != kedro.__version__.partition(".")[0]:
        raise IntrospectionError(
            f"the Kedro project at {path} was made for Kedro {version}, and Kedro {kedro.__version__} is installed\n"
            "  -> migrate the project and set `kedro_init_version` in its pyproject.toml, or install its Kedro"
        )


def _kedro_section(file: Path) -> dict[str, Any] | None:
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError:
        return None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        place = re.search(r"at line (\d+), column (\d+)", str(error))
        position = Position(file, int(place[1]), int(place[2])) if place else Position(file)
        raise ConfigurationError([Problem(f"cannot parse this file: {error}", position)]) from error
    section = content.get("tool", {}).get("kedro")
    return section if isinstance(section, dict) else None
