"""Options of executors: every wrong one at its place, whether or not the executor's package is installed."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from config_reading import mistakes, parse, short
from test_config_check import problems, project

from kedro_dagster_component.compat.dagster import plain_schema
from kedro_dagster_component.config import read_all_positions
from kedro_dagster_component.config.check_executors import check_executors, kinds_in
from kedro_dagster_component.config.executor_options import bundled_schemas, bundled_versions, read_options
from kedro_dagster_component.config.executors import (
    EXECUTOR_KINDS,
    EXECUTOR_PACKAGES,
    ExecutorConfig,
    executor_context,
)
from kedro_dagster_component.config.without_effect import settings_without_effect

JOB = "jobs: {a: {pipeline: {}, executor: far}}\n"


@pytest.mark.parametrize("kind", EXECUTOR_KINDS)
def test_the_bundled_schema_is_that_of_the_executor(kind: str) -> None:
    package = EXECUTOR_PACKAGES[kind]
    if not find_spec(package.module):
        pytest.skip(f"{package.distribution} is not installed")
    if version(package.distribution) != bundled_versions()[package.distribution]:
        pytest.skip(f"another {package.distribution} is installed")

    live = plain_schema(getattr(import_module(package.module), package.name))

    assert bundled_schemas()[kind] == live


def test_there_is_a_schema_for_each_kind() -> None:
    assert tuple(bundled_schemas()) == EXECUTOR_KINDS == tuple(EXECUTOR_PACKAGES)
    assert set(bundled_versions()) == {package.distribution for package in EXECUTOR_PACKAGES.values()}


MISTAKES = [
    ("{k8s_job_executor: {max_concurent: 3, job_namespace: 3, labels: [a], step_k8s_config: {merge_behavior: DEPP}}}", [
        "1:38 executors.far.k8s_job_executor: unknown option 'max_concurent' -> did you mean 'max_concurrent' or 'tag_concurrency_limits'?",
        '1:71 executors.far.k8s_job_executor.job_namespace: expected text, got the number 3 -> put it in quotes: "3"',
        "1:82 executors.far.k8s_job_executor.labels: expected a mapping, got a list",
        "1:121 executors.far.k8s_job_executor.step_k8s_config.merge_behavior: expected 'SHALLOW' or 'DEEP', got the text 'DEPP' -> did you mean 'DEEP'?",
    ]),
    ("{dask_executor: {}}", ["1:19 executors.far.dask_executor: 'cluster' is missing -> it takes one of existing, kube, local, lsf, moab, oar, pbs, sge, slurm, ssh, yarn"]),
    ("{dask_executor: }", ["1:19 executors.far.dask_executor: 'cluster' is missing -> it takes one of existing, kube, local, lsf, moab, oar, pbs, sge, slurm, ssh, yarn"]),
    ("{dask_executor: {clustr: {local: {}}}}", ["1:35 executors.far.dask_executor: unknown option 'clustr' -> did you mean 'cluster'?"]),
    ("{dask_executor: {cluster: {locl: {}}}}", ["1:45 executors.far.dask_executor.cluster: unknown option 'locl' -> did you mean 'local'?"]),
    ("{dask_executor: {cluster: {existing: {}}}}", ["1:45 executors.far.dask_executor.cluster.existing: 'address' is missing"]),
    ("{dask_executor: {cluster: 3}}", ["1:44 executors.far.dask_executor.cluster: expected a mapping of one key, got the number 3 -> one of existing, kube, local, lsf, moab, oar, pbs, sge, slurm, ssh, yarn"]),
    ("{docker_executor: {registry: {url: u, pasword: hunter2}, networks: n, env_vars: [1]}}", [
        "1:37 executors.far.docker_executor.registry: 'username' is missing",
        "1:56 executors.far.docker_executor.registry: unknown option 'pasword' -> did you mean 'password'?",
        "1:85 executors.far.docker_executor.networks: expected a list, got the text 'n' -> write [n]",
        '1:99 executors.far.docker_executor.env_vars[0]: expected text, got the number 1 -> put it in quotes: "1"',
    ]),
    ("{docker_executor: {registry: {url: u, username: n, password: [hunter2]}}}", ["1:79 executors.far.docker_executor.registry.password: expected text, got a list"]),
    ("{celery_executor: {broker: {evn: X}, config_source: x}}", [
        "1:46 executors.far.celery_executor.broker: unknown option 'evn' -> did you mean 'env'?",
        "1:70 executors.far.celery_executor.config_source: expected a mapping, got the text 'x'",
    ]),
    ("{celery_docker_executor: {networks: [a, b]}}", ["1:44 executors.far.celery_docker_executor: executor kind 'celery_docker_executor' takes one network only -> keep one, as 'network: name'"]),
    ("{celery_docker_executor: {networks: [a], docker: {network: b}}}", ["1:44 executors.far.celery_docker_executor: executor kind 'celery_docker_executor' takes one network only -> keep one, as 'network: name'"]),
    ("{celery_k8s_job_executor: {max_concurrent: 0, retries: 1.5}}", [
        "1:61 executors.far.celery_k8s_job_executor.max_concurrent: has to be at least 1, got the number 0 -> leave it out for Dagster's own default",
        "1:73 executors.far.celery_k8s_job_executor.retries: expected a mapping of one key, got the number 1.5 -> 'enabled' or 'disabled'",
    ]),
    ("{multiprocess: {max_concurrent: 4.5}}", ["1:50 executors.far.multiprocess.max_concurrent: expected a whole number, got the number 4.5"]),
    ("{k8s_job_executor: {load_incluster_config: 2}}", ["1:61 executors.far.k8s_job_executor.load_incluster_config: expected true or false, got the number 2"]),
    ("{dask_executor: {cluster: {}}}", ["1:44 executors.far.dask_executor.cluster: expected one key, got an empty mapping -> one of existing, kube, local, lsf, moab, oar, pbs, sge, slurm, ssh, yarn"]),
    ("{dask_executor: {cluster: {yarn: {}, local: {}}}}", ["1:55 executors.far.dask_executor.cluster: both 'yarn' and 'local' are given -> keep one of them"]),
    ("{k8s_job_executor: {step_k8s_config: {x: 1}}}", ["1:56 executors.far.k8s_job_executor.step_k8s_config: unknown option 'x' -> there is: 'container_config', 'job_config', 'job_metadata', 'job_spec_config', 'merge_behavior', 'pod_spec_config', 'pod_template_spec_metadata'"]),
    ("{celery_docker_executor: {image: 3}}", ['1:51 executors.far.celery_docker_executor.image: expected text, got the number 3 -> put it in quotes: "3"']),
    ("{celery_k8s_job_executor: {job_wait_timeout: long, 3: x}}", [
        "1:63 executors.far.celery_k8s_job_executor.job_wait_timeout: expected a number, got the text 'long'",
        '1:69 executors.far.celery_k8s_job_executor: a key has to be text, got the number 3 -> put it in quotes: "3"',
    ]),
    ("{multiprocess: {start_method: spwan, tag_concurrency_limits: [{key: k, limit: 0}]}}", [
        "1:48 executors.far.multiprocess.start_method: expected a mapping of one key, got the text 'spwan' -> did you mean 'spawn'?",
        "1:96 executors.far.multiprocess.tag_concurrency_limits[0].limit: has to be at least 1, got the number 0",
    ]),
    ("{multiprocess: {step_dependency_config: {require_upstream_step_success: perhaps}}}", ["1:90 executors.far.multiprocess.step_dependency_config.require_upstream_step_success: expected true or false, got the text 'perhaps'"]),
]  # fmt: skip


@pytest.mark.parametrize(("executor", "found"), MISTAKES, ids=[text for text, _ in MISTAKES])
def test_every_wrong_option_is_told(executor: str, found: list[str], tmp_path: Path) -> None:
    assert mistakes(f"executors: {{far: {executor}}}", tmp_path) == found


def test_options_inside_a_job(tmp_path: Path) -> None:
    text = "jobs: {a: {pipeline: {}, executor: {k8s_job_executor: {job_nmespace: x}}}}"

    assert mistakes(text, tmp_path) == [
        "1:56 jobs.a.executor.k8s_job_executor: unknown option 'job_nmespace' -> did you mean 'job_namespace' or 'job_image'?"
    ]


RIGHT = [
    ("{k8s_job_executor: {job_image: {env: IMAGE}, per_step_k8s_config: {a: {container_config: {x: 1}}}}}", None),
    ("{multiprocess: {start_method: spawn, max_concurrent: '4', retries: {enabled: }}}", {
        "start_method": {"spawn": {}}, "max_concurrent": 4, "retries": {"enabled": {}},
    }),
    ("{multiprocess: {max_concurrent: , tag_concurrency_limits: [{key: k, value: {applyLimitPerUniqueValue: true}, limit: 1}]}}", {
        "tag_concurrency_limits": [{"key": "k", "value": {"applyLimitPerUniqueValue": True}, "limit": 1}],
    }),
    ("{in_process: {step_dependency_config: {require_upstream_step_success: 'False'}}}", {
        "step_dependency_config": {"require_upstream_step_success": False},
    }),
    ("{celery_executor: {retries: 0}}", {"retries": {"disabled": {}}}),
    ("{celery_docker_executor: {docker: {image: a, network: n}, image: b, network: }}", {
        "docker": {"image": "a", "network": "n"},
    }),
    ("{celery_k8s_job_executor: {job_wait_timeout: 10}}", None),
    ("{celery_k8s_job_executor: {job_namespace: a, max_concurrent: 3}}", {"job_namespace": "a"}),
    ("{celery_docker_executor: {broker: b}}", {"broker": "b", "docker": {}}),
    ("{celery_docker_executor: }", {"docker": {}}),
    ("{celery_docker_executor: {networks: [a], max_concurrent: 3}}", {"docker": {"network": "a"}}),
    ("{celery_docker_executor: {networks: []}}", {"docker": {}}),
    ("{celery_executor: {retries: '2'}}", {"retries": {"enabled": {}}}),
    ("{multiprocess: {max_concurrent: 4.0}}", {"max_concurrent": 4}),
    ("{k8s_job_executor: {load_incluster_config: 1}}", {"load_incluster_config": True}),
    ("{k8s_job_executor: {load_incluster_config: 'off'}}", {"load_incluster_config": False}),
    ("{dask_executor: {cluster: {local: , existing: {address: a}}}}", {"cluster": {"existing": {"address": "a"}}}),
]  # fmt: skip


@pytest.mark.parametrize(("executor", "options"), RIGHT, ids=[text for text, _ in RIGHT])
def test_what_is_right(executor: str, options: dict[str, object] | None, tmp_path: Path) -> None:
    read = parse(f"executors: {{far: {executor}}}", tmp_path).executors["far"]

    assert read.options == (options or next(iter(yaml.safe_load(executor).values())))
    assert read_options(bundled_schemas()[read.kind], read.options) == (read.options, [])  # as Dagster takes them


def test_options_without_effect_are_told_and_load(tmp_path: Path) -> None:
    text = """
