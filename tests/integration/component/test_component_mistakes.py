"""Bad input: every mistake ends the load with its place, the wrong value, the nearest valid names and a way out."""

import pytest

from kedro_dagster_component.compat.dagster import LoadError
from kedro_dagster_component.loading import KedroProjectWarning
from tests.locations import CodeLocation

PROJECT = "project: '{{ context.project_root }}/../demo'\n"
EMPTY_REGISTRY = "def register_pipelines():\n    return {}\n"
TWO_PRODUCERS = """
    from kedro.pipeline import node, pipeline

    def by_hand(raw): return raw
    def by_model(raw): return raw

    def register_pipelines():
        return {
            "manual": pipeline([node(by_hand, "raw", "labels", name="label_by_hand")]),
            "automatic": pipeline([node(by_model, "raw", "labels", name="label_by_model")]),
        }
"""


def files_below(folder):
    return {path.relative_to(folder) for path in folder.rglob("*") if "__pycache__" not in path.parts}


@pytest.fixture
def mistake(location, project, refused):
    """Loads a project with the attributes of one component; gives the text without the folder of the test."""

    def load(attributes, **texts):
        root = project(**texts).root
        file = location.add("demo", attributes)
        before = files_below(root.parent)
        text = refused()
        assert files_below(root.parent) == before
        assert "site-packages" not in text
        return text.replace(str(file), "component.yaml").replace(str(root), "DEMO")

    return load


def excerpt(line, text, column):
    return f"{line:>5} | {text}\n" + " " * (7 + column) + "^"


def test_no_project_at_the_path(mistake):
    text = mistake("project: '{{ context.project_root }}/../demo/src'")
    assert "component.yaml:3:12: there is no Kedro project at DEMO/src" in text
    assert "  -> a Kedro project's root has a pyproject.toml with a [tool.kedro] section; nearby there is DEMO" in text


def test_a_folder_above_the_project(mistake):
    assert "nearby there is DEMO" in mistake("project: '{{ context.project_root }}/..'")


def test_a_path_that_does_not_exist(mistake):
    text = mistake("project: ../nowhere")
    assert "component.yaml:3:12: there is no Kedro project at " in text
    assert "/defs/nowhere (the folder does not exist)" in text
    assert excerpt(3, "  project: ../nowhere", 12) in text


def test_no_project_above(location, refused):
    location.add("demo")
    text = refused()
    assert "component.yaml:1:1: there is no Kedro project above this file" in text
    assert "set `project` to the folder whose pyproject.toml has a [tool.kedro] section" in text


def test_a_project_that_cannot_be_imported(mistake):
    text = mistake(PROJECT, registry="import os\nimport not_installed\n")
    assert "component.yaml:3:12: cannot read the pipelines of the Kedro project at DEMO" in text
    assert "ModuleNotFoundError: No module named 'not_installed'" in text
    assert "at DEMO/src/demo/pipeline_registry.py:2" in text
    assert "install the project's requirements (for 'not_installed')" in text


def test_an_unknown_environment(mistake):
    text = mistake(PROJECT + "env: locla")
    assert "component.yaml:4:8: the Kedro project at DEMO has no environment 'locla' in DEMO/conf" in text
    assert excerpt(4, "  env: locla", 8) in text
    assert "did you mean 'local'?" in text


def test_a_configuration_source_that_does_not_exist(mistake):
    assert "component.yaml:4:16: the Kedro project at DEMO has no configuration source DEMO/cfg" in mistake(
        PROJECT + "conf_source: cfg"
    )


@pytest.mark.parametrize(
    ("attributes", "place", "message", "hint"),
    [
        ("pipelines: [defalt]", "4:15", "'defalt' is no registered pipeline of Demo", "did you mean '__default__'?"),
        ("select: ['node:claen']", "4:12", "no node 'claen' in Demo", "did you mean 'clean'?"),
        ("select: ['node:clean', 'tag:x']", "4:26", "no tag 'x' in Demo", "no node of Demo has a tag"),
        ("exclude: ['namespace:x']", "4:13", "no namespace 'x' in Demo", "no node of Demo has a namespace"),
        ("select: ['pipeline:x']", "4:12", "no pipeline 'x' in Demo", "there is: '__default__'"),
        ("select: ['dataset:raw']", "4:12", "no node makes the dataset 'raw' in Demo", "there is: 'cleaned'"),
        ("select: [clean]", "4:12", "'clean' is no selection", "did you mean 'node:clean'?"),
        ("executor: fast", "4:13", "there is no executor 'fast' in dagster.yml", "there is: 'default'"),
        ("name_prefix: prod-", "4:16", "name_prefix: 'prod-' cannot be part of a Dagster name", "e.g. 'prod_'"),
        ("op: {name: 'a b'}", "4:14", "op.name: 'a b' cannot be part of a Dagster name", "e.g. 'a_b'"),
        ("translation: {key: same}", "4:16", "'raw' and 'cleaned' both become the asset same", "change `key`"),
        ("package: demo", "4:12", "give `project` or `package`, not both", ""),
    ],
)
def test_an_attribute(mistake, attributes, place, message, hint):
    text = mistake(PROJECT + attributes)
    assert f"component.yaml:{place}: {message}" in text
    assert f"    4 |   {attributes}\n" in text
    assert hint in text


