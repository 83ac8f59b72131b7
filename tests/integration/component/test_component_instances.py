"""Several instances of the component in one code location."""

import dagster as dg
import pytest

PROJECT = "project: '{{ context.project_root }}/../demo'\n"
OTHER = "project: '{{ context.project_root }}/../other'\n"
DAGSTER = """
    executors:
      one: {in_process: {}}
      two: {multiprocess: {max_concurrent: 2}}
"""
OTHER_REGISTRY = """
    from kedro.pipeline import node, pipeline

    def register_pipelines():
        return {"reports": pipeline([node(lambda cleaned: cleaned, "cleaned", "report", name="write_report")])}
"""
DEMANDING = """
    import dagster as dg
    from kedro_dagster_component import KedroProjectComponent

    class Demanding(KedroProjectComponent):
        owner: str
"""


def keys(defs):
    return {spec.key.to_user_string() for spec in defs.resolve_all_asset_specs()}


def test_one_project_in_two_environments(location, project):
    project(files={"conf/prod/parameters.yml": "threshold: 0.9"})
    location.add("local", PROJECT + "env: local")
    location.add("prod", PROJECT + "env: prod\nname_prefix: prod_\ntranslation: {key_prefix: prod}")
    defs = location.load()
    dg.Definitions.validate_loadable(defs)
    assert keys(defs) == {"raw", "cleaned", "prod/raw", "prod/cleaned"}
    assert {job.name for job in defs.jobs} == {"default", "prod_default"}
    assert set(defs.resources) == {"local", "prod"}
    assert {node.name for node in defs.resolve_job_def("prod_default").nodes} == {"prod_clean"}


def test_two_projects_and_what_one_makes_the_other_takes(location, project):
    project()
    project("other", registry=OTHER_REGISTRY)
    location.add("demo", PROJECT)
    location.add("other", OTHER)
    defs = location.load()
    assert keys(defs) == {"raw", "cleaned", "report"}
    assert defs.resolve_assets_def(dg.AssetKey("report")).dependency_keys == {dg.AssetKey("cleaned")}


def test_the_project_that_makes_an_asset_comes_first(location, project, refused):
    project()
    project("other", registry=OTHER_REGISTRY)
    reader = location.add("a", OTHER)
    location.add("b", PROJECT)
    text = refused()
    assert f"the asset 'cleaned', which this instance makes, was shown as a free input by {reader}" in text
    assert "let the one that makes the asset come first" in text


def test_two_projects_read_the_same(location, project):
    project()
    project("other", registry=OTHER_REGISTRY.replace('"cleaned"', '"raw"'))
    location.add("a", PROJECT)
    location.add("b", OTHER)
    assert keys(location.load()) == {"raw", "cleaned", "report"}


def test_two_documents_of_one_file(location, project):
    project()
    project("other", registry=OTHER_REGISTRY)
    second = f"---\ntype: kedro_dagster_component.KedroProjectComponent\nattributes:\n  {OTHER}"
    location.add("both", PROJECT, rest=second)
    defs = location.load()
    assert keys(defs) == {"raw", "cleaned", "report"}
    assert set(defs.resources) == {"both", "both_1"}


def test_names_that_clash(location, project, refused):
    project()
    first = location.add("a", PROJECT)
    second = location.add("b", PROJECT)
    text = refused()
    assert f"{second}:2:1: the op 'clean' of this instance also belongs to {first}" in text
    assert f"the job 'default' of this instance also belongs to {first}" in text
    assert f"the asset 'cleaned' of this instance also belongs to {first}" in text
    assert "give one of the two `name_prefix`" in text


def test_names_that_clash_in_one_file(location, project, refused):
    project()
    second = f"---\ntype: kedro_dagster_component.KedroProjectComponent\nattributes:\n  {PROJECT}"
    file = location.add("both", PROJECT, rest=second)
    assert f"{file}:6:1: the op 'clean' of this instance also belongs to {file}" in refused()


def test_folders_that_become_one_key(location, project, refused):
    project()
    project("other", registry=OTHER_REGISTRY)
    first = location.add("a-b", PROJECT)
    location.add("a_b", OTHER)
    text = refused()
    assert f"the resource 'a_b' of this instance also belongs to {first}" in text
    assert "rename one of the two folders" in text


def test_executors_that_clash(location, project, refused):
    project(dagster=DAGSTER)
    project("other", registry=OTHER_REGISTRY, dagster=DAGSTER)
    first = location.add("a", PROJECT + "executor: one")
    location.add("b", OTHER + "executor: two")
    text = refused()
    assert "b/component.yaml:4:13: the executor 'multiprocess' of this instance differs from 'in_process'" in text
    assert str(first) in text
    assert "set `executor: null` on all but one" in text


@pytest.mark.parametrize(("one", "other", "name"), [("one", "one", "in_process"), ("two", "null", "multiprocess")])
def test_executors_that_agree(location, project, one, other, name):
    project(dagster=DAGSTER)
    project("other", registry=OTHER_REGISTRY, dagster=DAGSTER)
    location.add("a", PROJECT + f"executor: {one}")
    location.add("b", OTHER + f"executor: {other}")
    assert location.load().executor.name == name


def test_the_mistakes_of_all_instances_are_told_together(location, project, refused):
    project()
    project("other", registry=OTHER_REGISTRY)
    first = location.add("a", PROJECT + "enviroment: local")
    second = location.add(
        "b",
        OTHER + "name_prefix: b_\nselect: ['node:write_reprt']",
        rest=f"---\ntype: kedro_dagster_component.KedroProjectComponent\nattributes:\n  {OTHER}  env: prd\n",
    )
    location.add("c", "project: nowhere")
    location.add("d", PROJECT + "name_prefix: d_\ntranslation: {key_prefix: d}")
    text = refused()
    assert "4 problems in the configuration" in text
    assert f"{first}:4:3: unknown key 'enviroment'" in text
    assert f"{second}:5:12: no node 'write_reprt' in Demo" in text
    assert f"{second}:10:8: the Kedro project at" in text
    assert "there is no Kedro project at" in text


def test_an_instance_that_cannot_be_loaded_at_all_waits_for_its_turn(location, project, refused):
    project()
    location.add("a", PROJECT + "enviroment: local")
    location.add("b", PROJECT, type_=".component.Demanding")
    location.write("b/component.py", DEMANDING)
    assert "unknown key 'enviroment'" in refused()


def test_a_mistake_of_one_project_is_told_once(location, project, refused):
    project(catalog="raw: {type: pandas.CSVDatset, filepath: data/raw.csv}\n")
    location.add("a", PROJECT)
    location.add("b", PROJECT + "name_prefix: b_\ntranslation: {key_prefix: b}")
    assert refused().count("pandas.CSVDatset") == 2  # the message and the line it is about
