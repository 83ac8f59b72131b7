"""Steps of multiprocess runs: forked where a fork is as good as a new process, started afresh where it is not."""

import json
import multiprocessing
import random
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


GENERATORS = """
import atexit
import gc
import multiprocessing
import random
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

random.seed(7)
SEEDED = [random, random.Random(7), np.random.default_rng(7), np.random.RandomState(7), np.random.RandomState()]
SEEDED[-1].set_state(np.random.RandomState(7).get_state())
OTHERS = [np.random, random.Random(), np.random.default_rng(), np.random.RandomState(), np.random.RandomState()]
OTHERS[-1].normal()  # it has the second of a pair in reserve
POOLS = []
WAS_THERE = []
os.register_at_fork(after_in_child=lambda: WAS_THERE.append("pandas" in sys.modules))

def end_a_worker():
    worker = multiprocessing.get_context("fork").Process(target=time.sleep, args=(60,))
    worker.start()
    worker.terminate()
    worker.join()
    return worker.exitcode
"""
ANSWER = """{
    "parent": open(f"/proc/{os.getppid()}/cmdline").read(),
    "was there": WAS_THERE,
    "collects, and shares": [gc.isenabled(), gc.get_freeze_count() > 10_000],
    "seeded": [(getattr(one, "gauss", None) or one.normal)(0, 1) for one in SEEDED],
    "others": [(getattr(one, "gauss", None) or one.normal)(0, 1) for one in OTHERS],
    "start method": multiprocessing.get_start_method(),
    "worker": POOLS.append(ProcessPoolExecutor(1)) or POOLS[0].submit(abs, -3).result(),
    "ended by a signal": end_a_worker(),
    "end": str(atexit.register(Path("ended").touch)),
}"""


def test_steps_of_any_other_project_are_forked_from_a_process_that_has_imported_what_they_need(run, tmp_path):
    _, said = run(GENERATORS, ANSWER)
    assert said == []
    one, two = (json.loads((tmp_path / f"demo/data/{name}.json").read_text())["answer"] for name in ("one", "two"))
    assert "forkserver" in one["parent"]
    assert one["was there"] == two["was there"] == [True]
    assert one["collects, and shares"] == [True, True]
    assert one["seeded"] == two["seeded"]
    assert one["seeded"][0] == one["seeded"][1] == random.Random(7).gauss(0, 1)
    assert set(one["others"]).isdisjoint(two["others"])
    assert one["ended by a signal"] == -15, "as under kedro run, not as Dagster handles the signal"
    assert one["worker"] == 3, "and nobody waits for a worker that nobody has ended"
    assert (tmp_path / "demo/ended").exists()
    assert one["start method"] == multiprocessing.get_context().get_start_method()
