"""Overrides take effect: parameters, load versions, datasets and async, in the order of precedence."""

import json

import pytest

REGISTRY = """
    import dataclasses
    import json
    import logging
    from pathlib import Path

    from kedro.pipeline import node, pipeline

    logger = logging.getLogger(__name__)

    @dataclasses.dataclass
    class Options:
        depth: int
        width: int = 7

    def show(model, depth, order, parameters):
        seen = {"model": model, "depth": depth, "order": order, "parameters": parameters}
        Path("data").mkdir(exist_ok=True)
        Path("data/seen.json").write_text(json.dumps(seen, default=vars))
        logger.info("SEEN %s", json.dumps(seen, default=vars))

    def show_typed(typed: Options):
        if isinstance(typed, dict):  # Kedro before 1.5
            typed = Options(**typed)
        logger.info("TYPED %s %s %s", type(typed).__name__, typed.depth, typed.width)

    def read(table, made):
        logger.info("ROWS %s %s", len(table), made)
        return f"{len(table)}"

    def register_pipelines():
        show_it = node(show, ["params:model", "params:model.depth", "params:order", "parameters"], None, name="show")
        return {
            "__default__": pipeline([show_it, node(show_typed, "params:typed", None, name="typed")]),
            "data": pipeline([node(read, ["table", "some_text"], "rows_text", name="read")]),
        }
"""
HOOKS = """
    import json
    import logging

    from kedro.framework.hooks import hook_impl

    logger = logging.getLogger("demo.hooks")

    class Watch:
        @hook_impl
        def after_context_created(self, context):
            logger.info("CONTEXT %s", json.dumps(context.params, default=vars))

        @hook_impl
        def after_catalog_created(self, catalog, save_version):
            logger.info("CATALOG %s %s", catalog.load("params:order.session"), save_version)

        @hook_impl
        def before_node_run(self, node, catalog, inputs, is_async, run_id):
            loaded = {name: catalog.load(name) for name in inputs if name.startswith("params:model")}
            logger.info("NODE %s", json.dumps(loaded, default=vars))
            logger.info("ASYNC %s", is_async)

        @hook_impl
        def after_dataset_loaded(self, dataset_name, data):
            if dataset_name == "params:model.depth":
                logger.info("LOADED %s", data)
"""
BASE = """
    model: {depth: 1, width: 1, inner: {a: 1, b: 2}}
    typed: {depth: 1}
    only_base: 1
    order: {base: base}
"""
LOCAL = """
    model: {depth: 2, width: 2, inner: {a: 3, b: 4}}
    order: {base: env, env: env, component: env, job: env, session: env, op: env}
"""
COMPONENT = {"order": {"component": "component", "job": "component", "session": "component", "op": "component"}}
DAGSTER = """
    jobs:
      main: {pipeline: {pipeline_name: __default__}}
      data: {pipeline: {pipeline_name: data}}
      with_params:
        pipeline: {pipeline_name: __default__}
        params: {order: {job: job, session: job, op: job}, model: {inner: {a: 30}}}
"""
CATALOG = """
    table: {type: pandas.CSVDataset, filepath: data/table.csv}
    wrapped: {type: kedro.io.CachedDataset, dataset: {type: text.TextDataset, filepath: data/wrapped.txt}}
    "{name}_text": {type: text.TextDataset, filepath: "data/{name}.txt"}
"""
FILES = {
    "src/demo/hooks.py": HOOKS,
    "conf/local/parameters.yml": LOCAL,
    "data/table.csv": "a\n1\n2\n",
    "data/other.csv": "a\n1\n",
    "data/some.txt": "some",
    "data/another.txt": "another",
}


def session(**options):
    return {"resources": {"kedro": {"config": options}}}


OP = {"config": {"params:order": {"op": "op"}}}
REQUESTS = {
    "plain": {"job": "main"},
    "nested": {"job": "main", "config": {"ops": {"show": {"config": {"params:model": {"inner": {"b": 40}}}}}}},
    "dotted": {
        "job": "main",
        "config": {
            "ops": {"show": {"config": {"params:model.depth": 50}}, "typed": {"config": {"params:typed": {"depth": 6}}}}
        },
    },
    "parameters": {"job": "main", "config": {"ops": {"show": {"config": {"parameters": {"model": {"depth": 60}}}}}}},
    "session": {"job": "main", "config": session(runtime_params={"model": {"inner": {"a": 70}}, "added": 1})},
    "session_dotted": {"job": "main", "config": session(runtime_params={"model.inner.a": 70, "model.depth": 5})},
    "job": {"job": "with_params"},
    "all": {
        "job": "with_params",
        "config": {**session(runtime_params={"order": {"session": "session", "op": "session"}}), "ops": {"show": OP}},
    },
    "bad_type": {"job": "main", "config": {"ops": {"typed": {"config": {"params:typed": {"depth": "much"}}}}}},
    "data": {"job": "data"},
    "datasets": {
        "job": "data",
        "config": session(
            datasets={"table": {"filepath": "data/other.csv"}, "some_text": {"filepath": "data/another.txt"}}
        ),
    },
    "async": {"job": "data", "config": session(is_async=True)},
    "type": {"job": "data", "config": session(datasets={"table": {"type": "pickle.PickleDataset"}})},
    "credentials": {"job": "data", "config": session(datasets={"table": {"credentials": {"key": "s3cr3t"}}})},
    "inner_type": {
        "job": "data",
        "config": session(datasets={"wrapped": {"dataset": {"type": "pickle.PickleDataset"}}}),
    },
    "short_type": {"job": "data", "config": session(datasets={"wrapped": {"dataset": "pickle.PickleDataset"}})},
    "unknown": {"job": "data", "config": session(datasets={"tabel": {"filepath": "x"}, "table": {"type": "x"}})},
    "adhoc": {"assets": ["show"], "config": {"ops": {"show": OP}}},
    "several": {
        "job": "with_params",
        "executor": "multiprocess",
        "config": {**session(runtime_params={"order": {"session": "session", "op": "session"}}), "ops": {"show": OP}},
    },
}


