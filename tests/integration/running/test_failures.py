"""Events, hooks and errors of single steps: what is logged is what happened."""

import textwrap

import pytest

REGISTRY = """
    import logging
    import warnings

    from kedro.pipeline import node, pipeline

    logger = logging.getLogger(__name__)

    def bad_save():
        return {"fine": 1}, {"not": {1, 2}}

    def two():
        return "a", "b"

    def show(text):
        logger.info("SHOWN %s", text)

    def broken(text):
        raise KeyError("the node's own words")

    def boom_in_memory(text):
        return lambda: text

    def take(thing):
        return thing()

    def register_pipelines():
        return {
            "__default__": pipeline([
                node(two, None, ["a_text", "b_text"], name="two"),
                node(show, "a_text", None, name="show"),
            ]),
            "bad": pipeline([node(bad_save, None, ["good", "bad"], name="bad_save")]),
            "broken": pipeline([node(broken, "c_text", None, name="breaks")]),
            "function": pipeline([
                node(boom_in_memory, "c_text", "function", name="make_function"),
                node(take, "function", "d_text", name="take_function"),
            ]),
            "missing": pipeline([node(show, "nowhere", None, name="show_nowhere")]),
        }
"""
CHANGED = REGISTRY.replace('node(show, "a_text"', 'node(show, "b_text"')
CATALOG = """
    "{name}_text": {type: text.TextDataset, filepath: "data/{name}.txt"}
    good: {type: json.JSONDataset, filepath: data/good.json}
    bad: {type: json.JSONDataset, filepath: data/bad.json}
"""
HOOKS = """
    import logging

    from kedro.framework.hooks import hook_impl

    logger = logging.getLogger("demo.hooks")

    class Watch:
        @hook_impl
        def after_catalog_created(self, catalog):
            pass  # it may bring any dataset, so that an input of no catalog does not end the load

        @hook_impl
        def before_node_run(self, node, inputs):
            logger.info("HOOK before_node_run %s %s", node.name, inputs)
            return {"a_text": "replaced"} if node.name == "show" else None

        @hook_impl
        def after_node_run(self, node, outputs):
            logger.info("HOOK after_node_run %s", node.name)

        @hook_impl
        def on_node_error(self, error, node, inputs):
            logger.error("HOOK on_node_error %s %r %s", node.name, error, inputs)

        @hook_impl
        def before_dataset_loaded(self, dataset_name, node):
            logger.info("HOOK before_dataset_loaded %s %s", dataset_name, node.name)

        @hook_impl
        def after_dataset_loaded(self, dataset_name, data, node):
            logger.info("HOOK after_dataset_loaded %s %s", dataset_name, data)

        @hook_impl
        def before_dataset_saved(self, dataset_name, data, node):
            logger.info("HOOK before_dataset_saved %s %s", dataset_name, data)

        @hook_impl
        def after_dataset_saved(self, dataset_name, data, node):
            logger.info("HOOK after_dataset_saved %s %s", dataset_name, data)
"""
FILES = {"src/demo/hooks.py": HOOKS, "data/c.txt": "c", "data/a.txt": "from before"}
SETTINGS = "from demo.hooks import Watch\n\nHOOKS = (Watch(),)\n"


@pytest.fixture(scope="module")
def project(tmp_path_factory, builder):
    root = tmp_path_factory.mktemp("failures") / "project"
    texts = {"registry": REGISTRY, "settings": SETTINGS, "catalog": CATALOG, "parameters": "", "files": FILES}
    return builder(root, **texts).write()


@pytest.fixture(scope="module")
def reports(project, locate):
    location = locate(project.root.parent / "location", {"kedro": f"project: {project.root}"})
    requests = {
        "hooks": {"job": "default"},
        "part": {"assets": ["a_text"]},
        "bad": {"job": "bad"},
        "broken": {"job": "broken"},
        "missing": {"job": "missing"},
        "function": {"job": "function", "executor": "multiprocess"},
    }
    return dict(zip(requests, location.run(*requests.values()), strict=True))


def hooks(report):
    return [text.partition("HOOK ")[2] for _, text in report["logs"] if " - HOOK " in text]


def failure(report, step):
    assert not report["success"]
    return report["failures"][step]


def test_hooks_fire_once_for_each_load_node_and_save(reports):
    assert reports["hooks"]["success"], reports["hooks"]
    assert hooks(reports["hooks"]) == [
        "before_node_run two {}",
        "after_node_run two",
        "before_dataset_saved a_text a",
        "after_dataset_saved a_text a",
        "before_dataset_saved b_text b",
        "after_dataset_saved b_text b",
        "before_dataset_loaded a_text show",
        "after_dataset_loaded a_text a",
        "before_node_run show {'a_text': 'a'}",
        "after_node_run show",
    ]


def test_what_before_node_run_returns_replaces_inputs(reports):
    assert [20, "demo.pipeline_registry - SHOWN replaced"] in reports["hooks"]["logs"]


def test_a_partial_selection_logs_what_the_node_saved_besides(reports):
    report = reports["part"]
    assert report["success"], report
    assert sorted(report["order"]) == ["a_text", "b_text"]
    assert report["saved"]["b_text"]["kedro/size_bytes"] == 1


def test_no_event_without_a_save(reports):
    text = failure(reports["bad"], "bad_save")
    assert "Object of type set is not JSON serializable" in text
    assert "bad" not in reports["bad"]["saved"]


def test_an_error_of_the_node_is_shown_with_its_traceback(reports):
    text = failure(reports["broken"], "breaks")
    assert 'KeyError: "the node\'s own words"' in text
    assert "pipeline_registry.py" in text
    assert "in broken" in text
    errors = [text for level, text in reports["broken"]["logs"] if level == 40 and "HOOK on_node_error" in text]
    assert errors == ["demo.hooks - HOOK on_node_error breaks KeyError(\"the node's own words\") {'c_text': 'c'}"]


def test_a_missing_input_is_told_in_kedros_words(reports):
    text = failure(reports["missing"], "show_nowhere")
    assert "'nowhere'" in text
    assert "show_nowhere" in text


def test_a_function_between_processes_names_dataset_node_and_ways_out(reports):
    text = failure(reports["function"], "make_function")
    for part in ("MemoryDatasetError", "'function'", "'make_function'", "in_process", "add it to the catalog"):
        assert part in text


def test_changed_code_is_refused_before_the_node_runs(project, locate):
    location = locate(project.root.parent / "stale", {"kedro": f"project: {project.root}"})
    registry = str(project.root / "src/demo/pipeline_registry.py")
    (report,) = location.run({"job": "default", "write": {registry: textwrap.dedent(CHANGED)}})
    text = failure(report, "show")
    assert "StaleNodeError" in text
    assert "reload the definitions" in text
    assert "demo.pipeline_registry.show(['a_text']) -> []" in text
    assert "is now show: show([b_text]) -> None" in text
    assert not any("SHOWN" in text for _, text in report["logs"])
    assert report["steps"] == ["two"]
