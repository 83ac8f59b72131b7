"""What is measured: each probe runs once, in a process of its own, and prints its figures as JSON.

```
python -m benchmarks.probes NAME FOLDER
```

The folder holds generated projects: `kedro`, `component`, `by_hand`, perhaps `peer` and, once the Kedro project was read,
`manifest.json`. Imports are inside the functions: what a probe does not need it does not load, and import time is a phase like
any other.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks import load_probes as loads
from benchmarks import run_probes as runs
from benchmarks.accounting import Stopwatch, cpu_seconds, peak_bytes
from benchmarks.definitions import Facts
from benchmarks.processes import CPU_LIMIT

PROBES: Mapping[str, Callable[[Path, Stopwatch], Facts]] = {
    probe.__name__: probe
    for probe in (
        *(loads.read_with_kedro, loads.introspect, loads.translate, loads.build_by_hand),
        *(loads.load_component, loads.load_first, loads.load_warm, loads.load_by_hand, loads.load_peer),
        *(loads.list_defs_warm, loads.list_defs_by_hand),
        *(runs.run_nodes, runs.run_kedro, runs.run_component, runs.run_by_hand, runs.run_peer, runs.last_run),
        *(runs.run_kedro_chain, runs.run_dagster_chain),
    )
}
"""By name."""

_COMPARED_BY_PHASE = (loads.translate, loads.build_by_hand, runs.run_nodes)
"""Their phases count; of the other probes the whole process does."""


def main(name: str, folder: Path) -> None:
    """Run one probe and print what it took."""
    _limit_cpu()
    probe = PROBES[name]
    watch = Stopwatch(collects_first=probe in _COMPARED_BY_PHASE)
    start = time.perf_counter()
    facts = probe(folder, watch)
    total = {"cpu": cpu_seconds(), "wall": time.perf_counter() - start, "peak": peak_bytes()}
    print(json.dumps({"phases": watch.seconds, **total, "facts": facts()}))


def _limit_cpu() -> None:
    if CPU_LIMIT in os.environ:
        seconds = int(os.environ[CPU_LIMIT])
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.getrlimit(resource.RLIMIT_CPU)[1]))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