@pytest.fixture(scope="module")
def scene(tmp_path_factory, builder, locate, kedro_run):
    """Reports of all requests, and what plain `kedro run` shows with the component's runtime parameters."""
    root = tmp_path_factory.mktemp("overrides")
    project = builder(
        root / "project",
        registry=REGISTRY,
        settings="from demo.hooks import Watch\n\nHOOKS = (Watch(),)\n",
        catalog=CATALOG,
        parameters=BASE,
        dagster=DAGSTER,
        files=FILES,
    ).write()
    location = locate(root / "location", {"kedro": f"project: {project.root}\nruntime_params: {json.dumps(COMPONENT)}"})
    reports = dict(zip(REQUESTS, location.run(*REQUESTS.values()), strict=True))
    given = ",".join(f"order.{key}={value}" for key, value in COMPONENT["order"].items())
    kedro_run(project.root, "--params", given)
    return reports, json.loads((project.root / "data/seen.json").read_text())


def marked(report, mark):
    """What followed a mark in the run's log, e.g. `SEEN {...}`."""
    assert report["success"], report
    texts = [text.partition(f" - {mark} ")[2] for _, text in report["logs"] if f" - {mark} " in text]
    return [json.loads(text) if text.startswith("{") else text for text in texts]


def seen(report):
    (values,) = marked(report, "SEEN")
    assert values["order"] == values["parameters"]["order"]
    assert values["model"] == values["parameters"]["model"]
    assert values["depth"] == values["model"]["depth"]
    return values


def test_parameters_of_the_component_merge_as_kedro_run_does(scene):
    reports, by_kedro = scene
    assert seen(reports["plain"]) == by_kedro


def test_op_config_is_merged_deep_and_seen_by_hooks(scene):
    reports, _ = scene
    values = seen(reports["nested"])
    assert values["model"] == {"depth": 2, "width": 2, "inner": {"a": 3, "b": 40}}
    assert marked(reports["nested"], "NODE")[0]["params:model"] == values["model"]
    values = seen(reports["dotted"])
    assert values["model"] == {"depth": 50, "width": 2, "inner": {"a": 3, "b": 4}}
    assert marked(reports["dotted"], "LOADED") == ["50"]
    assert seen(reports["parameters"])["model"]["depth"] == 60
    assert seen(reports["parameters"])["model"]["width"] == 2
    assert seen(reports["parameters"])["parameters"]["only_base"] == 1


def test_typed_parameters_are_objects_with_the_override(scene):
    reports, _ = scene
    assert marked(reports["plain"], "TYPED") == ["Options 1 7"]
    assert marked(reports["dotted"], "TYPED") == ["Options 6 7"]
    assert not reports["bad_type"]["success"]


def test_session_and_job_parameters_keep_the_keys_beside_them(scene):
    reports, by_kedro = scene
    values = seen(reports["session"])
    assert values["model"] == {"depth": 2, "width": 2, "inner": {"a": 70, "b": 4}}
    assert values["parameters"]["added"] == 1
    assert values["parameters"]["only_base"] == 1
    assert marked(reports["session"], "CONTEXT")[0]["model"] == values["model"]
    dotted = {"depth": 5, "width": 2, "inner": {"a": 70, "b": 4}}
    assert seen(reports["session_dotted"])["model"] == dotted
    assert seen(reports["job"])["model"] == {"depth": 2, "width": 2, "inner": {"a": 30, "b": 4}}
    assert seen(reports["job"])["order"] == {**by_kedro["order"], "job": "job", "session": "job", "op": "job"}


@pytest.mark.parametrize("name", ["all", "several"])
def test_precedence(scene, name):
    reports, by_kedro = scene
    expected = {**by_kedro["order"], "job": "job", "session": "session", "op": "op"}
    assert expected["component"] == "component"
    assert seen(reports[name])["order"] == expected


def test_precedence_without_a_job(scene):
    reports, by_kedro = scene
    assert seen(reports["adhoc"])["order"] == {**by_kedro["order"], "op": "op"}


def test_dataset_overrides_change_the_result(scene):
    reports, _ = scene
    assert marked(reports["data"], "ROWS") == ["2 some"]
    assert marked(reports["datasets"], "ROWS") == ["1 another"]


def test_is_async(scene):
    reports, _ = scene
    assert marked(reports["data"], "ASYNC") == ["False"]
    assert marked(reports["async"], "ASYNC") == ["True"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("type", "The type of dataset 'table' cannot be changed for a run"),
        ("credentials", "The credentials of dataset 'table' cannot be changed for a run"),
        ("inner_type", "The type of dataset 'wrapped' cannot be changed for a run"),
        ("short_type", "The type of dataset 'wrapped' cannot be changed for a run"),
        ("unknown", "There is no dataset 'tabel' in the catalog to change; did you mean 'table'"),
        ("unknown", "The type of dataset 'table' cannot be changed for a run"),
    ],
)
def test_refused_dataset_overrides(scene, name, text):
    report = scene[0][name]
    assert not report["success"]
    assert text in "\n".join([*report["failures"].values(), report["error"] or ""])


def test_catalog_and_context_hooks_fire_once_for_a_run(scene):
    reports, _ = scene
    for name in ("plain", "all", "data"):
        assert len(marked(reports[name], "CONTEXT")) == 1
        assert len(marked(reports[name], "CATALOG")) == 1
    assert marked(reports["all"], "CATALOG")[0].startswith("session 20")
