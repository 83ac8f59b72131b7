"""What loading a Kedro project costs, beside Dagster definitions of the same assets written by hand.

`python -m benchmarks` runs it. One idea per file:

| file | role |
|---|---|
| `shape` | a project of any size as plain data |
| `kedro_project` | that shape as a Kedro project |
| `dagster_project` | the shape as two Dagster projects: one `component.yaml`, one written by hand |
| `probes` | what is measured, each in a fresh process |
| `running` | generates projects, starts the probes in turn, and takes medians |
| `figures` | from medians to the figures of the report, growth and goals included |
| `report` | the figures as tables |

`python -m benchmarks.fan_out` and `python -m benchmarks.grouping` measure partitions and groups of nodes.
"""
