"""Versioned datasets: one version for a run, and what a run made is what it loads."""

import json
import re

import pytest

REGISTRY = """
    import json
    from pathlib import Path

    from kedro.pipeline import node, pipeline

    COUNT = Path("count.txt")

    def make():
        number = int(COUNT.read_text()) + 1 if COUNT.exists() else 1
        COUNT.write_text(str(number))
        return {"number": number}, {"number": number}

    def interfere(model):
        '''What another run does meanwhile: save a newer version.'''
        folder = Path("data/model.json/2999-01-01T00.00.00.000Z")
        if Path("interfere").exists():
            folder.mkdir(parents=True)
            (folder / "model.json").write_text(json.dumps({"number": -1}))
        return model["number"]

    def use(model, mark, scores):
        if Path("fail").exists():
            raise ValueError("asked to fail")
        return {"model": model["number"], "mark": mark, "scores": scores["number"]}

    def attempt(name):
        file = Path(name)
        number = int(file.read_text()) + 1 if file.exists() else 1
        file.write_text(str(number))
        return number

    def flaky():
        number = attempt("flaky.txt")
        return {"attempt": number}, object() if number == 1 else {"attempt": number}

    def half():
        number = attempt("half.txt")
        return {"attempt": number, "rest": (lambda: 0) if number == 1 else None}

    def take(first, half):
        return {"first": first["attempt"], "half": half["attempt"]}

    def register_pipelines():
        return {
            "__default__": pipeline([
                node(make, None, ["model", "scores"], name="make"),
                node(interfere, "model", "mark", name="interfere"),
                node(use, ["model", "mark", "scores"], "used", name="use"),
            ]),
            "flaky": pipeline([
                node(flaky, None, ["first", "last"], name="unstable"),
                node(half, None, "half", name="half"),
                node(take, ["first", "half"], "taken", name="take"),
            ]),
        }
"""
CATALOG = """
    model: {type: json.JSONDataset, filepath: data/model.json, versioned: true}
    scores: {type: json.JSONDataset, filepath: data/scores.json, versioned: true}
    mark: {type: json.JSONDataset, filepath: data/mark.json}
    used: {type: json.JSONDataset, filepath: data/used.json}
    first: {type: json.JSONDataset, filepath: data/first.json, versioned: true}
    last: {type: json.JSONDataset, filepath: data/last.json}
    half: {type: pickle.PickleDataset, filepath: data/half.pkl, versioned: true}
    taken: {type: json.JSONDataset, filepath: data/taken.json}
"""
TOUCH = """
    from pathlib import Path
    root = Path({root!r})

    def keep(name):
        (root / "data" / "used.json").replace(root / f"used_{{name}}.json")

    def interfere():
        (root / "interfere").touch()

    def fail():
        keep("interfered")
        (root / "interfere").unlink()
        (root / "data/model.json/2999-01-01T00.00.00.000Z/model.json").unlink()
        (root / "data/model.json/2999-01-01T00.00.00.000Z").rmdir()
        (root / "fail").touch()

    def no_fail():
        (root / "fail").unlink()

    def recovered():
        keep("newer")

    def chosen():
        keep("chosen")
"""
VERSION = re.compile(r"\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\d\.\d{3}Z")


@pytest.fixture(scope="module")
def scene(tmp_path_factory, builder, locate):
    root = tmp_path_factory.mktemp("versions")
    project = builder(root / "project", registry=REGISTRY, catalog=CATALOG, parameters="").write().root
    location = locate(
        root / "location",
        {"kedro": f"project: {project}\nop: {{retry_policy: {{max_retries: 1}}}}"},
        **{"location/touch.py": TOUCH.format(root=str(project))},
    )
    return project, location


@pytest.fixture(scope="module")
def reports(scene):
    _, location = scene
    requests = {
        "interfered": {"job": "default", "call": "location.touch:interfere"},
        "failed": {"job": "default", "call": "location.touch:fail"},
        "newer": {"job": "default", "call": "location.touch:no_fail"},
        "recovered": {"reexecute": 1, "job": "default", "call": "location.touch:recovered"},
        "flaky": {"job": "flaky", "executor": "multiprocess"},
    }
    return dict(zip(requests, location.run(*requests.values()), strict=True))


def version_of(report, name):
    return report["saved"][name]["kedro/save_version"]


def content(file):
    return json.loads(file.read_text())


def test_one_version_in_kedro_format_for_a_run(scene, reports):
    project, _ = scene
    report = reports["interfered"]
    assert report["success"], report
    version = version_of(report, "model")
    assert VERSION.fullmatch(version)
    assert version_of(report, "scores") == version
    assert (project / "data" / "model.json" / version / "model.json").exists()
    assert version_of(reports["newer"], "model") > version_of(reports["failed"], "model") > version


def test_a_run_loads_what_it_made_not_the_latest(scene, reports):
    project, _ = scene
    assert content(project / "used_interfered.json") == {"model": 1, "mark": 1, "scores": 1}


def test_reexecution_loads_what_the_failed_run_made(scene, reports):
    project, _ = scene
    assert not reports["failed"]["success"]
    assert content(project / "used_newer.json") == {"model": 3, "mark": 3, "scores": 3}
    report = reports["recovered"]
    assert report["success"], report
    assert report["steps"] == ["use"]
    assert content(project / "data/used.json") == {"model": 2, "mark": 3, "scores": 2}


def test_a_retry_after_a_partial_save_takes_a_new_version_and_later_steps_use_it(scene, reports):
    project, _ = scene
    report = reports["flaky"]
    assert report["success"], report
    assert sorted(report["retries"]) == ["half", "unstable"]
    assert content(project / "data/taken.json") == {"first": 2, "half": 2}
    folders = sorted(folder.name for folder in (project / "data/first.json").iterdir())
    assert len(folders) == 2
    assert version_of(report, "first") == folders[-1]
    assert all(VERSION.fullmatch(name) for name in folders)
    assert report["order"].count("first") == 1


def test_kedro_run_loads_the_newest_and_the_launchpad_any(scene, reports, kedro_run):
    project, location = scene
    kedro_run(project, "--nodes", "use")
    assert content(project / "data/used.json")["model"] == 3
    asked = {"load_versions": {"model": version_of(reports["interfered"], "model")}}
    chosen, in_another = location.run(
        {"assets": ["used"], "config": {"resources": {"kedro": {"config": asked}}}},
        {"assets": ["used"], "call": "location.touch:chosen"},
    )
    assert chosen["success"], chosen
    assert in_another["success"], in_another
    assert content(project / "used_chosen.json")["model"] == 1
    assert content(project / "data/used.json")["model"] == 3
