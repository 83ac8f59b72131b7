"""Imported by the fork server of a multiprocess run: opens the Kedro project once, so that steps are mere forks.

Nothing that belongs to a run happens here: no session, no context, no hook. What the project's modules do when they
are imported happens once instead of once for each step. The same random state in every step would be a change from
`kedro run`, so forks are seeded anew.
"""

from __future__ import annotations

import os
import sys
import threading

from kedro_dagster_component.manifest import ProjectRef
from kedro_dagster_component.runtime.fork_server import WARM_VARIABLE
from kedro_dagster_component.runtime.host import hosts


def _risk(culprit: str) -> str | None:
    """What makes forks of this process unsafe after the imports of a culprit; None for nothing known."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        return f"{culprit} initialises CUDA when it is imported"
    others = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
    return f"{culprit} starts threads when it is imported ({', '.join(others)})" if others else None


def _open(text: str) -> str | None:
    hosts.warm(ProjectRef.model_validate_json(text))
    os.register_at_fork(after_in_child=_reseed)
    return _risk("the project")


def _reseed() -> None:
    """Seed the global generators that a fork would share with its siblings; `random` does so by itself."""
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.seed()


risk = _risk("the code location")
"""Why forks of this process are not as good as new processes; None for nothing known."""

if risk is None and WARM_VARIABLE in os.environ:
    risk = _open(os.environ[WARM_VARIABLE])
