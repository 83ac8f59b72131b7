"""What the fork server of a multiprocess run does: it loads the job and opens the Kedro project once, for all steps.

Nothing that belongs to a run happens here: no session, no context, no hook. What the project's modules do when they
are imported happens once instead of once for each step; see `random_state` for what a fork must not share.
"""

from __future__ import annotations

import mimetypes
import os
import pickle
import sys
import threading
import warnings
from pathlib import Path

import kedro_dagster_component.runtime.check_runs
import kedro_dagster_component.runtime.step  # noqa: F401  (what steps import of this package, as `check_runs`)
from kedro_dagster_component.compat.dagster import import_step_modules, load_job
from kedro_dagster_component.compat.dagster_storage import keep_migration_scripts
from kedro_dagster_component.compat.python import leave_exit_handlers_to_this_process, run_main_script
from kedro_dagster_component.runtime.fork_server import WarmUp
from kedro_dagster_component.runtime.host import hosts
from kedro_dagster_component.runtime.process_watch import ProcessWatch
from kedro_dagster_component.runtime.random_state import RandomWatch

_HARMLESS = frozenset({"jemalloc_bg_thd", "polars-ooc-clea"})
"""Native threads that forks do without: jemalloc starts its own anew, that of Polars only tidies its spill folder."""


def _risk(culprit: str, changes: ProcessWatch) -> str | None:
    """What makes forks of this process unsafe after the imports of a culprit; None for nothing known."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        return f"{culprit} initialises CUDA when it is imported"
    others = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
    others += _native_threads()
    if others:
        return f"{culprit} starts threads when it is imported ({', '.join(others)})"
    if changes.exit_handlers:
        names = ", ".join(changes.exit_handlers)
        return f"{culprit} registers what to do at the end of a process when it is imported ({names})"
    opened = changes.opened()
    return f"{culprit} keeps open what it opens when it is imported ({', '.join(opened)})" if opened else None


def _native_threads() -> list[str]:
    """Names of the threads of compiled libraries that a fork would lack.

    Libraries that are ready for forks (OpenBLAS is) end their threads before one and start them anew when they need
    them: what is still there after a first fork belongs to a library that is not.
    """
    if _native_names():
        with warnings.catch_warnings():  # Python 3.12 warns of what is being found out
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)
    return _native_names()


def _native_names() -> list[str]:
    of_python = {thread.native_id for thread in threading.enumerate()}
    names = []
    for task in Path("/proc/self/task").glob("*"):
        try:
            name = (task / "comm").read_text(encoding="utf-8", errors="replace").strip()
        except OSError:  # it has just ended
            continue
        if int(task.name) not in of_python and name not in _HARMLESS:
            names.append(name)
    return sorted(names)


def warm(file: Path) -> str | None:
    """Make this process ready for the steps of a run.

    Args:
        file: The pickled `WarmUp`, of the run's own process.

    Returns:
        Why forks of this process are not as good as new processes; None for nothing known.
    """
    import_step_modules()
    keep_migration_scripts()
    mimetypes.init()  # Kedro's config loader asks it, and it reads a long file
    warm_up: WarmUp = pickle.loads(file.read_bytes())  # noqa: S301
    watch, changes = RandomWatch(), ProcessWatch()
    run_main_script(warm_up.main)
    if warm_up.job is not None:
        try:
            load_job(warm_up.job)
        except Exception as error:  # noqa: BLE001  (whatever the code location raises: a step says it better)
            return f"the code location cannot be loaded ({type(error).__name__})"
    risk = _risk("the code location", changes)
    if risk is None and warm_up.ref is not None:
        hosts.warm(warm_up)
        risk = _risk("the project", changes)
    watch.fork_with_own_numbers()
    leave_exit_handlers_to_this_process()
    return risk
