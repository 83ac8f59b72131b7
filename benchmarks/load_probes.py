"""What loading is measured by, beside Kedro alone; see `probes`."""

from __future__ import annotations

import importlib
import io
import json
import os
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from benchmarks.accounting import Stopwatch
from benchmarks.dagster_project import HAND_WRITTEN_MODULE
from benchmarks.definitions import LOADERS, Facts, resolve, without_component
from benchmarks.kedro_project import PACKAGE

if TYPE_CHECKING:
    import dagster as dg

MANIFEST_FILE = "manifest.json"
"""In the folder of the projects: what `introspect` found."""


def read_with_kedro(folder: Path, watch: Stopwatch) -> Facts:
    """What `kedro run` does before its first node, in plain Kedro."""
    root = folder / "kedro"
    os.chdir(root)
    with watch.phase("import"):
        from kedro.framework import project
        from kedro.framework.session import KedroSession
        from kedro.framework.startup import bootstrap_project
    with watch.phase("bootstrap"):
        bootstrap_project(root)
    with watch.phase("session and context"):
        session = KedroSession.create(root)
        context = session.load_context()
    with watch.phase("catalog"):
        catalog = context.catalog
    with watch.phase("pipelines"):
        pipelines = dict(project.pipelines)
    return lambda: {"nodes": len(pipelines["__default__"].nodes), "entries": len(list(catalog.keys()))}


def introspect(folder: Path, watch: Stopwatch) -> Facts:
    """Ask for the manifest, as a load does, and keep it for the other probes."""
    from kedro_dagster_component.introspection import introspect_project
    from kedro_dagster_component.manifest import ProjectRef

    with watch.phase("introspection"):
        manifest = introspect_project(ProjectRef(project_path=str(folder / "kedro")))
    text = manifest.model_dump_json()
    (folder / MANIFEST_FILE).write_text(text, encoding="utf-8")
    return lambda: {"manifest bytes": len(text)}


def translate(folder: Path, watch: Stopwatch) -> Facts:
    """From a manifest to definitions and a repository, in one process that never sees Kedro."""
    text = (folder / MANIFEST_FILE).read_bytes()
    with watch.phase("import"):
        import dagster as dg

        from kedro_dagster_component import KedroProjectComponent
        from kedro_dagster_component.manifest import ProjectManifest

        _import_all_of_dagster()
    with watch.phase("parse"):
        manifest = ProjectManifest.model_validate_json(text)
    _check(manifest, watch)
    build, made = KedroProjectComponent.build_defs, []

    def build_and_time(component: Any, context: Any) -> dg.Definitions:
        with watch.phase("build"):
            made.append(build(component, context))
        return made[-1]

    sys.path.insert(0, str(folder / "component" / "src"))
    with (
        patch("kedro_dagster_component.project_reading.load_manifest", return_value=manifest),
        patch.object(KedroProjectComponent, "build_defs", build_and_time),
    ):
        dg.load_from_defs_folder(path_within_project=folder / "component")
    (defs,) = made
    return resolve(defs, watch)


def build_by_hand(folder: Path, watch: Stopwatch) -> Facts:
    """The same from definitions written by hand."""
    with watch.phase("import"):
        _import_all_of_dagster()
    sys.path.insert(0, str(folder / "by_hand" / "src"))
    with watch.phase("build"):
        defs = importlib.import_module(f"{HAND_WRITTEN_MODULE}.defs.definitions").defs
    return resolve(defs, watch)


def load_component(folder: Path, watch: Stopwatch) -> Facts:
    """A whole load from `component.yaml`, as every `dg` command does; with or without a cache, as the environment says."""
    return resolve(LOADERS["component"](folder, watch), watch)


def load_first(folder: Path, watch: Stopwatch) -> Facts:
    """The first of all loads with a cache: the project is read twice at once."""
    return load_component(folder, watch)


def load_warm(folder: Path, watch: Stopwatch) -> Facts:
    """A load with a cache in which nothing has changed; what it saves must not come back by another way."""
    facts = load_component(folder, watch)
    if {"kedro", "omegaconf", PACKAGE} & set(sys.modules):
        raise RuntimeError("a warm load imported Kedro or the project")
    return facts


def load_by_hand(folder: Path, watch: Stopwatch) -> Facts:
    """A whole load of the definitions written by hand."""
    with without_component():
        return resolve(LOADERS["by_hand"](folder, watch), watch)


def load_peer(folder: Path, watch: Stopwatch) -> Facts:
    """A whole load by kedro-dagster."""
    return resolve(LOADERS["peer"](folder, watch), watch)


def list_defs_warm(folder: Path, watch: Stopwatch) -> Facts:
    """`dg list defs` with a cache in which nothing has changed."""
    return _list_defs(folder / "component", watch)


def list_defs_by_hand(folder: Path, watch: Stopwatch) -> Facts:
    """The same command on the definitions written by hand, where this package is not installed."""
    with without_component():
        return _list_defs(folder / "by_hand", watch)


def _import_all_of_dagster() -> None:
    """With what Dagster imports when it first resolves something."""
    import dagster as dg

    @dg.asset(deps=[dg.AssetSpec("upstream")], config_schema={"x": dg.Field(float, default_value=1.0)})
    def warm() -> None:
        """Nothing."""

    defs = dg.Definitions(assets=[warm], jobs=[dg.define_asset_job("warming")])
    defs.get_repository_def().get_all_jobs()


def _check(manifest: Any, watch: Stopwatch) -> None:
    """What the load checks before it builds, on its own; `build` contains it as well."""
    from kedro_dagster_component.config.load import load_dagster_config
    from kedro_dagster_component.translate.exposure import Filters, check_filters, check_producers, exposed_nodes

    with watch.phase("checks"):
        check_filters(manifest, Filters())
        check_producers(manifest, exposed_nodes(manifest, Filters()))
        load_dagster_config(manifest)


def _list_defs(folder: Path, watch: Stopwatch) -> Facts:
    os.chdir(folder)
    sys.path.append(str(folder / "src"))  # Dagster takes the first one away
    shown, argv = io.StringIO(), ["dg", "list", "defs", "--json"]
    with watch.phase("command"), redirect_stdout(shown), patch.object(sys, "argv", argv):
        from dagster_dg_cli.cli import cli

        cli(argv[1:], standalone_mode=False)
    return lambda: {"assets": len(json.loads(shown.getvalue())["assets"])}
