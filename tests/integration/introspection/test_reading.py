"""Whole projects, read in a subprocess."""

import json
import math
import shutil
import tarfile

from kedro_dagster_component.introspection import introspect_project
from kedro_dagster_component.manifest import ProjectManifest, SourceRef

REGISTRY = """
    from functools import partial
    from kedro.pipeline import node, pipeline

    def clean(raw, threshold):
        '''Take out what is too small.'''
        return raw

    def chunks(x):
        yield x

    def scale(x, factor):
        return x

    def report(x, parameters):
        return None

    def register_pipelines():
        prepare = pipeline([
            node(clean, ["raw@pandas", "params:limits.low"], "cleaned", name="clean-it", tags=["nightly"]),
            node(partial(scale, factor=2), "cleaned", "scaled.int", name="scale"),
        ])
        models = sum(
            (
                pipeline(
                    [node(chunks, "cleaned", "model", name="fit"), node(report, ["model", "parameters"], None, name="report__it")],
                    namespace=name,
                    inputs={"cleaned"},
                    parameters={"parameters"},
                )
                for name in ("north", "south.east")
            ),
            pipeline([]),
        )
        other = pipeline([node(lambda x: x, "raw@spark", "größe", name="größe")])
        same_name = pipeline([node(clean, ["other", "params:limits"], "cleaned2", name="clean-it")])
        return {"prepare": prepare, "models": models, "other": other, "same": same_name, "__default__": prepare + models}
"""
CATALOG = """
    _base: data

    raw@pandas:
      type: pandas.CSVDataset
      filepath: ${_base}/raw.csv
      credentials: store
      metadata: {description: raw ones, token: abc}
    raw@spark:
      type: spark.SparkDataset
      filepath: s3://me:pw@bucket/raw.csv?x=1
      load_args: {password: hunter2}

    "{namespace}.model":
      type: pickle.PickleDataset
      filepath: data/{namespace}.pkl
      versioned: true
      credentials: "{namespace}_store"
    cleaned:
      type: MemoryDataset
"""
DAGSTER = """
    jobs:
      all: {pipeline: {pipeline_name: __default__}}
      nightly: {pipeline: {tags: [nightly]}}
      wrong: {pipeline: {node_names: [nothing]}}
      unknown: {pipeline: {pipeline_name: modells}}
      "{area}__fit": {pipeline: {pipeline_name: models, node_namespaces: ["{area}"], node_names: ["{area}.fit"]}, tags: {area: "{area}"}}
"""


def test_a_whole_project(project):
    demo = project(
        registry=REGISTRY,
        catalog=CATALOG,
        parameters="limits: {low: 1, api_key: secret-1}",
        dagster=DAGSTER,
        files={
            "conf/prod/catalog.yml": "größe: {type: json.JSONDataset, filepath: x.json}",
            "conf/prod/dagster.yml": "",
        },
    )
    manifest = introspect_project(demo.ref(env="prod"))

    assert (manifest.project_name, manifest.package_name, manifest.env) == ("Demo", "demo", "prod")
    assert manifest.environments == ("base", "local", "prod")
    assert list(manifest.pipelines) == ["prepare", "models", "other", "same", "__default__"]
    clean_id = manifest.pipelines["prepare"][0]
    assert manifest.pipelines["prepare"] == (clean_id, "scale")
    assert set(manifest.pipelines["models"]) == {
        "north.fit",
        "north.report__it",
        "south.east.fit",
        "south.east.report__it",
    }
    clean = manifest.nodes[clean_id]
    other = manifest.nodes[manifest.pipelines["same"][0]]
    assert clean.name == other.name == "clean-it"
    assert clean.id != other.id
    assert clean.pipelines == ("prepare", "__default__")
    assert clean.tags == ("nightly",)
    assert clean.description == "Take out what is too small."
    assert clean.signature == "clean(raw, threshold)"
    assert clean.source == SourceRef(file=str(demo.root / "src/demo/pipeline_registry.py"), line=5)
    assert manifest.nodes["scale"].func == "partial(demo.pipeline_registry.scale)"
    assert manifest.nodes["north.fit"].is_generator
    assert manifest.nodes["south.east.fit"].namespace == "south.east"
    assert manifest.nodes["north.report__it"].outputs == ()
    assert manifest.warnings == ()

    _check_datasets(demo, manifest)
    assert manifest.parameters["params:limits.low"].value == 1
    assert manifest.parameters["params:limits"].value == {"low": 1, "api_key": "***"}
    assert manifest.parameters["parameters"].value == {"limits": {"low": 1, "api_key": "***"}}
    _check_jobs(demo, manifest)

    text = manifest.model_dump_json()
    assert ProjectManifest.model_validate_json(text) == manifest
    assert not any(secret in text for secret in ("hunter2", "me:pw", "secret-1", "abc", "x=1"))


