"""Running Kedro nodes inside Dagster steps.

```
step (Dagster)  ──StepRequest──▶  host  ──▶  session (one per process, run, instance)  ──▶  kedro.runner.Task
     ▲                             │
     └──── StepResult, records ────┘     the host is this process, or a child for another project's steps
```
"""
