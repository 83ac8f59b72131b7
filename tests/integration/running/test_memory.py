"""In-memory datasets: live inside one process, through Dagster's `io_manager` between processes."""

import pickle

import pytest

REGISTRY = """
    import json
    import threading
    import weakref

    from kedro.pipeline import node, pipeline

    kept = []
    class Big:
        pass

    def make():
        frame = {"rows": [1, 2, 3]}
        shared = {"n": 1}
        kept[:] = [frame, shared]
        return frame, shared

    def look(frame, shared):
        made_here = bool(kept)
        return {
            "frame": frame, "shared": shared,
            "frame_is_same": made_here and frame is kept[0],
            "shared_is_same": made_here and shared is kept[1],
        }

    def make_live():
        lock = threading.Lock()
        kept.append(lock)
        return lock, (number for number in range(3))

    def take_live(lock, numbers):
        return {"same_lock": lock is kept[-1], "numbers": list(numbers)}

    big_ref = []
    def make_big():
        big = Big()
        big_ref[:] = [weakref.ref(big)]
        return big

    def use_big(big):
        return {"alive": big_ref[0]() is not None}

    def after_big(seen):
        import gc
        gc.collect()
        return {"alive_before": seen["alive"], "alive_after": big_ref[0]() is not None}

    def first():
        return "one"

    def second(word):
        return word + " two"

    def third(words):
        return words + " three"

    def register_pipelines():
        return {
            "__default__": pipeline([
                node(make, None, ["frame", "shared"], name="make"),
                node(look, ["frame", "shared"], "seen", name="look"),
            ]),
            "live": pipeline([
                node(make_live, None, ["lock", "numbers"], name="make_live"),
                node(take_live, ["lock", "numbers"], "live_seen", name="take_live"),
            ]),
            "big": pipeline([
                node(make_big, None, "big", name="make_big"),
                node(use_big, "big", "big_seen", name="use_big"),
                node(after_big, "big_seen", "big_after", name="after_big"),
            ]),
            "words": pipeline([
                node(first, None, "word", name="first"),
                node(second, "word", "two_words", name="second"),
                node(third, "two_words", "three_words", name="third"),
            ]),
        }
"""
CATALOG = """
    shared: {type: MemoryDataset, copy_mode: assign}
    lock: {type: MemoryDataset, copy_mode: assign}
    numbers: {type: kedro.io.MemoryDataset, copy_mode: assign}
    big: {type: MemoryDataset, copy_mode: assign}
    seen: {type: json.JSONDataset, filepath: data/seen.json}
    live_seen: {type: json.JSONDataset, filepath: data/live_seen.json}
    big_seen: {type: json.JSONDataset, filepath: data/big_seen.json}
    big_after: {type: json.JSONDataset, filepath: data/big_after.json}
    three_words: {type: text.TextDataset, filepath: data/three_words.txt}
"""
# Stores like Dagster's own, in a folder the user chose, and notes what passes through it.
STORE = """
    from pathlib import Path
    import dagster as dg

    @dg.definitions
    def defs():
        return dg.Definitions(resources={{"io_manager": dg.FilesystemIOManager(base_dir={base!r})}})
"""


@pytest.fixture(scope="module")
def scene(tmp_path_factory, builder, locate):
    root = tmp_path_factory.mktemp("memory")
    project = builder(root / "project", registry=REGISTRY, catalog=CATALOG, parameters="").write()
    store = root / "store"
    location = locate(
        root / "location",
        {"kedro": f"project: {project.root}"},
        **{"location/defs/store.py": STORE.format(base=str(store))},
    )
    requests = {
        "live": {"job": "default"},
        "behind_nothing": {"assets": ["seen"]},
        "unpicklable_live": {"job": "live"},
        "released": {"job": "big"},
        "words_live": {"job": "words"},
        "behind_live": {"assets": ["two_words"]},
        "between": {"job": "default", "executor": "multiprocess"},
        "words_stored": {"job": "words", "executor": "multiprocess"},
        "behind_stored": {"assets": ["three_words"]},
        "newer_live": {"assets": ["word", "two_words"]},
        "behind_stale": {"assets": ["three_words"]},
        "unpicklable_between": {"job": "live", "executor": "multiprocess"},
    }
    texts = {}
    reports = dict(zip(requests, location.run(*requests.values()), strict=True))
    for file in (project.root / "data").iterdir():
        texts[file.name] = file.read_text()
    return reports, texts, store, project.root


def failure(report):
    assert not report["success"]
    return "\n".join(report["failures"].values())


def test_objects_stay_live_inside_one_process(scene):
    reports, texts, *_ = scene
    for name in ("live", "unpicklable_live", "released"):
        assert reports[name]["success"], reports[name]
    assert texts["live_seen.json"].replace("\n", "").replace(" ", "") == '{"same_lock":true,"numbers":[0,1,2]}'
    assert reports["live"]["saved"]["frame"]["kedro/stored"] is False


def test_memory_is_freed_when_the_last_reader_is_done(scene):
    assert '"alive_before": true' in scene[1]["big_after.json"]
    assert '"alive_after": false' in scene[1]["big_after.json"]


def test_objects_pass_through_the_io_manager_between_processes(scene):
    reports, texts, store, _ = scene
    assert reports["between"]["success"], reports["between"]
    assert '"frame_is_same": false' in texts["seen.json"]
    assert pickle.loads((store / "shared").read_bytes()) == {"n": 1}
    assert reports["between"]["saved"]["frame"]["kedro/stored"] is True


def test_a_run_behind_data_that_nothing_stored_is_refused_with_the_ways_out(scene):
    for name in ("behind_nothing", "behind_live"):
        text = failure(scene[0][name])
        assert "MemoryDatasetError" in text
        for part in ("memory_datasets: stored", "add it to the catalog", "run it together with the node"):
            assert part in text
    assert "'frame'" in failure(scene[0]["behind_nothing"])
    assert "'look'" in failure(scene[0]["behind_nothing"])
    assert "'word'" in failure(scene[0]["behind_live"])


def test_a_run_behind_stored_data_works_until_a_newer_run_keeps_its_own_to_itself(scene):
    reports, texts, *_ = scene
    assert reports["words_stored"]["success"], reports["words_stored"]
    assert reports["behind_stored"]["success"], reports["behind_stored"]
    assert texts["three_words.txt"] == "one two three"
    assert reports["newer_live"]["success"], reports["newer_live"]
    assert "kept it in memory only" in failure(reports["behind_stale"])


def test_what_cannot_be_pickled_between_processes_names_dataset_node_and_ways_out(scene):
    text = failure(scene[0]["unpicklable_between"])
    for part in ("MemoryDatasetError", "'lock'", "(a lock)", "'make_live'", "in_process", "add it to the catalog"):
        assert part in text


def test_memory_datasets_stored_lets_later_runs_start_anywhere(tmp_path, builder, locate):
    project = builder(tmp_path / "project", registry=REGISTRY, catalog=CATALOG, parameters="").write()
    location = locate(tmp_path / "location", {"kedro": f"project: {project.root}\nmemory_datasets: stored"})
    whole, behind, live, deep = location.run(
        {"job": "words"}, {"assets": ["three_words"]}, {"job": "default"}, {"assets": ["seen"]}
    )
    assert whole["success"], whole
    assert behind["success"], behind
    assert live["success"], live
    assert deep["success"], deep
