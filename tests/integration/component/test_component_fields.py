"""Every field of the component does what it says, on a real Kedro project."""

import shutil
import sys
import tarfile

import dagster as dg
import pytest

from kedro_dagster_component import KedroProjectComponent

PROJECT = "project: '{{ context.project_root }}/../demo'\n"
REGISTRY = """
    import os
    from kedro.pipeline import node, pipeline

    def clean(raw, threshold, options):
        '''Take out what is too small.'''
        return raw

    def publish(cleaned):
        return None

    def register_pipelines():
        cleaning = pipeline([node(clean, ["raw", "params:threshold", "params:options"], "cleaned", name="clean",
                                  tags=["nightly"])])
        publishing = pipeline([node(publish, "cleaned", None, name="publish")], namespace="out", inputs={"cleaned"})
        extra = pipeline([node(lambda cleaned: cleaned, "cleaned", os.environ.get("KEDRO_ENV", "unset"), name="extra")])
        return {"__default__": cleaning + publishing, "cleaning": cleaning, "publishing": publishing, "extra": extra}
"""
FILES = {
    "conf/base/parameters.yml": "threshold: 0.5\noptions: {a: 1, b: {c: 2}}\n",
    "conf/prod/parameters.yml": "threshold: 0.9\n",
    "other_conf/base/parameters.yml": "threshold: 0.1\noptions: {}\n",
    "other_conf/base/catalog.yml": "raw: {type: pandas.CSVDataset, filepath: other.csv}\n",
    "other_conf/local/.gitkeep": "",
}
DAGSTER = """
    executors:
      two: {multiprocess: {max_concurrent: 2}}
    jobs:
      nightly: {pipeline: {pipeline_name: __default__, tags: [nightly]}, executor: two, schedule: {cron_schedule: "@daily"}}
"""


@pytest.fixture
def demo(project):
    return project(registry=REGISTRY, parameters=None, files=FILES)


def keys(defs):
    return {spec.key.to_user_string() for spec in defs.resolve_all_asset_specs()}


def step(defs, key):
    return defs.resolve_assets_def(dg.AssetKey.from_user_string(key))


def defaults(defs, key):
    """Prefilled parameters of a step."""
    return step(defs, key).op.config_schema.config_type.fields


def test_every_field_is_described_with_examples():
    properties = KedroProjectComponent.get_model_cls().model_json_schema()["properties"]
    for name, field in properties.items():
        assert len(field.get("description", "")) > 20, name
        assert field.get("examples"), name
    assert {"project", "env", "select", "translation", "op", "executor"} <= properties.keys()


def test_plain(location, demo):
    location.add("kedro_project", PROJECT)
    defs = location.load()
    dg.Definitions.validate_loadable(defs)
    assert keys(defs) == {"raw", "cleaned", "out/publish", "unset"}
    assert {job.name for job in defs.jobs} == {"default", "cleaning", "publishing", "extra"}
    assert list(defs.resources) == ["kedro_project"]
    assert defaults(defs, "cleaned")["params:threshold"].default_value == 0.5


def test_env_and_runtime_params(location, demo):
    location.add("demo", PROJECT + "env: prod\nruntime_params: {options: {b: {c: 7}}}")
    defs = location.load()
    assert "prod" in keys(defs)
    assert defaults(defs, "cleaned")["params:threshold"].default_value == 0.9
    # Kedro merges them into base and into the environment, whose parameters then replace the top-level key.
    assert defaults(defs, "cleaned")["params:options"].default_value == {"b": {"c": 7}}


def test_runtime_params_of_an_environment_without_parameters(location, demo):
    location.add("demo", PROJECT + "runtime_params: {options: {b: {c: 7}}}")
    assert defaults(location.load(), "cleaned")["params:options"].default_value == {"a": 1, "b": {"c": 7}}


def test_env_from_the_surroundings(location, demo, monkeypatch):
    monkeypatch.setenv("KEDRO_ENV", "prod")
    location.add("demo", PROJECT + "select: ['pipeline:cleaning']")
    assert defaults(location.load(), "cleaned")["params:threshold"].default_value == 0.9


def test_conf_source_starts_at_the_root_of_the_project(location, demo):
    location.add("demo", PROJECT + "conf_source: other_conf")
    defs = location.load()
    assert defs.resolve_asset_graph().get(dg.AssetKey("raw")).metadata["dagster/uri"].endswith("other.csv")
    assert defaults(defs, "cleaned")["params:threshold"].default_value == 0.1


def test_exposure_and_names(location, demo):
    attributes = """
        pipelines: [__default__, extra]
        select: ['tag:nightly', 'namespace:out', 'dataset:unset']
        exclude: ['node:extra']
        name_prefix: x_
    """
    location.add("demo", PROJECT + attributes.replace("\n        ", "\n"))
    defs = location.load()
    assert keys(defs) == {"raw", "cleaned", "out/publish"}
    assert {job.name for job in defs.jobs} == {"x_default"}
    assert step(defs, "cleaned").op.name == "x_clean"