def _check_datasets(demo, manifest):
    catalog = demo.root / "conf/base/catalog.yml"
    raw = manifest.datasets["raw"]
    assert raw.spellings == ("raw@pandas", "raw@spark")
    assert (raw.type, raw.is_single_process, raw.location) == (
        "pandas.CSVDataset",
        True,
        SourceRef(file=str(catalog), line=4),
    )
    assert raw.config["filepath"] == "data/raw.csv"
    assert raw.config["credentials"] == "store"
    assert raw.metadata == {"description": "raw ones", "token": "***"}
    model = manifest.datasets["north.model"]
    assert (model.pattern, model.in_catalog, model.is_versioned) == ("{namespace}.model", True, True)
    assert model.config["filepath"] == "data/north.pkl"
    assert model.location == SourceRef(file=str(catalog), line=14)
    cleaned, scaled = manifest.datasets["cleaned"], manifest.datasets["scaled.int"]
    assert (cleaned.in_catalog, cleaned.is_memory) == (True, True)
    assert (scaled.in_catalog, scaled.is_memory, scaled.type) == (False, True, "MemoryDataset")
    assert manifest.datasets["größe"].location == SourceRef(file=str(demo.root / "conf/prod/catalog.yml"), line=1)


def _check_jobs(demo, manifest):
    assert manifest.dagster_files == (
        str(demo.root / "conf/base/dagster.yml"),
        str(demo.root / "conf/prod/dagster.yml"),
    )
    selections = manifest.job_selections
    assert set(selections["all"].node_ids) == set(manifest.pipelines["__default__"])
    assert [manifest.nodes[node_id].name for node_id in selections["nightly"].node_ids] == ["clean-it"]
    assert "nothing" in selections["wrong"].error
    assert "did you mean 'models'?" in selections["unknown"].error
    assert selections["north__fit"].node_ids == ("north.fit",)
    assert selections["north__fit"].source == "{area}__fit"
    assert manifest.jobs["north__fit"].config["tags"] == {"area": "north"}
    assert manifest.jobs["all"].key == "all"


def test_catch_all_patterns_and_types_of_the_project(read):
    registry = """
        from kedro.pipeline import node, pipeline
        def f(x): return x
        def register_pipelines():
            return {"__default__": pipeline([node(f, "a", "b", name="f"), node(f, "b", "c", name="g"), node(f, "c", "d", name="h")])}
    """
    datasets = """
        from kedro.io import MemoryDataset
        class Live(MemoryDataset): pass
        class Single(MemoryDataset):
            _SINGLE_PROCESS = True
    """
    catalog = """
        a: {type: demo.datasets.Single}
        b: {type: demo.missing.Dataset}
        c: {type: CachedDataset, versioned: true, dataset: {type: pandas.CSVDataset, filepath: x}}
        "{default}": {type: demo.datasets.Live}
    """
    manifest = read(registry=registry, catalog=catalog, files={"src/demo/datasets.py": datasets})
    a, b, c, d = (manifest.datasets[name] for name in "abcd")
    assert (a.is_memory, a.is_single_process) == (True, True)
    assert (c.is_memory, c.is_single_process, c.is_versioned) == (False, True, True)
    assert (d.pattern, d.is_memory, d.in_catalog, d.is_single_process) == ("{default}", True, True, False)
    assert b.type == "demo.missing.Dataset"
    [problem] = manifest.problems
    assert problem.message == "b.type: cannot import 'demo.missing.Dataset': there is no module 'demo.missing'"
    assert problem.hint == "did you mean 'datasets'?" or problem.hint.startswith("there is: ")


