"""Loads with a cache: what they show is the same, the project is read only where something has changed."""

import hashlib
import sys
import textwrap

import pytest

from kedro_dagster_component.compat.dagster import LoadError
from kedro_dagster_component.introspection import __main__ as reader

processes = []
"""The commands of all processes that this one has started, from the first test here on."""


def watch_processes(event, args):
    if event == "subprocess.Popen":
        processes.append([str(part) for part in args[1]])


@pytest.fixture(scope="session", autouse=True)
def watched():
    """An audit hook stays for good."""
    sys.addaudithook(watch_processes)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The cache is on, in a folder of the test."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("KEDRO_DAGSTER_CACHE", str(folder))
    return folder


@pytest.fixture
def load(location, folder):
    """Loads the location; gives the names of its assets and how often the project was read."""

    def load_():
        before = len(processes)
        try:
            graph = location.load().resolve_asset_graph()
        finally:
            load_.readings = sum(reader.__file__ in command for command in processes[before:])
        return sorted(key.to_user_string() for key in graph.get_all_asset_keys()), load_.readings

    return load_


def hashes(root):
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in root.rglob("*") if path.is_file()}


def test_cold_then_warm_then_an_edit(project, location, load, folder):
    demo = project(files={"conf/base/dagster.yml": "jobs: {a: {pipeline: {pipeline_name: __default__}}}"})
    location.add("demo", f"project: {demo.root}")
    before = hashes(demo.root)
    assert load() == (["cleaned", "raw"], 2)
    assert load() == (["cleaned", "raw"], 0)
    assert hashes(demo.root) == before
    assert len(list(folder.iterdir())) == 1
    registry = demo.root / "src/demo/pipeline_registry.py"
    registry.write_text(registry.read_text().replace('"cleaned"', '"changed"'))
    assert load() == (["changed", "raw"], 1)
    assert load() == (["changed", "raw"], 0)
    (demo.root / "conf/base/dagster.yml").write_text(
        "jobs: {a: {pipeline: {pipeline_name: __default__}, tags: {x: y}}}"
    )
    assert load()[1] == 1
    location.add("demo", f"project: {demo.root}\nruntime_params: {{threshold: 2}}")
    assert [load()[1], load()[1]] == [1, 0]
    location.add("demo", f"project: {demo.root}\nenv: prod")
    (demo.root / "conf/prod").mkdir()
    assert [load()[1], load()[1]] == [2, 0]


def test_switched_off(project, location, load, folder, monkeypatch):
    demo = project()
    location.add("demo", f"project: {demo.root}\ncache: off")
    assert [load()[1], load()[1]] == [1, 1]
    assert not folder.exists()
    location.add("demo", f"project: {demo.root}")
    monkeypatch.setenv("KEDRO_DAGSTER_CACHE", "off")
    assert [load()[1], load()[1]] == [1, 1]


def test_what_to_watch_too(project, location, load, monkeypatch):
    demo = project(files={"data/areas.csv": "north"})
    location.add("demo", f"project: {demo.root}\ncache: {{files: [data/*.csv], env: [REGION]}}")
    assert [load()[1], load()[1]] == [2, 0]
    (demo.root / "data/areas.csv").write_text("south")
    assert [load()[1], load()[1]] == [1, 0]
    monkeypatch.setenv("REGION", "eu")
    assert [load()[1], load()[1]] == [1, 0]


TWO_IN_PYTHON = """
    import dagster as dg
    from kedro_dagster_component import KedroProjectComponent

    @dg.component_instance
    def one(context):
        return KedroProjectComponent(project=PROJECT)

    @dg.component_instance
    def other(context):
        translation = lambda spec, _: spec.replace_attributes(key=spec.key.with_prefix("other"))
        params = {"threshold": 2}
        return KedroProjectComponent(PROJECT, name_prefix="o_", runtime_params=params, translation=translation)
"""


def test_instances_of_one_python_file(project, location, load):
    text = textwrap.dedent(TWO_IN_PYTHON).replace("PROJECT", repr(str(project().root)))
    location.write("two/component.py", text)
    assets = ["cleaned", "other/cleaned", "other/raw", "raw"]
    assert [load(), load()] == [(assets, 4), (assets, 0)]


REMINDS = """
    from kedro.framework.project import find_pipelines
    from kedro.pipeline import node, pipeline
    def register_pipelines():
        return {**find_pipelines(), "__default__": pipeline([node(len, "raw", "size", name="count")])}
"""


