"""Groups of nodes of manifests made here: who is in which, in which order, what their steps make, what is refused."""

from __future__ import annotations

import tempfile

import dagster as dg
import pytest
from golden import definitions

from kedro_dagster_component import KedroProjectComponent
from kedro_dagster_component.compat.dagster import LoadError
from kedro_dagster_component.config.grouping import grouping_choice
from kedro_dagster_component.config.jobs import JobConfig
from kedro_dagster_component.config.models import DagsterConfig
from kedro_dagster_component.config.positions import Positions
from kedro_dagster_component.manifest import (
    DatasetEntry,
    ExpandedJob,
    JobSelection,
    NodeEntry,
    ParameterEntry,
    ProjectManifest,
    ProjectRef,
)
from kedro_dagster_component.translate.assets import build_asset_table
from kedro_dagster_component.translate.crossings import check_crossings
from kedro_dagster_component.translate.grouping import group_nodes, inside_datasets
from kedro_dagster_component.translate.jobs import JobPlan
from kedro_dagster_component.translate.steps import build_dataset_plans, build_step_plans

MEMORY = {"type": "MemoryDataset", "is_memory": True}


def node(name, inputs, outputs, **fields):
    parts = name.rpartition(".")
    fields = {"namespace": parts[0] or None, "pipelines": ("__default__",), **fields}
    return NodeEntry(id=name, name=name, func="f", inputs=inputs, outputs=outputs, fingerprint=name, **fields)


def manifest(*nodes, memory=(), dagster=None, jobs=None, pipelines=None, parameters=None):
    names = dict.fromkeys(name for one in nodes for name in (*one.input_datasets, *one.output_datasets))
    datasets = {
        name: DatasetEntry(
            name=name,
            spellings=(name,),
            in_catalog=name not in memory,
            **(MEMORY if name in memory else {"type": "json.JSONDataset"}),
        )
        for name in names
    }
    return ProjectManifest(
        ref=ProjectRef(project_path=tempfile.gettempdir()),
        project_name="Demo",
        package_name="demo",
        env="local",
        kedro_version="1.7.0",
        pipelines=pipelines or {"__default__": tuple(one.id for one in nodes)},
        nodes={one.id: one for one in nodes},
        datasets=datasets,
        parameters={name: ParameterEntry(name=name, value=value) for name, value in (parameters or {}).items()},
        dagster=dagster or {},
        jobs={name: ExpandedJob(key=name, config=job) for name, job in (jobs or {}).items()},
        job_selections={
            name: JobSelection(node_ids=tuple(job["pipeline"]["node_names"])) for name, job in (jobs or {}).items()
        },
    )


def chain(*names, **options):
    """Nodes that hand one dataset each to the next one: `d1`, `d2` ..."""
    return manifest(*(node(name, (f"d{number}",), (f"d{number + 1}",)) for number, name in enumerate(names)), **options)


def groups(project, choice, partitions=None):
    found = group_nodes(project, list(project.nodes), grouping_choice(choice), partitions or {})
    return {group.name: group.node_ids for group in found.groups}


def problems(project, choice):
    return [str(one) for one in group_nodes(project, list(project.nodes), grouping_choice(choice), {}).mistakes]


def steps(project, choice, **attributes):
    defs = definitions(project, KedroProjectComponent(group_nodes_by=choice, **attributes))
    dg.Definitions.validate_loadable(defs)
    return {assets.node_def.name: assets for assets in defs.assets if isinstance(assets, dg.AssetsDefinition)}


def text_of(project, choice, **attributes):
    with pytest.raises(LoadError) as caught:
        definitions(project, KedroProjectComponent(group_nodes_by=choice, **attributes))
    return str(caught.value)


def test_by_namespace():
    project = chain("eu.prep.clean", "eu.prep.scale", "eu.fit", "us.fit", "report")
    assert groups(project, "namespace") == {
        "eu": ("eu.prep.clean", "eu.prep.scale", "eu.fit"),
        "us": ("us.fit",),
        "report": ("report",),
    }
    assert groups(project, "namespace:2") == {
        "eu.prep": ("eu.prep.clean", "eu.prep.scale"),
        "eu": ("eu.fit",),
        "us": ("us.fit",),
        "report": ("report",),
    }


def test_by_pipeline_the_first_that_holds_a_node_and_is_exposed():
    project = manifest(
        node("clean", (), ("a",), pipelines=("__default__", "prep", "all")),
        node("fit", ("a",), ("b",), pipelines=("__default__", "train", "all")),
        node("report", ("b",), ("c",)),
        pipelines={
            "__default__": ("clean", "fit", "report"),
            "prep": ("clean",),
            "train": ("fit",),
            "all": ("clean", "fit"),
        },
    )
    assert groups(project, "pipeline") == {"prep": ("clean",), "train": ("fit",), "default": ("report",)}
    exposed = group_nodes(project, ["clean", "fit"], grouping_choice("pipeline"), {}, ["all"])
    assert [(group.name, group.node_ids) for group in exposed.groups] == [("all", ("clean", "fit"))]


