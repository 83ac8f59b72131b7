"""Who asks for a variable, and ways to open and look for files: in a process of its own, which an audit hook never leaves."""

import json
import os
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import pytest

SCRIPT = """
    import json, os, sys, sysconfig
    from pathlib import Path

    from kedro_dagster_component.introspection.recording import Recorder

    SITE = sysconfig.get_paths()["purelib"]
    CODE = {
        "library": (f"{SITE}/library/core.py", "import os\\ndef get(name): return os.environ.get(name)\\ndef copy(): return dict(os.environ)\\ndef items(): return {k.lower(): v for k, v in os.environ.items()}\\ndef call(f, *a): return f(*a)"),
        "omegaconf": (f"{SITE}/omegaconf/resolvers/oc/core.py", "import os\\ndef env(name): return os.environ.get(name)"),
        "kedro": (f"{SITE}/kedro/core.py", "def call(f, *a): return f(*a)"),
        "importing": ("<frozen importlib._bootstrap>", "def call(f, *a): return f(*a)"),
        "project": (str(Path("demo.py").absolute()), "def call(f, *a): return f(*a)"),
    }
    spaces = {}
    for name, (file, text) in CODE.items():
        spaces[name] = {}
        exec(compile(text, file, "exec"), spaces[name])
    library, omegaconf, kedro, importing, project = (spaces[name] for name in CODE)

    recorder = Recorder("00" * 16, private=str(Path("private").absolute()), package="installed_project")
    recorder.start()
    exec(compile(sys.argv[1], str(Path("demo.py").absolute()), "exec"))
    found = recorder.footprint()
    print(json.dumps({"variables": sorted(found.variables), "all": found.environment is not None, "files": found.files, "kinds": found.kinds, "folders": found.folders, "modules": found.modules, "links": found.links, "children": found.children, "distributions": found.distributions}))
"""


@pytest.fixture
def record(tmp_path):
    """Runs code of a project while everything is recorded."""

    def run(code, folder=tmp_path):
        (folder / "private").mkdir(exist_ok=True)
        command = [sys.executable, "-c", textwrap.dedent(SCRIPT), textwrap.dedent(code)]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
        found = json.loads(done.stdout.splitlines()[-1])
        for kind in ("files", "kinds", "folders", "modules", "links", "distributions"):
            inside = {os.path.relpath(path, folder): value for path, value in found[kind].items()}
            found[kind] = {path: value for path, value in inside.items() if not path.startswith("..")}
        found["variables"] = sorted(set(found["variables"]) - {"KEDRO_ENV", "PYTHONPATH"})
        return found

    return run


VARIABLES = {
    "of the project": ('os.environ["A"] if "A" in os.environ else os.getenv("B")', ["A", "B"], False),
    "of the project, as bytes": ('os.environb.get(b"A")', ["A"], False),
    "of the project, whatever it is": ('os.environ.get("PWD"); os.path.expanduser("~/x")', ["HOME", "PWD"], False),
    "of a library it calls": ('library["get"]("A"); library["get"]("PWD")', ["A"], False),
    "of the configuration, whatever it is": ('kedro["call"](omegaconf["env"], "HOME")', ["HOME"], False),
    "of a thread that the project starts": (
        'from threading import Thread\nt = Thread(target=os.getenv, args=["A"])\nt.start(), t.join()',
        ["A"],
        False,
    ),
    "of a library Kedro calls": ('kedro["call"](library["get"], "A")', ["A"], False),
    "of a library that is imported": ('importing["call"](library["get"], "A")', [], False),
    "of the project while it is imported": ('importing["call"](project["call"], os.getenv, "A")', ["A"], False),
    "all": ("dict(os.environ)", [], True),
    "all, as a copy": ("os.environ.copy()", [], True),
    "all, unpacked": ("{**os.environ}", [], True),
    "all, by a library": ('library["items"]()', [], True),
    "all, by a library in passing": ('importing["call"](library["copy"])', [], False),
    "all, by a library of Kedro": ('kedro["call"](library["copy"])', [], False),
    "all, then one": ('dict(os.environ)\nos.environ.get("A")', ["A"], True),
    "one by one": ('for name in os.environ:\n    if name == "PATH":\n        os.environ[name]', ["PATH"], True),
}


@pytest.mark.parametrize("name", VARIABLES)
def test_variables(record, name):
    code, variables, asks_for_all = VARIABLES[name]
    found = record(code)
    assert (found["variables"], found["all"]) == (variables, asks_for_all)


@pytest.mark.skipif(not os.access("/dev/shm", os.W_OK), reason="no folder in memory")
def test_files_in_memory_are_files_and_devices_are_none(record):
    with tempfile.TemporaryDirectory(dir="/dev/shm") as name:
        folder = Path(name)
        (folder / "a.txt").touch()
        found = record("open('a.txt'), open('/dev/null'), open('private/b.txt', 'w'), open('private/b.txt')", folder)
        assert list(found["files"]) == ["a.txt"]