def test_a_package_without_configuration(mistake):
    text = mistake("package: demo")
    assert "component.yaml:3:12: the packaged project 'demo' needs `conf_source`" in text
    assert "there is no configuration at" in mistake_of_source(mistake)


def mistake_of_source(mistake):
    return mistake("package: demo\nconf_source: ../nowhere")


def test_two_pipelines_make_one_dataset(location, project, refused):
    project(registry=TWO_PRODUCERS)
    location.add("demo", PROJECT)
    text = refused()
    assert (
        "dataset 'labels' is made by node 'label_by_hand' (demo.pipeline_registry.by_hand) of pipeline 'manual'" in text
    )
    assert "node 'label_by_model' (demo.pipeline_registry.by_model) of pipeline 'automatic'" in text
    assert "in Dagster one asset has one producer" in text
    assert "expose pipelines that agree (`pipelines:`), choose nodes (`select:` / `exclude:`), or use two" in text


@pytest.mark.parametrize(
    "attributes", ["pipelines: [manual]", "select: ['pipeline:automatic']", "exclude: ['node:label_by_hand']"]
)
def test_ways_out_of_two_producers(location, project, attributes):
    project(registry=TWO_PRODUCERS)
    location.add("demo", PROJECT + attributes)
    assert len(location.load().jobs) == 1


def test_two_instances_are_a_way_out_of_two_producers(location, project):
    project(registry=TWO_PRODUCERS)
    location.add("one", PROJECT + "pipelines: [manual]")
    location.add("two", PROJECT + "pipelines: [automatic]\nname_prefix: x_\ntranslation: {key_prefix: x}")
    assert {job.name for job in location.load().jobs} == {"manual", "x_automatic"}


BROKEN_DAGSTER = """\
jobs:
  nightly: {pipeline: {pipeline_name: nope}, executor: fast}
schedules:
  daily: {cron: "0 2 * * *", tags: 3}
"""


def test_all_mistakes_of_both_files_come_at_once(mistake):
    text = mistake(
        PROJECT + "pipelines: [x]\nselect: ['node:y']\nexecutor: z\nmemory_datasets: w", dagster=BROKEN_DAGSTER
    )
    assert text.startswith("8 problems in the configuration\n\n")
    for head in (
        "DEMO/conf/base/dagster.yml:2:39: jobs.nightly.pipeline.pipeline_name: there is no pipeline 'nope'",
        "DEMO/conf/base/dagster.yml:2:56: jobs.nightly.executor: there is no executor 'fast'",
        "DEMO/conf/base/dagster.yml:4:36: schedules.daily.tags: expected a mapping",
        "DEMO/conf/base/dagster.yml:4:11: schedules.daily: unknown key 'cron'",
        "component.yaml:4:15: 'x' is no registered pipeline of Demo",
        "component.yaml:5:12: no node 'y' in Demo",
        "component.yaml:6:13: there is no executor 'z' in dagster.yml",
        "component.yaml:7:20: memory_datasets: expected 'auto' or 'stored', got the text 'w'",
    ):
        assert head in text


def test_names_that_a_broken_file_may_hold_are_not_doubted(mistake):
    attributes = "executor: fast\npartitions: {a: {type: multi, dimensions: {x: day, y: region}}}"
    text = mistake(PROJECT + attributes, dagster="executors: {fast: {in_process: {}}\n")
    assert text.startswith("1 problem in the configuration\n\n")
    assert "dagster.yml:1:12: the '{' is not closed" in text


def test_an_executor_without_its_package(mistake):
    text = mistake(
        PROJECT + "executor: near",
        dagster="executors:\n  far: {dask_executor: {cluster: {local: {}}}}\n  near: {k8s_job_executor: {}}\n"
        "  unused: {docker_executor: {}}\njobs:\n  a: {pipeline: {pipeline_name: __default__}, executor: far}\n",
    )
    assert "executor kind 'dask_executor' needs the package dagster-dask (used by job 'a')" in text
    assert (
        "DEMO/conf/base/dagster.yml:3:10: executors.near.k8s_job_executor: executor kind 'k8s_job_executor' needs"
        in text
    )
    assert "pip install 'kedro-dagster-component[k8s]'" in text
    assert "docker" not in text.replace("executors:", "")


EVERYTHING = """\
executors: {pods: {k8s_job_executor: {job_nmespace: x}}}
loggers: {file: {handlers: [{class: logging.FileHandler, filenam: x}]}}
jobs: {a: {pipeline: {tags: [nightly]}, executor: pods}}
sensors: {s: {type: file_arrived, job: a, path: "s4://inbox"}}
partitions: {day: {type: daily, start_date: "2024-01-01", fmt: "%Y"}}
"""


