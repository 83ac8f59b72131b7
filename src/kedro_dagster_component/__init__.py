"""Kedro projects in Dagster, as a component: a few lines of YAML, no Python, no change to the project.

```
component.yaml ─▶ KedroProjectComponent ──introspect──▶ ProjectManifest ──translate──▶ assets, jobs, schedules
conf/<env>/dagster.yml ──read, validate, check──────────────┘                                │
                                     kedro.runner.Task + hooks ◀──run_step── Dagster run ◀───┘
```

Importing this package imports neither Kedro nor anything of a project: every command of `dg` imports it. Dagster is
imported with the first public name that is asked for: a catalog with datasets of `kedro_dagster_component.datasets`
imports this package under plain `kedro run` too, which is to cost no second of Dagster's imports.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kedro_dagster_component.component import KedroProjectComponent
    from kedro_dagster_component.translate.executors import with_kedro_hooks

__all__ = ["KedroProjectComponent", "with_kedro_hooks"]

_MODULES = {
    "KedroProjectComponent": "kedro_dagster_component.component",
    "with_kedro_hooks": "kedro_dagster_component.translate.executors",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})  # `dg list components` goes by it
