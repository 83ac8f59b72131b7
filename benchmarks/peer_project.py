"""A shape as a project of kedro-dagster: the same Kedro project, made ready by that package's own command."""

from __future__ import annotations

from pathlib import Path

import yaml

from benchmarks.kedro_project import PACKAGE, write_files, write_kedro_project
from benchmarks.processes import environment, run_process
from benchmarks.shape import Shape

PEER_MODULE = f"{PACKAGE}.definitions"
PEER_ENV = "local"
PEER_JOB = f"{PEER_ENV}__everything"


def write_peer_project(shape: Shape, root: Path, python: Path) -> None:
    """Write the project.

    Args:
        shape: What it holds.
        root: Its folder, made where it is missing.
        python: Interpreter of an environment with kedro-dagster.
    """
    write_kedro_project(shape, root)
    command = [str(python), "-m", "kedro", "dagster", "init", "--env", PEER_ENV, "--force", "--silent"]
    run_process(command, root, environment())
    (root / "conf" / PEER_ENV / "dagster.yml").unlink()  # an example, with a log file
    write_files(root, {"conf/base/dagster.yml": yaml.safe_dump(_dagster(shape))})


def _dagster(shape: Shape) -> dict[str, object]:
    """One job of all the nodes that have outputs.

    kedro-dagster 0.8.1 makes an op of its own for each job a node is in, and Dagster refuses the second op of a name; and
    it cannot translate a node without outputs unless nothing comes after it.
    """
    names = [node.full_name for node in shape.nodes if node.outputs]
    pipeline = {"pipeline_name": "__default__", "node_names": names}
    return {
        "schedules": {"nightly": {"cron_schedule": "0 3 * * *"}},
        "jobs": {"everything": {"pipeline": pipeline, "schedule": "nightly"}},
    }
