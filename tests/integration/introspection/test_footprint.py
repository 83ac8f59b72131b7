"""What a reading is seen to depend on: one project is read once, then each thing it may depend on is changed and put back."""

import os
import shutil
import textwrap
from contextlib import contextmanager

import pytest

from kedro_dagster_component.introspection.digests import Digests, new_salt
from kedro_dagster_component.introspection.process import environment_for, introspect_with_footprint

REGISTRY = """
    import os
    import sqlite3
    from pathlib import Path

    from kedro.framework.project import find_pipelines
    from kedro.pipeline import node, pipeline

    from demo import helper
    try:
        import overrides
    except ImportError:
        pass
    from outside import lower

    ROOT = Path(__file__).parents[2]
    STAGE = os.environ.get("DEMO_STAGE", "dev")
    SWITCH = "DEMO_SWITCH" in os.environ
    HOME = os.environ["HOME"]
    LIBRARY = lower("DEMO_LIBRARY")
    names = [path.name for path in (ROOT / "areas").iterdir()]
    if (ROOT / ".env").exists():
        os.environ.setdefault("DEMO_FROM_FILE", (ROOT / ".env").read_text())
    sqlite3.connect(ROOT / "small.db").close()
    (ROOT.parent / "written.log").write_text(STAGE)

    def load(x):
        return x

    def register_pipelines():
        return {**find_pipelines(), "__default__": pipeline([node(load, "raw", "cleaned", name="load")])}
"""
PIPELINE = """
    from kedro.pipeline import node, pipeline
    from demo.pipelines.one.nodes import work

    def create_pipeline():
        return pipeline([node(work, "cleaned", "done", name="work")])
"""
LIBRARY = """
    import os

    def lower(name):
        return os.environ.get(name, "").lower()
"""
FILES = {
    "src/demo/helper.py": "from demo.deep.constants import VALUE",
    "src/demo/deep/constants.py": "VALUE = 1",
    "src/demo/pipelines/__init__.py": "",
    "src/demo/pipelines/one/__init__.py": "from .pipeline import create_pipeline",
    "src/demo/pipelines/one/pipeline.py": PIPELINE,
    "src/demo/pipelines/one/nodes.py": "def work(x):\n    return x",
    "src/demo/pipelines/one/nodes/README.md": "no package yet",
    "src/demo/resolvers.py": "def double(x):\n    return x * 2",
    "conf/base/globals.yml": "base: ${oc.env:DEMO_BASE,data}",
    "conf/base/catalog.yml": "raw: {type: json.JSONDataset, filepath: '${globals:base}/raw.json', credentials: store}",
    "conf/base/parameters.yml": "threshold: ${double:2}",
    "conf/base/dagster.yml": "jobs: {all: {pipeline: {pipeline_name: __default__}}}",
    "conf/base/credentials.yml": "store: {password: hunter2}",
    "areas/north": "",
    "small.db": "",
}
SETTINGS = """
    from omegaconf.resolvers import oc

    from demo.resolvers import double

    RESOLVERS = {"double": double, "oc.env": oc.env}
    CONFIG_LOADER_ARGS = {"base_env": "base", "default_run_env": "local", "custom_resolvers": RESOLVERS}
"""
EDITED = [
    "pyproject.toml",
    "src/demo/settings.py",
    "src/demo/__init__.py",
    "src/demo/pipeline_registry.py",
    "src/demo/helper.py",
    "src/demo/deep/constants.py",
    "src/demo/resolvers.py",
    "src/demo/pipelines/one/__init__.py",
    "src/demo/pipelines/one/pipeline.py",
    "src/demo/pipelines/one/nodes.py",
    "conf/base/catalog.yml",
    "conf/base/parameters.yml",
    "conf/base/dagster.yml",
    "conf/base/globals.yml",
    "conf/base/credentials.yml",
    "small.db",
]
ADDED = [
    ".env",
    "areas/south",
    "conf/local/parameters.yml",
    "conf/local/dagster_more.yml",
    "conf/base/catalog/more.yml",
    "conf/local/globals.yml",
    "conf/prod/catalog.yml",
    "src/demo/pipelines/two/__init__.py",
    "src/demo/pipelines/alone.py",
    "src/demo/pipelines/one/nodes/__init__.py",
]
REMOVED = ["areas/north", "conf/base/dagster.yml", "src/demo/pipelines/one/nodes.py", "src/demo/pipelines/one"]
WITHOUT_EFFECT = ["notes.txt", "data/01_raw/new.csv", "src/demo/__pycache__/x.cpython-311.pyc", "../written.log"]


