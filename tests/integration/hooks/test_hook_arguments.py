"""What hooks are told, compared with what `kedro run` tells them; and hooks of other shapes and from plugins."""

import json
import textwrap

import pytest
from hook_traces import HOOKS, LEVELS, NODES

pytestmark = pytest.mark.slow

DAGSTER = """
    jobs:
      last:
        pipeline: {pipeline_name: __default__, tags: [last], from_nodes: [check]}
        params: {nested: {job: 1}}
      everything: {pipeline: {pipeline_name: __default__}}
"""
PARAMETERS = """
    size: 3
    nested: {base: 0, component: 0, job: 0, session: 0}
"""
SETTINGS = """
    from demo.hooks import Trace
    from demo.shapes import Bare, Few, Wrapping

    DISABLE_HOOKS_FOR_PLUGINS = ("switched-off",)
    HOOKS = (Trace("project"), Bare(), Few(), Wrapping())
"""
SHAPES = '''
    import json
    import os
    import time

    from kedro.framework.hooks import hook_impl
    from pluggy import HookimplMarker


    def write(by, hook, **values):
        with open(os.environ["HOOK_TRACE"], "a") as file:
            line = {"by": "order", "who": by, "hook": hook, "pid": os.getpid(), "version": None, "time": time.time_ns()}
            file.write(json.dumps({**line, **values}) + "\\n")


    class Bare:
        """Hooks without arguments; the last in line."""

        @hook_impl(trylast=True)
        def before_pipeline_run(self):
            write("last", "before_pipeline_run")

        @hook_impl
        def after_pipeline_run(self):
            write("bare", "after_pipeline_run")

        @hook_impl
        def after_catalog_created(self):
            write("bare", "after_catalog_created")


    class Few:
        """Hooks with some of the arguments; the first in line."""

        @hook_impl(tryfirst=True)
        def before_pipeline_run(self, run_params):
            write("first", "before_pipeline_run", params=run_params["runtime_params"])

        @hook_impl
        def before_node_run(self, inputs, node):
            if node.name == "add":
                return {"params:size": 100}

        @hook_impl
        def after_pipeline_run(self, catalog, run_result):
            write("few", "after_pipeline_run", data={name: dataset.load() for name, dataset in run_result.items() if dataset.exists()})


    class Wrapping:
        """A hook around the others."""

        @HookimplMarker("kedro")(wrapper=True)
        def before_pipeline_run(self):
            write("around", "before_pipeline_run")
            result = yield
            write("behind", "before_pipeline_run")
            return result
'''


def plugin(name):
    return f"{textwrap.dedent(HOOKS)}\n\nhooks = Trace({name!r})\n"


@pytest.fixture(scope="module")
def written(tracing, tmp_path_factory):
    attributes = "runtime_params: {nested: {component: 1}}\nenv: stage"
    files = {"src/demo/shapes.py": SHAPES, "conf/stage/.gitkeep": "", "data/checked.json": "[0, 1, 2]"}
    written = tracing(
        tmp_path_factory.mktemp("arguments"),
        instances={"kedro": attributes},
        dagster=DAGSTER,
        parameters=PARAMETERS,
        settings=SETTINGS,
        files=files,
    )
    for name in ("fine-plugin", "switched-off", "kedro-telemetry"):
        written.add_plugin(name.replace("kedro-telemetry", "fake-telemetry"), plugin(name), distribution=name)
    return written


@pytest.fixture(scope="module")
def runs(written):
    """Traces by name; those of the plugins are asked for with `written.runs(by)`."""
    written.kedro_run("--env=stage", "--params=nested.component=1,nested.job=1", "--tags=last", "--from-nodes=check")
    session = {"resources": {"kedro": {"config": {"runtime_params": {"nested": {"session": 1}}}}}}
    several = {"execution": {"config": {"multiprocess": {"max_concurrent": 2}}}}
    requests = {
        "all": {"job": "everything", "config": session},
        "filtered": {"job": "last", "config": session},
        "several": {"job": "everything", "config": {**session, **several}},
        "ad-hoc": {"assets": ["checked", "tell"]},
    }
    reports = dict(zip(requests, written.drive(*requests.values()), strict=True))
    assert all(report["success"] for report in reports.values()), reports
    traces = written.runs()
    return {"kedro": traces[None], **{name: traces[report["run_id"]] for name, report in reports.items()}}