executors: {a: {celery_docker_executor: {max_concurrent: 2}}, b: {multiprocess: {max_concurrent: 2}}}
jobs:
  c: {pipeline: {}, executor: {celery_k8s_job_executor: {max_concurrent: 2}}}
  d: {pipeline: {}, executor: {max_concurrent: 2, broker: b, job_namespace: x}}
assets: {raw: {owners: ["team:a"], pool: x, retry_policy: {max_retries: 2}}, "{x}.model": {pool: y}}
"""
    file = tmp_path / "dagster.yml"
    file.write_text(text, encoding="utf-8")
    content = yaml.safe_load(text)

    told = [short(one) for one in settings_without_effect(project(content, file), read_all_positions([file], content))]

    assert [line.split(" -> ")[0] for line in told] == [
        "2:42 executors.a.celery_docker_executor.max_concurrent: 'max_concurrent' has no effect on a 'celery_docker_executor'",
        "4:58 jobs.c.executor.celery_k8s_job_executor.max_concurrent: 'max_concurrent' has no effect on a 'celery_k8s_job_executor'",
        "5:32 jobs.d.executor.max_concurrent: 'max_concurrent' has no effect on a 'celery_k8s_job_executor'",
        "6:45 assets.raw.retry_policy: 'retry_policy' has no effect: no node makes 'raw'",
        "6:36 assets.raw.pool: 'pool' has no effect: no node makes 'raw'",
    ]


def test_an_installed_executor_of_another_version_counts() -> None:
    newer = executor_context({"docker_executor": {"shape": {"image": "String", "new_option": "Any"}}})

    read = ExecutorConfig.model_validate({"docker_executor": {"new_option": [3]}}, context=newer)

    assert read.options == {"new_option": [3]}


def missing(text: str, folder: Path) -> list[str]:
    return [problem for problem in problems(text, folder) if "needs the package" in problem]


@pytest.mark.skipif(find_spec("dagster_dask") is not None, reason="dagster-dask is installed")
def test_a_package_is_missing_only_where_its_executor_is_used(tmp_path: Path) -> None:
    far = "executors: {far: {dask_executor: {cluster: {local: {}}}}}\n"
    hint = "install it with: pip install 'kedro-dagster-component[dask]'"

    assert problems(far, tmp_path) == []
    assert missing(far + JOB, tmp_path) == [
        f"1:19 executors.far.dask_executor: executor kind 'dask_executor' needs the package dagster-dask (used by job 'a') -> {hint}"
    ]
    inline = "jobs: {a: {pipeline: {}, executor: {dask_executor: {cluster: {local: {}}}}}}"
    assert missing(inline, tmp_path) == [
        f"1:37 jobs.a.executor.dask_executor: executor kind 'dask_executor' needs the package dagster-dask -> {hint}"
    ]


def test_wrong_options_and_a_missing_package_come_together(tmp_path: Path) -> None:
    text = f"executors: {{far: {{k8s_job_executor: {{x: 1}}}}, near: {{in_process: {{y: 1}}}}}}\n{JOB}schedules: {{s: 1}}\n"

    found = problems(text, tmp_path)

    assert [problem.split(" -> ")[0] for problem in found if "needs the package" not in problem] == [
        "1:38 executors.far.k8s_job_executor: unknown option 'x'",
        "1:66 executors.near.in_process: unknown option 'y'",
        "3:16 schedules.s: expected a mapping, got the number 1",
    ]
    assert len(found) == (3 if find_spec("dagster_k8s") else 4)


def test_the_kinds_a_file_mentions() -> None:
    text = """
executors: {a: {dask_executor: 3}, b: {multiproces: {}}, c: 3, d: {in_process: {}, docker_executor: {}}}
jobs: {a: {executor: {image: x}}, b: {executor: {celery_executor: {}}}, c: {executor: {nothing: 1}}, d: 3, e: {executor: a}}
"""
    kinds = {"dask_executor", "in_process", "docker_executor", "celery_executor"}

    assert kinds_in(yaml.safe_load(text)) == kinds
    assert kinds_in({"jobs": [], "executors": None}) == frozenset()


def test_an_executor_the_component_uses_has_to_be_installed(tmp_path: Path) -> None:
    file = tmp_path / "dagster.yml"
    file.write_text("executors: {far: {dask_executor: {cluster: {local: {}}}}}\n", encoding="utf-8")
    content = yaml.safe_load(file.read_text(encoding="utf-8"))

    found = list(check_executors(content, read_all_positions([file], content), used=["far", "default"]))

    assert len(found) == (0 if find_spec("dagster_dask") else 1)
