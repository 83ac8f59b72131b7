"""Names in `dagster.yml` against a project."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from config_reading import short

from kedro_dagster_component.config import (
    check_against_project,
    expand_jobs,
    load_dagster_config,
    parse_dagster_config,
    resolve_asset_settings,
)
from kedro_dagster_component.config.patterns import match, match_levels, most_specific, placeholders
from kedro_dagster_component.errors import ConfigurationError
from kedro_dagster_component.manifest import (
    DatasetEntry,
    ExpandedJob,
    JobSelection,
    NodeEntry,
    ProjectManifest,
    ProjectRef,
    SourceRef,
)


def node(name: str, inputs: tuple[str, ...], outputs: tuple[str, ...], **more: Any) -> NodeEntry:
    namespace = name.rpartition(".")[0] or None
    return NodeEntry(
        id=name, name=name, namespace=namespace, func="f", inputs=inputs, outputs=outputs, fingerprint="", **more
    )


LISTED = "kedro_dagster_component.datasets.DagsterPartitionedDataset"
NODES = (
    node("clean", ("raw@pandas", "params:a"), ("clean",), tags=("daily",), pipelines=("__default__", "prepare")),
    node("report", ("clean",), (), pipelines=("__default__", "prepare")),
    node("eu.fit", ("clean",), ("eu.model",), pipelines=("__default__", "train")),
    node("us.deep.fit", ("clean",), ("us.model",), pipelines=("__default__", "train")),
)
PIPELINES = {"__default__": (0, 1, 2, 3), "prepare": (0, 1), "train": (2, 3), "empty": ()}


def project(raw: dict[str, Any], file: Path, **more: Any) -> ProjectManifest:
    names = ("raw", "clean", "eu.model", "us.model")
    datasets = {name: DatasetEntry(name=name, spellings=(name,), type="x", in_catalog=True) for name in names}
    fields = {
        "ref": ProjectRef(project_path="/p"),
        "project_name": "p",
        "package_name": "p",
        "env": None,
        "kedro_version": "1.7.0",
        "pipelines": {name: tuple(NODES[index].id for index in nodes) for name, nodes in PIPELINES.items()},
        "nodes": {entry.id: entry for entry in NODES},
        "datasets": datasets,
        "parameters": {},
        "dagster": raw,
        "dagster_files": (str(file),),
    }
    return ProjectManifest.model_validate(fields | more)


def problems(text: str, folder: Path, **more: Any) -> list[str]:
    file = folder / "dagster.yml"
    file.write_text(text, encoding="utf-8")
    raw = yaml.safe_load(text)
    try:
        load_dagster_config(project(raw, file, **more))
    except ConfigurationError as error:
        return [short(problem) for problem in error.problems]
    return []


GOOD = """
executors: {local: {in_process: {}}}
schedules: {nightly: {cron_schedule: "@daily"}}
loggers: {file: {}}
partitions: {day: {type: daily, start_date: "2024-01-01"}, region: {type: static, partition_keys: [eu]},
             both: {type: multi, dimensions: {a: day, b: region}}}
assets:
  clean: {partitions: day, partition_mappings: {raw: {type: all}}}
  "{region}.model": {partitions: both}
  report: {}
jobs:
  all:
    pipeline: {tags: [daily], node_names: [clean], from_nodes: [clean], to_nodes: [us.deep.fit],
               from_inputs: [raw, "raw@pandas", "params:a"], to_outputs: [us.model], node_namespaces: [us, us.deep]}
    executor: local
    schedule: nightly
    loggers: [file, {}]
  several: {pipeline: {pipeline_names: [train, prepare]}}