def test_by_tag():
    project = manifest(
        node("clean", (), ("a",), tags=("daily", "step_one")),
        node("fit", ("a",), ("b",), tags=("step_one",)),
        node("report", ("b",), ("c",), tags=("daily",)),
    )
    assert groups(project, "tag:step_") == {"step_one": ("clean", "fit"), "report": ("report",)}


def test_two_tags_of_the_prefix_are_refused():
    project = manifest(node("clean", (), ("a",), tags=("step_one", "step_two")))
    assert "node 'clean' would be in several groups: it has the tags 'step_one' and 'step_two'" in text_of(
        project, "tag:step_"
    )


def test_by_memory():
    project = chain("one", "two", "three", "four", memory=("d1", "d3"))
    assert groups(project, "memory") == {"one_to_two": ("one", "two"), "three_to_four": ("three", "four")}


def test_nodes_of_a_group_come_behind_what_they_take_whatever_the_order_of_the_pipelines():
    project = manifest(node("a.late", ("y",), ("z",)), node("a.mid", ("x",), ("y",)), node("a.early", (), ("x",)))
    assert groups(project, "namespace") == {"a": ("a.early", "a.mid", "a.late")}


def test_a_circle_is_refused_with_the_nodes_on_it():
    project = chain("a.one", "b.two", "a.three")
    [problem] = problems(project, "namespace")
    assert "'a.one' of 'a' makes 'd1' for 'b.two' of 'b'; 'b.two' of 'b' makes 'd2' for 'a.three' of 'a'" in problem
    assert "group deeper" in problem
    assert "group_nodes_by" in text_of(project, "namespace")


def test_each_circle_is_told_once_and_what_hangs_on_it_is_not():
    project = manifest(
        *(
            node(name, (f"d{number}",), (f"d{number + 1}",))
            for number, name in enumerate(["start", "a.1", "b.1", "a.2"])
        ),
        *(node(name, (f"e{number}",), (f"e{number + 1}",)) for number, name in enumerate(["c.1", "between", "c.2"])),
        node("end", ("d4", "e3"), ("f",)),
    )
    first, second = problems(project, "namespace")
    assert "'a.1' of 'a'" in first
    assert "'c.1' of 'c' makes 'e1' for 'between' of no group" in second


def test_a_circle_around_in_memory_data():
    project = manifest(
        node("one", (), ("mem", "file")),
        node("two", ("file",), ("other",)),
        node("three", ("mem", "other"), ("end",)),
        memory=("mem",),
    )
    [problem] = problems(project, "memory")
    assert "add an in-memory dataset" in problem


def test_names_of_steps_are_identifiers_and_keep_out_of_the_way():
    project = manifest(
        node("prep.x.one", (), ("a",)),
        node("prep", ("a",), ("b",)),
        node("train.two", ("b",), ("c",)),
        dagster={"jobs": {"train": {"pipeline": {"pipeline_name": "__default__", "node_names": ["train.two"]}}}},
        jobs={"train": {"pipeline": {"pipeline_name": "__default__", "node_names": ["train.two"]}}},
    )
    assert list(steps(project, "namespace")) == ["prep_nodes", "prep", "train_nodes"]
    assert list(steps(project, "namespace:2")) == ["prep_x", "prep", "train_nodes"]
    assert list(steps(project, "namespace", name_prefix="p_")) == ["p_prep_nodes", "p_prep", "p_train_nodes"]


def test_the_assets_of_a_group_stay_apart():
    project = manifest(
        node("a.one", ("raw", "params:x"), ("mem",), tags=("t1",)),
        node("a.two", ("mem", "params:x", "params:y"), ("file",), tags=("t2",)),
        node("a.three", ("other",), ()),
        memory=("mem",),
        parameters={"params:x": 1, "params:y": "text"},
    )
    [group] = steps(project, "namespace").values()
    keys = {name: dg.AssetKey(name.split(".")) for name in ("raw", "mem", "file", "other", "a.three")}
    assert group.can_subset
    assert group.asset_deps == {
        keys["mem"]: {keys["raw"]},
        keys["file"]: {keys["mem"]},
        keys["a.three"]: {keys["other"]},
    }
    assert {output.name: output.is_required for output in group.op.output_defs} == {
        "mem": False,
        "file": False,
        "a_three": False,
    }
    assert set(group.op.config_schema.config_type.fields) == {"params:x", "params:y"}
    assert group.op.tags == {"kedro/t1": "", "kedro/t2": ""}
    assert group.op.description == "Runs 3 Kedro nodes: a.one, a.two, a.three."


def test_by_memory_what_stays_inside_is_no_asset():
    project = manifest(
        node("one", ("raw",), ("mem", "side")),
        node("two", ("mem", "extra"), ("file",)),
        node("three", ("file",), ("unread",)),
        memory=("mem", "side", "unread"),
    )
    made = steps(project, "memory")
    assert list(made) == ["one_to_two", "three"]
    assert made["one_to_two"].asset_deps == {dg.AssetKey("file"): {dg.AssetKey("raw"), dg.AssetKey("extra")}}
    assert set(made["three"].keys) == {dg.AssetKey("three")}


