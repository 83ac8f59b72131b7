import subprocess
import sys

import pytest

KEEP = """
import sys
from importlib import import_module

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from kedro_dagster_component.compat.dagster_storage import keep_migration_scripts

keep_migration_scripts()

def scripts_of(kind):
    from dagster._core.storage.sql import get_alembic_config

    module = import_module(f"dagster._core.storage.{kind}")
    return ScriptDirectory.from_config(get_alembic_config(module.__file__))

runs = scripts_of("runs.sqlite.sqlite_run_storage")
print("once for all storages:", all(
    scripts_of(kind) is runs
    for kind in ("event_log.sqlite.sqlite_event_log", "schedules.sqlite.sqlite_schedule_storage", "runs.sqlite")
))
print("all of them:", len(list(runs.walk_revisions())) > 50)

own = Config(sys.argv[1] + ".ini")
own.set_main_option("script_location", sys.argv[1])
command.init(own, sys.argv[1])
for message in ("first", "second"):
    command.revision(own, message)
    print("of the project:", [script.doc for script in ScriptDirectory.from_config(own).walk_revisions()])
"""


@pytest.fixture
def said(tmp_path):
    """What a process says that keeps the scripts and has some of its own."""
    command = [sys.executable, "-c", KEEP, tmp_path / "migrations"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True, cwd=tmp_path)
    return [line for line in done.stdout.splitlines() if ": " in line and "  " not in line]


def test_migration_scripts_of_dagster_are_read_once_and_others_as_ever(said):
    assert said == [
        "once for all storages: True",
        "all of them: True",
        "of the project: ['first']",
        "of the project: ['second', 'first']",
    ]
