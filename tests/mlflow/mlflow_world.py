"""An MLflow tracking server, a Kedro project that logs to it, and what it has been told."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

import dagster as dg
from mlflow.tracking import MlflowClient

import mlflow
from tests.dagster_homes import write_dagster_home
from tests.locations import CodeLocation
from tests.projects import KedroProjectBuilder
from tests.warm_processes import warm_processes

DRIVER = Path(__file__).parents[1] / "integration" / "running" / "driver.py"
EXPERIMENT = "demo-experiment"

REGISTRY = """
    import os
    import signal
    import time
    from pathlib import Path

    from kedro.pipeline import node, pipeline

    def prepare(options, note):
        import pandas as pd

        return pd.DataFrame({"x": [1.0, 2.0, 3.0], "y": [2.0, 4.0, 6.0]})

    def fit(table, seed):
        import mlflow
        from sklearn.linear_model import LinearRegression

        mlflow.set_tag("fitted_by", "the node")
        model = LinearRegression().fit(table[["x"]], table["y"])
        return model, model.score(table[["x"]], table["y"])

    def report(table, score, rate):
        return {"rows": {"value": float(len(table)), "step": 0}, "twice": {"value": score * 2, "step": 0}}

    def apply_model(model, table):
        return float(model.predict(table[["x"]]).sum())

    def number(seed):
        return float(seed)

    def leave_open(seed):
        import mlflow

        with mlflow.start_run(nested=True):
            mlflow.log_metric("inner", 1.0)
        mlflow.start_run(nested=True, run_name="left open")
        return float(seed)

    def flaky(seed):
        flag = Path("data/tried")
        if not flag.exists():
            flag.touch()
            raise RuntimeError("the first attempt")
        return float(seed)

    def fragile(first):
        if not Path("data/healed").exists():
            raise RuntimeError("not healed yet")
        return first + 1

    def killed(first):
        os.kill(os.getpid(), signal.SIGKILL)

    def wait(first):
        Path("data/waiting").touch()
        time.sleep(600)

    def register_pipelines():
        def first(name):
            return node(number, "params:seed", f"{name}_metric", name=f"first_{name}")

        return {
            "__default__": pipeline([
                node(prepare, ["params:options", "params:note"], "table", name="prepare"),
                node(fit, ["table", "params:seed"], ["model", "score"], name="fit"),
                node(report, ["table", "score", "params:options.rate"], "history", name="report"),
                node(apply_model, ["model", "table"], "applied_metric", name="apply"),
            ]),
            "pair": pipeline([
                node(prepare, ["params:options", "params:note"], "table", name="prepare"), first("fragile")
            ]),
            "quiet": pipeline([first("quiet")]),
            "open": pipeline([node(leave_open, "params:seed", "open_metric", name="leave_open")]),
            "flaky": pipeline([node(flaky, "params:seed", "flaky_metric", name="flaky")]),
            "fragile": pipeline([first("fragile"), node(fragile, "fragile_metric", "healed_metric", name="fragile")]),
            "waiting": pipeline([first("waiting"), node(wait, "waiting_metric", None, name="wait")]),
            "killed": pipeline([first("killed"), node(killed, "killed_metric", None, name="killed")]),
        }
"""
CATALOG = """
    table:
      type: kedro_mlflow.io.artifacts.MlflowArtifactDataset
      dataset: {type: pandas.CSVDataset, filepath: data/table.csv, save_args: {index: false}}
    model:
      type: kedro_mlflow.io.models.MlflowModelTrackingDataset
      flavor: mlflow.sklearn
      save_args: {name: line, pip_requirements: [scikit-learn], serialization_format: pickle}
    score:
      type: kedro_mlflow.io.metrics.MlflowMetricDataset
    history:
      type: kedro_mlflow.io.metrics.MlflowMetricsHistoryDataset
    quiet_metric:
      type: kedro_mlflow.io.metrics.MlflowMetricDataset
    "{name}_metric":
      type: kedro_mlflow.io.metrics.MlflowMetricDataset
      key: "{name}"
"""
PARAMETERS = f"""
    seed: 7
    options: {{rate: 0.5, deep: {{er: {{still: 1}}}}}}
    note: {"long " * 1500}
"""
DAGSTER = """
    jobs:
      train: {pipeline: {pipeline_name: __default__}}
      quiet: {pipeline: {pipeline_name: quiet}}
      open: {pipeline: {pipeline_name: open}}
      flaky: {pipeline: {pipeline_name: flaky}, retry_policy: {max_retries: 1}}
      fragile: {pipeline: {pipeline_name: fragile}}
      killed: {pipeline: {pipeline_name: killed}}
      waiting: {pipeline: {pipeline_name: waiting}}
"""
MLFLOW = """
    server: {mlflow_tracking_uri: "%s"}
    tracking:
      disable_tracking: {pipelines: [quiet]}
      experiment: {name: %s}
      run: {name: "${km.random_name:}"}
      params: {dict_params: {flatten: true, sep: "-"}, long_params_strategy: tag}
"""
TRUNCATING = """
    server: {mlflow_tracking_uri: "%s"}
    tracking:
      experiment: {name: %s}
      params: {dict_params: {flatten: true, recursive: false}, long_params_strategy: truncate}
