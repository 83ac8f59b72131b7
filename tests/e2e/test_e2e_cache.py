"""Warm loads in the processes of `dg` and of plain Dagster: none imports Kedro or the project, or starts one that does."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

WATCH = """
import atexit, gc, os, sys
def _watch(event, args):
    if event == "import" and args[0].partition(".")[0] in ("kedro", "omegaconf", "flights"):
        with open(os.environ["IMPORTS_LOG"], "a") as log:
            log.write(args[0] + "\\n")
def _tell():
    if gc.get_freeze_count():
        with open(os.environ["IMPORTS_LOG"], "a") as log:
            log.write("gc.freeze\\n")
sys.addaudithook(_watch)
atexit.register(_tell)
"""
"""Every Python process imports it first, and tells in one file of each import, and at its end whether objects are left out of
collections."""

WARM = {"gc.freeze"}
"""What the processes of a warm load tell."""

COMMANDS = {
    "dg list defs": ("dg", "list", "defs", "--json"),
    "dg check defs": ("dg", "check", "defs"),
    "a code server": ("dagster", "definitions", "validate", "--load-with-grpc", "-m", "orchestration.definitions"),
    "no code server": ("dagster", "definitions", "validate", "-m", "orchestration.definitions"),
}


@pytest.fixture(scope="module")
def world(dg, tmp_path_factory):
    """Runs a command with a cache; gives what its processes tell."""
    folder = tmp_path_factory.mktemp("watched")
    (folder / "sitecustomize.py").write_text(WATCH, encoding="utf-8")
    log = folder / "imports.log"
    shell = replace(dg, sources=(folder, *dg.sources))
    environment = {**shell.environment, "IMPORTS_LOG": str(log)}

    def run(*command, cache=str(folder / "cache")):
        log.write_text("", encoding="utf-8")
        program = [str(Path(sys.executable).with_name(command[0])), *command[1:]]
        done = subprocess.run(
            program,
            cwd=shell.folder,
            env={**environment, "KEDRO_DAGSTER_CACHE": cache},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-4000:]
        return set(log.read_text(encoding="utf-8").split())

    cold = run("dg", "list", "defs")
    assert {"kedro", "omegaconf"} <= {name.partition(".")[0] for name in cold}
    assert any(name.startswith("flights") for name in cold)
    return run


@pytest.mark.parametrize("name", COMMANDS)
def test_a_warm_load_imports_nothing_of_kedro_or_the_project_and_is_left_out_of_collections(world, name):
    assert world(*COMMANDS[name]) == WARM


def test_an_edit_is_seen(world, examples):
    file = examples / "flights/conf/base/parameters.yml"
    before = file.read_text(encoding="utf-8")
    file.write_text(before + "\nmore: 1\n", encoding="utf-8")
    try:
        assert world(*COMMANDS["dg list defs"]) != WARM
        assert world(*COMMANDS["no code server"]) == WARM
    finally:
        file.write_text(before, encoding="utf-8")


def test_a_manifest_made_ahead_serves_processes_without_a_cache(examples, world):
    """As in an image: made while it is built, used where all times are others and nothing can be written."""
    state = examples / "orchestration/src/orchestration/defs/.local_defs_state"
    assert world("dg", "utils", "refresh-defs-state") != WARM
    (made,) = state.rglob("state")
    assert made.stat().st_mode & 0o777 == 0o600
    for path in (examples / "flights").rglob("*"):
        os.utime(path, (1, 1))
    try:
        for name in ("dg check defs", "a code server"):
            assert world(*COMMANDS[name], cache="/dev/null/nowhere") == WARM
    finally:
        shutil.rmtree(state)