"""

BAD = [
    ("jobs: {a: {pipeline: {}, executor: x, schedule: y, loggers: [{}, z]}}", [
        "1:36 jobs.a.executor: there is no executor 'x' -> define it under 'executors:'",
        "1:49 jobs.a.schedule: there is no schedule 'y' -> define it under 'schedules:'",
        "1:66 jobs.a.loggers[1]: there is no logger 'z' -> define it under 'loggers:'",
    ]),
    ("executors: {local: {in_process: }}\njobs: {a: {pipeline: {}, executor: locl}}", [
        "2:36 jobs.a.executor: there is no executor 'locl' -> did you mean 'local'?",
    ]),
    ("jobs: {a: {pipeline: {pipeline_name: trane}}, b: {pipeline: {pipeline_names: [train, prepar]}}}", [
        "1:38 jobs.a.pipeline.pipeline_name: there is no pipeline 'trane' -> did you mean 'train'?",
        "1:86 jobs.b.pipeline.pipeline_names[1]: there is no pipeline 'prepar' -> did you mean 'prepare'?",
    ]),
    ("jobs: {a: {pipeline: {pipeline_name: prepare, tags: [dayly], node_names: [cleen], to_nodes: [eu.fit], from_inputs: [rau], node_namespaces: [asia]}}}", [
        "1:54 jobs.a.pipeline.tags[0]: pipeline 'prepare' has no tag 'dayly' -> did you mean 'daily'?",
        "1:75 jobs.a.pipeline.node_names[0]: pipeline 'prepare' has no node 'cleen' -> did you mean 'clean'?",
        "1:94 jobs.a.pipeline.to_nodes[0]: pipeline 'prepare' has no node 'eu.fit' -> it is in pipeline 'train'",
        "1:117 jobs.a.pipeline.from_inputs[0]: pipeline 'prepare' has no dataset 'rau' -> did you mean 'raw'?",
        "1:141 jobs.a.pipeline.node_namespaces[0]: pipeline 'prepare' has no namespace 'asia' -> none of its nodes has a namespace",
    ]),
    ("jobs: {a: {pipeline: {pipeline_names: [train, prepare], tags: [x]}}}", [
        "1:64 jobs.a.pipeline.tags[0]: pipelines 'train', 'prepare' have no tag 'x' -> there is: 'daily'",
    ]),
    ("assets: {cleen: {}, 'x_{y}': {}, 'params:a': {}, 'raw@pandas': {}, 'a{b c}': {}}", [
        "1:10 assets.cleen: no pipeline has a dataset 'cleen' -> did you mean 'clean'?",
        "1:21 assets.\"x_{y}\": no dataset of a pipeline fits the pattern 'x_{y}'",
        "1:34 assets.\"params:a\": no pipeline has a dataset 'params:a' -> parameters are no assets",
        "1:50 assets.\"raw@pandas\": no pipeline has a dataset 'raw@pandas' -> write 'raw': the settings are for the dataset in all its forms",
        "1:68 assets.\"a{b c}\": no pipeline has a dataset 'a{b c}' -> placeholders are written {name}",
    ]),
    ("assets: {clean: {partitions: dai, partition_mappings: {rau: {type: all}}}}\npartitions: {day: {type: dynamic}}", [
        "1:30 assets.clean.partitions: there are no partitions 'dai' -> did you mean 'day'?",
        "1:56 assets.clean.partition_mappings.rau: no pipeline has a dataset 'rau' -> did you mean 'raw'?",
    ]),
    ("partitions: {m: {type: multi, dimensions: {a: b, c: m}}}", [
        "1:47 partitions.m.dimensions.a: there are no partitions 'b' -> there is: 'm'",
        "1:53 partitions.m.dimensions.c: 'm' has dimensions itself -> a dimension is daily, static and so on",
    ]),
    ("assets: {clean: {partitions: b}}", [
        "1:30 assets.clean.partitions: there are no partitions 'b' -> define them under 'partitions:' in dagster.yml",
    ]),
    ("jobs: {'{x}__a': {pipeline: {}}, '{x}__b': {pipeline: {node_namespaces: ['{y}']}}}", [
        "1:8 jobs.\"{x}__a\": a job factory needs 'node_namespaces' with its placeholders -> write node_namespaces: [\"{x}\"] in its pipeline",
        "1:34 jobs.\"{x}__b\": nothing says what {x} stands for -> every placeholder of the name has to be in the first entry of 'node_namespaces'",
    ]),
    ("jobs: {'{x}__a': {pipeline: {pipeline_name: train, node_namespaces: ['{x}.a.b.c']}}, '{x}__b': {pipeline: {pipeline_name: prepare, node_namespaces: ['{x}']}}, '{x}__c': {pipeline: {pipeline_name: trane, node_namespaces: ['{x}']}}}", [
        "1:8 jobs.\"{x}__a\": the job factory makes no job: no namespace of pipeline 'train' fits '{x}.a.b.c' -> its namespaces are: eu, us.deep",
        "1:86 jobs.\"{x}__b\": the job factory makes no job: no namespace of pipeline 'prepare' fits '{x}' -> its nodes have no namespace",
        "1:197 jobs.\"{x}__c\".pipeline.pipeline_name: there is no pipeline 'trane' -> did you mean 'train'?",
    ]),
]  # fmt: skip


def test_names_that_exist_are_fine(tmp_path: Path) -> None:
    assert problems(GOOD, tmp_path) == []


@pytest.mark.parametrize(("text", "expected"), BAD, ids=[text for text, _ in BAD])
def test_names_that_do_not_exist(text: str, expected: list[str], tmp_path: Path) -> None:
    assert problems(text, tmp_path) == expected


def test_a_filter_that_matches_nothing(tmp_path: Path) -> None:
    selections = {
        "a": JobSelection(),
        "b": JobSelection(error="Pipeline does not contain X.\nmore"),
        "c": JobSelection(node_ids=("clean",)),
    }

    found = problems(
        "jobs: {a: {pipeline: {}}, b: {pipeline: {}}, c: {pipeline: {}}}", tmp_path, job_selections=selections
    )

    assert found == [
        "1:12 jobs.a.pipeline: the filter matches no node -> each of its settings narrows the choice further: take one away",
        "1:31 jobs.b.pipeline: the filter cannot be applied: Pipeline does not contain X -> `kedro run` with these filters fails in the same way: see what each of them leaves",
    ]


def test_names_from_elsewhere_are_known(tmp_path: Path) -> None:
    raw = {"assets": {"clean": {"partitions": "week"}}}
    manifest = project(raw, tmp_path / "none.yml", dagster_files=())

    config, positions = load_dagster_config(manifest, partitions=["week"])

    assert check_against_project(config, positions, manifest, partitions=["week"]) == []
    assert len(check_against_project(config, positions, manifest)) == 1


FACTORY = """
executors: {eu_pool: {in_process: }}
jobs:
  "{region}__fit": {pipeline: {pipeline_name: train, node_namespaces: ["{region}"]}, executor: "{region}_pool"}
