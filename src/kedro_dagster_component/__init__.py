"""Kedro projects in Dagster, as a component: a few lines of YAML, no Python, no change to the project.

```
component.yaml ─▶ KedroProjectComponent ──introspect──▶ ProjectManifest ──translate──▶ assets, jobs, schedules
conf/<env>/dagster.yml ──read, validate, check──────────────┘                                │
                                     kedro.runner.Task + hooks ◀──run_step── Dagster run ◀───┘
```

Importing this package imports Dagster, and neither Kedro nor anything of a project: every command of `dg`
imports it.
"""

from kedro_dagster_component.component import KedroProjectComponent
from kedro_dagster_component.translate.executors import with_kedro_hooks

__all__ = ["KedroProjectComponent", "with_kedro_hooks"]