def told(trace):
    return trace.one("before_pipeline_run")["run_params"]


def test_run_params_have_the_keys_of_the_installed_kedro(runs):
    kedro = told(runs["kedro"])
    for name in ("all", "filtered", "several", "ad-hoc"):
        params = told(runs[name])
        assert set(params) == {*kedro, "dagster_run_id"}
        assert {key: type(value) for key, value in params.items() if key in kedro and value is not None} == {
            key: type(params[key] if value is None else value)
            for key, value in kedro.items()
            if params[key] is not None
        }
        assert (params["project_path"], params["kedro_version"]) == (kedro["project_path"], kedro["kedro_version"])
        assert params["env"] == kedro["env"] == "stage"
        assert told(runs[name]) == runs[name].one("after_pipeline_run")["run_params"]


def test_filters_and_pipelines_are_those_of_the_job(runs):
    kedro, filtered, ad_hoc = (told(runs[name]) for name in ("kedro", "filtered", "ad-hoc"))
    for name in ("tags", "from_nodes", "to_nodes", "node_names", "from_inputs", "to_outputs", "namespaces"):
        assert filtered[name] == kedro[name], name
    assert filtered["pipeline_names"] == ["__default__"]
    assert (ad_hoc["pipeline_names"], ad_hoc["node_names"]) == ([], ["check", "tell"])
    for hook in ("before_pipeline_run", "after_pipeline_run"):
        mine, theirs = (runs[name].one(hook) for name in ("filtered", "kedro"))
        assert (mine["nodes"], mine["outputs"]) == (theirs["nodes"], theirs["outputs"])
    assert runs["ad-hoc"].one("before_pipeline_run")["nodes"] == ["check", "tell"]


def test_runtime_params_are_merged_from_component_job_and_session(runs):
    assert told(runs["filtered"])["runtime_params"] == {"nested": {"component": 1, "job": 1, "session": 1}}
    assert told(runs["all"])["runtime_params"] == {"nested": {"component": 1, "session": 1}}
    assert told(runs["ad-hoc"])["runtime_params"] == {"nested": {"component": 1}}
    nested = {"base": 0, "component": 1, "job": 1, "session": 1}
    assert {
        json.dumps(call["parameters"]["params:nested"]) for call in runs["filtered"].of("after_catalog_created")
    } == {json.dumps(nested)}


def test_run_result_holds_the_datasets_of_the_pipelines_outputs(runs):
    result = runs["all"].one("after_pipeline_run")["result"]
    assert sorted(result) == ["doubled", "total"]
    assert result["doubled"] == "MemoryDataset"
    assert runs["filtered"].one("after_pipeline_run")["result"] == runs["kedro"].one("after_pipeline_run")["result"]


def test_hooks_with_fewer_arguments_wrappers_and_places_in_line(written, runs):
    order = written.trace("order")
    version_order = [call["who"] for call in order.of("before_pipeline_run")]
    assert version_order == ["around", "first", "last", "behind"] * len(runs)
    assert len(order.of("after_pipeline_run")) == 2 * len(runs)
    (few, *_) = [call for call in order.of("after_pipeline_run") if call["who"] == "few" and "doubled" in call["data"]]
    assert few["data"]["doubled"] == [0, 2, 4]
    assert few["data"]["total"] == {"total": 3, "size": 100}


def test_plugins_hooks_fire_like_the_projects_and_those_switched_off_do_not(written, runs):
    plugins = written.runs("fine-plugin")
    for name in ("all", "filtered", "several", "ad-hoc"):
        project, installed = runs[name], plugins[told(runs[name])["dagster_run_id"]]
        assert installed.counts() == project.counts()
        assert installed.steps() == project.steps()
    assert not written.trace("switched-off").calls
    assert {node for node, _ in runs["all"].steps()} == set(NODES)


def test_telemetry_acts_once_for_a_run_and_never_for_a_load_or_a_step(written, runs):
    telemetry = written.trace("kedro-telemetry")
    assert len(telemetry.of("after_catalog_created")) == len(runs)
    by_run = written.runs("kedro-telemetry")
    several = by_run[told(runs["several"])["dagster_run_id"]]
    assert several.pids() == [runs["several"].one("before_pipeline_run")["pid"]]
    assert len(runs["several"].pids()) > 1
    assert not several.of(*LEVELS["node"])