"""


def made(name: str, **config: Any) -> ExpandedJob:
    base = {"pipeline": {"pipeline_name": "train", "node_namespaces": [name]}}
    return ExpandedJob(key="{region}__fit", config={**base, **config}, bindings={"region": name})


def test_what_all_jobs_of_a_factory_share_is_told_once(tmp_path: Path) -> None:
    text = (
        'jobs: {"{r}__fit": {pipeline: {pipeline_name: train, node_namespaces: ["{r}"]}, schedule: nope, owners: [x]}}'
    )
    factory = yaml.safe_load(text)["jobs"]["{r}__fit"]
    made = {f"{region}__fit": ExpandedJob(key="{r}__fit", config=factory) for region in ("eu", "us")}

    assert [line.split(" -> ")[0] for line in problems(text, tmp_path, jobs=made)] == [
        "1:91 jobs.\"{r}__fit\".schedule: there is no schedule 'nope'",
        "1:106 jobs.\"{r}__fit\".owners[0]: 'x' is no owner: expected an e-mail address or 'team:name'",
    ]
    assert [
        line.split(" -> ")[0]
        for line in problems(
            text.replace("[x]", "[]"),
            tmp_path,
            jobs={name: job.model_copy(update={"config": {**factory, "owners": []}}) for name, job in made.items()},
        )
    ] == ["1:91 jobs.\"{r}__fit\".schedule: there is no schedule 'nope' (in job 'eu__fit')"]


def test_jobs_of_a_factory_are_checked_one_by_one(tmp_path: Path) -> None:
    jobs = {f"{name}__fit": made(name, executor=f"{name}_pool") for name in ("eu", "us")}

    assert problems(FACTORY, tmp_path, jobs=jobs) == [
        "4:96 jobs.\"{region}__fit\".executor: there is no executor 'us_pool' (in job 'us__fit') -> did you mean 'eu_pool'?"
    ]


def test_jobs_of_a_factory_can_become_wrong(tmp_path: Path) -> None:
    jobs = {"e-u__fit": made("eu"), "us__fit": made("us", partitions="us")}

    found = problems(FACTORY, tmp_path, jobs=jobs)

    assert [line.split(" -> ")[0] for line in found] == [
        "4:3 jobs.\"{region}__fit\": the factory makes 'e-u__fit', which is no job name",
        "4:3 jobs.\"{region}__fit\".partitions: expected all, latest or a range 'a...b', got 'us' (in job 'us__fit')",
    ]


def test_expanded_jobs(tmp_path: Path) -> None:
    text = FACTORY + "  us__fit: {pipeline: {pipeline_name: train}}\n"
    file = tmp_path / "dagster.yml"
    file.write_text(text, encoding="utf-8")
    raw = yaml.safe_load(text)
    jobs = {"us__fit": ExpandedJob(key="us__fit"), "eu__fit": made("eu", executor="eu_pool")}
    manifest = project(raw, file, jobs=jobs)
    config, _ = parse_dagster_config(raw, [file])

    expanded = expand_jobs(config, manifest)

    assert list(expanded) == ["us__fit", "eu__fit"]
    assert expanded["eu__fit"].config.executor == "eu_pool"
    assert expanded["eu__fit"].values_by_placeholder == {"region": "eu"}
    assert expanded["us__fit"].config is config.jobs["us__fit"]


def test_mistakes_in_the_file_do_not_hide_wrong_names(tmp_path: Path) -> None:
    text = """\
