"""Folders for Dagster's storage whose databases are there already: making the tables takes as long as a short run."""

from __future__ import annotations

import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

import dagster as dg

QUIET = "telemetry:\n  enabled: false\n"


def write_dagster_home(folder: Path) -> Path:
    """Make a DAGSTER_HOME without telemetry, unless the folder is there; the folder."""
    if not folder.exists():
        shutil.copytree(_template(), folder)
    return folder


@cache
def _template() -> Path:
    """One that nothing has been stored in; it is removed with the DAGSTER_HOME of this process, in which it lies."""
    folder = Path(tempfile.mkdtemp(prefix="template-", dir=os.environ["DAGSTER_HOME"]))
    (folder / "dagster.yaml").write_text(QUIET, encoding="utf-8")
    with dg.DagsterInstance.from_config(str(folder)) as instance:
        instance.get_runs()
        _ = instance.event_log_storage, instance.schedule_storage
    return folder
