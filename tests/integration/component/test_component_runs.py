"""The processes of a run take the manifest that was kept when the definitions were made."""

import os
import subprocess
import sys
import textwrap

from tests.dagster_homes import write_dagster_home

REGISTRY = """
    import os, sys
    from kedro.pipeline import node, pipeline

    with open(os.environ["READ_LOG"], "a") as log:
        log.write(("introspection " if "introspection" in sys.argv[0] else "run ") + "\\n")

    def double(raw):
        return raw * 2

    def register_pipelines():
        return {"__default__": pipeline([
            node(double, "raw", "first", name="first"), node(double, "first", "second", name="second"),
        ])}
"""
CATALOG = """
    raw: {type: pandas.CSVDataset, filepath: data/raw.csv}
    first: {type: pandas.CSVDataset, filepath: data/first.csv, save_args: {index: false}}
    second: {type: pandas.CSVDataset, filepath: data/second.csv, save_args: {index: false}}
"""
DAGSTER = """
    executors:
      two: {multiprocess: {max_concurrent: 2}}
    jobs:
      all: {pipeline: {pipeline_name: __default__}, executor: two}
"""
PROGRAM = """
    import sys

    import dagster as dg
    from dagster._core.definitions.reconstruct import ReconstructableRepository, initialize_repository_def_from_pointer
    from dagster._core.code_pointer import ModuleCodePointer
    from pathlib import Path

    # As the code server does: definitions are made once, and what they kept goes with every run.
    pointer = ModuleCodePointer(sys.argv[1] + ".definitions", "defs", None)
    repository = initialize_repository_def_from_pointer(pointer)
    Path(sys.argv[2]).write_text("jobs: {a: b: c")  # from here on, reading the project again would fail
    recon = ReconstructableRepository(pointer).with_repository_load_data(repository.repository_load_data)
    with dg.DagsterInstance.get() as instance:
        with dg.execute_job(recon.get_reconstructable_job("all"), instance=instance) as result:
            print("SUCCESS" if result.success else "FAILURE")
"""


def test_steps_do_not_read_the_project_again(location, project, tmp_path):
    demo = project(registry=REGISTRY, catalog=CATALOG, dagster=DAGSTER, files={"data/raw.csv": "a\n1\n"})
    location.add("demo", "project: '{{ context.project_root }}/../demo'")
    log, home = tmp_path / "read.log", write_dagster_home(tmp_path / "home")
    paths = os.pathsep.join(filter(None, [str(location.root / "src"), os.environ.get("PYTHONPATH", "")]))
    environment = {**os.environ, "PYTHONPATH": paths, "READ_LOG": str(log), "DAGSTER_HOME": str(home)}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(PROGRAM), location.name, str(demo.root / "conf/base/dagster.yml")],
        capture_output=True,
        text=True,
        env=environment,
        cwd=location.root,
        check=False,
        timeout=120,
    )
    assert done.stdout.strip().endswith("SUCCESS"), done.stderr[-3000:]
    reads = log.read_text().split()
    assert reads.count("introspection") == 1
    assert reads.count("run") >= 1
    assert (demo.root / "data/second.csv").read_text() == "a\n4\n"
