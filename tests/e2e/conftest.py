"""Commands of `dg` on copies of the example projects, which are importable through PYTHONPATH."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.dagster_homes import write_dagster_home
from tests.warm_processes import warm_processes

EXAMPLES = Path(__file__).parents[2] / "scaffolds"
LEFTOVERS = shutil.ignore_patterns("*.egg-info", "__pycache__", "02_*", "03_*", "04_*", "05_*", "06_*", "07_*", "08_*")


@dataclass(frozen=True)
class Shell:
    """Runs `dg` in a Dagster project.

    Attributes:
        folder: The project's root.
        home: DAGSTER_HOME.
        sources: Folders with importable packages.
        is_warm: Whether the commands begin with Dagster imported, which looks the same and takes half the time.
    """

    folder: Path
    home: Path
    sources: tuple[Path, ...] = field(default=())
    is_warm: bool = False

    @property
    def environment(self) -> dict[str, str]:
        """Of every command."""
        paths = [*map(str, self.sources), *filter(None, [os.environ.get("PYTHONPATH")])]
        return {**os.environ, "DAGSTER_HOME": str(self.home), "PYTHONPATH": os.pathsep.join(paths), "COLUMNS": "300"}

    @property
    def program(self) -> str:
        """The `dg` beside the Python of the tests."""
        return str(Path(sys.executable).with_name("dg"))

    def run(self, *arguments: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """The finished command, with what it printed."""
        if self.is_warm:
            program = Path(self.program)
            return warm_processes.run(program, *arguments, cwd=self.folder, env=self.environment, timeout=timeout)
        return subprocess.run(
            [self.program, *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def succeed(self, *arguments: str, timeout: float = 120) -> str:
        """What a command that has to succeed printed to stdout."""
        done = self.run(*arguments, timeout=timeout)
        assert done.returncode == 0, f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        assert "Traceback" not in done.stderr
        return done.stdout


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    """A DAGSTER_HOME without telemetry."""
    return write_dagster_home(tmp_path_factory.mktemp("dagster") / "home")


@pytest.fixture(scope="session")
def examples(tmp_path_factory):
    """Copies of the examples, side by side as in the repository."""
    folder = tmp_path_factory.mktemp("examples")
    for name in ("flights", "orchestration", "airports"):
        shutil.copytree(EXAMPLES / name, folder / name, ignore=LEFTOVERS)
    return folder


@pytest.fixture(scope="session")
def dg(examples, home):
    """`dg` in the example's Dagster project."""
    return Shell(examples / "orchestration", home, (examples / "orchestration/src", examples / "flights/src"))


@pytest.fixture(scope="session")
def dg_airports(examples, home):
    """`dg` in the example with partitions."""
    return Shell(examples / "airports", home, (examples / "airports/src",))


@pytest.fixture
def dg_in(home):
    """`dg` in a code location of the test: `dg_in(location)`."""

    def shell(location):
        return Shell(location.root, home, (location.root / "src",), is_warm=True)

    return shell
