"""Steps of multiprocess runs: forked where a fork is as good as a new process, started afresh where it is not."""

import json
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="steps are forked nowhere else")

REGISTRY = """
import os

from kedro.pipeline import node, pipeline

{imports}


def first():
    return {{"answer": {answer}}}


def second(first):
    return {{"answer": {answer}}}


def register_pipelines():
    return {{"__default__": pipeline([node(first, None, "one", name="first"), node(second, "one", "two", name="second")])}}
"""
SERVICE = '''
"""A client library that does its work in a thread of its own, which it starts when it is imported."""

import queue
import threading

asked, answers = queue.Queue(), queue.Queue()


def serve():
    while True:
        answers.put(asked.get() * 2)


threading.Thread(target=serve, name="service", daemon=True).start()


def double(number):
    asked.put(number)
    return answers.get(timeout=20)
'''
CATALOG = """
    "{name}": {type: json.JSONDataset, filepath: "data/{name}.json"}
"""
DEFINITIONS = """
    from pathlib import Path

    import dagster as dg

    from location.service import double

    @dg.asset
    def doubled():
        return double(4)

    @dg.definitions
    def defs():
        folder = dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
        return dg.Definitions.merge(folder, dg.Definitions(assets=[doubled]))
"""


@pytest.fixture
def run(builder, locate, tmp_path):
    """Runs everything in several processes: the report, and what the nodes saw."""

    def run(imports="", answer="None", files=None, **location_files):
        registry = REGISTRY.format(imports=imports, answer=answer)
        project = {"registry": registry, "catalog": CATALOG, "parameters": "", "files": files or {}}
        builder(tmp_path / "demo", **project).write()
        location = locate(tmp_path / "location", {"kedro": f"project: {tmp_path / 'demo'}"}, **location_files)
        (report,) = location.run({"executor": "multiprocess"})
        assert report["success"], report
        return report, [text for _, text in report["logs"] if "Steps are started afresh" in text]

    return run


def test_a_thread_that_the_project_starts_when_it_is_imported_is_there_for_its_nodes(run):
    report, said = run("from demo.service import double", "double(21)", {"src/demo/service.py": SERVICE})
    assert sorted(report["steps"]) == ["first", "second"]
    assert len(said) == 1
    assert "service" in said[0]


def test_a_thread_that_the_code_location_starts_is_there_for_its_assets(run):
    files = {"location/service.py": SERVICE, "location/definitions.py": DEFINITIONS}
    report, said = run(**files)
    assert sorted(report["steps"]) == ["doubled", "first", "second"]
    assert len(said) == 1
    assert "service" in said[0]


def test_steps_of_any_other_project_are_forked_from_a_process_that_has_imported_what_they_need(run, tmp_path):
    imports = """
import sys

WAS_THERE = []
os.register_at_fork(after_in_child=lambda: WAS_THERE.append("pandas" in sys.modules))
"""
    _, said = run(imports, '[open(f"/proc/{os.getppid()}/cmdline").read(), WAS_THERE]')
    assert said == []
    for name in ("one", "two"):
        parent, was_there = json.loads((tmp_path / "demo" / "data" / f"{name}.json").read_text())["answer"]
        assert "forkserver" in parent
        assert was_there == [True]
