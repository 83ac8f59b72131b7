"""`dg scaffold defs kedro_dagster_component.KedroProjectComponent`: the files a new instance starts with."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from importlib import resources
from pathlib import Path
from string import Template
from typing import NamedTuple

import click
import yaml
from dagster import Scaffolder, ScaffoldRequest
from pydantic import BaseModel, Field, model_validator
from typing_extensions import Self

from kedro_dagster_component.config.load import load_dagster_config
from kedro_dagster_component.config.project_problems import project_problems
from kedro_dagster_component.errors import (
    ConfigurationError,
    IntrospectionError,
    KedroDagsterError,
    Position,
    Problem,
    did_you_mean,
)
from kedro_dagster_component.introspection import introspect_project
from kedro_dagster_component.loading import is_kedro_project, nearest_kedro_project, shown_as_text
from kedro_dagster_component.manifest import ProjectManifest, ProjectRef
from kedro_dagster_component.naming import unique_identifiers

__all__ = ["KedroProjectScaffolder", "KedroScaffoldParams"]

_FILE_NAMES = ("component.yaml", "defs.yaml")
_YAML_NAMES = ("defs.yaml", "defs.yml", "component.yaml")
_PYTHON_NAME = "component.py"
_DEFAULT_PIPELINE = "__default__"
_PLAIN = re.compile(r"[A-Za-z_][\w.-]*", re.ASCII)


class KedroScaffoldParams(BaseModel):
    """What `dg scaffold defs` is told about a Kedro project; each field is an option of the command.

    Whatever is wrong with them is found when they are made: `dg` does that before it creates any folder.
    """

    project_path: str | None = Field(
        default=None,
        description="Root of the Kedro project, relative to the current folder. Without it: the nearest Kedro project "
        "above the current folder.",
        examples=["../spaceflights"],
    )
    env: str | None = Field(
        default=None,
        description="Kedro environment to show. Without it: KEDRO_ENV, else the project's default.",
        examples=["local"],
    )
    file_name: str = Field(
        default=_FILE_NAMES[0],
        description="Name of the YAML file: component.yaml, or defs.yaml as Dagster calls it now.",
        examples=[*_FILE_NAMES],
    )
    dagster_yml: bool = Field(
        default=False,
        description="Whether to write a starting dagster.yml into the project's configuration, where it has none.",
        examples=[True],
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        with shown_as_text():
            if self.file_name not in _FILE_NAMES:
                message = f"Dagster would not load an instance from a file named '{self.file_name}'"
                raise KedroDagsterError(str(Problem(message, hint=did_you_mean(self.file_name, _FILE_NAMES))))
            self.read_project()
        return self

    def read_project(self) -> ProjectManifest:
        """The project they mean; it is read once until it was scaffolded.

        Raises:
            ConfigurationError: A YAML file of the project holds a mistake.
            IntrospectionError: There is no such project or environment, or it cannot be read.
        """
        return _read_project(self.project_path, self.env, Path.cwd())


class KedroProjectScaffolder(Scaffolder[KedroScaffoldParams]):
    """Writes the YAML file of a new instance and a place for Python beside it."""

    @classmethod
    def get_scaffold_params(cls) -> type[KedroScaffoldParams]:
        """The options of the command."""
        return KedroScaffoldParams

    def scaffold(self, request: ScaffoldRequest[KedroScaffoldParams]) -> None:
        """Write the files, all of them or none.

        Raises:
            LoadError: A file is there already, or a folder does not let itself be written to.
        """
        with shown_as_text():
            try:
                manifest = request.params.read_project()
            finally:
                _read_project.cache_clear()
            pipelines = choose_pipelines(manifest)
            files = _files(request, manifest, pipelines)
            if request.params.dagster_yml:
                files.update(_dagster_yml(manifest, request.params.env, pipelines))
            _write(files)
            _report(manifest, pipelines)


def choose_pipelines(manifest: ProjectManifest) -> dict[str, str | None]:
    """Which registered pipelines one instance can show together: in Dagster an asset has one producer.

    `__default__` is taken first, for it is what `kedro run` runs; the others follow in the order of the registry,
    each if it agrees with those taken before it.

    Returns:
        By name, in the order of the registry: None for one to show, else why it has to be left out.
    """
    makers: dict[str, _Maker] = {}
    reasons: dict[str, str | None] = {}
    for name in sorted(manifest.pipelines, key=lambda name: name != _DEFAULT_PIPELINE):
        made = {
            dataset: _Maker(node_id, name)
            for node_id in manifest.pipelines[name]
            for dataset in manifest.nodes[node_id].output_datasets
        }
        clashes = [dataset for dataset, maker in made.items() if makers.get(dataset, maker).node_id != maker.node_id]
        reasons[name] = _reason(manifest, clashes, made, makers) if clashes else None
        if not clashes:
            makers = {**made, **makers}
    return {name: reasons[name] for name in manifest.pipelines}


class _Maker(NamedTuple):
    """What makes a dataset: a node, and the first pipeline it is taken from."""

    node_id: str
    pipeline: str


def _reason(
    manifest: ProjectManifest, clashes: list[str], made: Mapping[str, _Maker], makers: Mapping[str, _Maker]
) -> str:
    dataset, *others = clashes
    here, (there, pipeline) = made[dataset].node_id, makers[dataset]
    if manifest.nodes[here].name != manifest.nodes[there].name:
        here, there = manifest.nodes[here].name, manifest.nodes[there].name
    more = f"; {len(others)} more dataset{'s' * (len(others) > 1)} like it" if others else ""
    return _one_line(f"makes '{dataset}' with node '{here}', as '{pipeline}' does with node '{there}'{more}")


@lru_cache(maxsize=1)
def _read_project(project_path: str | None, env: str | None, folder: Path) -> ProjectManifest:
    root = _kedro_root(project_path, folder)
    return introspect_project(ProjectRef(project_path=root.as_posix(), env=env))


def _kedro_root(project_path: str | None, folder: Path) -> Path:
    """Absolute path of the Kedro project meant from a folder; symbolic links stay as they are."""
    if project_path is None:
        nearest = nearest_kedro_project(folder)
        if nearest is None:
            raise IntrospectionError(
                f"there is no Kedro project at or above {folder}\n"
                "  -> give the folder whose pyproject.toml has a [tool.kedro] section as `--project-path`"
            )
        return nearest
    root = Path(os.path.abspath(folder / Path(project_path).expanduser()))  # noqa: PTH100  (resolve() follows links)
    if is_kedro_project(root):
        return root
    above = nearest_kedro_project(root) if root.exists() else None
    below = sorted(child for child in root.iterdir() if is_kedro_project(child)) if root.is_dir() else []
    found = [above] if above else below[:3]
    nearby = f"; nearby there is {' and '.join(map(str, found))}" if found else ""
    missing = "" if root.exists() else " (it does not exist)"
    raise IntrospectionError(
        f"there is no Kedro project at {root}{missing}\n"
        f"  -> a Kedro project's root has a pyproject.toml with a [tool.kedro] section{nearby}"
    )


def _files(
    request: ScaffoldRequest[KedroScaffoldParams], manifest: ProjectManifest, pipelines: Mapping[str, str | None]
) -> dict[Path, str]:
    """Texts by path.

    Raises:
        KedroDagsterError: One of the files is there already, or would not be loaded beside another one.
    """
    target = request.target_path
    if request.scaffold_format == "python":
        if request.append:
            raise KedroDagsterError(f"{target}: an instance in Python cannot be appended to a file")
        _check_free(target, (*_YAML_NAMES, _PYTHON_NAME))
        return {target / _PYTHON_NAME: _python_instance(request, manifest, pipelines)}
    text = _yaml_instance(request, manifest, pipelines)
    if request.append:
        before = target.read_text(encoding="utf-8") if target.exists() else ""
        separator = "" if not before.strip() else "---\n" if before.endswith("\n") else "\n---\n"
        return {target: before + separator + text}
    _check_free(target, _YAML_NAMES)
    name = request.params.file_name
    subclass = {} if (target / _PYTHON_NAME).exists() else {target / _PYTHON_NAME: _subclass(request)}
    return {target / name: text, **subclass}


def _check_free(folder: Path, names: Iterable[str]) -> None:
    taken = next((folder / name for name in names if (folder / name).exists()), None)
    if taken is not None:
        problem = Problem("this file is there already", Position(taken), "scaffold into another folder, or remove it")
        raise KedroDagsterError(str(problem))


def _yaml_instance(
    request: ScaffoldRequest[KedroScaffoldParams], manifest: ProjectManifest, pipelines: Mapping[str, str | None]
) -> str:
    path, env = _project_path(request, manifest), request.params.env
    if path is None:
        project = "# project: without it, the nearest Kedro project above this file"
    elif Path(path).is_absolute():
        project = f"project: {_quoted(path)}"
    else:
        project = f"project: {_quoted('{{ context.project_root }}/' + path)}"
    needed = path is not None or env is not None or any(pipelines.values())
    setting = f"{'' if env else '# '}env: {_yaml_text(env or manifest.env or 'local')}"
    return _render(
        "component.yaml",
        **_type_names(request),
        attributes="attributes:" if needed else "# attributes:  # uncomment this line with the first field below",
        project=_indented([project], 2),
        env=_indented([f"{setting}  # {_environments(manifest)}"], 2),
        pipelines=_indented(_listing(pipelines, "pipelines:", lambda name: f"- {_yaml_text(name)}"), 2),
    )


def _python_instance(
    request: ScaffoldRequest[KedroScaffoldParams], manifest: ProjectManifest, pipelines: Mapping[str, str | None]
) -> str:
    path, env = _project_path(request, manifest), request.params.env
    if path is None:
        project = "# project=...,  # without it, the nearest Kedro project above this file"
    else:
        project = f"project=str(context.project_root / {_quoted(path)}),"
    setting = f"{'' if env else '# '}env={_quoted(env or manifest.env or 'local')},"
    return _render(
        "instance.py",
        **_type_names(request),
        project=_indented([project], 8),
        env=_indented([f"{setting}  # {_environments(manifest)}"], 8),
        pipelines=_indented(_listing(pipelines, "pipelines=[", lambda name: f"  {_quoted(name)},", "],"), 8),
    )


def _subclass(request: ScaffoldRequest[KedroScaffoldParams]) -> str:
    return _render(_PYTHON_NAME, **_type_names(request), file_name=request.params.file_name)


def _listing(
    pipelines: Mapping[str, str | None], head: str, item: Callable[[str], str], tail: str | None = None
) -> list[str]:
    """The list of pipelines: in force where some have to be left out, else commented out as a whole."""
    entries = [
        f"  {item(name)}" if reason is None else f"  # {item(name).strip()}  # {reason}"
        for name, reason in pipelines.items()
    ]
    lines = [head, *entries, *([tail] if tail else [])]
    if any(pipelines.values()):
        return ["# An asset has one producer: pipelines that make a dataset with another node are left out.", *lines]
    return ["# Registered pipelines to show; without this list all of them.", *(f"# {line}" for line in lines)]


def _environments(manifest: ProjectManifest) -> str:
    names = ", ".join(manifest.environments)
    return _one_line(f"environments found: {names}") if names else "as `kedro run --env`"


def _project_path(request: ScaffoldRequest[KedroScaffoldParams], manifest: ProjectManifest) -> str | None:
    """The Kedro project from the root of the dg project, with `/`; absolute where there is no way from one to the other.

    Returns:
        None where it is found without being named.
    """
    root, start = manifest.project_path, Path(os.path.abspath(request.project_root or Path.cwd()))  # noqa: PTH100
    folder = request.target_path.parent if request.append else request.target_path
    if nearest_kedro_project(Path(os.path.abspath(folder))) == root:  # noqa: PTH100
        return None
    try:
        relative = Path(os.path.relpath(root, start))
        if (start / relative).resolve() != root.resolve():  # a link on the way up
            relative = Path(os.path.relpath(root.resolve(), start.resolve()))
    except ValueError:  # two drives of Windows
        return root.as_posix()
    return relative.as_posix()


def _type_names(request: ScaffoldRequest[KedroScaffoldParams]) -> dict[str, str]:
    module, _, class_name = request.type_name.rpartition(".")
    return {"type": request.type_name, "module": module, "class_name": class_name}


def _report(manifest: ProjectManifest, pipelines: Mapping[str, str | None]) -> None:
    """Tell the user what was found, and what will be heard on loading."""
    shown = [name for name, reason in pipelines.items() if reason is None]
    click.echo(f"Kedro project {manifest.project_name}: pipelines {', '.join(shown) or '(none)'}.")
    for name, reason in pipelines.items():
        if reason is not None:
            click.echo(f"Left out: pipeline {name}: {reason}.")
    for message in manifest.warnings:
        click.echo(f"Warning: {message}", err=True)
    problems, _ = project_problems(manifest, {node for name in shown for node in manifest.pipelines[name]})
    try:
        load_dagster_config(manifest)
    except ConfigurationError as error:
        problems += error.problems
    if problems:
        found = ConfigurationError(problems)
        click.echo(f"Warning: the definitions will not load before this is mended: {found}", err=True)


def _dagster_yml(manifest: ProjectManifest, env: str | None, pipelines: Mapping[str, str | None]) -> dict[Path, str]:
    """A first `dagster.yml`, by its path, that keeps the jobs as they are without one; empty where there is one."""
    if manifest.dagster_files:
        click.echo(f"{manifest.dagster_files[-1]} is there already and stays as it is.")
        return {}
    folder = manifest.project_path / "conf" / (env or "base")
    if not folder.is_dir():
        click.echo(f"Warning: there is no folder {folder}, so no dagster.yml is written.", err=True)
        return {}
    shown = [name for name, reason in pipelines.items() if reason is None and manifest.pipelines[name]]
    titles = {name: "default" if name == _DEFAULT_PIPELINE and "default" not in shown else name for name in shown}
    names = unique_identifiers(titles.values())
    jobs = ["jobs:"] if shown else ["# jobs:"]
    for name in shown:
        jobs += [
            f"  {_yaml_text(names[titles[name]])}:",
            f"    pipeline: {{pipeline_name: {_yaml_text(name)}}}",
            "    # executor: parallel",
            "    # schedule: nightly",
        ]
    click.echo(f"Writing {folder / 'dagster.yml'}.")
    return {folder / "dagster.yml": _render("dagster.yml", jobs="\n".join(jobs))}


def _write(texts: Mapping[Path, str]) -> None:
    """Write all files or none; folders that are missing are made.

    Raises:
        KedroDagsterError: The system does not allow it.
    """
    before: dict[Path, bytes] = {}
    made: list[Path] = []
    try:
        before.update((path, path.read_bytes()) for path in texts if path.is_file())
        for path, text in texts.items():
            made += [missing for missing in (*reversed(path.parents), path) if not missing.exists()]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
    except OSError as error:
        _unmake(made, before)
        raise KedroDagsterError(f"cannot write {error.filename}: {error.strerror}") from error


def _unmake(made: Sequence[Path], before: Mapping[Path, bytes]) -> None:
    """Remove what was not there before, and put back what was."""
    for path in reversed(made):
        if path.is_dir():
            path.rmdir()
        elif path.exists():
            path.unlink()
    for path, content in before.items():
        path.write_bytes(content)


def _render(template: str, **values: str) -> str:
    folder = resources.files("kedro_dagster_component") / "scaffolds"
    return Template((folder / f"{template}.template").read_text("utf-8")).substitute(values)


def _indented(lines: Iterable[str], width: int) -> str:
    return "\n".join(" " * width + line for line in lines)


def _yaml_text(text: str) -> str:
    """A text as YAML that reads as this text: bare where that is plain."""
    return text if _PLAIN.fullmatch(text) and yaml.safe_load(text) == text else _quoted(text)


def _quoted(text: str) -> str:
    """A text in double quotes, as both YAML and Python read it."""
    return json.dumps(text, ensure_ascii=False)


def _one_line(text: str) -> str:
    return " ".join(text.split())
