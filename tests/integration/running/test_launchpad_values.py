"""Parameters that Dagster's configuration cannot hold: shown as text, and back as what the project has."""

import datetime as dt
import json

import pytest

REGISTRY = """
    import logging

    from kedro.pipeline import node, pipeline

    logger = logging.getLogger(__name__)

    def show(odd, deep, limit, key, days, table):
        logger.info("SEEN %r", {"odd": odd, "deep": deep, "limit": limit, "key": key, "days": days})
        logger.info("ROWS %s", table.to_dict("list"))

    def register_pipelines():
        inputs = ["params:odd", "params:odd.deep", "params:limit", "params:odd.by_number.1", "params:days", "table"]
        return {"__default__": pipeline([node(show, inputs, None, name="show")])}
"""
SETTINGS = """
    import datetime as dt

    CONFIG_LOADER_ARGS = {
        "base_env": "base",
        "default_run_env": "local",
        "custom_resolvers": {
            "day": dt.date.fromisoformat,
            "moment": dt.datetime.fromisoformat,
            "days": lambda *texts: [dt.date.fromisoformat(text) for text in texts],
        },
    }
"""
PARAMETERS = """
    limit: .inf
    days: ${days:2024-01-31,2024-02-29}
    odd:
      start: ${day:2024-01-31}
      rate: 0.5
      by_number: {1: one, 2: {3: three, 4: [null, -.inf]}}
      true: yes
      deep:
        at: "${moment:2024-01-31T10:30:00}"
        items: [null, 1, [null, {a: "${day:2024-01-31}", 5: [.inf, null]}]]
        nothing: null
"""
CATALOG = (
    "table: {type: pandas.CSVDataset, filepath: data/table.csv, load_args: {dtype: {0: str, 1: int}, header: null}}"
)
DEEP = {
    "at": dt.datetime(2024, 1, 31, 10, 30),  # noqa: DTZ001  (as the project's own resolver makes it)
    "items": [None, 1, [None, {"a": dt.date(2024, 1, 31), 5: ["inf", None]}]],
    "nothing": None,
}
CONFIGURED = {
    "odd": {
        "start": dt.date(2024, 1, 31),
        "rate": 0.5,
        "by_number": {1: "one", 2: {3: "three", 4: [None, "-inf"]}},
        True: True,
        "deep": DEEP,
    },
    "deep": DEEP,
    "limit": "inf",
    "key": "one",
    "days": [dt.date(2024, 1, 31), dt.date(2024, 2, 29)],
}
SHOWN_DEEP = {
    "at": "2024-01-31T10:30:00",
    "items": [None, 1, [None, {"a": "2024-01-31", "5": ["inf", None]}]],
    "nothing": None,
}
SHOWN = {
    "params:odd": {
        "start": "2024-01-31",
        "rate": 0.5,
        "by_number": {"1": "one", "2": {"3": "three", "4": [None, "-inf"]}},
        "True": True,
        "deep": SHOWN_DEEP,
    },
    "params:odd.deep": SHOWN_DEEP,
    "params:limit": "inf",
    "params:odd.by_number.1": "one",
    "params:days": ["2024-01-31", "2024-02-29"],
}
TABLE = {"load_args": {"dtype": {"0": "str", "1": "int"}, "header": None}}


def launch(executor="in_process", **parameters):
    config = {"ops": {"show": {"config": {f"params:{name}": value for name, value in parameters.items()}}}}
    return {"job": "default", "config": config, "executor": executor}


def with_shown(**parameters):
    given = {name.removeprefix("params:"): value for name, value in SHOWN.items()}
    request = launch(**{**given, **parameters})
    datasets = {"table": {"filepath": "data/table.csv", **TABLE}}
    return {**request, "config": {**request["config"], "resources": {"kedro": {"config": {"datasets": datasets}}}}}


