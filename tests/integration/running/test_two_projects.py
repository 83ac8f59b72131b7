"""Several Kedro projects, or environments of one, in one code location: each has a process of its own."""

import contextlib
import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

DRIVER = Path(__file__).with_name("driver.py")

REGISTRY = """
    import importlib
    import json
    import logging
    import os
    import signal
    import sys
    import threading
    import time
    from pathlib import Path

    import helpers
    from kedro.pipeline import node, pipeline

    logger = logging.getLogger(__name__)

    class OddError(Exception):
        def __init__(self, first, second):
            super().__init__(f"{first} and {second}")

    def make(shouted, who):
        thing = {"helper": helpers.NAME, "shouted": shouted, "who": who}
        helpers.KEPT.append(thing)
        logger.info("making for %s", who)
        return thing

    def tell(thing, parameters):
        told = {
            **thing,
            "live": bool(helpers.KEPT) and helpers.KEPT[-1] is thing,
            "cwd": Path.cwd().name,
            "env": os.environ.get("KEDRO_ENV"),
            "pid": os.getpid(),
        }
        logger.warning("TOLD %s", json.dumps(told))
        return told

    def leave(who):
        os._exit(3)

    def be_killed(who):
        os.kill(os.getpid(), signal.SIGKILL)

    def fail(who):
        raise OddError("one", "two")

    def make_lock():
        return threading.Lock()

    def take_lock(lock):
        return {"locked": lock.locked()}

    def make_own():
        return importlib.import_module(f"only_{helpers.NAME}").Thing()

    def make_same():
        return helpers.Same()

    def take_same(same):
        return type(same).__name__

    def exit_politely(who):
        sys.exit(4)

    def take_own(own):
        return type(own).__name__

    def sleep(who):
        Path("sleeping.txt").write_text(str(os.getpid()))
        time.sleep(600)

    def register_pipelines():
        return {
            "__default__": pipeline([
                node(make, ["params:shouted", "params:who"], "thing", name="make"),
                node(tell, ["thing", "parameters"], "told", name="tell"),
            ]),
            "leave": pipeline([node(leave, "params:who", None, name="leave_it")]),
            "killed": pipeline([node(be_killed, "params:who", None, name="be_killed")]),
            "fail": pipeline([node(fail, "params:who", None, name="fail_it")]),
            "lock": pipeline([
                node(make_lock, None, "lock", name="make_lock"),
                node(take_lock, "lock", "lock_seen", name="take_lock"),
            ]),
            "own": pipeline([
                node(make_own, None, "own", name="make_own"),
                node(take_own, "own", "own_seen", name="take_own"),
            ]),
            "same": pipeline([
                node(make_same, None, "same", name="make_same"),
                node(take_same, "same", "same_seen", name="take_same"),
            ]),
            "exit": pipeline([node(exit_politely, "params:who", None, name="exit_it")]),
            "sleep": pipeline([node(sleep, "params:who", None, name="sleep_on")]),
        }
"""
SETTINGS = """
    from kedro.config import OmegaConfigLoader

    CONFIG_LOADER_CLASS = OmegaConfigLoader
    CONFIG_LOADER_ARGS = {{
        "base_env": "base",
        "default_run_env": "local",
        "custom_resolvers": {{"shout": lambda text: text.upper() + " {name}"}},
    }}
"""
CATALOG = """
    thing: {type: MemoryDataset, copy_mode: assign}
    lock: {type: MemoryDataset, copy_mode: assign}
    told: {type: json.JSONDataset, filepath: "data/told_${globals:who}.json"}
    same_seen: {type: text.TextDataset, filepath: data/same_seen.txt}
    own_seen: {type: text.TextDataset, filepath: data/own_seen.txt}
    lock_seen: {type: json.JSONDataset, filepath: data/lock_seen.json}
"""
PARAMETERS = """
    shouted: "${shout:hello}"
    who: "${globals:who}"
"""
MINE = """
    import json
    import dagster as dg

    told = {"one": dg.AssetIn(dg.AssetKey("told")), "two": dg.AssetIn(dg.AssetKey(["b", "told"])),
            "three": dg.AssetIn(dg.AssetKey(["p", "told"]))}

    @dg.asset(ins=told)
    def gathered(context, one, two, three):
        context.log.info("GATHERED " + json.dumps([one, two, three]))

    @dg.asset(ins={"lock": dg.AssetIn(dg.AssetKey(["b", "lock"]))})
    def takes_lock(lock):
        pass

    @dg.asset(ins={"same": dg.AssetIn(dg.AssetKey(["b", "same"]))})
    def takes_same(same):
        pass

    @dg.asset(ins={"own": dg.AssetIn(dg.AssetKey(["b", "own"]))})
    def takes_own(own):
        pass
"""


@pytest.fixture(scope="module")
def location(tmp_path_factory, builder, locate):
    root = tmp_path_factory.mktemp("two")
    for name in ("first", "second"):
        builder(
            root / name,
            registry=REGISTRY,
            settings=SETTINGS.format(name=name),
            catalog=CATALOG,
            parameters=PARAMETERS,
            files={
                "src/helpers.py": f"NAME = {name!r}\nKEPT = []\n\nclass Same:\n    pass\n",
                f"src/only_{name}.py": "class Thing:\n    pass\n",
                "conf/base/globals.yml": f"who: {name}",
                "conf/prod/globals.yml": f"who: {name}_prod",
            },
        ).write()
    instances = {
        "one": f"project: {root / 'first'}",
        "two": f"project: {root / 'second'}\nname_prefix: b_\ntranslation: {{key_prefix: b}}",
        "three": f"project: {root / 'first'}\nenv: prod\nname_prefix: p_\ntranslation: {{key_prefix: p}}",
    }
    return locate(root / "location", instances, **{"location/defs/mine.py": MINE})


