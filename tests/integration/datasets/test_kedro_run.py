"""The datasets in a Kedro project under plain `kedro run`."""

import json
import os
import subprocess
import sys

import pytest

from tests.projects import KedroProjectBuilder

REGISTRY = """
    import sys
    from kedro.pipeline import node, pipeline

    def split(raw):
        return {line.split("=")[0]: (lambda line=line: line.split("=")[1]) for line in raw.split()}

    def double(parts):
        return {key: load() * 2 for key, load in parts.items()}

    def announce(doubled):
        return True

    def report(parts, ready):
        return {"keys": list(parts), "ready": ready, "dagster": "dagster" in sys.modules}

    def register_pipelines():
        nodes = [
            node(split, "raw", "parts", name="split"),
            node(double, "parts", "doubled", name="double"),
            node(announce, "doubled", "done", name="announce"),
            node(report, ["doubled", "done"], "report", name="report"),
        ]
        return {"__default__": pipeline(nodes)}
"""
CATALOG = """
    raw: {type: text.TextDataset, filepath: data/raw.txt}
    parts:
      type: kedro_dagster_component.datasets.DagsterPartitionedDataset
      path: data/parts
      dataset: text.TextDataset
      filename_suffix: .txt
      partition: {type: dagster.StaticPartitionsDefinition, partition_keys: [eu, us]}
      partition_mappings:
        doubled: {type: dagster.IdentityPartitionMapping}
    "{name}ed":
      type: kedro_dagster_component.datasets.DagsterPartitionedDataset
      path: data/{name}ed
      dataset: {type: text.TextDataset}
      partition: {type: DailyPartitionsDefinition, start_date: 2024-01-01}
    done: {type: kedro_dagster_component.datasets.DagsterNothingDataset}
    report: {type: json.JSONDataset, filepath: data/report.json}
"""


@pytest.fixture
def project(tmp_path):
    files = {"data/raw.txt": "eu=a us=b"}
    return KedroProjectBuilder(tmp_path / "demo", registry=REGISTRY, catalog=CATALOG, files=files).write()


def kedro_run(project, *options):
    return subprocess.run(
        [sys.executable, "-m", "kedro", "run", *options],
        cwd=project.root,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "COLUMNS": "1000"},
    )


@pytest.mark.parametrize("runner", ["SequentialRunner", "ThreadRunner", "ParallelRunner"])
def test_a_run(project, runner):
    done = kedro_run(project, "--runner", runner)

    assert done.returncode == 0, done.stdout + done.stderr
    data = project.root / "data"
    assert {file.name: file.read_text() for file in (data / "parts").iterdir()} == {"eu.txt": "a", "us.txt": "b"}
    assert {file.name: file.read_text() for file in (data / "doubled").iterdir()} == {"eu": "aa", "us": "bb"}
    report = json.loads((data / "report.json").read_text())
    assert report["keys"] == ["eu", "us"]
    assert report["ready"] == "__nothing__"


def test_a_run_imports_no_dagster(project):
    kedro_run(project)

    assert json.loads((project.root / "data" / "report.json").read_text())["dagster"] is False


def test_an_unknown_key_ends_the_run(project):
    (project.root / "data" / "raw.txt").write_text("eu=a mars=b")

    done = kedro_run(project)

    assert done.returncode != 0
    assert "no partitions of" in done.stdout + done.stderr
    assert "'mars'; there is 'eu', 'us'" in done.stdout + done.stderr
    assert not (project.root / "data" / "parts").exists()
