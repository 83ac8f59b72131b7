"""Loads of one code location that follow each other in one process."""

import base64
import zlib

import pytest
from dagster._core.definitions.definitions_load_context import DefinitionsLoadContext, DefinitionsLoadType
from dagster._core.definitions.repository_definition import RepositoryLoadData

from kedro_dagster_component.loading import KedroProjectWarning
from kedro_dagster_component.parts import parts_of_load

PROJECT = "project: '{{ context.project_root }}/../demo'\n"
DAGSTER = "assets: {cleaned: {pool: small, automation_condition: eager}}\n"


@pytest.fixture
def demo(project):
    return project(files={"conf/base/dagster.yml": DAGSTER})


@pytest.fixture
def op(location):
    """Loads the location and gives the op of its only step."""

    def load():
        [job] = [job for job in location.load().resolve_all_job_defs() if not job.name.startswith("__")]
        [node] = job.nodes
        return node.definition

    return load


def test_a_second_load_has_the_steps_of_the_first(location, demo, op):
    location.add("demo", PROJECT)
    with pytest.warns(KedroProjectWarning, match="automation") as first, parts_of_load() as parts:
        made = op()
    with pytest.warns(KedroProjectWarning, match="automation") as second, parts_of_load() as more:
        assert op() is made
    assert [str(one.message) for one in first] == [str(one.message) for one in second]
    assert [one.place.label for one in parts] == [one.place.label for one in more]


@pytest.mark.filterwarnings("default::kedro_dagster_component.loading.KedroProjectWarning")
def test_what_has_changed_counts_from_the_next_load(location, demo, op, monkeypatch):
    base = demo.root / "conf" / "base"
    location.add("demo", PROJECT)
    made = op()
    assert made.pool == "small"
    (base / "parameters.yml").write_text("threshold: 0.75\n", encoding="utf-8")
    changed = op()
    assert changed.config_schema.config_type.fields["params:threshold"].default_value == 0.75
    (base / "dagster.yml").write_text(DAGSTER.replace("small", "large"), encoding="utf-8")
    assert op().pool == "large"
    location.add("demo", PROJECT + "op: {tags: {team: x}}")
    assert op().tags["team"] == "x"
    location.add("demo", PROJECT + "translation: {group_name: '{{ env.DEMO_GROUP }}'}")
    monkeypatch.setenv("DEMO_GROUP", "one")
    assert groups(location) == {"one"}
    monkeypatch.setenv("DEMO_GROUP", "two")
    assert groups(location) == {"two"}


@pytest.mark.filterwarnings("default::kedro_dagster_component.loading.KedroProjectWarning")
def test_a_component_made_in_python_may_change(location, demo, op):
    location.write(
        "demo/component.py",
        """
        import dagster as dg
        from kedro_dagster_component import KedroProjectComponent
        from kedro_dagster_component.component import NodeOpSpec

        kept = KedroProjectComponent(project="../../../../../demo", op=NodeOpSpec(pool="one"))

        @dg.component_instance
        def demo(context):
            return kept
        """,
    )
    first = op()
    assert op() is not first


def groups(location):
    return {spec.group_name for spec in location.load().resolve_all_asset_specs()}


@pytest.mark.filterwarnings("default::kedro_dagster_component.loading.KedroProjectWarning")
def test_a_clash_is_told_at_each_load(location, demo, refused):
    location.add("a", PROJECT)
    location.add("b", PROJECT)
    text = refused()
    assert "also belong" in text
    assert refused() == text


@pytest.mark.parametrize("text", ["not ours", base64.b64encode(zlib.compress(b"{}")).decode()])
def test_a_run_that_another_version_of_this_package_has_started_reads_the_project(location, project, op, text):
    project()
    location.add("demo", PROJECT)
    before = DefinitionsLoadContext._instance
    kept = RepositoryLoadData({}, reconstruction_metadata={"kedro_dagster_component/manifest/demo": text})
    DefinitionsLoadContext.set(DefinitionsLoadContext(DefinitionsLoadType.RECONSTRUCTION, kept))
    try:
        assert op().name == "clean"
    finally:
        DefinitionsLoadContext._instance = before