def test_mistakes_of_every_kind_come_at_once_in_the_order_of_the_file(mistake):
    text = mistake(PROJECT + "select: ['node:y']", dagster=EVERYTHING)
    heads = [
        "dagster.yml:1:20: executors.pods.k8s_job_executor: executor kind 'k8s_job_executor' needs the package dagster-k8s",
        "dagster.yml:1:39: executors.pods.k8s_job_executor: unknown option 'job_nmespace'",
        "dagster.yml:2:58: loggers.file.handlers[0]: 'logging.FileHandler' takes no 'filenam'",
        "dagster.yml:3:30: jobs.a.pipeline.tags[0]: pipeline '__default__' has no tag 'nightly'",
        "dagster.yml:4:49: sensors.s.path: unknown filesystem 's4://'",
        "dagster.yml:5:64: partitions.day.fmt: the format '%Y' does not tell the month of a partition",
        "component.yaml:4:12: no node 'y' in Demo",
    ]
    assert text.startswith("7 problems in the configuration\n\n")
    places = [text.index(head) for head in heads]
    assert places[:-1] == sorted(places[:-1])


def test_broken_yaml_in_one_file_hides_no_mistake_of_the_others(mistake):
    text = mistake(
        PROJECT,
        dagster="jobs: {a: {pipeline: {}, descripton: x}}\n",
        files={"conf/local/dagster.yml": "schedules: {a: {}\n", "conf/base/dagster_more.yml": "automation: {x: 1}\n"},
    )
    assert text.startswith("3 problems in the configuration\n\n")
    assert "base/dagster.yml:1:26: jobs.a: unknown key 'descripton'" in text
    assert "base/dagster_more.yml:1:14: automation: unknown key 'x'" in text
    assert "local/dagster.yml:1:12: the '{' is not closed by '}'" in text


@pytest.mark.parametrize(
    ("dagster", "place", "message"),
    [
        ("jobs:\n  a: b: c\n", "2:7", "a ':' where no key can stand"),
        ("jobs: {a: 1\n", "", "dagster.yml:"),
        ("jobs:\n\ta: 1\n", "2:1", "a tab"),
    ],
)
def test_broken_yaml_is_told_in_plain_words(mistake, dagster, place, message):
    text = mistake(PROJECT, dagster=dagster)
    assert f"DEMO/conf/base/dagster.yml:{place}" in text
    assert message in text
    assert "problem in the configuration" in text


def test_secrets_are_not_shown(mistake):
    text = mistake(PROJECT, dagster="jobs:\n  a: {token: hunter2, con: 'pg://me:hunter2@h/d', pipelin: x}\n")
    assert "DEMO/conf/base/dagster.yml:2:" in text
    assert "hunter2" not in text


def test_an_empty_registry_is_a_warning(location, project):
    project(registry=EMPTY_REGISTRY)
    file = location.add("demo", PROJECT)
    with pytest.warns(KedroProjectWarning, match="set `include_hooks: true`") as caught:
        defs = location.load()
    assert not list(defs.resolve_all_asset_specs())
    [warning] = [one for one in caught if one.category is KedroProjectWarning]
    assert (warning.filename, warning.lineno) == (str(file), 3)


def test_a_selection_of_nothing_is_a_warning(location, project):
    project()
    location.add("demo", PROJECT + "exclude: ['node:clean']")
    with pytest.warns(KedroProjectWarning, match="no node of Demo is left by `pipelines`, `select` and `exclude`"):
        location.load()


def test_a_pipeline_that_cannot_be_imported_is_a_warning(location, project):
    working = "from kedro.pipeline import node, pipeline\ndef create_pipeline():\n    return pipeline([node({}, 'raw', '{}', name='{}')])\n"
    project(
        registry="from kedro.framework.project import find_pipelines\ndef register_pipelines():\n    return find_pipelines()\n",
        files={
            "src/demo/pipelines/__init__.py": "",
            "src/demo/pipelines/good/__init__.py": working.format("lambda raw: raw", "cleaned", "clean"),
            "src/demo/pipelines/bad/__init__.py": "import not_installed\n",
        },
    )
    location.add("demo", PROJECT)
    with pytest.warns(KedroProjectWarning) as caught:
        defs = location.load()
    assert {job.name for job in defs.jobs} == {"good"}
    text = str(next(one.message for one in caught if one.category is KedroProjectWarning))
    assert "bad" in text
    assert "No module named 'not_installed'" in text


def test_the_traceback_on_request(location, monkeypatch):
    location.add("demo", "project: ../nowhere")
    monkeypatch.setenv("KEDRO_DAGSTER_TRACEBACK", "1")
    with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever Dagster makes of it
        location.load()
    assert not isinstance(caught.value, LoadError)


def test_a_mistake_at_the_root_of_defs_in_the_project_itself(project):
    location = CodeLocation(project().root)
    file = location.add("", "env: locla", file="defs.yaml")
    with pytest.raises(LoadError, match="no environment 'locla'") as caught:
        location.load()
    assert str(caught.value).startswith(f"{file}:3:8: ")