@pytest.fixture(scope="module")
def world(tmp_path_factory, projects):
    """A project that was read once, and what that depends on."""
    root = tmp_path_factory.mktemp("world").resolve()
    library = root / "library"
    library.mkdir()
    (library / "outside.py").write_text(textwrap.dedent(LIBRARY), encoding="utf-8")
    demo = projects.KedroProjectBuilder(root / "demo", registry=REGISTRY, settings=SETTINGS, files=FILES).write()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(library))
        patch.setenv("DEMO_STAGE", "test")
        _, footprint = introspect_with_footprint(demo.ref(), new_salt())
        assert footprint is not None
        yield demo, footprint


def changes(world, **fields):
    demo, footprint = world
    return list(footprint.changes(environment_for(demo.ref(**fields))))


@contextmanager
def put_back(root):
    """The project as it was, once the block has changed it."""
    copy = root.with_name("copy")
    shutil.copytree(root, copy)
    try:
        yield
    finally:
        shutil.rmtree(root)
        copy.rename(root)


def test_nothing_changed(world):
    assert changes(world) == []


@pytest.mark.parametrize("name", EDITED)
def test_an_edit_is_seen_with_the_same_size_and_times(world, name):
    file = world[0].root / name
    before, status = file.read_bytes(), file.stat()
    file.write_bytes(before[:-1] + b"#" if before else b"#")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    try:
        assert changes(world) == [str(file)]
    finally:
        file.write_bytes(before)
    assert changes(world) == []


@pytest.mark.parametrize("name", ADDED)
def test_a_new_file_is_seen(world, name):
    root = world[0].root
    with put_back(root):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")
        assert changes(world) != []
    assert changes(world) == []


@pytest.mark.parametrize("name", REMOVED)
def test_what_is_gone_is_seen(world, name):
    root = world[0].root
    with put_back(root):
        if (root / name).is_dir():
            shutil.rmtree(root / name)
        else:
            (root / name).unlink()
        assert changes(world) != []
    assert changes(world) == []


@pytest.mark.parametrize("name", WITHOUT_EFFECT)
def test_what_was_not_read_is_not_watched(world, name):
    root = world[0].root
    with put_back(root):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("other")
        assert changes(world) == []


WITH_VALUE = ("DEMO_STAGE", "HOME", "PYTHONPATH")
UNSET = ("DEMO_SWITCH", "DEMO_BASE", "DEMO_LIBRARY", "KEDRO_ENV")


@pytest.mark.parametrize("name", [*WITH_VALUE, *UNSET])
def test_a_variable_is_watched_that_the_project_or_its_configuration_reads(world, monkeypatch, name):
    expected = [f"the environment variable {name}"]
    monkeypatch.setenv(name, "other")
    assert changes(world) == expected
    monkeypatch.delenv(name)
    assert changes(world) == (expected if name in WITH_VALUE else [])


@pytest.mark.parametrize("name", ["PWD", "COLUMNS", "DAGSTER_HOME", "DEMO_FROM_FILE", "UNRELATED"])
def test_other_variables_are_not_watched(world, monkeypatch, name):
    monkeypatch.setenv(name, "other")
    assert changes(world) == []


def test_the_environment_of_the_component_counts(world):
    assert changes(world, env="prod") == ["the environment variable KEDRO_ENV"]


def test_code_outside_the_project_counts(world):
    file = world[0].root.parent / "library" / "outside.py"
    before = file.read_text()
    file.write_text(before + "#")
    assert changes(world) == [str(file)]
    file.write_text(before)


def test_a_new_module_outside_the_project_counts(world):
    """Of a folder that Python had looked into before anything could be noted, as it does into those of PYTHONPATH."""
    file = world[0].root.parent / "library" / "overrides.py"
    file.touch()
    assert changes(world) == [str(file.parent)]
    file.unlink()
    assert changes(world) == []


def test_another_python_or_a_package_more_counts(world, tmp_path):
    demo, footprint = world
    other = footprint.model_copy(update={"python": "cpython 3.9"})
    assert list(other.changes(environment_for(demo.ref()))) == ["the version of Python"]
    info = tmp_path / "demo_plugin-1.0.dist-info"
    digests = Digests(footprint.salt)
    with_folder = footprint.model_copy(
        update={"distributions": {str(tmp_path): digests.of_distributions(str(tmp_path))}}
    )
    assert list(with_folder.changes(environment_for(demo.ref()))) == []
    info.mkdir()
    assert list(with_folder.changes(environment_for(demo.ref()))) == [f"the packages in {tmp_path}"]


def test_no_secret_is_in_it(world):
    _, footprint = world
    text = footprint.model_dump_json()
    assert "hunter2" not in text
    assert "DEMO_STAGE" in footprint.variables
    assert footprint.environment is None
