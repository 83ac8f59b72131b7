"""What loading and running a Kedro project costs, beside the same assets written by hand, Kedro alone, and kedro-dagster.

`python -m benchmarks` runs it. One idea per file:

| file | role |
|---|---|
| `shape` | a project of any size as plain data |
| `kedro_project` | that shape as a Kedro project |
| `dagster_project` | the shape as two Dagster projects: one `component.yaml`, one written by hand |
| `peer_project` | the shape as a project of kedro-dagster, in an environment of its own |
| `definitions` | loads the definitions of each, and says what they hold |
| `probes`, `load_probes`, `run_probes` | what is measured, each in a fresh process |
| `accounting`, `processes` | what a process takes, seen from inside and from outside |
| `running`, `runs` | generate projects, start the probes in turn, take medians: loading and running |
| `results` | all that was measured, kept in a file |
| `figures`, `run_figures` | from medians to the figures of the report, growth and goals included |
| `report`, `chart`, `page` | the figures as tables and as a picture, and their place in the docs |

`benchmarks.fan_out`, `benchmarks.grouping` and `benchmarks.metadata` are run in the same way, and measure partitions, groups of
nodes and metadata.
"""
