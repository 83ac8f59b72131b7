"""Golden manifests, and the definitions made of them: no Kedro project is there, and none is read."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
from dagster import ComponentTree
from dagster._core.definitions.definitions_load_context import DefinitionsLoadContext, DefinitionsLoadType
from dagster._core.definitions.repository_definition import RepositoryLoadData

from kedro_dagster_component import KedroProjectComponent
from kedro_dagster_component.introspection.cache_files import pack
from kedro_dagster_component.manifest import ProjectManifest

FOLDER = Path(__file__).parent / "golden"


def golden(name: str, **replaced: Any) -> ProjectManifest:
    """A golden manifest: `golden("odd_names", dagster={})` replaces top-level entries."""
    content = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return ProjectManifest.model_validate({**content, **replaced})


def without_file(name: str) -> ProjectManifest:
    """A golden manifest as of a project without a `dagster.yml`."""
    return golden(name, dagster={}, dagster_files=(), jobs={}, job_selections={})


def definitions(manifest: ProjectManifest, component: KedroProjectComponent | None = None) -> dg.Definitions:
    """What a component makes of a manifest that was kept for a run."""
    component = component or KedroProjectComponent()
    with tempfile.TemporaryDirectory() as folder, _kept(manifest):
        Path(folder, "pyproject.toml").write_text("[tool.kedro]\n", encoding="utf-8")
        component.project = folder
        return component.build_defs(ComponentTree.for_test().load_context)


@contextmanager
def _kept(manifest: ProjectManifest) -> Iterator[None]:
    text = pack(manifest)
    data = RepositoryLoadData({}, reconstruction_metadata={"kedro_dagster_component/manifest/kedro": text})
    before = DefinitionsLoadContext._instance
    DefinitionsLoadContext.set(DefinitionsLoadContext(DefinitionsLoadType.RECONSTRUCTION, data))
    try:
        yield
    finally:
        DefinitionsLoadContext._instance = before