executors: {local: {in_proces: {}}}
jobs:
  a: {pipeline: {pipeline_name: trane}, executor: local, schedule: 3}
  b: {pipeline: {x: 1}, executor: nope}
  c-d: {pipeline: {}}
"""
    assert [line.split(" -> ")[0] for line in problems(text, tmp_path)] == [
        "1:21 executors.local: unknown executor kind 'in_proces'",
        "3:33 jobs.a.pipeline.pipeline_name: there is no pipeline 'trane'",
        "3:68 jobs.a.schedule: expected the name of a schedule or its settings as a mapping, got the number 3",
        "4:18 jobs.b.pipeline: unknown key 'x'",
        "4:35 jobs.b.executor: there is no executor 'nope'",
        "5:3 jobs: 'c-d' is no job name: use letters, digits and '_'",
    ]


def test_a_wrong_section_does_not_hide_wrong_names(tmp_path: Path) -> None:
    assert [
        line.split(" -> ")[0] for line in problems("executors: 3\njobs: {a: {pipeline: {}, schedule: x}}", tmp_path)
    ] == [
        "1:12 executors: expected a mapping, got the number 3",
        "2:36 jobs.a.schedule: there is no schedule 'x'",
    ]


def entry(name: str, dagster: object, **more: Any) -> DatasetEntry:
    metadata = {"dagster": dagster}
    return DatasetEntry(name=name, spellings=(name,), type="x", in_catalog=True, metadata=metadata, **more)


def test_settings_of_catalog_and_file_together(tmp_path: Path) -> None:
    raw = {"assets": {"{x}": {"pool": "any"}, "clean": {"pool": "file"}, "cle{x}": {"pool": "some"}, "raw": {}}}
    datasets = {
        "clean": entry("clean", {"pool": "catalog", "group_name": "g"}),
        "raw": entry("raw", {"kinds": ["csv"]}),
        "clever": entry("clever", {}),
    }
    manifest = project(raw, tmp_path / "none.yml", datasets=datasets, dagster_files=())
    config, _ = load_dagster_config(manifest)

    settings = resolve_asset_settings(config, manifest)

    assert (settings["clean"].pool, settings["clean"].group_name) == ("file", "g")
    assert settings["clever"].pool == "some"
    assert (settings["raw"].pool, settings["raw"].kinds) == (None, ("csv",))
    assert settings["report"].pool == "any"


def test_datasets_without_settings_are_left_out(tmp_path: Path) -> None:
    manifest = project({}, tmp_path / "none.yml", dagster_files=())

    assert resolve_asset_settings(load_dagster_config(manifest)[0], manifest) == {}


def test_wrong_settings_in_the_catalog(tmp_path: Path) -> None:
    datasets = {
        "clean": entry("clean", {"pol": "x", "kinds": [3]}, location=SourceRef(file="/c.yml", line=3)),
        "raw": entry("raw", 3, pattern="{name}"),
    }
    manifest = project({}, tmp_path / "none.yml", datasets=datasets, dagster_files=())

    with pytest.raises(ConfigurationError) as caught:
        resolve_asset_settings(load_dagster_config(manifest)[0], manifest)

    assert sorted(problem.message for problem in caught.value.problems) == [
        '"{name}".metadata.dagster: expected a mapping, got the number 3',
        "clean.metadata.dagster.kinds[0]: expected text, got the number 3",
        "clean.metadata.dagster: unknown key 'pol'",
    ]


def test_one_mistake_in_a_job_hides_no_other(tmp_path: Path) -> None:
    text = """\