ALL = [f"{prefix}{name}" for prefix in ("", "b/", "p/") for name in ("thing", "told")]


@pytest.fixture(scope="module")
def reports(location):
    requests = {
        "one_process": {"assets": [*ALL, "gathered"]},
        "exit": {"job": "b_leave"},
        "signal": {"job": "b_killed"},
        "fail": {"job": "b_fail"},
        "live_lock": {"job": "b_lock"},
        "lock_to_us": {"assets": ["b/lock", "takes_lock"]},
        "own": {"job": "b_own"},
        "own_to_us": {"assets": ["b/own", "takes_own"]},
        "same": {"job": "b_same"},
        "same_to_us": {"assets": ["b/same", "takes_same"]},
        "polite": {"job": "b_exit"},
        "again": {"job": "b_default"},
        "several": {"assets": [*ALL, "gathered"], "executor": "multiprocess"},
    }
    return dict(zip(requests, location.run(*requests.values()), strict=True))


def gathered(report):
    assert report["success"], report
    (text,) = [text.removeprefix("GATHERED ") for _, text in report["logs"] if text.startswith("GATHERED ")]
    return json.loads(text)


def is_running(pid):
    """Whether a process lives; a zombie does not."""
    with contextlib.suppress(OSError):
        done = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return bool(done.stdout.strip()) and not done.stdout.strip().startswith("Z")
    return False


def without_pid(told):
    return [{key: value for key, value in item.items() if key not in {"pid", "live"}} for item in told]


def test_projects_and_environments_do_not_see_each_other(reports):
    told = gathered(reports["one_process"])
    assert without_pid(told) == [
        {"helper": "first", "shouted": "HELLO first", "who": "first", "cwd": "first", "env": None},
        {"helper": "second", "shouted": "HELLO second", "who": "second", "cwd": "second", "env": None},
        {"helper": "first", "shouted": "HELLO first", "who": "first_prod", "cwd": "first", "env": "prod"},
    ]
    assert all(item["live"] for item in told)
    assert len({item["pid"] for item in told}) == 3
    assert without_pid(gathered(reports["several"])) == without_pid(told)


def test_records_of_a_child_are_in_the_run_log_once(reports):
    texts = [(level, text) for level, text in reports["one_process"]["logs"] if "making for" in text]
    prefix = "demo.pipeline_registry - making for"
    assert sorted(texts) == [(20, f"{prefix} {who}") for who in ("first", "first_prod", "second")]
    assert sum("TOLD" in text for level, text in reports["one_process"]["logs"] if level == 30) == 3


@pytest.mark.parametrize(
    ("name", "step", "text"),
    [("exit", "b_leave_it", "ended with exit code 3"), ("signal", "b_be_killed", "was killed by signal 9")],
)
def test_a_child_that_dies_fails_its_run_and_the_next_one_works(reports, name, step, text):
    report = reports[name]
    assert not report["success"]
    assert "ForeignProcessError" in report["failures"][step]
    assert text in report["failures"][step]
    assert "second" in report["failures"][step]
    assert reports["again"]["success"], reports["again"]


def test_an_error_in_a_child_is_shown_with_class_message_and_traceback(reports):
    text = reports["fail"]["failures"]["b_fail_it"]
    assert "OddError: one and two" in text
    assert "pipeline_registry.py" in text
    assert "in fail" in text


def test_objects_stay_live_in_a_child_and_cannot_leave_it_unpickled(reports):
    assert reports["live_lock"]["success"], reports["live_lock"]
    report = reports["lock_to_us"]
    assert not report["success"]
    text = "\n".join(report["failures"].values())
    for part in ("MemoryDatasetError", "'lock'", "add it to the catalog"):
        assert part in text


def test_objects_of_classes_of_the_project_stay_in_its_process(reports):
    assert reports["own"]["success"], reports["own"]
    text = "\n".join(reports["own_to_us"]["failures"].values())
    assert "MemoryDatasetError" in text
    assert "No module named 'only_second'" in text


def test_a_class_that_has_a_namesake_here_is_not_taken_for_it(reports):
    assert reports["same"]["success"], reports["same"]
    text = "\n".join(reports["same_to_us"]["failures"].values())
    assert "MemoryDatasetError" in text
    assert re.search(
        r"it holds helpers\.Same of \S+second/src/helpers\.py, and 'helpers' is \S+first/src/helpers\.py", text
    )


def test_a_node_that_ends_its_child_process_fails_with_its_own_error(reports):
    assert "SystemExit: 4" in reports["polite"]["failures"]["b_exit_it"]


def test_no_child_outlives_its_parent(reports, location):
    for item in gathered(reports["one_process"]):
        assert not is_running(item["pid"])
    request, sleeping = location.root / "sleep.json", location.root.parent / "second" / "sleeping.txt"
    request.write_text(json.dumps([{"job": "default"}, {"job": "b_sleep"}]))
    driver = subprocess.Popen(
        [sys.executable, str(DRIVER), str(request), "unused.json"],
        cwd=location.root,
        env=location.environment(),
        stderr=subprocess.DEVNULL,
    )
    until(lambda: sleeping.exists() and sleeping.read_text(), 240)
    child = int(sleeping.read_text())
    assert child != driver.pid
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    until(lambda: not is_running(child), 60)


def until(condition, seconds):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.1)