def test_executor_op_and_memory(location, project):
    project(registry=REGISTRY, parameters=None, files=FILES, dagster=DAGSTER)
    attributes = """
executor: two
memory_datasets: stored
op:
  tags: {team: forecast}
  pool: warehouse
  retry_policy: {max_retries: 3, delay: 2, backoff: EXPONENTIAL}
  backfill_policy: {type: single_run}
"""
    location.add("demo", PROJECT + attributes)
    defs = location.load()
    assert defs.executor.name == "multiprocess"
    op = step(defs, "cleaned").op
    assert op.tags.items() >= {"team": "forecast", "kedro/nightly": ""}.items()
    assert op.pool == "warehouse"
    assert op.retry_policy == dg.RetryPolicy(max_retries=3, delay=2, backoff=dg.Backoff.EXPONENTIAL)
    assert step(defs, "cleaned").backfill_policy == dg.BackfillPolicy.single_run()
    [job] = defs.jobs
    assert job.executor_def is defs.executor
    assert [schedule.name for schedule in defs.schedules] == ["nightly_schedule"]


def test_translation_sees_node_and_dataset(location, demo):
    attributes = """
translation:
  key: "{{ 'x' if node is none else node.namespace or 'top' }}/{{ spec.key.path[-1] }}"
  group_name: "{{ dataset.type.split('.')[-1] if dataset else 'none' }}"
  tags: {maker: "{{ node.name if node else 'nobody' }}"}
  owners: [team:forecast]
"""
    location.add("demo", PROJECT + attributes)
    specs = {spec.key.to_user_string(): spec for spec in location.load().resolve_all_asset_specs()}
    assert set(specs) == {"x/raw", "top/cleaned", "out/publish", "top/unset"}
    assert specs["x/raw"].group_name == "CSVDataset"
    assert specs["out/publish"].group_name == "none"
    assert specs["top/cleaned"].tags["maker"] == "clean"
    assert specs["x/raw"].tags["maker"] == "nobody"
    assert specs["top/cleaned"].owners == ["team:forecast"]


def test_a_translated_key_is_followed_everywhere(location, demo):
    location.add("demo", PROJECT + "translation: {key_prefix: [prod, x]}")
    defs = location.load()
    assert keys(defs) == {"prod/x/raw", "prod/x/cleaned", "prod/x/out/publish", "prod/x/unset"}
    assert step(defs, "prod/x/out/publish").dependency_keys == {dg.AssetKey(["prod", "x", "cleaned"])}
    assert {node.name for node in defs.resolve_job_def("default").nodes} == {"clean", "out_publish"}


def test_post_processing(location, demo):
    rest = """
        post_processing:
          assets:
            - target: 'key:"cleaned" or key:"raw"'
              attributes: {owners: ["team:data"], tags: {seen: "yes"}}
    """
    location.add("demo", PROJECT, rest=rest)
    specs = {spec.key.to_user_string(): spec for spec in location.load().resolve_all_asset_specs()}
    assert specs["cleaned"].owners == specs["raw"].owners == ["team:data"]
    assert "seen" not in specs["unset"].tags


HOOKED = """
    from kedro.framework.hooks import hook_impl
    from kedro.io import MemoryDataset

    class Hooks:
        @hook_impl
        def after_catalog_created(self, catalog):
            catalog["cleaned"] = __import__("kedro_datasets.pandas", fromlist=["x"]).CSVDataset(filepath="hooked.csv")

    HOOKS = (Hooks(),)
"""


@pytest.mark.parametrize(("include", "kind"), [("false", "memory"), ("true", "csv")])
def test_include_hooks(location, project, include, kind):
    project(registry=REGISTRY, parameters=None, files=FILES, settings=HOOKED)
    location.add("demo", PROJECT + f"include_hooks: {include}\nselect: ['pipeline:cleaning']")
    specs = {spec.key.to_user_string(): spec for spec in location.load().resolve_all_asset_specs()}
    assert kind in specs["cleaned"].kinds


@pytest.mark.parametrize("archived", [False, True])
def test_a_packaged_project(location, demo, monkeypatch, archived):
    installed = location.root.parent / "site"
    shutil.move(demo.root / "src", installed)
    source = location.root.parent / "deployed" / "conf"
    shutil.copytree(demo.root / "conf", source)
    shutil.rmtree(demo.root)
    if archived:
        archive = source.parent / "conf-demo.tar.gz"
        with tarfile.open(archive, "w:gz") as stream:
            stream.add(source, "conf")
        shutil.rmtree(source)
        source = archive
    monkeypatch.setenv("PYTHONPATH", str(installed), prepend=":")
    location.add("demo", f"package: demo\nconf_source: {source}\nenv: prod\nselect: ['pipeline:cleaning']")
    defs = location.load()
    assert keys(defs) == {"raw", "cleaned"}
    assert defaults(defs, "cleaned")["params:threshold"].default_value == 0.9
    # By their files: another project of that name may have run in this process before.
    files = [str(getattr(module, "__file__", "")) for module in list(sys.modules.values())]
    assert not [file for file in files if file.startswith(str(installed))]


def test_a_free_input_that_dagster_makes_is_left_to_dagster(location, demo):
    location.write("upstream.py", "import dagster as dg\n\n\n@dg.asset\ndef raw():\n    return None\n")
    location.add("demo", PROJECT + "exclude: ['dataset:raw']")
    defs = location.load()
    dg.Definitions.validate_loadable(defs)
    assert step(defs, "raw").is_executable
    assert defs.resolve_asset_graph().get(dg.AssetKey("cleaned")).parent_keys == {dg.AssetKey("raw")}
