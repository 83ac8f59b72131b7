"""Jobs, schedules and executors of the golden manifests."""

import json
import sys
import warnings
from types import SimpleNamespace

import dagster as dg
import pytest
from golden import definitions, golden, without_file

from kedro_dagster_component import KedroProjectComponent, with_kedro_hooks
from kedro_dagster_component.config.check_executors import is_installed
from kedro_dagster_component.config.executors import ExecutorConfig
from kedro_dagster_component.translate.executors import ExecutorError, build_executor, default_executor


@pytest.fixture(scope="module")
def odd():
    return definitions(golden("odd_names"))


def job(defs, name):
    return next(job for job in defs.jobs if job.name == name)


def ops(defs, name):
    return {node.name for node in defs.resolve_job_def(name).nodes}


def executor(kind, **options):
    return build_executor(ExecutorConfig.model_validate({kind: options}))


def test_jobs_of_the_file(odd):
    assert [job.name for job in odd.jobs] == ["train", "odd", "again", "a__only"]
    assert ops(odd, "train") == {"train_node", "model", "model_report"}
    assert ops(odd, "again") == {"train_node", "model", "model_report", "a_b_inner"}
    assert ops(odd, "a__only") == {"a_b_inner"}


def test_settings_of_a_job(odd):
    train = job(odd, "train")
    assert train.description == "Train it."
    assert train.tags["team"] == "forecast"
    assert train.run_tags == {"priority": "1"}
    assert train.owners == ["team:forecast"]
    policy = dg.RetryPolicy(max_retries=2, delay=1, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.FULL)
    assert train.op_retry_policy == policy
    assert job(odd, "again").description == "Nodes of the Kedro pipelines train, a.b."


def test_without_a_file_each_pipeline_is_a_job():
    defs = definitions(without_file("odd_names"))
    assert [job.name for job in defs.jobs] == ["default", "odd_names_80762e", "odd_names", "train", "a_b"]
    assert ops(defs, "odd_names") == {"gr__e_messen", "clean_data_e7596b"}
    assert job(defs, "train").description == "The Kedro pipeline train."
    assert not defs.schedules


def test_a_pipeline_called_default_keeps_its_name():
    manifest = without_file("odd_names")
    pipelines = {**manifest.pipelines, "default": manifest.pipelines["train"]}
    defs = definitions(manifest.model_copy(update={"pipelines": pipelines}))
    assert {"default", "__default__"} <= {job.name for job in defs.jobs}
    assert ops(defs, "default") == {"train_node", "model", "model_report"}


def test_only_exposed_pipelines_are_jobs():
    defs = definitions(without_file("odd_names"), KedroProjectComponent(pipelines=["odd_names", "train"]))
    assert [job.name for job in defs.jobs] == ["odd_names", "train"]


def test_a_job_without_any_exposed_node_is_left_out():
    defs = definitions(golden("odd_names"), KedroProjectComponent(exclude=["pipeline:train"]))
    assert [job.name for job in defs.jobs] == ["odd", "again", "a__only"]
    assert ops(defs, "again") == {"a_b_inner"}
    assert [schedule.name for schedule in defs.schedules] == ["odd_schedule"]


def test_nothing_is_said_again_in_a_run():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        defs = definitions(golden("odd_names", warnings=["said at load"]), KedroProjectComponent(select=[]))
    assert not defs.assets


def test_schedules(odd):
    train, other = odd.schedules
    assert (train.name, train.cron_schedule, train.execution_timezone) == (
        "train_schedule",
        "0 2 * * *",
        "Europe/Paris",
    )
    assert train.default_status == dg.DefaultScheduleStatus.RUNNING
    assert train.description == "Every night."
    assert train.metadata["team"].value == "x"
    assert train.tags["when"] == "night"
    assert list(other.cron_schedule) == ["@daily", "0 5 * * *"]
    assert other.default_status == dg.DefaultScheduleStatus.STOPPED


def test_executors_of_jobs(odd):
    assert job(odd, "train").executor_def.name == "multiprocess"
    assert job(odd, "odd").executor_def.name == "in_process"
    assert job(odd, "train").executor_def is job(odd, "again").executor_def
    assert job(odd, "a__only").executor_def is default_executor()


def test_the_executor_of_the_code_location(odd):
    assert odd.executor is default_executor()
    named = definitions(golden("odd_names"), KedroProjectComponent(executor="same"))
    assert named.executor is job(odd, "train").executor_def
    assert definitions(golden("odd_names"), KedroProjectComponent(executor=None)).executor is None


def test_equal_entries_are_one_object():
    assert executor("multiprocess", max_concurrent=2) is executor("multiprocess", max_concurrent=2)
    assert executor("multiprocess", max_concurrent=2) is not executor("multiprocess", max_concurrent=3)
    assert executor("in_process") is not executor("multiprocess")


def test_a_wrapped_executor_is_wrapped_once():
    wrapped = with_kedro_hooks(dg.multiprocess_executor)
    assert with_kedro_hooks(dg.multiprocess_executor) is wrapped
    assert wrapped.name == "multiprocess"
    assert wrapped.config_schema.config_type is dg.multiprocess_executor.config_schema.config_type


@pytest.mark.parametrize(
    ("kind", "module", "extra"),
    [
        ("dask_executor", "dagster-dask", "dask"),
        ("k8s_job_executor", "dagster-k8s", "k8s"),
        ("docker_executor", "dagster-docker", "docker"),
        ("celery_executor", "dagster-celery", "celery"),
        ("celery_docker_executor", "dagster-celery-docker", "celery-docker"),
        ("celery_k8s_job_executor", "dagster-celery-k8s", "celery-k8s"),
    ],
)
def test_a_package_that_is_not_installed(kind, module, extra, monkeypatch):
    monkeypatch.setitem(sys.modules, module.replace("-", "_"), None)
    with pytest.raises(ExecutorError) as caught:
        build_executor(SimpleNamespace(kind=kind, options={"of": "this test alone"}))
    text = str(caught.value)
    assert text.startswith(f"executor kind '{kind}' needs the package {module}: ")
    assert text.endswith(f"; install it with: pip install 'kedro-dagster-component[{extra}]'")
    assert not is_installed(kind)


def test_options_that_dagster_refuses():
    config = SimpleNamespace(kind="multiprocess", options={"max_concurent": 2})
    with pytest.raises(ExecutorError, match=r"refuses the options of executor kind 'multiprocess'.*concurent"):
        build_executor(config)


def test_an_executor_that_makes_none():
    with pytest.raises(ExecutorError, match="executor 'empty' makes no executor"):
        with_kedro_hooks(dg.ExecutorDefinition(name="empty"))


def test_the_golden_files_hold_no_place_of_the_machine_that_made_them():
    for name in ("flights", "odd_names"):
        manifest = golden(name)
        assert manifest.ref.project_path == "/project"
        assert "hunter2" not in json.dumps(manifest.model_dump(mode="json"))
