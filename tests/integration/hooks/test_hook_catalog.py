"""What hooks find in the catalog they are given, and who is told when a node ends its process: as under `kedro run`."""

import json

import pytest

pytestmark = pytest.mark.slow

REGISTRY = """
    import sys

    from kedro.pipeline import node, pipeline


    def register_pipelines():
        nodes = [
            node(lambda: 1, None, "first", name="first"),
            node(lambda first: first, "first", "made_second", name="second"),
            node(lambda second: second, "made_second", "third", name="third"),
            node(lambda third: (third, {"in": "memory"}), "third", ["kept", "loose"], name="fourth"),
        ]
        leave = [node(leave_process, "params:code", "left", name="leave")]
        return {"__default__": pipeline(nodes), "leaving": pipeline(leave)}


    def leave_process(code):
        sys.exit(code)
"""
CATALOG = """
    kept: {type: json.JSONDataset, filepath: data/kept.json}
    unused: {type: json.JSONDataset, filepath: data/unused.json}
    "made_{name}": {type: pickle.PickleDataset, filepath: "data/{name}.pickle"}
"""
HOOKS = '''
    import json
    import os

    from kedro.framework.hooks import hook_impl


    class Look:
        """Writes down what each hook finds."""

        def write(self, hook, catalog, **more):
            names = sorted(name for name in catalog.keys() if not name.startswith("param"))
            inside = {name: name in catalog for name in ("first", "made_second", "kept", "nowhere")}
            line = {"hook": hook, "keys": names, "in": inside, **more}
            with open(os.environ["HOOK_TRACE"], "a") as file:
                file.write(json.dumps(line) + "\\n")

        @hook_impl
        def before_pipeline_run(self, catalog):
            self.write("before_pipeline_run", catalog, got=catalog.get("first") is not None)

        @hook_impl
        def before_node_run(self, node, catalog):
            self.write(f"before_node_run {node.name}", catalog, got=type(catalog.get("third")).__name__)

        @hook_impl
        def after_node_run(self, node, catalog):
            self.write(f"after_node_run {node.name}", catalog)

        @hook_impl
        def after_pipeline_run(self, run_result, catalog):
            result = {name: dataset.load() for name, dataset in sorted(run_result.items())}
            self.write("after_pipeline_run", catalog, result=result)

        @hook_impl
        def on_node_error(self, error, node, catalog):
            self.write(f"on_node_error {type(error).__name__}", catalog)

        @hook_impl
        def on_pipeline_error(self, error, catalog):
            name = getattr(error, "class_name", type(error).__name__)
            self.write(f"on_pipeline_error {name}", catalog, live=not hasattr(error, "class_name"))
'''
SETTINGS = "from demo.hooks import Look\n\nHOOKS = (Look(),)\n"
DAGSTER = """
    jobs:
      all: {pipeline: {pipeline_name: __default__}}
      leaving: {pipeline: {pipeline_name: leaving}}
"""
SEVERAL = {"execution": {"config": {"multiprocess": {"max_concurrent": 1}}}}


@pytest.fixture(scope="module")
def written(tracing, tmp_path_factory):
    texts = {
        "registry": REGISTRY,
        "catalog": CATALOG,
        "settings": SETTINGS,
        "dagster": DAGSTER,
        "parameters": "code: 0",
    }
    return tracing(tmp_path_factory.mktemp("catalog"), files={"src/demo/hooks.py": HOOKS}, **texts)


@pytest.fixture
def look(written):
    """What the hooks find while something runs: its result and their lines."""

    def look(run):
        written.trace_file.unlink(missing_ok=True)
        result = run()
        return result, [json.loads(line) for line in written.trace_file.read_text().splitlines()]

    return look


def test_hooks_find_in_the_catalog_what_they_find_under_kedro_run(written, look):
    _, kedro = look(written.kedro_run)
    for executor in ("in_process", "api"):
        (report,), found = look(lambda executor=executor: written.drive({"job": "all", "executor": executor}))
        assert report["success"], report
        assert found == kedro


def test_hooks_find_the_same_in_processes_of_their_own(written, look):
    _, kedro = look(written.kedro_run)
    (report,), found = look(lambda: written.drive({"job": "all", "config": SEVERAL}))
    assert report["success"], report
    assert found == kedro
    assert found[-1]["result"] == {"kept": 1, "loose": {"in": "memory"}}


@pytest.mark.parametrize("code", [0, 3])
def test_a_node_that_ends_its_process_is_an_error_of_the_run_alone(written, look, code):
    (written.project / "conf/base/parameters.yml").write_text(f"code: {code}")
    done, kedro = look(lambda: written.kedro_run("--pipeline", "leaving", ok=False))
    hooks = ["before_pipeline_run", "before_node_run leave"]
    assert (done.returncode, [line["hook"] for line in kedro]) == (code, hooks)  # there the process is the run
    for request in ({"executor": "in_process"}, {"executor": "api"}, {"config": SEVERAL}):
        (report,), found = look(lambda request=request: written.drive({"job": "leaving", **request}))
        assert [line["hook"] for line in found] == [*hooks, "on_pipeline_error SystemExit"]
        assert found[-1]["live"] == ("executor" in request)
        assert not report["success"]
        assert f"SystemExit: {code}" in report["failures"]["leave"]
