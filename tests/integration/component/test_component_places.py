"""Where a component may stand, and what may be made of it in Python."""

import dagster as dg
import pytest

from tests.locations import CodeLocation

PROJECT = "project: '{{ context.project_root }}/../demo'\n"


def keys(defs):
    return {spec.key.to_user_string() for spec in defs.resolve_all_asset_specs()}


@pytest.mark.parametrize("file", ["component.yaml", "defs.yaml"])
@pytest.mark.parametrize(
    ("folder", "key"), [("", "kedro"), ("deep/er-folder", "deep_er_folder"), ("io_manager", "io_manager_")]
)
def test_anywhere_below_defs(location, project, file, folder, key):
    project()
    location.add(folder, PROJECT, file=file)
    defs = location.load()
    assert keys(defs) == {"raw", "cleaned"}
    assert list(defs.resources) == [key]


def test_a_relative_path_starts_at_the_file(location, project):
    project()
    location.add("a/b", "project: ../../../../../../demo")
    assert keys(location.load()) == {"raw", "cleaned"}


@pytest.mark.parametrize("attributes", ["", "env: local"])
def test_inside_the_kedro_project_nothing_has_to_be_said(project, attributes):
    location = CodeLocation(project().root)
    location.add("kedro", attributes)
    assert keys(location.load()) == {"raw", "cleaned"}


SUBCLASS = """
    import dagster as dg
    from kedro_dagster_component import KedroProjectComponent


    class Mine(KedroProjectComponent):
        def get_asset_spec(self, node, dataset):
            spec = super().get_asset_spec(node, dataset)
            return spec.replace_attributes(key=spec.key.with_prefix("mine"), owners=["team:mine"])

        def get_job(self, job):
            if job.name == "scratch":
                return None
            return dg.define_asset_job(f"my_{job.name}", selection=job.selection)

        def execute(self, context, instance, step):
            context.log.info(f"before {step.node.name}")
            yield from super().execute(context, instance, step)
            context.log.info(f"after {step.node.name}")
"""
DAGSTER = """
    jobs:
      all: {pipeline: {pipeline_name: __default__}, schedule: {cron_schedule: "@daily"}}
      scratch: {pipeline: {pipeline_name: __default__}, schedule: {cron_schedule: "@daily"}}
"""


def test_a_subclass(location, project):
    demo = project(dagster=DAGSTER, files={"data/raw.csv": "a\n1\n"})
    location.write("demo/component.py", SUBCLASS)
    location.add("demo", PROJECT, type_=".component.Mine")
    defs = location.load()
    assert keys(defs) == {"mine/raw", "mine/cleaned"}
    assert [job.name for job in defs.jobs] == ["my_all"]
    assert [schedule.job_name for schedule in defs.schedules] == ["my_all"]
    assert {spec.key.path[-1]: spec.owners for spec in defs.resolve_all_asset_specs()}["raw"] == ["team:mine"]
    with dg.DagsterInstance.ephemeral() as instance:
        result = defs.resolve_job_def("my_all").execute_in_process(instance=instance)
        assert result.success
        messages = [entry.message for entry in instance.all_logs(result.run_id)]
    assert "before clean" in messages
    assert "after clean" in messages
    assert not list(demo.root.rglob("*.pickle"))


def test_an_instance_made_in_python(location, project):
    project()
    location.write(
        "demo/made.py",
        """
        import dagster as dg
        from kedro_dagster_component import KedroProjectComponent

        @dg.component_instance
        def demo(context: dg.ComponentLoadContext) -> KedroProjectComponent:
            return KedroProjectComponent(project=str(context.project_root.parent / "demo"))
        """,
    )
    defs = location.load()
    assert keys(defs) == {"raw", "cleaned"}
    assert list(defs.resources) == ["demo_demo"]