def test_warnings_of_the_project_are_told_by_every_load(project, location, load):
    broken = {"src/demo/pipelines/__init__.py": "", "src/demo/pipelines/broken/__init__.py": "import nowhere"}
    demo = project(registry=REMINDS, files=broken)
    location.add("demo", f"project: {demo.root}")
    told = []
    for readings in (2, 0):
        with pytest.warns(UserWarning, match="'demo.pipelines.broken' was skipped") as caught:
            assert load()[1] == readings
        told.append([str(warning.message) for warning in caught])
    assert told[0] == told[1]


def test_mistakes_stop_every_load(project, location, load):
    demo = project(parameters="other: 1", dagster="jobs: {a: {pipeline: {pipeline_name: unknown}}}")
    location.add("demo", f"project: {demo.root}\nselct: [a]")
    told = []
    for readings in (2, 0):
        with pytest.raises(LoadError) as caught:
            load()
        assert load.readings == readings
        told.append(str(caught.value))
    assert told[0] == told[1]
    for text in ("unknown key 'selct'", "there is no pipeline 'unknown'", "params:threshold"):
        assert text in told[0]


def test_a_project_that_cannot_be_read_is_read_again(project, location, load):
    demo = project(settings="raise RuntimeError('not today')")
    location.add("demo", f"project: {demo.root}")
    for _ in range(2):
        with pytest.raises(LoadError, match="not today"):
            load()
        assert load.readings == 2
    (demo.root / "src/demo/settings.py").write_text("")
    assert [load()[1], load()[1]] == [2, 0]


BY_CHANCE = """
    import uuid
    from kedro.pipeline import node, pipeline
    def register_pipelines():
        return {"__default__": pipeline([node(len, "raw", "size", name="count", tags=[f"t{uuid.uuid4().hex}"])])}
"""


def test_a_project_that_is_never_the_same_is_read_by_every_load(project, location, load, recwarn):
    location.add("demo", f"project: {project(registry=BY_CHANCE).root}")
    for readings in (2, 1, 1):
        recwarn.clear()
        assert load() == (["raw", "size"], readings)
        (warning,) = [str(warning.message) for warning in recwarn if "two readings" in str(warning.message)]
        assert "nodes.count.tags" in warning
        assert "cache: off" in warning


STARTS_GIT = """
import subprocess

from kedro.pipeline import node, pipeline

version = subprocess.run(["git", "--version"], capture_output=True, check=True).stdout


def register_pipelines():
    return {"__default__": pipeline([node(len, "raw", "size", name="count", tags=[f"t{len(version)}"])])}
"""


def test_a_project_that_starts_other_programs_says_what_they_read(project, location, load, recwarn):
    root = project(registry=STARTS_GIT).root
    location.add("demo", f"project: {root}")
    for readings in (2, 1):
        recwarn.clear()
        assert load() == (["raw", "size"], readings)
        (warning,) = [str(warning.message) for warning in recwarn if "at each load" in str(warning.message)]
        assert "its code starts git when it is imported" in warning
        assert "cache: {files: [.git/HEAD]}" in warning
    location.add("demo", f"project: {root}\ncache: {{files: [.git/HEAD]}}")
    recwarn.clear()
    assert [load()[1], load()[1]] == [1, 0]
    assert not [warning for warning in recwarn if "at each load" in str(warning.message)]


MISTAKES = {
    "cache: on": ("expected 'auto', 'off' or a mapping with 'files' and 'env', got true", "write `cache: auto`"),
    "cache: atuo": ("got the text 'atuo'", "did you mean 'auto'?"),
    "cache: 3": ("got the number 3", "for example `cache:"),
    "cache: {file: [a]}": ("cache: unknown key 'file'", "did you mean 'files'?"),
    "cache: {files: a.csv}": ("cache.files: expected a list, got the text 'a.csv'", "write [a.csv]"),
    'cache: {env: ["${REGION}"]}': ("cache.env[0]: '${REGION}' is no name of an environment variable", "'REGION'"),
}


@pytest.mark.parametrize("text", MISTAKES)
def test_mistakes_in_the_field(project, location, refused, text):
    location.add("demo", f"project: {project().root}\n{text}")
    told = refused()
    for part in MISTAKES[text]:
        assert part in told
    assert "^" in told


def test_a_remote_configuration_is_never_cached(project, location, load, folder):
    demo = project()
    elsewhere = (demo.root / "conf").rename(demo.root.parent / "elsewhere")
    location.add("demo", f"project: {demo.root}\nconf_source: file://{elsewhere}")
    assert [load()[1], load()[1]] == [1, 1]
    assert not folder.exists()
