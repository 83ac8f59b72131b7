"""How Dagster's storages of files are opened, behind its public names. Tried on Dagster 1.13.9 to 1.13.27."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from alembic.config import Config
from alembic.script import ScriptDirectory


def keep_migration_scripts() -> None:
    """Keep the scripts of Dagster's migrations for all forks of this process, which only ask which one is the last.

    Reason: whenever a storage in SQLite is opened, four times for each step, Dagster has Alembic read all its scripts
    anew (88 of them): a quarter of what a forked step costs. Other scripts, those of a project, are read as ever.
    """
    with suppress(ImportError):
        from dagster._core.storage.runs.sqlite import sqlite_run_storage
        from dagster._core.storage.sql import ALEMBIC_SCRIPTS_LOCATION, get_alembic_config

        read = ScriptDirectory.from_config
        kept = read(get_alembic_config(sqlite_run_storage.__file__))
        kept.as_revision_number("head")  # reads them

        def from_config(_: type[ScriptDirectory], config: Config) -> ScriptDirectory:
            is_kept = config.get_main_option("script_location") == ALEMBIC_SCRIPTS_LOCATION
            return kept if is_kept else read(config)

        own: Any = ScriptDirectory
        own.from_config = classmethod(from_config)
