"""The one module that the fork server of a multiprocess run imports by its name: see `warming`.

A collection of garbage would look at all that is imported, again and again, and one in a fork once more, and copy its
pages by that: the server collects nothing, and its forks only what is theirs.
"""

from __future__ import annotations

import gc
import os
from pathlib import Path

from kedro_dagster_component.runtime.fork_server import WARM_VARIABLE

risk: str | None = None
"""Why forks of this process are not as good as new processes; None for nothing known."""

if WARM_VARIABLE in os.environ:
    gc.disable()
    from kedro_dagster_component.runtime.warming import warm

    risk = warm(Path(os.environ.pop(WARM_VARIABLE)))
    gc.freeze()
    gc.enable()
