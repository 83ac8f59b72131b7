"""What every test gets: no telemetry, no window, no leftovers of the developer's own Kedro and Dagster settings."""

import os
import shutil
import tempfile
from importlib import import_module
from pathlib import Path

import pytest

QUIET = {
    "DO_NOT_TRACK": "1",
    "KEDRO_DISABLE_TELEMETRY": "1",
    "MPLBACKEND": "Agg",
    "KEDRO_DAGSTER_CACHE": "off",  # tests of the cache have a folder of their own
}
FOREIGN_PREFIXES = ("DAGSTER_", "KEDRO_")

dagster_home = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    """Set the environment before anything imports Kedro or Dagster, which read it at import."""
    for name in [name for name in os.environ if name.startswith(FOREIGN_PREFIXES)]:
        del os.environ[name]
    os.environ.update(QUIET)
    config.stash[dagster_home] = home = Path(tempfile.mkdtemp(prefix="dagster-home-"))
    (home / "dagster.yaml").write_text("telemetry:\n  enabled: false\n", encoding="utf-8")
    os.environ["DAGSTER_HOME"] = str(home)
    # The classes of warnings: pytest-xdist imports those that a worker tells of in a thread for each worker, and two threads that
    # begin to import Dagster at once get in each other's way.
    if not hasattr(config, "workerinput"):
        import_module("kedro_dagster_component.loading")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the DAGSTER_HOME of this process (with pytest-xdist each worker has its own)."""
    if home := config.stash.get(dagster_home, None):
        shutil.rmtree(home, ignore_errors=True)
