"""Everything that can be wrong with a project, and what the user is told."""

import shlex
import shutil
import sys
import tempfile

import pytest

from kedro_dagster_component.errors import ConfigurationError, IntrospectionError, Problem
from kedro_dagster_component.introspection import introspect_project
from kedro_dagster_component.manifest import ProjectRef

NO_NODES = """
    def register_pipelines():
        return {}
"""


def failure(read, **texts):
    with pytest.raises(IntrospectionError) as caught:
        read(**texts)
    message = str(caught.value)
    assert "Traceback" not in message
    return message


def problems(read, **texts):
    """Sorted as in a message; those of datasets `x`, of no class at all, are left out."""
    try:
        found = [record.problem() for record in read(**texts).problems]
    except ConfigurationError as error:
        found = error.problems
    return sorted((problem for problem in found if "class 'x'" not in problem.message), key=Problem.sort_key)


def test_no_project(project):
    demo = project()
    with pytest.raises(IntrospectionError) as caught:
        introspect_project(ProjectRef(project_path=str(demo.root / "src")))
    assert "no Kedro project: it has no pyproject.toml with a [tool.kedro] section" in str(caught.value)
    assert f"the nearest Kedro project above it is {demo.root}" in str(caught.value)
    with pytest.raises(IntrospectionError, match="there is no such folder"):
        introspect_project(ProjectRef(project_path=str(demo.root / "nowhere")))


def test_another_kedro(read):
    assert "was made for Kedro 0.19.8, and Kedro 1." in failure(read, kedro_version="0.19.8")


def test_a_broken_pyproject(read, tmp_path):
    [problem] = problems(read, files={"pyproject.toml": "[tool.kedro]\npackage_name = \n"})
    assert str(problem.position).startswith(f"{tmp_path.resolve()}/demo/pyproject.toml:2:")


def test_a_package_that_is_not_there(read, project):
    message = failure(
        read,
        files={"pyproject.toml": '[tool.kedro]\npackage_name="other"\nproject_name="x"\nkedro_init_version="1.3.0"\n'},
    )
    assert "ModuleNotFoundError: No module named 'other'" in message


def test_a_requirement_that_is_not_installed(read, tmp_path):
    message = failure(read, registry="import os\nimport not_installed\n")
    assert "ModuleNotFoundError: No module named 'not_installed'" in message
    assert f"at {tmp_path.resolve()}/demo/src/demo/pipeline_registry.py:2" in message
    assert "install the project's requirements" in message


def test_the_error_behind_one_that_the_project_raises(read, tmp_path):
    registry = """
        try:
            import not_installed
        except ImportError as error:
            raise RuntimeError("no pipelines") from error
    """
    message = failure(read, registry=registry)
    assert "RuntimeError: no pipelines\n  because of ModuleNotFoundError: No module named 'not_installed'\n" in message
    assert f"at {tmp_path.resolve()}/demo/src/demo/pipeline_registry.py:3" in message
    assert "install the project's requirements (for 'not_installed')" in message


def test_an_error_in_the_settings_is_not_said_to_be_one_of_pyproject(read):
    assert "cannot read pyproject.toml or the settings (settings.py)" in failure(read, settings="1 / 0\n")


def test_a_syntax_error_in_the_settings(read, tmp_path):
    message = failure(read, settings="x = 1\ny = = 2\n")
    assert "SyntaxError" in message
    assert f"at {tmp_path.resolve()}/demo/src/demo/settings.py:2" in message


def test_an_unknown_environment(read):
    message = failure(read, files={"conf/production/.gitkeep": ""}, ref={"env": "productoin"})
    assert "has no environment 'productoin'" in message
    assert "did you mean 'production'?" in message


def test_a_missing_default_folder(project):
    demo = project()
    shutil.rmtree(demo.root / "conf/local")
    with pytest.raises(IntrospectionError, match="has no folder 'local'"):
        introspect_project(demo.ref())


@pytest.mark.parametrize("source", ["/nowhere/conf", "/nowhere/conf.tar.gz"])
def test_a_missing_configuration_source(read, source):
    assert f"has no configuration source {source}\n" in failure(read, ref={"conf_source": source})


def test_broken_yaml_in_two_files_at_once(read, tmp_path):
    found = problems(read, catalog="a: {type: x\nb: 1\n", files={"conf/base/catalog_b.yml": "a:\n  - b\n c: d\n"})
    base = tmp_path.resolve() / "demo/conf/base"
    assert [(problem.position.file, problem.position.line) for problem in found] == [
        (base / "catalog.yml", 1),
        (base / "catalog_b.yml", 3),
    ]
    assert "the '{' is not closed" in found[0].message


def test_a_repeated_key(read):
    [problem] = problems(read, parameters="a: 1\nb: 2\na: 3\n")
    assert problem.position.line == 3