SIBLING = {"rate": 0.75, "by_number": {"2": {"3": "drei"}}, "deep": {"nothing": 1}}
REQUESTS = {
    "plain": {"job": "default"},
    "unchanged": with_shown(),
    "unchanged_elsewhere": {**with_shown(), "executor": "multiprocess"},
    "sibling": launch(odd=SIBLING),
    "sibling_beside_shown": with_shown(odd={**SHOWN["params:odd"], "rate": 0.75}),
    "changed": launch(
        odd={"start": "2025-02-01", "by_number": {"7": "seven"}, "deep": {"items": [None, 2, SHOWN_DEEP["items"][2]]}},
        limit=3,
        days=["2024-02-29", "2025-02-01"],
    ),
    "by_spelling": launch(**{"odd.by_number.1": "uno", "limit": "-inf"}),
    "dataset": {
        "job": "default",
        "config": {"resources": {"kedro": {"config": {"datasets": {"table": {"load_args": {"dtype": {"1": "str"}}}}}}}},
    },
    "describe": {"job": "default", "call": "location.shown:write"},
}
WRITER = """
    import json
    from pathlib import Path
    from location.definitions import defs

    def write():
        fields = defs().get_job_def("default").get_node_named("show").definition.config_schema.config_type.fields
        Path("shown.json").write_text(json.dumps({name: field.default_value for name, field in fields.items()}))
"""


@pytest.fixture(scope="module")
def scene(tmp_path_factory, builder, locate):
    root = tmp_path_factory.mktemp("values")
    files = {"data/table.csv": "07,1\n08,2\n"}
    project = builder(
        root / "project", registry=REGISTRY, settings=SETTINGS, catalog=CATALOG, parameters=PARAMETERS, files=files
    ).write()
    attributes = f"project: {project.root}"
    location = locate(root / "location", {"kedro": attributes}, **{"location/shown.py": WRITER})
    reports = dict(zip(REQUESTS, location.run(*REQUESTS.values()), strict=True))
    return reports, json.loads((location.root / "shown.json").read_text(encoding="utf-8"))


def seen(report):
    assert report["success"], report["error"] or report["failures"]
    (text,) = [text.partition("SEEN ")[2] for _, text in report["logs"] if "SEEN {" in text]
    text = text.replace("-inf", "'-inf'").replace(": inf", ": 'inf'").replace("[inf", "['inf'")
    return eval(text, {"datetime": dt})  # what the node of this file has written


def changed(**parts):
    return {**CONFIGURED, **parts}


def test_what_the_launchpad_shows(scene):
    assert scene[1] == SHOWN


@pytest.mark.parametrize("way", ["plain", "unchanged", "unchanged_elsewhere"])
def test_what_is_left_as_it_is_comes_back_as_configured(scene, way):
    assert seen(scene[0][way]) == CONFIGURED
    assert any("ROWS {0: ['07', '08'], 1: [1, 2]}" in text for _, text in scene[0][way]["logs"])


def test_keys_beside_an_override_keep_their_objects(scene):
    deep = {**DEEP, "nothing": 1}
    numbers = {1: "one", 2: {3: "drei", 4: [None, "-inf"]}}
    odd = {**CONFIGURED["odd"], "rate": 0.75, "by_number": numbers, "deep": deep}
    assert seen(scene[0]["sibling"]) == changed(odd=odd, deep=deep)
    assert seen(scene[0]["sibling_beside_shown"]) == changed(odd={**CONFIGURED["odd"], "rate": 0.75})


def test_what_is_changed_is_of_the_configured_type(scene):
    deep = {**DEEP, "items": [None, 2, DEEP["items"][2]]}
    numbers = {**CONFIGURED["odd"]["by_number"], 7: "seven"}
    odd = {**CONFIGURED["odd"], "start": dt.date(2025, 2, 1), "by_number": numbers, "deep": deep}
    days = [dt.date(2024, 2, 29), dt.date(2025, 2, 1)]
    assert seen(scene[0]["changed"]) == changed(odd=odd, deep=deep, limit=3, days=days)


def test_a_parameter_behind_a_key_that_is_no_text(scene):
    odd = {**CONFIGURED["odd"], "by_number": {**CONFIGURED["odd"]["by_number"], 1: "uno"}}
    assert seen(scene[0]["by_spelling"]) == changed(odd=odd, key="uno", limit="-inf")


def test_keys_of_a_dataset(scene):
    logs = scene[0]["dataset"]["logs"]
    assert scene[0]["dataset"]["success"], scene[0]["dataset"]["error"] or scene[0]["dataset"]["failures"]
    assert any("ROWS {0: ['07', '08'], 1: ['1', '2']}" in text for _, text in logs)