schedules: {follow: {}}
jobs:
  a: {pipeline: {pipeline_name: trane, tags: [daly, daily], node_names: [clen]}}
  b: {pipeline: {pipeline_name: prepare}, partitions: all, schedule: follow}
  c: {pipeline: {pipeline_name: train}, partitions: latest, schedule: {cron_schedule: "@daily"}}
assets: {eu.model: {partitions: {type: daily, start_date: "2024-01-01"}}}
sensors:
  d: {type: job_succeeded, job: a, monitored_jobs: [nope]}
  c_schedule: {type: job_succeeded, job: a, monitored_jobs: [b]}
"""
    selections = {
        "b": JobSelection(node_ids=("clean", "report")),
        "c": JobSelection(node_ids=("eu.fit", "us.deep.fit")),
    }
    assert [line.split(" -> ")[0] for line in problems(text, tmp_path, job_selections=selections)] == [
        "1:13 schedules.follow: 'cron_schedule' is missing: job 'b' has no partitions by time to follow",
        "3:33 jobs.a.pipeline.pipeline_name: there is no pipeline 'trane'",
        "3:47 jobs.a.pipeline.tags[0]: no pipeline has a tag 'daly'",
        "3:74 jobs.a.pipeline.node_names[0]: no pipeline has a node 'clen'",
        "4:55 jobs.b.partitions: nothing in this job is partitioned",
        "8:53 sensors.d.monitored_jobs[0]: there is no job 'nope'",
        "9:3 sensors.c_schedule: a schedule and a sensor, or two sensors, are both called 'c_schedule'",
    ]


def test_a_mistake_in_a_filter_hides_no_wrong_name(tmp_path: Path) -> None:
    text = """\
jobs:
  one:
    pipeline: {pipeline_name: train, tag: [x], tags: [dayly], node_names: [eu.fitt]}
    executor: locl
    loggers: [fil]
  two: {pipeline: {pipeline_name: [train], node_names: [eu.fitt]}, schedule: nitely}
  three: {executor: locl, partitions: all}
  "{v}__a": {pipeline: {pipeline_name: trai, node_namespaces: ["{v}"], tagss: [x]}, executor: locl}
  "{v}__b": {pipeline: {pipeline_name: train, node_namespaces: "{v}"}, executor: "{v}_x", schedule: nitely}
  "{v}__c": {pipeline: {pipeline_name: train, node_namespaces: ["{v}"]}, description: [x], executor: locl}
assets: {clean: {partition_mappings: {raw: {type: identiy}, rwa: {type: all}}}}
sensors: {s: {type: asset_changed, job: two, assets: [clea], require: al}}
"""
    made = ExpandedJob(
        key="{v}__c",
        config={"pipeline": {"pipeline_name": "train", "node_namespaces": ["eu"]}, "description": ["x"]},
        bindings={"v": "eu"},
    )
    told = problems(text, tmp_path, jobs={"eu__c": made}, job_selections={"one": JobSelection(error="broken")})
    assert [line.split(" -> ")[0] for line in told] == [
        "3:38 jobs.one.pipeline: unknown key 'tag'",
        "3:55 jobs.one.pipeline.tags[0]: pipeline 'train' has no tag 'dayly'",
        "3:76 jobs.one.pipeline.node_names[0]: pipeline 'train' has no node 'eu.fitt'",
        "4:15 jobs.one.executor: there is no executor 'locl'",
        "5:15 jobs.one.loggers[0]: there is no logger 'fil'",
        "6:35 jobs.two.pipeline.pipeline_name: expected text, got a list",
        "6:57 jobs.two.pipeline.node_names[0]: no pipeline has a node 'eu.fitt'",
        "6:78 jobs.two.schedule: there is no schedule 'nitely'",
        "7:3 jobs.three: 'pipeline' is missing",
        "7:21 jobs.three.executor: there is no executor 'locl'",
        "8:40 jobs.\"{v}__a\".pipeline.pipeline_name: there is no pipeline 'trai'",
        "8:72 jobs.\"{v}__a\".pipeline: unknown key 'tagss'",
        "8:95 jobs.\"{v}__a\".executor: there is no executor 'locl'",
        "9:64 jobs.\"{v}__b\".pipeline.node_namespaces: expected a list, got the text '{v}'",
        "9:101 jobs.\"{v}__b\".schedule: there is no schedule 'nitely'",
        '10:87 jobs."{v}__c".description: expected text, got a list',
        "10:102 jobs.\"{v}__c\".executor: there is no executor 'locl'",
        "11:51 assets.clean.partition_mappings.raw.type: unknown type of partition mapping: 'identiy'",
        "11:61 assets.clean.partition_mappings.rwa: no pipeline has a dataset 'rwa'",
        "12:55 sensors.s.assets[0]: no pipeline has a dataset 'clea'",
        "12:71 sensors.s.require: expected 'any' or 'all', got the text 'al'",
    ]


def test_names_that_are_no_text_are_told_where_they_stand(tmp_path: Path) -> None:
    text = 'jobs:\n  2: {}\n  yes: {pipeline: {}}\n  ~: {}\n  off: {}\n  1.50: {}\n  "": {pipeline: {}}\n'

    told = [line.split(" -> ")[0] for line in problems(text, tmp_path) if "pipeline" not in line]
    assert told == [
        "2:3 jobs: a name has to be text, got the number 2",
        "3:3 jobs: a name has to be text, got true",
        "4:3 a key has to be text: YAML reads '~' as nothing",
        "5:3 jobs: a name has to be text, got false",
        "6:3 jobs: a name has to be text, got the number 1.5",
        "7:3 jobs: '' is no job name",
    ]


def test_partitions_that_are_wrong_do_not_leave_a_job_without(tmp_path: Path) -> None:
    text = """\
