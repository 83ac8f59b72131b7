"""Step processes whose run has been killed: nobody takes their result, so they end."""

from __future__ import annotations

import functools
import multiprocessing
import os
import signal
import sys
import threading

from kedro_dagster_component.compat.dagster import shares_one_process
from kedro_dagster_component.runtime.lifecycle import attended_runs
from kedro_dagster_component.runtime.view import RunView

_PATIENCE_SECONDS = 10
"""How long a node may take to end as by Ctrl-C."""


def end_with_run(view: RunView) -> None:
    """End this process when that of its run is gone, if it is a process that the run started for its steps.

    Python's own `multiprocessing` gives every process it starts, forked by a server or not, a pipe that closes when
    the process that asked for it ends, however that happens. A run's own process may outlive the server that
    started it.
    """
    if view.run.run_id not in attended_runs and not shares_one_process(view.job_def, view.run.run_config):
        _watch_parent()


@functools.cache
def _watch_parent() -> None:
    """Start a thread that waits for the end of the process that started this one; once for a process."""
    parent = multiprocessing.parent_process()
    if parent is None:  # started by a command: by Docker, Kubernetes, Celery
        return

    def watch() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM if sys.platform == "win32" else signal.SIGINT)
        threading.Event().wait(_PATIENCE_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, name="kedro-dagster-orphan", daemon=True).start()
