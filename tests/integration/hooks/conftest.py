import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest
from dev_server import DevServer
from hook_traces import CATALOG, DAGSTER, HOOKS, PARAMETERS, REGISTRY, SETTINGS, read_trace, runs_of

from tests.dagster_homes import write_dagster_home
from tests.locations import CodeLocation
from tests.projects import KedroProjectBuilder
from tests.warm_processes import warm_processes

DRIVER = Path(__file__).parents[1] / "running" / "driver.py"


@dataclass(frozen=True)
class Tracing:
    """A code location around a tracing Kedro project, with a Dagster home and a trace file of its own."""

    root: Path
    project: Path
    location: CodeLocation
    extra_env: dict

    @property
    def trace_file(self):
        return self.root / "trace.jsonl"

    def env(self, **more):
        folders = [str(self.root / "plugins"), str(self.location.root / "src"), os.environ.get("PYTHONPATH")]
        path = os.pathsep.join(filter(None, folders))
        home = write_dagster_home(self.root / "home")
        mine = {"DAGSTER_HOME": str(home), "PYTHONPATH": path, "HOOK_TRACE": str(self.trace_file)}
        return {**os.environ, **mine, **self.extra_env, **more}

    def drive(self, *requests, timeout=600):
        """Runs in one process, see `running/driver.py`: their reports."""
        asked, answered = self.root / "requests.json", self.root / "reports.json"
        asked.write_text(json.dumps(requests), encoding="utf-8")
        answered.unlink(missing_ok=True)
        self._warm(DRIVER, str(asked), str(answered), timeout=timeout)
        assert answered.exists()
        return json.loads(answered.read_text(encoding="utf-8"))

    def command(self, *command, cwd=None, timeout=240, ok=True):
        done = subprocess.run(
            command,
            cwd=cwd or self.project,
            env=self.env(),
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert not ok or done.returncode == 0, done.stdout[-4000:] + done.stderr[-8000:]
        return done

    def _warm(self, script, *arguments, timeout=240):
        done = warm_processes.run(script, *arguments, cwd=self.location.root, env=self.env(), timeout=timeout)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-8000:]

    def kedro_run(self, *arguments, ok=True):
        return self.command(sys.executable, "-m", "kedro", "run", *arguments, ok=ok)

    def dg_launch(self, *arguments):
        """Id of the run that `dg launch` makes in its own process."""
        before = self.run_ids()
        self._warm(Path(sys.executable).with_name("dg"), "launch", *arguments)
        (new,) = [run_id for run_id in self.run_ids() if run_id not in before]
        return new

    def run_ids(self):
        self.env()
        with dg.DagsterInstance.from_config(str(self.root / "home")) as instance:
            return [run.run_id for run in instance.get_runs()]

    def trace(self, by="project"):
        return read_trace(self.trace_file, by)

    def runs(self, by="project"):
        return runs_of(self.trace(by))

    def start_server(self):
        server = DevServer(self.location.root, self.env(), self.root / "dg_dev.log")
        try:
            server.wait_until_ready()
        except BaseException:
            server.stop()
            raise
        return server

    def add_plugin(self, name, module_text, distribution=None):
        """An installed plugin: a module, and the metadata of a distribution with an entry point of Kedro's."""
        folder, module = self.root / "plugins", name.replace("-", "_")
        info = folder / f"{(distribution or name).replace('-', '_')}-9.0.dist-info"
        info.mkdir(parents=True, exist_ok=True)
        (folder / f"{module}.py").write_text(module_text, encoding="utf-8")
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution or name}\nVersion: 9.0\n")
        (info / "entry_points.txt").write_text(f"[kedro.hooks]\n{distribution or name} = {module}:hooks\n")


@pytest.fixture(scope="session")
def tracing():
    """Writes a tracing project and its location: `tracing(root, attributes=..., registry=...)`."""

    def write(root, *, instances=None, env=None, folder="demo", **texts):
        root = root.resolve()
        project = {"registry": REGISTRY, "catalog": CATALOG, "parameters": PARAMETERS, "dagster": DAGSTER}
        project |= {"settings": SETTINGS, **texts}
        files = {"src/demo/hooks.py": HOOKS, **project.pop("files", {})}
        built = KedroProjectBuilder(root / folder, files=files, **project).write()
        location = CodeLocation(root / "location", name="location")
        for name, attributes in (instances or {"kedro": ""}).items():
            location.add(name, f"project: {built.root}\n{attributes}" if "project:" not in attributes else attributes)
        return Tracing(root, built.root, location, env or {})

    return write