jobs: {a: {pipeline: {pipeline_name: train}, partitions: all}}
assets: {eu.model: {partitions: {type: dayly}}}
"""
    selections = {"a": JobSelection(node_ids=("eu.fit", "us.deep.fit"))}
    assert [line.split(" -> ")[0] for line in problems(text, tmp_path, job_selections=selections)] == [
        "2:40 assets.\"eu.model\".partitions.type: unknown type of partitions: 'dayly'",
    ]


def test_a_mistake_in_the_catalog_hides_no_wrong_name(tmp_path: Path) -> None:
    datasets = {
        "clean": entry("clean", {"pol": "x", "partitions": "dya"}),
        "raw": DatasetEntry(name="raw", spellings=("raw",), type="x", in_catalog=True),
    }
    told = problems("partitions: {day: {type: daily, start_date: '2024-01-01'}}\n", tmp_path, datasets=datasets)

    assert told == ["clean.metadata.dagster.partitions: there are no partitions 'dya' -> did you mean 'day'?"]


ASSET_FACTORY = """\
partitions: {eu_day: {type: daily, start_date: '2024-01-01'}}
assets:
  "{ns}.model":
    partitions: "{ns}_day"
    owners: ["team:{ns}", "{ns}@example.com"]
    tags: {region: "{ns}"}
    kinds: ["{ns}"]
    pool: "{ns}_pool"
    group_name: "g/{ns}"
    code_version: "{ns}-1"
"""


def test_placeholders_are_filled_in_in_every_text(tmp_path: Path) -> None:
    raw = yaml.safe_load(ASSET_FACTORY.replace("eu_day:", "eu_day: &day").replace("01'}", "01'}, us_day: *day", 1))
    manifest = project(raw, tmp_path / "none.yml", dagster_files=())

    settings = resolve_asset_settings(load_dagster_config(manifest)[0], manifest)

    eu, us = settings["eu.model"], settings["us.model"]
    assert (eu.partitions, eu.owners, eu.tags) == ("eu_day", ("team:eu", "eu@example.com"), {"region": "eu"})
    assert (us.kinds, us.pool, us.group_name, us.code_version) == (("us",), "us_pool", "g/us", "us-1")


NO_GROUP = "no group name: use letters, digits and '_', with '/' between levels"


def test_placeholders_that_give_something_wrong(tmp_path: Path) -> None:
    assert problems(ASSET_FACTORY, tmp_path) == [
        "4:17 assets.\"{ns}.model\".partitions: there are no partitions 'us_day' -> did you mean 'eu_day'?"
    ]
    dotted = 'assets: {"{ns}model": {group_name: "{ns}x", pool: "{other}", owners: ["team:{other}"]}, clean: {kinds: ["{x}"]}}'
    assert [line.split(" -> ")[0].replace(NO_GROUP, "no group") for line in problems(dotted, tmp_path)] == [
        "1:36 assets.\"{ns}model\".group_name: 'eu.x' is no group (for 'eu.model')",
        "1:36 assets.\"{ns}model\".group_name: 'us.x' is no group (for 'us.model')",
        "1:51 assets.\"{ns}model\".pool: nothing says what '{other}' stands for",
        "1:71 assets.\"{ns}model\".owners[0]: nothing says what '{other}' stands for",
        "1:105 assets.clean.kinds[0]: '{x}' is no kind: up to 63 letters, digits, '_', '-' and '.'",
    ]


CATALOG = """\
clean:
  metadata:
    dagster: {partitions: dya, partition_mappings: {rwa: {type: identity}, "eu.model": {type: all}}}
