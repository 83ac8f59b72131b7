"""What `dagster.yml` may hold, and what a user is told where it does not."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from config_reading import mistakes, parse
from pydantic import ValidationError

from kedro_dagster_component.config import EXECUTOR_KINDS, DagsterConfig, ExecutorConfig, JobConfig
from kedro_dagster_component.config.finding import describe, is_secret_key, quote
from kedro_dagster_component.config.partitions import parse_moment

KEDRO_DAGSTER_FILES = sorted((Path(__file__).parent / "kedro_dagster_files").glob("*.yml"))

CONTRACT = """
executors:
  local: {multiprocess: {max_concurrent: 4}}
loggers:
  file: {log_level: INFO, handlers: [], formatters: {}, filters: {}}
schedules:
  nightly: {cron_schedule: "0 2 * * *", execution_timezone: Europe/Paris, default_status: RUNNING, description: d,
            metadata: {}, tags: {}}
partitions:
  day: {type: daily, start_date: "2024-01-01", timezone: UTC, end_offset: 0}
  hour: {type: hourly, start_date: "2024-01-01-00:00"}
  week: {type: weekly, start_date: "2024-01-01", end_date: "2025-01-01"}
  month: {type: monthly, start_date: 2024-01-01}
  shift: {type: time_window, start_date: "2024-01-01", cron_schedule: "0 6,14,22 * * *", fmt: "%Y-%m-%d-%H"}
  region: {type: static, partition_keys: [eu, us]}
  customer: {type: dynamic, name: customers}
  day_region: {type: multi, dimensions: {day: day, region: {type: static, partition_keys: [eu]}}}
assets:
  "regional_{name}": {partitions: region, partition_mappings: {upstream_dataset: {type: identity}}, owners: [], tags: {},
                      automation_condition: eager, freshness_policy: {type: time_window, fail_window_seconds: 3600},
                      retry_policy: {max_retries: 3, delay: 2}, pool: db, group_name: x, kinds: [],
                      backfill_policy: {type: single_run}}
  other: {partitions: {type: dynamic, name: x}, freshness_policy: {type: cron, deadline_cron: "@daily", lower_bound_delta_seconds: 60},
          backfill_policy: {type: multi_run}, code_version: 3, owners: [me@example.com, "team:data"], tags: {a/b: 1},
          partition_mappings: {a: {type: multi, dimensions: {day: {dimension_name: day, partition_mapping: {type: last}}}},
                               b: {type: multi_to_single}, c: {type: static, downstream_keys_by_upstream_key: {a: [b]}}}}
automation: {default_status: RUNNING, minimum_interval_seconds: 30}
jobs:
  train:
    pipeline: {pipeline_name: data_science, pipeline_names: [], tags: [], node_names: [], from_nodes: [], to_nodes: [],
               from_inputs: [], to_outputs: [], node_namespaces: []}
    executor: local
    schedule: nightly
    loggers: [file]
    params: {model_options: {test_size: 0.3}}
    partitions: all
    description: d
    tags: {priority: 3}
    run_tags: {}
    owners: []
    retry_policy: {max_retries: 1, delay: 2, backoff: exponential, jitter: full}
  range: {pipeline: {}, partitions: a...b, executor: {in_process: null}, schedule: {cron_schedule: ["@daily", "@weekly"]}}
  "{variant}__predict":
    pipeline: {pipeline_name: predict, node_namespaces: ["{variant}"]}