def test_fingerprints_are_the_same_in_another_process(project):
    demo = project(registry=REGISTRY)
    first, second = introspect_project(demo.ref()), introspect_project(demo.ref())
    assert first == second


def test_runtime_parameters_and_the_environment_variable(project, monkeypatch):
    monkeypatch.setenv("KEDRO_ENV", "prod")
    demo = project(
        catalog="raw: {type: pandas.CSVDataset, filepath: '${runtime_params:file}'}",
        files={"conf/prod/parameters.yml": "threshold: 2"},
    )
    params = {"file": "x.csv", "threshold": math.inf, "options": {"a": {"b": {1: [None, "1"]}}}}
    manifest = introspect_project(demo.ref(runtime_params=params))
    assert manifest.env == "prod"
    assert manifest.datasets["raw"].config["filepath"] == "x.csv"
    assert manifest.parameters["params:threshold"].value == "inf"
    assert manifest.ref.runtime_params == params


def test_a_packaged_project_with_an_archive(project, tmp_path, monkeypatch):
    demo = project(files={"conf/prod/parameters.yml": "threshold: 7"})
    archive = tmp_path / "conf.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(demo.root / "conf", arcname="conf")
    monkeypatch.syspath_prepend(str(demo.root / "src"))
    monkeypatch.setenv("PYTHONPATH", str(demo.root / "src"))
    work = tmp_path / "work"
    work.mkdir()
    ref = demo.ref(package_name="demo", conf_source=str(archive), env="prod").model_copy(
        update={"project_path": str(work)}
    )
    shutil.rmtree(demo.root / "conf")
    manifest = introspect_project(ref)
    assert (manifest.package_name, manifest.project_name) == ("demo", "demo")
    assert manifest.parameters["params:threshold"].value == 7
    assert manifest.environments == ("base", "local", "prod")
    assert manifest.datasets["raw"].location is None
    assert list(work.iterdir()) == []


def test_what_the_project_prints_disturbs_nothing(read):
    manifest = read(settings="import sys; print('{\"noise\": 1}'); print('more', file=sys.stderr)")
    assert list(manifest.nodes) == ["clean"]


def test_modules_of_the_project_may_be_named_like_ours_or_like_pythons(read):
    registry = """
        import nodes, conf
        from kedro.pipeline import node, pipeline
        def register_pipelines():
            return {"__default__": pipeline([node(nodes.f, "a", "b", name="f")])}
    """
    files = {"src/nodes.py": "def f(x): return x", "src/conf.py": "", "logging.py": "raise ImportError('hidden')"}
    assert read(registry=registry, files=files).nodes["f"].func == "nodes.f"


def test_code_that_imports_this_package_gets_the_real_one(read):
    registry = """
        from kedro_dagster_component.errors import StepError
        from kedro.pipeline import node, pipeline
        import sys
        assert "dagster" not in sys.modules
        def f(x): return x
        def register_pipelines():
            return {"__default__": pipeline([node(f, "a", "b", name="f")])}
    """
    assert list(read(registry=registry).nodes) == ["f"]


def test_custom_classes_of_the_settings_are_used(read):
    settings = """
        from kedro.config import OmegaConfigLoader
        from kedro.framework.context import KedroContext
        class Loader(OmegaConfigLoader):
            def __getitem__(self, key):
                value = super().__getitem__(key)
                return {**value, "threshold": 9} if key == "parameters" else value
        class Context(KedroContext):
            @property
            def params(self):
                return super().params
        CONFIG_LOADER_CLASS = Loader
        CONTEXT_CLASS = Context
        CONFIG_LOADER_ARGS = {"base_env": "base", "default_run_env": "base"}
    """
    manifest = read(settings=settings)
    assert manifest.parameters["params:threshold"].value == 9
    assert manifest.env == "base"


def test_a_parameter_that_is_not_configured_has_no_entry(read):
    manifest = read(parameters=None)
    assert manifest.parameters == {}
    assert json.loads(manifest.model_dump_json())["nodes"]["clean"]["inputs"] == ["raw", "params:threshold"]