def test_keys_in_two_files(read):
    [problem] = problems(read, files={"conf/base/catalog_b.yml": "\nraw: {type: x}"})
    assert (problem.position.file.name, problem.position.line) == ("catalog_b.yml", 2)
    assert "the key 'raw' is there twice, first in " in problem.message
    assert problem.message.endswith("conf/base/catalog.yml:2")


def test_an_interpolation_that_leads_nowhere(read):
    [problem] = problems(read, catalog="\nraw:\n  type: x\n  filepath: ${folder}/x.csv\n")
    assert (problem.position.line, problem.position.column) == (4, 13)
    assert problem.message == "raw.filepath: interpolation key 'folder' not found"


def test_catalog_entries_that_are_none(read):
    found = problems(read, catalog="a: 1\nb: {filepath: x}\n'{c}': {type: '{d}'}\n")
    assert [(problem.position.line, problem.message) for problem in found] == [
        (1, "a: this entry is no mapping"),
        (2, "b: there is no `type`"),
        (3, found[2].message),
    ]
    assert "{d}" in found[2].message


def test_a_secret_is_not_shown_with_its_line(read):
    found = problems(read, catalog="raw:\n  type: x\n  con: postgresql://me:hunter2@h/${db}\n")
    found += problems(read, catalog="raw:\n  type: x\n  password: {hunter2\n")
    assert len(found) == 2
    assert "hunter2" not in str(ConfigurationError(found))


def test_an_empty_registry_is_a_warning(read):
    manifest = read(registry=NO_NODES)
    assert len(manifest.warnings) == 1
    assert "include_hooks" in manifest.warnings[0]


def test_a_pipeline_that_find_pipelines_skips_is_a_warning(read, tmp_path):
    registry = """
        from kedro.framework.project import find_pipelines
        def register_pipelines():
            found = find_pipelines()
            found["__default__"] = sum(found.values())
            return found
    """
    good = """
        from kedro.pipeline import node, pipeline
        def f(x): return x
        def create_pipeline(): return pipeline([node(f, "a", "b", name="f")])
    """
    manifest = read(
        registry=registry,
        files={
            "src/demo/pipelines/__init__.py": "",
            "src/demo/pipelines/good/__init__.py": good,
            "src/demo/pipelines/bad/__init__.py": "from demo.pipelines.bad.nodes import g",
            "src/demo/pipelines/bad/nodes.py": "\nimport not_installed",
            "src/demo/pipelines/odd/__init__.py": "",
        },
    )
    assert manifest.pipelines == {"good": ("f",), "__default__": ("f",)}
    bad = next(warning for warning in manifest.warnings if "demo.pipelines.bad" in warning)
    assert bad == (
        "the pipeline module 'demo.pipelines.bad' was skipped: ModuleNotFoundError: No module named 'not_installed'"
        f" ({tmp_path.resolve()}/demo/src/demo/pipelines/bad/nodes.py:2)"
    )
    assert any("demo.pipelines.odd" in warning for warning in manifest.warnings)


def test_a_registry_of_something_else(read):
    assert "'a' is a int" in failure(read, registry="def register_pipelines():\n    return {'a': 1}\n")


def test_code_that_leaves(read, tmp_path):
    message = failure(read, registry="import sys\nsys.exit('goodbye')\n")
    assert "sys.exit('goodbye')" in message
    assert f"{tmp_path.resolve()}/demo/src/demo/pipeline_registry.py:2" in message


@pytest.mark.parametrize(
    ("ending", "words"),
    [("os._exit(3)", "ended with exit code 3"), ("os.kill(os.getpid(), 11)", "was ended by SIGSEGV")],
)
def test_a_crash_is_told_with_the_end_of_the_output(read, ending, words):
    message = failure(read, registry=f"import os\nprint('last words db://u:hunter2@h', flush=True)\n{ending}\n")
    assert words in message
    assert "last words db://***@h" in message


def test_a_time_limit(project):
    demo = project(registry="import time\nprint('waiting', flush=True)\ntime.sleep(60)\n")
    with pytest.raises(IntrospectionError, match=r"took longer than 3 seconds to read[\s\S]*waiting"):
        introspect_project(demo.ref(), timeout_seconds=3)


def test_a_python_that_is_not_there(project):
    with pytest.raises(IntrospectionError, match="cannot start '/nowhere/python'"):
        introspect_project(project().ref(), python="/nowhere/python")


@pytest.mark.skipif(sys.platform == "win32", reason="a shell sets the limit")
def test_no_room_for_the_answer(project, tmp_path):
    full = tmp_path / "python"
    full.write_text(f'#!/bin/sh\nulimit -f 0\nexec {shlex.quote(sys.executable)} "$@"\n', encoding="utf-8")
    full.chmod(0o700)
    with pytest.raises(IntrospectionError, match=r"cannot write the temporary files[\s\S]*no room[\s\S]*TMPDIR"):
        introspect_project(project().ref(), python=str(full))


def test_no_place_for_temporary_files(project, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(IntrospectionError, match="cannot write the temporary files that reading the Kedro project"):
        introspect_project(project().ref())