"""


def test_contract_examples_are_accepted(tmp_path: Path) -> None:
    config = parse(CONTRACT, tmp_path)

    assert config.executors["local"].kind == "multiprocess"
    assert config.executors["local"].options == {"max_concurrent": 4}
    assert config.schedules["nightly"].cron_schedule == ("0 2 * * *",)
    assert config.jobs["train"].pipeline.pipelines == ("data_science",)
    assert config.jobs["range"].pipeline.pipelines == ("__default__",)
    assert config.jobs["train"].tags == {"priority": "3"}
    assert config.automation is not None
    assert config.automation.minimum_interval_seconds == 30
    assert str(config.partitions["month"].start) == "2024-01-01 00:00:00"
    assert str(config.partitions["week"].end) == "2025-01-01 00:00:00"


def test_built_models_are_left_as_they_are() -> None:
    config = DagsterConfig.model_validate(yaml.safe_load(CONTRACT))

    assert DagsterConfig.model_validate(config) is config
    assert DagsterConfig.model_validate(dict(config)) == config


@pytest.mark.parametrize("file", KEDRO_DAGSTER_FILES, ids=lambda file: file.stem)
def test_kedro_dagster_files_are_accepted(file: Path, tmp_path: Path) -> None:
    parse(file.read_text(encoding="utf-8"), tmp_path)


def test_all_eight_executor_kinds_keep_their_options(tmp_path: Path) -> None:
    text = KEDRO_DAGSTER_FILES[1].read_text(encoding="utf-8")
    written = yaml.safe_load(text)["executors"]

    executors = parse(text, tmp_path).executors

    assert {executor.kind for executor in executors.values()} == set(EXECUTOR_KINDS)
    written["f"]["celery_executor"]["retries"] = {"enabled": {}}  # a number is what kedro-dagster says for Celery
    written["g"]["celery_docker_executor"]["docker"] = {"image": written["g"]["celery_docker_executor"].pop("image")}
    assert {name: {executor.kind: executor.options} for name, executor in executors.items()} == written


def test_inline_options_without_a_kind_mean_the_first_kind_that_has_them(tmp_path: Path) -> None:
    jobs = parse(KEDRO_DAGSTER_FILES[-1].read_text(encoding="utf-8"), tmp_path).jobs

    assert {name: job.executor.kind for name, job in jobs.items() if isinstance(job.executor, ExecutorConfig)} == {
        "nothing": "in_process",
        "retries": "in_process",
        "processes": "multiprocess",
        "dask": "dask_executor",
        "kubernetes": "k8s_job_executor",
        "docker": "docker_executor",
        "celery": "celery_executor",
        "celery_docker": "celery_docker_executor",
        "celery_kubernetes": "celery_k8s_job_executor",
    }


def test_empty_retries_are_enabled() -> None:
    assert ExecutorConfig.model_validate({"in_process": {"retries": {}}}).options == {"retries": {"enabled": {}}}


def test_every_field_has_a_description() -> None:
    def fields(schema: object) -> list[dict[str, object]]:
        definitions = [schema, *schema["$defs"].values()]  # type: ignore[index]
        return [field for part in definitions for field in part.get("properties", {}).values()]

    assert all(field.get("description") for field in fields(DagsterConfig.model_json_schema()))


MISTAKES = [
    ("loggers: {a: {log_level: LOUD, handlers: [{cls: x}, 3, {class: a.B, level: LOUD}]}}", [
        "1:26 loggers.a.log_level: expected 'CRITICAL', 'ERROR', 'WARNING', 'INFO', 'DEBUG' or 'NOTSET', got the text 'LOUD'",
        "1:43 loggers.a.handlers[0]: 'class' is missing -> for example logging.StreamHandler",
        "1:53 loggers.a.handlers[1]: expected a mapping, got the number 3 -> write the settings below it, each as 'key: value' and indented",
        "1:76 loggers.a.handlers[2].level: expected a log level, got the text 'LOUD' -> the levels are CRITICAL, ERROR, WARNING, INFO, DEBUG, NOTSET",
    ]),
    ("partitions: {d: {type: daily, timezone: Europe/Pariss, start_date: 31.12.2024, end_dat: x}}", [
        "1:41 partitions.d.timezone: unknown timezone 'Europe/Pariss' -> did you mean 'Europe/Paris' or 'Europe/Warsaw' or 'Europe/Madrid'?",
        "1:68 partitions.d.start_date: '31.12.2024' is no date -> write it as '2024-01-31' or '2024-01-31 12:00'",
        "1:80 partitions.d: unknown key 'end_dat' -> did you mean 'end_date'?",
    ]),
    ("job: {}", ["1:1 unknown key 'job' -> did you mean 'jobs'?"]),
    ("jobs: 3", ["1:7 jobs: expected a mapping, got the number 3 -> write the settings below it, each as 'key: value' and indented"]),
    ("jobs: {a: }", ["1:8 jobs.a: expected a mapping, got nothing -> write the settings below it, each as 'key: value' and indented"]),
    ("jobs: {a: {pipelin: {}}}", ["1:12 jobs.a: unknown key 'pipelin' -> did you mean 'pipeline'?"]),
    ("jobs: {a: {}}", ["1:8 jobs.a: 'pipeline' is missing -> Which nodes: for example {pipeline_name: data_science, tags: [daily]}."]),
    ("jobs: {a: {pipeline: {tags: x}}}", ["1:29 jobs.a.pipeline.tags: expected a list, got the text 'x' -> write [x]"]),
    ("jobs: {a: {pipeline: {tags: {}}}}", ["1:29 jobs.a.pipeline.tags: expected a list, got a mapping"]),
    ("jobs: {a: {pipeline: {tags: [1]}}}", ['1:30 jobs.a.pipeline.tags[0]: expected text, got the number 1 -> put it in quotes: "1"']),
    ("jobs: {a: {pipeline: {tags: ['']}}}", ["1:30 jobs.a.pipeline.tags[0]: expected text, got an empty text"]),
    ("jobs: {a: {pipeline: {pipeline_name: yes}}}", ["1:38 jobs.a.pipeline.pipeline_name: expected text, got true -> YAML reads yes, no, on and off as true or false: put text in quotes"]),
    ("jobs: {a: {pipeline: {pipeline_name: x, pipeline_names: [y]}}}", ["1:41 jobs.a.pipeline: give 'pipeline_name' or 'pipeline_names', not both -> put all names under 'pipeline_names'"]),
    ("jobs: {a-b: {pipeline: {}}}", ["1:8 jobs: 'a-b' is no job name: use letters, digits and '_' -> for example 'a_b'"]),
    ("jobs: {'{a b}_c': {pipeline: {}}}", ["1:8 jobs: '{a b}_c' is no job name: use letters, digits and '_', {placeholders} only as {name} -> for example '_a_b__c'"]),
    ("jobs: {'{x}-a': {pipeline: {}}}", ["1:8 jobs: '{x}-a' is no job name: use letters, digits and '_', {placeholders} only as {name} -> for example '{x}_a'"]),
    ("jobs: {'True': {pipeline: {}}}", ["1:8 jobs: a name has to be text, got true -> YAML reads yes, no, on and off as true or false: put text in quotes"]),
    ("jobs: {config: {pipeline: {}}}", ["1:8 jobs: Dagster keeps the name 'config' for itself -> for example 'config_job'"]),
    ("jobs: {1: {pipeline: {}}}", ['1:8 jobs: a name has to be text, got the number 1 -> put it in quotes: "1"']),
    ("{1: 2}", ['1:2 a key at the top of a file has to be text: YAML reads \'1\' as a number -> put it in quotes: "1"']),
    ("{jobs: {a: {1: 2}}}", ["1:9 jobs.a: 'pipeline' is missing", '1:13 jobs.a: a key has to be text, got the number 1 -> put it in quotes: "1"']),
    ("jobs: {a: {pipeline: {}, executor: 3}}", ["1:36 jobs.a.executor: expected the name of an executor or its settings as a mapping, got the number 3"]),
    ("jobs: {a: {pipeline: {}, executor: ''}}", ["1:36 jobs.a.executor: expected the name of an executor or its settings as a mapping, got an empty text"]),
    ("jobs: {a: {pipeline: {}, executor: {multiproces: {}}}}", ["1:37 jobs.a.executor: unknown executor kind 'multiproces' -> did you mean 'multiprocess' or 'in_process'?"]),
    ("jobs: {a: {pipeline: {}, executor: {max_concurrent: -1}}}", ["1:26 jobs.a.executor.multiprocess.max_concurrent: has to be at least 1, got the number -1"]),
    ("jobs: {a: {pipeline: {}, schedule: {cron: x}}}", ["1:37 jobs.a.schedule: unknown key 'cron' -> did you mean 'cron_schedule'?"]),
    ("jobs: {a: {pipeline: {}, loggers: [3]}}", ["1:36 jobs.a.loggers[0]: expected the name of a logger or its settings as a mapping, got the number 3"]),
    ("jobs: {a: {pipeline: {}, partitions: al}}", ["1:38 jobs.a.partitions: expected all, latest or a range 'a...b', got 'al' -> did you mean 'all'?"]),
    ("jobs: {a: {pipeline: {}, partitions: eu}}", ["1:38 jobs.a.partitions: expected all, latest or a range 'a...b', got 'eu' -> for one key write 'eu...eu'"]),
    ("jobs: {a: {pipeline: {}, partitions: a...}}", ["1:38 jobs.a.partitions: the range 'a...' needs a key on both sides of '...'"]),
    ("jobs: {a: {pipeline: {}, owners: [bob]}}", ["1:35 jobs.a.owners[0]: 'bob' is no owner: expected an e-mail address or 'team:name' -> for a team write 'team:bob'"]),
    ("jobs: {a: {pipeline: {}, owners: ['@bob']}}", ["1:35 jobs.a.owners[0]: '@bob' is no owner: expected an e-mail address or 'team:name'"]),
    ("jobs: {a: {pipeline: {}, retry_policy: {max_retries: 0, delay: -1, backoff: LINEER}}}", ["1:54 jobs.a.retry_policy.max_retries: has to be at least 1, got the number 0", "1:64 jobs.a.retry_policy.delay: has to be at least 0, got the number -1", "1:77 jobs.a.retry_policy.backoff: expected 'LINEAR' or 'EXPONENTIAL', got the text 'LINEER' -> did you mean 'LINEAR'?"]),
    ("jobs: {a: {pipeline: {}, retry_policy: {delay: x, max_retries: true}}}", ["1:48 jobs.a.retry_policy.delay: expected a number, got the text 'x'", "1:64 jobs.a.retry_policy.max_retries: expected a number, got true"]),
    ("jobs: {a: {pipeline: {}, tags: {password: [hunter2]}}}", ["1:43 jobs.a.tags.password: expected text, got a list"]),
    ("jobs: {a: {pipeline: {}, tags: {x: yes}}}", ["1:36 jobs.a.tags.x: expected text, got true -> YAML reads yes, no, on and off as true or false: put text in quotes"]),
    ("executors: {a: {in_process: , multiprocess: }}", ["1:31 executors.a: two executor kinds in one entry: 'in_process' and 'multiprocess' -> keep one, or make two entries"]),
    ("executors: {a: {}}", ["1:13 executors.a: names no executor kind -> there is: in_process, multiprocess, dask_executor, k8s_job_executor, docker_executor, celery_executor, celery_docker_executor, celery_k8s_job_executor"]),
    ("executors: {a: 3}", ["1:16 executors.a: expected a mapping, got the number 3 -> write the settings below it, each as 'key: value' and indented"]),
    ("executors: {a: {in_process: {}, max: 1}}", ["1:33 executors.a: unknown key 'max' -> there is: 'celery_docker_executor', 'celery_executor', 'celery_k8s_job_executor', 'dask_executor', 'docker_executor', 'in_process', 'k8s_job_executor', 'multiprocess'"]),
    ("executors: {a: {multiprocess: {max_concurrent: x}}}", ["1:48 executors.a.multiprocess.max_concurrent: expected a whole number, got the text 'x'"]),
    ("executors: {a: {docker_executor: {max_concurrent: 0}}}", ["1:51 executors.a.docker_executor.max_concurrent: has to be at least 1, got the number 0"]),
    ("executors: {a: {in_process: {retries: {enabled: {}, disabled: {}}}}}", ["1:53 executors.a.in_process.retries: both 'enabled' and 'disabled' are given -> keep one of them"]),
    ("schedules: {a: {cron_schedule: []}}", ["1:32 schedules.a.cron_schedule: expected at least 1 entry, got 0"]),
    ("schedules: {a: {cron_schedule: ['@dayly']}}", ["1:33 schedules.a.cron_schedule[0]: unknown cron schedule '@dayly' -> did you mean '@daily' or '@yearly'?"]),
    ("schedules: {a: {cron_schedule: '@daily', execution_timezone: Europe/Pari}}", ["1:62 schedules.a.execution_timezone: unknown timezone 'Europe/Pari' -> did you mean 'Europe/Paris' or 'Europe/Madrid' or 'Europe/Zurich'?"]),
    ("schedules: {a: {cron_schedule: '@daily', execution_timezone: /x}}", ["1:62 schedules.a.execution_timezone: unknown timezone '/x' -> use a name such as 'Europe/Paris' or 'UTC'"]),
    ("schedules: {a: {cron_schedule: '@daily', default_status: 3}}", ["1:58 schedules.a.default_status: expected 'RUNNING' or 'STOPPED', got the number 3"]),
    ("assets: {a: {pool: 'a b', kinds: [py thon], group_name: a//b, tags: {'a b': x, c: 'y z'}, owners: ['team:']}}", ["1:20 assets.a.pool: 'a b' is no pool: a pool's name has no spaces -> for example 'a_b'", "1:35 assets.a.kinds[0]: 'py thon' is no kind: up to 63 letters, digits, '_', '-' and '.' -> for example 'py_thon'", "1:57 assets.a.group_name: 'a//b' is no group name: use letters, digits and '_', with '/' between levels -> for example 'a/b'", "1:70 assets.a.tags: 'a b' is no tag name: up to 63 letters, digits, '_', '-' and '.', with one '/' at most", "1:83 assets.a.tags.c: the value of a tag has up to 63 letters, digits, '_', '-' and '.'", "1:100 assets.a.owners[0]: 'team:' is no owner: expected an e-mail address or 'team:name'"]),
    ("jobs: {a: {pipeline: {}, tags: {a b: x}, run_tags: {'': y}}}", ["1:33 jobs.a.tags: 'a b' is no tag name: up to 63 letters, digits, '_', '-' and '.', with one '/' at most", "1:53 jobs.a.run_tags: '' is no tag name: up to 63 letters, digits, '_', '-' and '.', with one '/' at most"]),
    ("schedules: {a: {cron_schedule: '@daily', tags: {dagster/backfill: x, dagster/priority: 3}}}", ["1:49 schedules.a.tags: Dagster keeps tags that begin with 'dagster/' for itself -> those you may set are dagster/priority, dagster/max_retries, dagster/retry_strategy, dagster/max_runtime, dagster/isolation, dagster/retry_on_asset_or_op_failure"]),
    ("sensors: {a: {type: job_failed, job: x, monitored_jobs: y, tags: {a/b/c: x}}}", ["1:67 sensors.a.tags: 'a/b/c' is no tag name: up to 63 letters, digits, '_', '-' and '.', with one '/' at most"]),
    ("loggers: {a: {handlers: [{formatter: f, filters: [g, 3], level: LOUD, class: x}, {'()': 3, filters: h}]}}", ["1:65 loggers.a.handlers[0].level: expected a log level, got the text 'LOUD' -> the levels are CRITICAL, ERROR, WARNING, INFO, DEBUG, NOTSET", '1:89 loggers.a.handlers[1]."()": expected text, got the number 3', "1:101 loggers.a.handlers[1].filters: expected a list, got the text 'h'"]),
    ("loggers: {a: {handlers: [{class: x, formatter: f, filters: [g]}], filters: {gg: {class: x}}}}", ["1:48 loggers.a.handlers[0].formatter: this logger has no formatter 'f' -> define it under 'formatters' of this logger", "1:61 loggers.a.handlers[0].filters[0]: this logger has no filter 'g' -> did you mean 'gg'?"]),
    ("loggers: {a: {handlers: [{class: x, formatter: 3}]}}", ["1:48 loggers.a.handlers[0].formatter: this logger has no formatter the number 3 -> define it under 'formatters' of this logger"]),
    ("loggers: {a: {handlers: [{}], formatters: {f: {}}, filters: {g: {class: 3}}}}", ["1:26 loggers.a.handlers[0]: 'class' is missing -> for example logging.StreamHandler", "1:44 loggers.a.formatters: the formatter needs 'format' or '()' or 'class'", "1:73 loggers.a.filters.g.class: expected text, got the number 3"]),
    ("partitions: {a: 3, b: {}, c: {type: dayly}, d: {type: 3}}", ["1:17 partitions.a: expected a mapping with a 'type', got the number 3 -> the types are daily, dynamic, hourly, monthly, multi, static, time_window, weekly", "1:20 partitions.b: 'type' is missing -> the types are daily, dynamic, hourly, monthly, multi, static, time_window, weekly", "1:37 partitions.c.type: unknown type of partitions: 'dayly' -> did you mean 'daily'?", "1:55 partitions.d.type: unknown type of partitions: the number 3 -> there is: 'daily', 'dynamic', 'hourly', 'monthly', 'multi', 'static', 'time_window', 'weekly'"]),
    ("partitions: {a: {type: daily, start_date: someday}}", ["1:43 partitions.a.start_date: 'someday' is no date -> write it as '2024-01-31' or '2024-01-31 12:00'"]),
    ("partitions: {a: {type: daily, start_date: '2024-01-02', end_date: '2024-01-01'}}", ["1:67 partitions.a.end_date: has to be after 'start_date'"]),
    ("partitions: {a: {type: daily, start_date: '2024-01-02', hour_offset: 24}}", ["1:70 partitions.a.hour_offset: has to be at most 23, got the number 24"]),
    ("partitions: {a: {type: static, partition_keys: [a, b, a, 'x...y']}}", ["1:55 partitions.a.partition_keys[2]: the key 'a' is there twice", "1:58 partitions.a.partition_keys[3]: a key cannot hold '...' or control characters"]),
    ("partitions: {a: {type: multi, dimensions: {x: {type: dynamic, name: n}}}}", ["1:43 partitions.a.dimensions: expected 2 dimensions, got 1 -> Dagster takes exactly two"]),
    ("partitions: {a: {type: multi, dimensions: {x: {type: multi}, y: b}}}", ["1:54 partitions.a.dimensions.x.type: a dimension cannot have dimensions itself"]),
    ("assets: {a: {group_name: a.b}}", ["1:26 assets.a.group_name: 'a.b' is no group name: use letters, digits and '_', with '/' between levels -> for example 'a/b'"]),
    ("assets: {a: {tags: {'a b': x, b: 'x y'}}}", ["1:21 assets.a.tags: 'a b' is no tag name: up to 63 letters, digits, '_', '-' and '.', with one '/' at most", "1:34 assets.a.tags.b: the value of a tag has up to 63 letters, digits, '_', '-' and '.'"]),
    ("assets: {a: {kinds: [a, b, c, d, e, f, g, h, i, j, k]}}", ["1:21 assets.a.kinds: expected at most 10 entries, got 11"]),
    ("assets: {a: {freshness_policy: {type: time_window, fail_window_seconds: 60, warn_window_seconds: 60}}}", ["1:98 assets.a.freshness_policy.warn_window_seconds: has to be shorter than 'fail_window_seconds'"]),
    ("assets: {a: {automation_condition: eagr}}", ["1:36 assets.a.automation_condition: unknown automation condition 'eagr' -> did you mean 'eager'?"]),
    ("assets: {a: {automation_condition: 3}}", ["1:36 assets.a.automation_condition: expected the name of a condition or a mapping, got the number 3"]),
    ("assets: {a: {automation_condition: {eager: , missing: }}}", ["1:36 assets.a.automation_condition: expected one condition, got 2 -> combine conditions with {and: [...]}, {or: [...]} and {not: ...}"]),
    ("assets: {a: {automation_condition: on_cron}}", ['1:36 assets.a.automation_condition: \'on_cron\' needs \'cron_schedule\' -> for example {on_cron: "0 2 * * *"}']),
    ("assets: {a: {automation_condition: {and: [{eager: 3}, {not: missin}, {on_cron: {cron: x, cron_schedule: y}}, {on_cron: z}]}}}", ["1:51 assets.a.automation_condition.and[0].eager: 'eager' takes nothing, got the number 3", "1:61 assets.a.automation_condition.and[1].not: unknown automation condition 'missin' -> did you mean 'missing' or 'on_missing' or 'newly_missing'?", "1:81 assets.a.automation_condition.and[2].on_cron: unknown key 'cron' -> did you mean 'cron_schedule' or 'cron_timezone'?", "1:105 assets.a.automation_condition.and[2].on_cron.cron_schedule: bad cron schedule 'y': it has 1 part, not 5 -> the five parts are minute, hour, day of the month, month, weekday: '0 2 * * *' is every night at two", "1:120 assets.a.automation_condition.and[3].on_cron: bad cron schedule 'z': it has 1 part, not 5 -> the five parts are minute, hour, day of the month, month, weekday: '0 2 * * *' is every night at two"]),
    ("assets: {a: {automation_condition: {and: eager}}, b: {automation_condition: {since: [eager]}}, c: {automation_condition: {or: []}}}", ["1:42 assets.a.automation_condition.and: expected a list of conditions, got the text 'eager'", "1:85 assets.b.automation_condition.since: expected a list of 2 conditions, got 1", "1:127 assets.c.automation_condition.or: expected a list of at least 1 conditions, got 0"]),
    ("automation: {minimum_interval_seconds: 0}", ["1:40 automation.minimum_interval_seconds: has to be at least 1, got the number 0"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), MISTAKES, ids=[text for text, _ in MISTAKES])
def test_mistakes(text: str, expected: list[str], tmp_path: Path) -> None:
    found = mistakes(text, tmp_path)

    assert sorted(line.split(" -> ")[0] for line in found) == sorted(line.split(" -> ")[0] for line in expected)
    for line in expected:
        if " -> " in line:
            assert line in found


@pytest.mark.parametrize(
    "condition",
    [
        "eager",
        {"eager": None},
        {"on_cron": "0 2 * * *"},
        {"on_cron": {"cron_schedule": "0 2 * * *", "cron_timezone": "Europe/Paris"}},
        {"in_latest_time_window": 3600},
        "in_latest_time_window",
        {"and": ["eager", {"not": "in_progress"}, {"any_deps_match": "missing"}]},
        {"since": ["newly_missing", "newly_updated"]},
    ],
)
def test_automation_conditions(condition: object) -> None:
    config = DagsterConfig.model_validate({"assets": {"a": {"automation_condition": condition}}})

    read = config.assets["a"].automation_condition
    assert read is not None
    assert read.name == (condition if isinstance(condition, str) else next(iter(condition)))  # type: ignore[call-overload]


def test_arguments_of_a_condition_have_their_names() -> None:
    config = DagsterConfig.model_validate({"assets": {"a": {"automation_condition": {"on_cron": "@daily"}}}})

    condition = config.assets["a"].automation_condition
    assert condition is not None
    assert condition.arguments == {"cron_schedule": "@daily"}
    assert condition.operands == ()


def test_models_cannot_be_changed() -> None:
    job = JobConfig.model_validate({"pipeline": {}})

    with pytest.raises(ValidationError, match="frozen"):
        job.description = "x"


def test_descriptions_of_values() -> None:
    assert describe(None) == "nothing"
    assert describe(object()) == "a object"
    assert [describe(value, is_secret=True) for value in ("x", 1, True, None)] == [
        "a text",
        "a number",
        "true or false",
        "nothing",
    ]
    assert quote("amqp://me:pw@host/x?key=1") == "'amqp://***@host/x?***'"
    assert quote("x" * 100) == f"'{'x' * 60}...'"


def test_secret_keys() -> None:
    assert all(map(is_secret_key, ["password", "db_password", "api_key", "auth_token", "credentials", "client-secret"]))
    assert not any(map(is_secret_key, ["name", "partition_keys", "tags", "key", "pass_through", 3]))


def test_moments() -> None:
    assert str(parse_moment("31/12/2023", "%d/%m/%Y")) == "2023-12-31 00:00:00"
    assert parse_moment("x") is None


def test_a_schedule_without_a_value_follows_its_job(tmp_path: Path) -> None:
    config = parse("schedules: {a: {cron_schedule: }, b: {}}\n", tmp_path)

    assert config.schedules["a"].cron_schedule == config.schedules["b"].cron_schedule == ()
    assert mistakes("schedules: {a: {cron_schedule: []}}\n", tmp_path) != []


def test_formatters_of_kedro_dagster_are_ours(tmp_path: Path) -> None:
    theirs = (
        "a: {(): kedro_dagster.logging.dagster_json_formatter}, b: {class: kedro_dagster.logging.DagsterRichFormatter}"
    )
    formatters = parse(f"loggers: {{l: {{formatters: {{{theirs}}}}}}}\n", tmp_path).loggers["l"].formatters

    assert formatters == {
        "a": {"()": "kedro_dagster_component.logging.dagster_json_formatter"},
        "b": {"class": "kedro_dagster_component.logging.DagsterRichFormatter"},
    }
