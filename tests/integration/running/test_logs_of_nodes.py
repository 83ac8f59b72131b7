"""Nodes whose libraries configure `logging` and `warnings` anew: their records reach Dagster all the same."""

import pytest

REGISTRY = '''
import logging
import logging.config
import sys
import warnings
from functools import partial
from concurrent.futures import ThreadPoolExecutor

from kedro.framework.project import configure_logging
from kedro.pipeline import Pipeline, node

log = logging.getLogger("demo.nodes")
apart = logging.getLogger("vendor.apart")


def basic_config():
    logging.basicConfig(force=True, stream=sys.stdout, level=logging.INFO)


def dict_config():
    logging.config.dictConfig({"version": 1, "root": {"level": "INFO", "handlers": []}})


def file_config():
    with open("vendor.ini", "w") as file:
        file.write("""
[loggers]
keys=root
[handlers]
keys=
[formatters]
keys=
[logger_root]
level=INFO
handlers=
""")
    logging.config.fileConfig("vendor.ini")


def kedro_config():
    handlers = {"file": {"class": "logging.FileHandler", "filename": "kedro.log"}}
    root = {"handlers": ["file"], "level": "INFO"}
    configure_logging({"version": 1, "disable_existing_loggers": True, "handlers": handlers, "root": root})


def cut_off():
    log.propagate = False
    log.handlers.clear()
    logging.getLogger().handlers.clear()


def join_again():
    log.propagate = True


def disable():
    logging.disable(logging.WARNING)


def disable_all():
    logging.disable(logging.CRITICAL)


def stricter():
    log.setLevel(logging.ERROR)


def looser():
    log.setLevel(logging.INFO)


def uncaptured():
    logging.captureWarnings(False)


def caught():
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        warnings.warn("kept by the node", UserWarning)
    assert len(seen) == 1


def filtered():
    warnings.filterwarnings("ignore", message="said after filtered")


def in_threads():
    def speak(number):
        log.info("thread %s", number)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(speak, range(8)))


def managed():
    from dagster import get_dagster_logger

    get_dagster_logger().info("through dagster")


ACTS = [
    basic_config, dict_config, file_config, kedro_config, cut_off, join_again, disable, disable_all, stricter, looser,
    uncaptured, caught, filtered, in_threads, managed,
]


def acting(act):
    name = act.__name__

    def run(before=None):
        log.info("before %s", name)
        act()
        log.info("after %s", name)
        log.error("error after %s", name)
        apart.info("apart after %s", name)
        warnings.warn(f"said after {name}", UserWarning)
        return name

    run.__name__ = name
    return run


def register_pipelines():
    nodes, before = [], None
    for act in ACTS:
        func = partial(acting(act)) if act is managed else acting(act)  # Kedro says that it finds no type hints
        nodes.append(node(func, before, f"{act.__name__}_done", name=act.__name__))
        before = f"{act.__name__}_done"
    return {"__default__": Pipeline(nodes)}
'''
CATALOG = """
    "{name}_done": {type: text.TextDataset, filepath: "data/{name}.txt"}
"""
LOGGING = """
version: 1
handlers:
  file: {class: logging.FileHandler, filename: project.log}
loggers:
  demo: {level: INFO}
  vendor: {level: INFO}
root: {handlers: [file]}
"""
SILENCING = ("disable", "disable_all", "stricter")
ACTS = (
    *("basic_config", "dict_config", "file_config", "kedro_config", "cut_off", "join_again", "disable", "disable_all"),
    *("stricter", "looser", "uncaptured", "caught", "filtered", "in_threads", "managed"),
)


@pytest.fixture(scope="module", params=["in_process", "multiprocess"])
def report(request, builder, locate, tmp_path_factory):
    """Of a run of nodes of which each does something to the logging of its process."""
    root = tmp_path_factory.mktemp("logs")
    files = {"conf/logging.yml": LOGGING, "data/.gitkeep": ""}
    builder(root / "demo", registry=REGISTRY, catalog=CATALOG, parameters="", files=files).write()
    location = locate(root / "location", {"kedro": f"project: {root / 'demo'}"})
    if request.param == "in_process":  # and Dagster listening itself, in this one
        home = "telemetry: {enabled: false}\npython_logs: {managed_python_loggers: [root]}\n"
        (location.root / "home" / "dagster.yaml").write_text(home)
    (report,) = location.run({"job": "default", "executor": request.param})
    return report


def times(report, text):
    """How often a record is in the event log: its own line, with or without the logger's name before it."""
    lines = [message.splitlines()[0] for _, message in report["logs"]]
    return sum(line.rpartition(" - ")[2] == text for line in lines)


@pytest.mark.parametrize("act", ACTS)
def test_what_a_node_logs_is_there_once_whatever_it_does_to_logging(report, act):
    assert report["success"], report
    assert times(report, f"before {act}") == 1 or act == "looser"  # in one process the level of `stricter` holds on
    assert times(report, f"after {act}") == (0 if act in SILENCING else 1)
    assert times(report, f"error after {act}") == (0 if act == "disable_all" else 1)
    assert times(report, f"apart after {act}") == (0 if act in ("disable", "disable_all") else 1)


@pytest.mark.parametrize("act", ACTS)
def test_warnings_are_there_once_unless_the_node_keeps_them(report, act):
    said = sum(f"UserWarning: said after {act}\n" in text + "\n" for _, text in report["logs"])
    assert said == (0 if act in ("disable", "disable_all", "filtered") else 1)
    assert not any("kept by the node" in text for _, text in report["logs"])


def test_records_of_threads_and_of_dagsters_own_logger_are_there_once(report):
    assert [times(report, f"thread {number}") for number in range(8)] == [1] * 8
    assert times(report, "through dagster") == 1


def test_a_switch_off_ends_with_its_node(report):
    assert times(report, "Completed node: disable_all") == 0
    assert times(report, "Completed node: stricter") == 1
    assert len(report["steps"]) == len(ACTS)


@pytest.mark.parametrize(
    ("said", "times_said"),
    [
        ("register_new_resolver() is deprecated", 2),  # for each of Kedro's two resolvers
        ("Could not extract type hints", 1),
        ("No typed parameter requirements", 1),
    ],
)
def test_what_each_session_says_is_said_once_a_run(report, said, times_said):
    assert sum(said in text for _, text in report["logs"]) == times_said