def test_a_job_that_can_select_nothing_is_left_out():
    jobs = {
        "first": {"pipeline": {"pipeline_name": "__default__", "node_names": ["one"]}},
        "both": {"pipeline": {"pipeline_name": "__default__", "node_names": ["one", "two"]}},
    }
    project = chain("one", "two", memory=("d1",), dagster={"jobs": jobs}, jobs=jobs)
    defs = definitions(project, KedroProjectComponent(group_nodes_by="memory"))
    assert [job.name for job in defs.jobs] == ["both"]


def test_settings_of_a_group_come_together_or_are_refused():
    assets = {"d1": {"retry_policy": {"max_retries": 2}}, "d2": {"pool": "db"}}
    project = chain("a.one", "a.two", dagster={"assets": assets})
    [group] = steps(project, "namespace").values()
    assert (group.op.retry_policy.max_retries, group.op.pool) == (2, "db")
    assets = {"d1": {"pool": "x"}, "d2": {"pool": "db"}}
    message = text_of(chain("a.one", "a.two", dagster={"assets": assets}), "namespace")
    assert "'d1' and 'd2' are made by one step (nodes 'a.one' and 'a.two') and disagree on `pool`" in message


def crossings(project, executors, choice="node", location_executor=None):
    """What is said of a job on the executor `far`."""
    config = DagsterConfig.model_validate({"executors": executors})
    ids = list(project.nodes)
    grouping = grouping_choice(choice)
    inside = inside_datasets(project, ids, grouping)
    table = build_asset_table(
        project, ids, lambda node, dataset: dg.AssetSpec(dataset.name if dataset else node.name), inside
    )
    named = {group.name: group for group in group_nodes(project, ids, grouping, {}).groups}
    plans = build_step_plans(project, table, build_dataset_plans(project, table, inside), named, {})
    job = JobConfig.model_validate({"pipeline": {"pipeline_name": "__default__"}, "executor": "far"})
    jobs = [JobPlan("job", "job", ("__default__",), tuple(ids), job)]
    return [str(one) for one in check_crossings(jobs, plans, config, Positions(), location_executor)]


def test_in_memory_data_that_leaves_its_machine_is_named():
    project = chain("one", "two", "three", memory=("d1",))
    [said] = crossings(project, {"far": {"k8s_job_executor": {}}}, location_executor="far")
    assert "steps run in pods of their own, and the in-memory dataset 'd1' ('one' to 'two') has to go" in said
    assert "'d2'" not in said
    assert crossings(project, {"far": {"k8s_job_executor": {}}}, "memory") == []
    assert crossings(project, {"far": {"multiprocess": {}}}) == []
    assert crossings(project, {"far": {"dask_executor": {"cluster": {"local": {}}}}}) == []


LETTERS = {"type": "static", "partition_keys": ["a", "b"]}
NUMBERS = {"type": "static", "partition_keys": ["1", "2"]}


def partitioned(choice="namespace", memory=(), **assets):
    dagster = {"partitions": {"letters": LETTERS, "numbers": NUMBERS}, "assets": assets}
    return steps(chain("a.one", "a.two", "a.three", memory=memory, dagster=dagster), choice)


def test_nodes_of_the_same_partitions_share_a_step_that_works_key_by_key():
    same = {"partitions": "letters"}
    made = partitioned(d1=same, d2=same, d3=same)
    assert list(made) == ["a"]
    assert isinstance(made["a"].node_def, dg.OpDefinition)
    assert made["a"].partitions_def.get_partition_keys() == ["a", "b"]


def test_a_node_of_other_partitions_stays_a_step_of_its_own():
    made = partitioned(d3={"partitions": "letters"})
    assert list(made) == ["a", "a_three"]
    assert isinstance(made["a_three"].node_def, dg.GraphDefinition)


def test_a_node_that_takes_all_keys_of_a_partitioned_one_stays_a_step_of_its_own():
    same = {"partitions": "letters"}
    made = partitioned(d1=same, d2={**same, "partition_mappings": {"d1": {"type": "all"}}}, d3=same)
    assert list(made) == ["a_one", "a_two", "a_three"]


def test_in_memory_data_between_different_partitions_cannot_stay_inside():
    with pytest.raises(LoadError, match=r"'d1'.* join 'a.one', 'a.two' into one step, but"):
        partitioned("memory", memory=("d1",), d2={"partitions": "letters"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("namespaces", "did you mean 'namespace'?"),
        ("namespace:0", "'0' is no depth of a namespace"),
        ("tag", "'tag' needs the prefix"),
        ("memory:x", "'memory' takes nothing behind a colon"),
        ("everything", "nodes cannot be grouped by 'everything'"),
    ],
)
def test_what_cannot_be_grouped_by(text, message):
    assert message in text_of(chain("a.one"), text)
