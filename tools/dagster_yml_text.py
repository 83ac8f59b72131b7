"""The words of `docs/reference/dagster-yml.md` that the models do not hold."""

from __future__ import annotations

INTRODUCTION = """\
<!-- Made by tools/dagster_yml_reference.py from the models in src/kedro_dagster_component/config: do not edit. -->

# dagster.yml

How a Kedro project runs on Dagster in one environment: `conf/<env>/dagster.yml`. The file is optional; without it each
registered pipeline is a job.

Kedro's own loader reads it, by its own rules: base and environment are merged (an environment replaces whole sections
unless the project sets another merge strategy), every file that fits `dagster*`, `dagster*/**` or `**/dagster*` counts,
keys that begin with `_` are left out, and `${key}`, `${globals:key}`, `${runtime_params:key}` and resolvers of the
project are filled in.

Environment variables work in these files: `${oc.env:NAME}` or `${oc.env:NAME,default}`, alone or inside a text. Their
values are read in each Dagster process and never stored. Three things follow: they are filled in last, so another
resolver cannot compute with them; they are text, which becomes a number where one is expected; and they cannot stand in
`description`, `tags`, `run_tags`, `metadata` and `params`, which Dagster stores and shows.

An editor that knows YAML schemas (the YAML extension of VS Code, say) completes and checks the file with this first line:

```yaml
# yaml-language-server: $schema=<path or URL of dagster-yml.schema.json>
```

The file is [dagster-yml.schema.json](dagster-yml.schema.json) beside this page. The editor cannot know the names of a project's pipelines,
nodes and datasets: `dg check defs` checks those, and reports every mistake of all files at once.

`dg check defs`, `dg list defs` and `dg launch` end with an exit code other than 0 and the mistakes. `dg dev` prints the same
text and goes on: Dagster's servers keep a code location that cannot be loaded, show its error in the UI, and load it again
when they are asked to. That holds for any error of any definitions and cannot be changed from inside them: ending the
process would take the button that loads them again with it. Where a mistake has to stop a deployment, run `dg check defs` before.
"""

EXAMPLES = {
    "jobs": """
jobs:
  train:
    pipeline: {pipeline_name: data_science, tags: [nightly]}
    executor: local
    schedule: nightly
    loggers: [file]
    params: {model_options: {test_size: 0.3}}
    retry_policy: {max_retries: 2, delay: 30, backoff: EXPONENTIAL}
  "{variant}__predict":
    pipeline: {pipeline_name: predict, node_namespaces: ["{variant}"]}
""",
    "schedules": """
schedules:
  nightly: {cron_schedule: "0 2 * * *", execution_timezone: Europe/Paris, default_status: RUNNING}
""",
    "sensors": """
sensors:
  new_orders: {type: asset_changed, job: train, assets: [orders], asset_keys: [warehouse/customers], require: all}
  inbox: {type: file_arrived, job: train, path: "s3://inbox/*.csv", storage_options: {key: "${oc.env:INBOX_KEY}"}, param: file}
  report_after_train: {type: job_succeeded, job: report, monitored_jobs: train, default_status: RUNNING}
  alarm: {type: job_failed, job: clean_up, monitored_jobs: [train, report]}
  new_customers: {type: partitions_found, dataset: customers, remove: true}
""",
    "executors": """
executors:
  local: {multiprocess: {max_concurrent: 4}}
  queue: {celery_executor: {broker: "redis://:${oc.env:REDIS_PASSWORD}@${oc.env:REDIS_HOST,localhost}:6379/0"}}
""",
    "loggers": """
loggers:
  file:
    log_level: INFO
    formatters: {short: {format: "%(levelname)s %(message)s"}}
    handlers: [{class: logging.FileHandler, filename: train.log, formatter: short}]
""",
    "partitions": """
partitions:
  day: {type: daily, start_date: "2024-01-01", timezone: Europe/Paris}
  region: {type: static, partition_keys: [eu, us]}
  day_region: {type: multi, dimensions: {day: day, region: region}}
""",
    "assets": """
assets:
  "{name}_sales":
    partitions: day
    partition_mappings: {orders: {type: time_window, start_offset: -1}}
    owners: ["team:{name}"]
    tags: {region: "{name}"}
    automation_condition: {and: [{on_cron: "0 6 * * *"}, {not: in_progress}]}
    freshness_policy: {type: time_window, fail_window_seconds: 86400}
    checks: [not_empty, {type: row_count, max: 100000, severity: warn}, {type: columns, columns: [day, price], blocking: true}]
""",
    "automation": """
automation: {default_status: RUNNING, minimum_interval_seconds: 30}
""",
}
"""One example per section, in the order of the page."""

NOTES = {
    "jobs": "A job's name is the one Dagster shows. Of several factories that make a job of one name the one with the\n"
    "most literal characters counts, and a job that is written out before any.\n",
    "executors": "An entry names exactly one kind. The executors outside Dagster itself come with an extra of this\n"
    "package: `docker`, `k8s`, `celery`, `celery-docker`, `celery-k8s`, `dask`. An executor that a job or the component\n"
    "uses has to be installed; one that nothing uses need not be, so that one file serves the cluster and the laptop.\n"
    "The options of all of them are checked, installed or not.\n",
    "loggers": "Classes are named by their import path and have to be importable when the definitions are loaded; their\n"
    "arguments are checked then too. As in kedro-dagster a handler without a formatter writes time, name, level and message, a\n"
    "logger without handlers writes to the standard output, and a formatter with `class` gets all its other keys as arguments.\n"
    "Dagster's events come as records of the logger `dagster`, at the level they have in Dagster: ERROR for failures, DEBUG\n"
    "for the rest; that the run started and how it ended comes as INFO or ERROR.\n",
    "assets": "Of several patterns that fit a dataset the most specific one counts, and the dataset's own name before any.\n"
    "Placeholders of the pattern are filled in for each dataset, in every text of the settings but not in keys.\n"
    "The same settings can stand in the catalog, under `metadata: {dagster: {...}}` of an entry; these here win, key by key.\n"
    "Checks are evaluated in the step that makes the data, on the data in hand, or alone on what is stored: [how](../how-to/checks.md).\n",
    "sensors": "A sensor that would start its own job over and over is refused, and so are sensors whose jobs start each\n"
    "other for ever; a loop that a failure is part of is not. The filesystem of a `path` has to be installed.\n"
    "Sensors are evaluated by Dagster's daemon, which `dg dev` starts. A run of `dg launch` starts nothing by itself: its end is seen\n"
    "by `job_succeeded`, `job_failed` and `asset_changed` only where a daemon runs on the same instance (`DAGSTER_HOME`).\n"
    "`partitions_found` opens the Kedro project for each look, in a process of its own, and lists the dataset through its own\n"
    "filesystem and credentials: about two seconds of CPU. Dagster waits for it as long as for any sensor (60 seconds,\n"
    "`DAGSTER_SENSOR_GRPC_TIMEOUT_SECONDS`).\n",
}

EXECUTORS = """\
### Options of executors

They are those of Dagster's executor of that name, and checked against its own schema where it is installed, else against
that of {versions}. What each option means stands in Dagster's documentation of the executor.

| kind | options; **required** ones in bold |
|---|---|
{kinds}
"""

AUTOMATION = """\
### Automation conditions

A condition is a name, or a mapping of one name to its settings. A condition with one required setting takes it directly:
`{{on_cron: "0 6 * * *"}}`. They act through the sensor of the section `automation`.

| condition | settings |
|---|---|
{conditions}
"""
