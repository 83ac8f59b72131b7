"""Executors around executors: what of the inner one stays, and how steps are forked."""

import multiprocessing
import sys
from importlib.metadata import version

import dagster as dg
import pytest
from dagster._config import process_config
from dagster._core.definitions.job_base import InMemoryJob

from kedro_dagster_component import with_kedro_hooks
from kedro_dagster_component.config.executor_options import bundled_versions
from kedro_dagster_component.config.executors import EXECUTOR_KINDS, ExecutorConfig, executor_context
from kedro_dagster_component.runtime.executor import KedroExecutor
from kedro_dagster_component.translate.executors import (
    ExecutorError,
    build_executor,
    default_executor,
    installed_schemas,
)

forks = pytest.mark.skipif(
    sys.platform != "linux" or "forkserver" not in multiprocessing.get_all_start_methods(), reason="forks nowhere else"
)
FORKED = ("forkserver", ["kedro_dagster_component.runtime.warm"])


def executor(kind, **options):
    return build_executor(ExecutorConfig.model_validate({kind: options}))


class JobOfModule(InMemoryJob):
    """A job that says which module it is loaded from, as those of code locations do."""

    def get_module(self):
        return "my_location.definitions"


@pytest.fixture
def made():
    """Makes the executor of a definition: `made(definition, {"max_concurrent": 2})`, and gives the inner one."""

    def make(definition, config=None, job=InMemoryJob):
        empty = dg.GraphDefinition("empty").to_job()
        given = process_config(definition.config_schema.config_type, config or {})
        assert given.success, given.errors
        resolved = definition.apply_config_mapping({"config": given.value})
        assert resolved.success, resolved.errors
        with dg.DagsterInstance.ephemeral() as instance:
            context = dg.InitExecutorContext(
                job=job(empty),
                executor_def=definition,
                executor_config=resolved.value["config"],
                instance=instance,
            )
            outer = definition.executor_creation_fn(context)
        assert isinstance(outer, KedroExecutor)
        return outer

    return make


def test_all_eight_kinds_can_be_built_or_say_what_to_install():
    refused = {}
    needed = {"dask_executor": {"cluster": {"local": {}}}, "celery_docker_executor": {"docker": {}}}
    for kind in EXECUTOR_KINDS:
        try:
            assert executor(kind, **needed.get(kind, {})).name
        except ExecutorError as error:
            refused[kind] = str(error)
    assert refused.keys().isdisjoint({"in_process", "multiprocess"})
    assert all("pip install 'kedro-dagster-component[" in text for text in refused.values())


@pytest.mark.parametrize(
    "inner",
    [dg.in_process_executor, dg.multiprocess_executor, dg.multi_or_in_process_executor],
    ids=lambda one: one.name,
)
def test_what_stays_of_an_executor(inner):
    wrapped = with_kedro_hooks(inner)
    assert wrapped is not inner
    assert (wrapped.name, wrapped.description) == (inner.name, inner.description)
    assert wrapped.config_schema.config_type is inner.config_schema.config_type
    for config in ({}, {"in_process": {}}, {"multiprocess": {}}):
        assert wrapped.get_requirements(config) == inner.get_requirements(config)


def test_a_custom_executor_keeps_its_configuration(made):
    seen = []

    @dg.executor(name="mine", config_schema={"size": dg.Field(int, default_value=3)})
    def mine(context):
        seen.append(context.executor_config)
        return dg.in_process_executor.executor_creation_fn(
            context._replace(executor_config={"retries": {"enabled": {}}, "marker_to_close": None})
        )

    made(with_kedro_hooks(mine), {"size": 5})
    made(with_kedro_hooks(mine.configured({"size": 7})))
    made(with_kedro_hooks(mine).configured({"size": 9}))
    assert seen == [{"size": 5}, {"size": 7}, {"size": 9}]


def test_options_of_the_file_reach_the_executor(made):
    outer = made(executor("multiprocess", max_concurrent=3, retries={"disabled": {}}))
    assert outer._inner._max_concurrent == 3
    assert outer.retries is outer._inner.retries
    assert outer.retries.disabled
    assert outer.step_dependency_config is outer._inner.step_dependency_config


def test_the_launchpad_wins_only_where_the_file_is_silent(made):
    assert made(executor("multiprocess"), {"max_concurrent": 5})._inner._max_concurrent == 5


@forks
def test_steps_are_forked_with_the_code_location_at_hand(made):
    def preloaded(definition, config=None, job=JobOfModule):
        outer = made(definition, config, job)
        assert outer._inner._start_method == "spawn"
        forking = outer._forking
        return (forking._start_method, forking._explicit_forkserver_preload) if forking else ("spawn",)

    assert preloaded(executor("multiprocess")) == FORKED
    assert preloaded(executor("multiprocess"), job=InMemoryJob) == FORKED
    assert preloaded(default_executor(), {"multiprocess": {}}) == FORKED
    assert preloaded(executor("multiprocess", start_method={"spawn": {}}))[0] == "spawn"
    assert preloaded(executor("multiprocess"), {"start_method": {"spawn": {}}})[0] == "spawn"


def test_options_are_refused_by_dagsters_own_schema():
    lenient = executor_context({"multiprocess": {"permissive": {}}})
    config = ExecutorConfig.model_validate({"multiprocess": {"start_method": {"fork": {}}}}, context=lenient)
    with pytest.raises(ExecutorError, match=r"refuses the options of executor kind 'multiprocess'.*start_method"):
        build_executor(config)


def test_schemas_of_installed_executors():
    assert installed_schemas(["nothing_known"]) == {}
    is_bundled = version("dagster") == bundled_versions()["dagster"]
    assert set(installed_schemas(["in_process"])) == (set() if is_bundled else {"in_process"})
    assert all(isinstance(schema, dict) for schema in installed_schemas(EXECUTOR_KINDS).values())


def test_entries_are_equal_whatever_the_order_of_their_options():
    one = executor("multiprocess", max_concurrent=2, retries={"enabled": {}})
    assert executor("multiprocess", retries={"enabled": {}}, max_concurrent=2) is one
    assert executor("multiprocess", max_concurrent=2) is not one