def test_files_and_folders(record, tmp_path):
    (tmp_path / "folder/package").mkdir(parents=True)
    (tmp_path / "folder/package/__init__.py").write_text("")
    (tmp_path / "folder/module.py").write_text("")
    (tmp_path / "private").mkdir()
    for name in ("open", "path", "os", "private/own", "database"):
        (tmp_path / name).write_text("x")
    found = record(
        """
        import glob, importlib, pkgutil, sqlite3, sys
        open("open").close()
        Path("path").read_text()
        os.close(os.open("os", os.O_RDONLY))
        open("private/own").close()
        open("written", "w").close()
        open(1, closefd=False)
        sqlite3.connect("database").close()
        os.path.exists("asked"), Path("folder").is_dir(), Path("open").exists()
        for name in ("missing", b"missing in bytes"):
            try:
                open(name)
            except OSError:
                pass
        glob.glob("folder/*")
        list(os.scandir())
        sys.path.insert(0, "folder")
        import module
        list(pkgutil.iter_modules(["folder"]))
        open("/dev/null").close()
        """
    )
    digests = {name: value is not None for name, value in found["files"].items()}
    there = dict.fromkeys(("open", "path", "os", "database", "folder/module.py"), True)
    assert digests == {**there, "missing": False, "missing in bytes": False, "database-wal": False}
    assert found["kinds"] == {"asked": "nothing", "folder": "folder", "folder/package": "folder"}
    assert set(found["folders"]) == {"folder", "."}
    assert set(found["modules"]) == {".", "folder", "folder/package"}


def test_what_is_seen_is_what_was_there_before(record, tmp_path):
    (tmp_path / "file").write_text("before")
    first = record('open("file").close()')["files"]["file"]
    second = record('open("file").close()\nopen("file", "w").write("after")\nopen("file").close()')["files"]["file"]
    assert first == second


def test_a_compiled_module_stands_for_its_source(record, tmp_path):
    (tmp_path / "compiled.py").write_text("x = 1")
    subprocess.run([sys.executable, "-m", "compileall", "-q", "compiled.py"], cwd=tmp_path, check=True)
    assert "compiled.py" in record("import sys\nsys.path.insert(0, '.')\nimport compiled")["files"]


def test_links_and_what_is_asked_of_open_folders(record, tmp_path):
    for name in ("one", "two", "listed"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    (tmp_path / "current").symlink_to("one")
    found = record(
        """
        import glob
        (Path("current").resolve() / "file").read_text()
        os.path.islink("two"), os.path.lexists("gone"), os.access("denied", os.R_OK)
        glob.glob("tw*/exact")
        os.listdir(os.open("listed", os.O_RDONLY))
        """
    )
    assert found["links"] == {"current": "link to one", "two": "folder", "gone": "nothing", "two/exact": "nothing"}
    assert found["kinds"] == {"denied": "nothing", "one": "folder"}
    assert "one/file" in found["files"]
    assert "listed" in found["folders"]


def test_files_that_native_code_reads(record, tmp_path):
    for name in ("database", "data"):
        (tmp_path / name).write_text("")
    code = """
        import sqlite3
        sqlite3.connect("file:database?mode=ro", uri=True).close()
        library["call"](os.path.isfile, "data"), os.path.isfile("other")
    """
    found = record(code)
    digests = {name: value is not None for name, value in found["files"].items()}
    assert digests == {"database": True, "database-wal": False, "data": True}
    assert found["kinds"] == {"other": "nothing"}


def test_places_on_the_import_path_that_are_not_there_yet(record, tmp_path):
    (tmp_path / "later").mkdir()
    code = """
        sys.path += [str(Path(name).absolute()) for name in ("gone", "gone.zip", "later")]
        try:
            import nowhere_to_be_found
        except ImportError:
            pass
    """
    found = record(code)
    assert found["kinds"] == {"gone": "nothing", "gone.zip": "nothing"}
    assert {"gone", "later"} <= set(found["distributions"])


def test_temporary_folders_count_for_nothing(record, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    code = """
        import tempfile
        with tempfile.TemporaryDirectory() as folder, tempfile.NamedTemporaryFile("w+") as file:
            (Path(folder) / "x").write_text("x")
            (Path(folder) / "x").exists(), os.listdir(folder), Path(file.name).read_text()
    """
    found = record(code)
    seen = [name for kind in ("files", "kinds", "folders", "links") for name in found[kind] if name.startswith("tmp")]
    assert seen == []


@pytest.mark.skipif(sys.platform == "win32", reason="with programs of other systems")
def test_programs_that_are_started(record):
    code = """
        import subprocess
        subprocess.run(["true", "--token=hunter2"])
        os.system("echo hunter2")
        importing["call"](library["call"], os.system, "false")
        os.fork() or os._exit(0)
    """
    assert record(code)["children"] == ["echo", "fork", "true"]
