"""In-memory datasets: live inside one process, through Dagster's `io_manager` between processes."""

import pickle
import threading
import time

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
    saved = reports["between"]["saved"]
    assert saved["frame"]["kedro/stored"] is True
    file = store / "kedro_memory" / reports["between"]["run_id"] / "shared"
    assert saved["shared"]["path"] == str(file)
    assert pickle.loads(file.read_bytes()) == {"n": 1}


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


MIXING = """
    import time
    from pathlib import Path

    from kedro.pipeline import node, pipeline

    def make(number):
        return number, -number

    def wait(number, wait_for):
        Path(f"data/started_{number}").touch()
        while wait_for and not Path(wait_for).exists():
            time.sleep(0.05)
        return True

    def take(number, done, fails):
        if fails and not Path("data/mended").exists():
            raise ValueError("not yet")
        return {"number": number}

    def register_pipelines():
        return {"__default__": pipeline([
            node(make, "params:number", ["number", "negative"], name="make"),
            node(wait, ["params:number", "params:wait_for"], "done", name="wait"),
            node(take, ["number", "done", "params:fails"], "taken", name="take"),
        ])}
"""
MIXING_CATALOG = """
    done: {type: json.JSONDataset, filepath: data/done.json}
    taken: {type: json.JSONDataset, filepath: data/taken.json, versioned: true}
"""
MIXING_PARAMETERS = """
    number: 0
    wait_for: ""
    fails: false
"""


@pytest.fixture
def mixing(tmp_path, builder, locate):
    project = builder(
        tmp_path / "project", registry=MIXING, catalog=MIXING_CATALOG, parameters=MIXING_PARAMETERS
    ).write()
    (project.root / "data").mkdir(exist_ok=True)
    location = locate(tmp_path / "location", {"kedro": f"project: {project.root}"})

    def request(number, **options):
        parameters = {"number": number, **options}
        config = {"resources": {"kedro": {"config": {"runtime_params": parameters}}}}
        return {"job": "default", "executor": "multiprocess", "config": config}

    def taken(report):
        version = report["saved"]["taken"]["kedro/save_version"]
        return (project.root / "data" / "taken.json" / version / "taken.json").read_text().split()[1:-1]

    return project.root, location, request, taken


def test_runs_that_overlap_keep_their_in_memory_data_apart(mixing):
    root, location, request, taken = mixing
    first = []
    slow = threading.Thread(target=lambda: first.extend(location.run(request(1, wait_for="data/go"))))
    slow.start()
    while not (root / "data" / "started_1").exists():
        assert slow.is_alive()
        time.sleep(0.05)
    (second,) = location.run(request(2))
    (root / "data" / "go").touch()
    slow.join()
    assert second["success"], second
    assert first[0]["success"], first[0]
    assert (taken(first[0]), taken(second)) == (['"number":', "1"], ['"number":', "2"])


def test_a_reexecution_takes_the_in_memory_data_of_its_own_line(mixing):
    root, location, request, taken = mixing
    mend = {**request(2), "write": {str(root / "data" / "mended"): ""}}
    failed, other, again = location.run(request(1, fails=True), mend, {**request(1, fails=True), "reexecute": 0})
    assert not failed["success"]
    assert other["success"], other
    assert again["success"], again
    assert (taken(other), taken(again)) == (['"number":', "2"], ['"number":', "1"])


def test_a_part_of_a_nodes_outputs_leaves_the_others_for_the_run(mixing):
    _, location, request, _ = mixing
    asked = request(5)
    del asked["job"]
    live, between = location.run(
        {**asked, "executor": "in_process", "assets": ["negative", "done", "taken"]},
        {**asked, "assets": ["negative", "done", "taken"]},
    )
    assert live["success"], live
    assert between["success"], between


def test_a_stored_object_that_is_gone_is_told_with_the_ways_out(mixing):
    _, location, request, _ = mixing
    (stored,) = location.run(request(6))
    for file in (location.root / "home").rglob(f"kedro_memory/{stored['run_id']}/number"):
        file.unlink()
    asked = request(6)
    del asked["job"]
    (report,) = location.run({**asked, "assets": ["taken"]})
    text = failure(report)
    for part in ("MemoryDatasetError", "'take' needs the in-memory dataset 'number'", stored["run_id"], "No such file"):
        assert part in text
    assert "run it together with the node" in text
