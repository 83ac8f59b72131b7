import json
import multiprocessing
import os
import sys

import pytest

from kedro_dagster_component.manifest import ProjectRef
from kedro_dagster_component.runtime.fork_server import warm_project, warmed_config

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or "forkserver" not in multiprocessing.get_all_start_methods(), reason="forks nowhere else"
)
WARM = "kedro_dagster_component.runtime.warm"
FORKED = {"start_method": {"forkserver": {"preload_modules": ["location.definitions", WARM]}}}
SPAWN = {"start_method": {"spawn": {}}}


@pytest.mark.parametrize(
    ("executor", "config", "expected"),
    [
        ("multiprocess", {}, FORKED),
        ("multiprocess", {"max_concurrent": 2}, {"max_concurrent": 2, **FORKED}),
        ("multiprocess", {"start_method": {}}, FORKED),
        ("multiprocess", SPAWN, SPAWN),
        ("multi_or_in_process_executor", {"multiprocess": {"max_concurrent": 2}}, {"multiprocess": {"max_concurrent": 2, **FORKED}}),
        ("multi_or_in_process_executor", {"multiprocess": SPAWN}, {"multiprocess": SPAWN}),
        ("multi_or_in_process_executor", {"in_process": {}}, {"in_process": {}}),
        ("in_process", {}, {}),
        ("docker", {"image": "x"}, {"image": "x"}),
        ("mine", {"multiprocess": 4}, {"multiprocess": 4}),
    ],
)  # fmt: skip
def test_only_multiprocess_executors_that_do_not_choose_fork(executor, config, expected):
    before = json.dumps(config)
    assert warmed_config(executor, config, "location.definitions") == expected
    assert json.dumps(config) == before


def test_a_job_from_a_file_has_no_module():
    assert warmed_config("multiprocess", {}, None)["start_method"]["forkserver"]["preload_modules"] == [WARM]


def test_the_project_is_named_while_the_run_lasts():
    ref = ProjectRef(project_path="/project", env="prod")
    with warm_project(ref):
        assert ProjectRef.model_validate_json(os.environ["KEDRO_DAGSTER_WARM"]) == ref
    assert "KEDRO_DAGSTER_WARM" not in os.environ


def test_it_is_forgotten_when_the_run_fails():
    with pytest.raises(RuntimeError, match="over"), warm_project(ProjectRef(project_path="/project")):
        raise RuntimeError("over")
    assert "KEDRO_DAGSTER_WARM" not in os.environ


def test_a_run_of_several_projects_names_none():
    with warm_project(None):
        assert "KEDRO_DAGSTER_WARM" not in os.environ