"""
SEVERAL = {"max_concurrent": 2}
"""The component's own choice of how the steps' processes start."""
_PRELOADED = {"preload_modules": ["kedro_dagster_component.component", "mlflow", "pandas", "sklearn.linear_model"]}
SEVERAL_OF_DAGSTER = {"max_concurrent": 2, "start_method": {"forkserver": _PRELOADED}}
"""For Dagster's own executor: quicker than its `spawn`."""

NOT_COMPARED = {"dagster_run_id", "run_id", "runner", "runtime_params", "node_names", "kedro_command", "pipeline_names"}
"""Tags that differ between any two runs, or say how a run was started."""


class MlflowServer:
    """`mlflow server` in a process group of its own, ended by its id."""

    def __init__(self, root):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.uri = f"http://127.0.0.1:{self.port}"
        self._root = root

    def __enter__(self):
        store, artifacts = f"sqlite:///{self._root / 'mlflow.db'}", self._root / "artifacts"
        command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(self.port)]
        command += ["--workers", "1", "--backend-store-uri", store, "--artifacts-destination", str(artifacts)]
        env = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}  # half a dozen processes that wait for work
        with (self._root / "server.log").open("wb") as log:
            self._process = subprocess.Popen(
                command, env=env, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
        try:
            self._wait_until_ready()
        except BaseException:
            self.__exit__()
            raise
        mlflow.set_tracking_uri(self.uri)  # MLflow 3.0 lists a client's artifacts through it
        self.client = MlflowClient(self.uri)
        return self

    def __exit__(self, *_):
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _wait_until_ready(self):
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and self._process.poll() is None:
            with suppress(urllib.error.URLError, ConnectionError), urllib.request.urlopen(f"{self.uri}/health"):
                return
            time.sleep(0.2)
        raise RuntimeError((self._root / "server.log").read_text()[-4000:])

    def runs(self, **tags):
        """All runs of all experiments that carry some tags."""
        text = " and ".join(f"tags.`{name}` = '{value}'" for name, value in tags.items())
        experiments = [one.experiment_id for one in self.client.search_experiments()]
        return self.client.search_runs(experiments, filter_string=text, max_results=1000)

    def content(self, run):
        """What a run holds, without what differs between any two runs."""
        found = self.client.search_logged_models([run.info.experiment_id], f"source_run_id = '{run.info.run_id}'")
        tags = {
            name: value
            for name, value in run.data.tags.items()
            if name not in NOT_COMPARED and not name.startswith("mlflow.")
        }
        artifacts = sorted(file.path for file in self.client.list_artifacts(run.info.run_id))
        models = sorted(model.name for model in found)
        return {
            "params": run.data.params,
            "metrics": run.data.metrics,
            "tags": tags,
            "artifacts": artifacts,
            "models": models,
        }


class World:
    """A Dagster code location around a Kedro project that logs to a server."""

    def __init__(self, root, server, attributes="", *, mlflow=MLFLOW, files=None, several=SEVERAL):
        self.root, self.server, self._attributes, self._several = root, server, attributes, several
        self._mlflow, self._files = mlflow, files or {}

    def write(self):
        files = {
            "conf/base/mlflow.yml": self._mlflow % (self.server.uri, EXPERIMENT),
            "data/.gitkeep": "",
            **self._files,
        }
        builder = KedroProjectBuilder(
            self.root / "demo",
            registry=REGISTRY,
            catalog=CATALOG,
            parameters=PARAMETERS,
            dagster=DAGSTER,
            files=files,
            kedro_version="1.7.0",
        )
        self.project = builder.write().root
        self.location = CodeLocation(self.root / "location", name="location")
        self.location.add("kedro", f"project: {self.project}\n{self._attributes}")
        write_dagster_home(self.root / "home")
        return self

    @property
    def env(self):
        return {
            **os.environ,
            "DAGSTER_HOME": str(self.root / "home"),
            "PYTHONPATH": str(self.location.root / "src"),
            "GIT_PYTHON_REFRESH": "quiet",
        }

    def drive(self, *requests, ok=True):
        """Dagster runs in one process, see `integration/running/driver.py`: their reports."""
        several = {"config": {"execution": {"config": {"multiprocess": self._several}}}}
        requests = [{**several, **one} if one.get("executor") == "multiprocess" else one for one in requests]
        asked, answered = self.root / "requests.json", self.root / "reports.json"
        asked.write_text(json.dumps(requests), encoding="utf-8")
        answered.unlink(missing_ok=True)
        done = warm_processes.run(DRIVER, str(asked), str(answered), cwd=self.location.root, env=self.env, timeout=300)
        if not ok:
            return done
        assert answered.exists(), done.stdout[-4000:] + done.stderr[-8000:]
        return json.loads(answered.read_text(encoding="utf-8"))

    def python(self, code):
        """What a script prints, which runs in the code location's folder and has to end well."""
        script = self.root / "script.py"
        script.write_text(code, encoding="utf-8")
        done = warm_processes.run(script, cwd=self.location.root, env=self.env, timeout=300)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def kedro_run(self, *arguments, ok=True):
        """The MLflow runs that `kedro run` makes."""
        before = {run.info.run_id for run in self.server.runs()}
        kedro = Path(sys.executable).with_name("kedro")
        done = warm_processes.run(kedro, "run", *arguments, cwd=self.project, env=self.env, timeout=300)
        assert not ok or done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        return [run for run in self.server.runs() if run.info.run_id not in before]

    def instance(self):
        return dg.DagsterInstance.from_config(str(self.root / "home"))

    def dagster_tags(self, run_id):
        with self.instance() as instance:
            return instance.get_run_by_id(run_id).tags