"{region}.model":
  metadata:
    dagster:
      partitions: {type: multi, dimensions: {a: hours, b: {type: static, partition_keys: [x]}}}
      partition_mappings: {clean: {type: time_window}}
listed:
  type: kedro_dagster_component.datasets.DagsterPartitionedDataset
  partition: dya
"""


NO_INPUT, NO_TIME = "no input of the node that makes", "the mapping is between partitions by time"
MODEL = '"{region}.model"'


def test_wrong_names_in_the_catalog_come_with_all_others_at_their_place(tmp_path: Path) -> None:
    content = yaml.safe_load(CATALOG)
    (tmp_path / "catalog.yml").write_text(CATALOG, encoding="utf-8")
    models = {
        name: entry(name, content["{region}.model"]["metadata"]["dagster"], pattern="{region}.model")
        for name in ("eu.model", "us.model")
    }
    datasets = {
        "raw": DatasetEntry(name="raw", spellings=("raw",), type="x", in_catalog=True),
        "clean": entry("clean", content["clean"]["metadata"]["dagster"]),
        **models,
        "listed": DatasetEntry(
            name="listed", spellings=("listed",), in_catalog=True, config=content["listed"], type=LISTED
        ),
    }
    text = """\
partitions: {day: {type: daily, start_date: '2024-01-01'}, letter: {type: static, partition_keys: [a]}}
assets: {clean: {partitions: letter}, modl: {}}
"""
    told = problems(text, tmp_path, datasets=datasets, catalog_files=(str(tmp_path / "catalog.yml"),))
    assert [line.replace(".metadata.dagster", "") for line in told] == [
        "3:27 clean.partitions: there are no partitions 'dya' -> did you mean 'day'?",
        "3:53 clean.partition_mappings.rwa: no pipeline has a dataset 'rwa' -> did you mean 'raw'?",
        f"3:76 clean.partition_mappings.\"eu.model\": 'eu.model' is {NO_INPUT} 'clean' -> there is: 'raw'",
        f"7:49 {MODEL}.partitions.dimensions.a: there are no partitions 'hours' -> there is: 'day', 'letter'",
        f"8:42 {MODEL}.partition_mappings.clean.type: {NO_TIME}: the upstream dataset has static ones",
        f"8:42 {MODEL}.partition_mappings.clean.type: {NO_TIME}: this one has multi ones",
        "11:14 listed.partition: there are no partitions 'dya' -> did you mean 'day'?",
        "2:39 assets.modl: no pipeline has a dataset 'modl' -> did you mean 'us.model' or 'eu.model'?",
    ]


def test_patterns() -> None:
    assert match("regional_{name}", "regional_eu") == {"name": "eu"}
    assert match("regional_{name}", "regional_") is None
    assert match("{a}_{a}", "x_x") == {"a": "x"}
    assert match("{a}_{a}", "x_y") is None
    assert match("a.b", "axb") is None
    assert placeholders("{a}_{b}_{a}_${c}") == ("a", "b")
    assert most_specific(["{x}", "a{x}", "ab"], "ab") == "ab"
    assert most_specific(["{x}", "a{x}"], "ab") == "a{x}"
    assert most_specific(["b"], "a") is None
    assert match_levels("{a}", "x.y")
    assert match_levels("x.{a}.{a}", "x.y.y")
    assert not match_levels("x.{a}.{a}", "x.y.z")
    assert not match_levels("{a}.{b}", "x")
    assert not match_levels("b.{a}", "x.y")
