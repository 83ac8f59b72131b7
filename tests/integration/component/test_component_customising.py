"""The subclasses in the docs, each as the `component.py` of a code location."""

import re
from pathlib import Path

import dagster as dg
import pytest

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "customise.md"
EXAMPLES = dict(
    re.findall(
        r"^## ([^\n]+)\n(?:(?!^## ).)*?```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
)
REGISTRY = """
    from kedro.pipeline import node, pipeline

    def clean(raw):
        return raw.dropna()

    def count(cleaned):
        return cleaned.describe()

    def register_pipelines():
        nodes = [
            node(clean, "raw", "cleaned", name="clean", tags=["warehouse"]),
            node(count, "cleaned", "counted", name="count"),
        ]
        return {"__default__": pipeline(nodes), "scratch": pipeline(nodes)}
"""
CATALOG = """
    raw: {type: pandas.CSVDataset, filepath: data/raw.csv, metadata: {owner: "team:source"}}
    cleaned: {type: pandas.CSVDataset, filepath: data/cleaned.csv}
    counted: {type: pandas.CSVDataset, filepath: data/counted.csv}
"""
ATTRIBUTES = 'project: "{{ context.project_root }}/../demo"'


@pytest.fixture
def load(location, project):
    """Loads the example below a heading of the page; `raw` has the rows of a file."""

    def loaded(heading, raw="a\n1\n2\n", **texts):
        project(registry=REGISTRY, catalog=CATALOG, parameters="{}", files={"data/raw.csv": raw}, **texts)
        location.write("demo/component.py", EXAMPLES[heading])
        location.add("demo", ATTRIBUTES, type_=".component.MyKedroComponent")
        return location.load()

    return loaded


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def run(defs, instance, **options):
    return defs.resolve_implicit_global_asset_job_def().execute_in_process(instance=instance, **options)


def evaluations(result):
    return {event.check_name: (event.passed, event.blocking) for event in result.get_asset_check_evaluations()}


def test_every_override_point_has_an_example():
    text = "".join(EXAMPLES.values())
    for name in ("get_asset_spec", "get_job", "execute", "get_asset_check_specs"):
        assert f"def {name}(" in text


def test_how_assets_look(load):
    specs = {spec.key.to_user_string(): spec for spec in load("How assets look").resolve_all_asset_specs()}
    assert set(specs) == {"raw", "warehouse/cleaned", "counted"}
    assert specs["raw"].owners == ["team:source"]
    assert [dep.asset_key.to_user_string() for dep in specs["counted"].deps] == ["warehouse/cleaned"]


def test_which_jobs_there_are(load, instance):
    defs = load("Which jobs there are")
    assert [job.name for job in defs.jobs] == ["default"]
    job = defs.resolve_job_def("default")
    assert job.tags["team"] == "forecast"
    assert job.execute_in_process(instance=instance).success


def test_what_happens_around_a_step(load, instance):
    result = run(load("What happens around a step"), instance)
    assert result.success
    messages = [entry.message for entry in instance.all_logs(result.run_id)]
    for name in ("clean", "count"):
        assert any(re.fullmatch(rf"'{name}' took \d+\.\d s with loads and saves", text) for text in messages)


@pytest.mark.parametrize(("raw", "passed"), [("a\n1\n2\n", True), ("a\n1\n\n", False)])
def test_which_checks_there_are(load, instance, raw, passed):
    dagster = "assets: {counted: {checks: [not_empty]}}"
    defs = load("Which checks there are", raw=raw, dagster=dagster)
    result = run(defs, instance)
    assert result.success
    assert evaluations(result) == {"lost_few_rows": (passed, False), "not_empty": (True, True)}
    alone = dg.AssetSelection.checks(dg.AssetCheckKey(dg.AssetKey("cleaned"), "lost_few_rows"))
    job = dg.define_asset_job("alone", selection=alone)
    again = dg.Definitions.merge(defs, dg.Definitions(jobs=[job])).resolve_job_def("alone")
    assert evaluations(again.execute_in_process(instance=instance)) == {"lost_few_rows": (passed, False)}
