import hashlib
import importlib
import json
import os
import subprocess
import sys
import tempfile
import textwrap
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.dagster_homes import write_dagster_home
from tests.warm_processes import warm_processes

TESTS = Path(__file__).parents[2]
DRIVER = Path(__file__).with_name("driver.py")

DEFINITIONS = """
    from pathlib import Path
    import dagster as dg

    @dg.definitions
    def defs():
        return dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
"""
PYPROJECT = """
    [project]
    name = "location"
    version = "0.1.0"

    [tool.dg]
    directory_type = "project"

    [tool.dg.project]
    root_module = "location"
"""


@dataclass(frozen=True)
class Location:
    """A dg project.

    `instances` maps folders under `defs/` to the YAML of their component's attributes, `files` paths under `src/` to
    texts.
    """

    root: Path
    instances: dict
    files: dict = field(default_factory=dict)

    def write(self):
        texts = {
            "pyproject.toml": PYPROJECT,
            "src/location/__init__.py": "",
            "src/location/definitions.py": DEFINITIONS,
            "src/location/defs/__init__.py": "",
            **{f"src/{name}": text for name, text in self.files.items()},
        }
        for folder, attributes in self.instances.items():
            inner = textwrap.indent(textwrap.dedent(attributes).strip(), "  ")
            head = "type: kedro_dagster_component.KedroProjectComponent\nattributes:\n"
            texts[f"src/location/defs/{folder}/component.yaml"] = head + inner + "\n"
        write_dagster_home(self.root / "home")
        for name, text in texts.items():
            file = self.root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(textwrap.dedent(text), encoding="utf-8")
        return self

    def environment(self):
        """Environment variables of a process of this code location."""
        paths = [str(self.root / "src"), os.environ.get("PYTHONPATH", "")]
        return {
            **os.environ,
            "DAGSTER_HOME": str(self.root / "home"),
            "PYTHONPATH": os.pathsep.join(path for path in paths if path),
        }

    def run(self, *requests, timeout=600, env=None):
        """One process that runs all requests, see `driver.py`; their reports."""
        folder = Path(tempfile.mkdtemp(dir=self.root))  # several may run at a time
        asked, answered = folder / "requests.json", folder / "reports.json"
        asked.write_text(json.dumps(requests), encoding="utf-8")
        environment = {**self.environment(), **(env or {})}
        done = warm_processes.run(DRIVER, str(asked), str(answered), cwd=self.root, env=environment, timeout=timeout)
        assert answered.exists(), done.stdout[-4000:] + done.stderr[-8000:]
        return json.loads(answered.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def builder():
    """`KedroProjectBuilder` of `tests/projects.py`; test folders are no packages."""
    sys.path.insert(0, str(TESTS))
    try:
        return importlib.import_module("projects").KedroProjectBuilder
    finally:
        sys.path.remove(str(TESTS))


@pytest.fixture(scope="session")
def locate():
    """Writes a code location: `locate(folder, {"kedro": "project: ..."})`."""

    def write(root, instances, **files):
        return Location(root, instances, files).write()

    return write


@pytest.fixture(scope="session")
def kedro_run():
    """`kedro run` in a project's folder: `kedro_run(root, "--pipeline", "x")`."""

    def run(root, *arguments):
        done = subprocess.run(
            [sys.executable, "-m", "kedro", "run", *arguments], cwd=root, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        return done

    return run


@pytest.fixture(scope="session")
def digests():
    """Hash of every file in a folder, by path relative to it."""

    def read(folder):
        files = sorted(file for file in folder.rglob("*") if file.is_file())
        return {file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}

    return read
