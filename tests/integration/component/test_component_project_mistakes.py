"""Mistakes in the catalog and the parameters, which Kedro finds when it runs, end the load; what may be right does not."""

import warnings

import pytest

from kedro_dagster_component.loading import KedroProjectWarning

PROJECT = "project: '{{ context.project_root }}/../demo'\n"
REGISTRY = """
    from kedro.pipeline import node, pipeline

    def clean(raw, threshold):
        return raw

    def spare(raw):
        return raw

    def register_pipelines():
        return {
            "__default__": pipeline([node(clean, ["raw", "params:model.threshold"], "cleaned", name="clean")]),
            "other": pipeline([node(spare, "raw", "spared", name="spare")]),
        }
"""
ONE_INPUT = REGISTRY.replace('node(spare, "raw"', 'node(spare, "params:model"')
PARAMETERS = "model: {threshold: 1}\n"
CSV = "{type: pandas.CSVDataset, filepath: data/x.csv}"
HOOKS = """
    from kedro.framework.hooks import hook_impl

    class Hooks:
        @hook_impl
        def {name}(self{arguments}):
            {body}

    HOOKS = (Hooks(),)
"""


def hooks(name, arguments="", body="pass"):
    return HOOKS.format(name=name, arguments=arguments, body=body)


@pytest.fixture
def mistake(location, project, refused):
    """The text that ends the load of a project, without the folders of the test."""

    def load(attributes="", **texts):
        root = project(**{"registry": REGISTRY, "parameters": PARAMETERS, **texts}).root
        file = location.add("demo", PROJECT + attributes)
        return refused().replace(str(file), "component.yaml").replace(str(root), "DEMO")

    return load


@pytest.fixture
def loaded(location, project):
    """Loads a project; gives the messages of its warnings."""

    def load(attributes="", **texts):
        project(**{"registry": REGISTRY, "parameters": PARAMETERS, **texts})
        location.add("demo", PROJECT + attributes)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            location.load()
        return [str(one.message) for one in caught if one.category is KedroProjectWarning]

    return load


def excerpt(line, text, column):
    return f"{line:>5} | {text}\n" + " " * (7 + column) + "^"


# Parameters ----------------------------------------------------------------------------------------------------------


def test_a_parameter_that_is_not_there(mistake):
    text = mistake(parameters="model: {treshold: 1}\n")
    assert text.startswith("1 problem in the configuration\n\n")
    assert "DEMO/src/demo/pipeline_registry.py:12:54: the node 'clean' (pipeline '__default__') takes" in text
    assert "'params:model.threshold', and the project has no such parameter\n" in text
    line = '        "__default__": pipeline([node(clean, ["raw", "params:model.threshold"], "cleaned", name="clean")]),'
    assert excerpt(12, line, 54) in text
    assert "  -> did you mean 'params:model.treshold'" in text
    assert "`runtime_params` in component.yaml" in text


@pytest.mark.parametrize(
    ("attributes", "texts"),
    [
        ("runtime_params: {model: {threshold: 3}}", {}),
        ("exclude: ['node:clean']", {}),
        ("pipelines: [other]", {}),
        ("", {"dagster": "jobs: {a: {pipeline: {pipeline_name: __default__}, params: {model: {threshold: 2}}}}"}),
        ("", {"catalog": f"raw: {CSV}\n'params:model.threshold': {{type: MemoryDataset}}\n"}),
        ("", {"catalog": f"raw: {CSV}\n'{{any}}': {{type: MemoryDataset}}\n"}),
        (
            "include_hooks: true",
            {"settings": hooks("after_catalog_created", ", catalog", "catalog['params:model.threshold'] = 1")},
        ),
    ],
    ids=["runtime_params", "exclude", "pipelines", "job", "entry", "pattern", "hook"],
)
def test_ways_to_have_a_parameter_or_not_to_need_it(loaded, attributes, texts):
    assert loaded(attributes, parameters="x: 1\n", **texts) == []


@pytest.mark.parametrize("name", ["after_context_created", "after_catalog_created", "before_pipeline_run"])
def test_a_hook_that_was_not_fired_may_bring_the_parameter(loaded, name):
    [text] = loaded(parameters="x: 1\n", settings=hooks(name))
    assert f"has no such parameter, unless a hook of the project (`{name}`) mends it" in text
    assert ("include_hooks" in text) == (name != "before_pipeline_run")


# Inputs ------------------------------------------------------------------------------------------------------------


def test_an_input_that_no_node_makes_and_the_catalog_lacks(mistake):
    text = mistake(registry=ONE_INPUT, catalog=f"rwa: {CSV}\n")
    assert text.startswith("1 problem in the configuration\n\n")
    assert "DEMO/src/demo/pipeline_registry.py:12:47: the node 'clean' (pipeline '__default__') takes 'raw', " in text
    assert "'raw', which no node makes and the catalog does not hold\n" in text
    assert "  -> did you mean 'rwa'?\n" in text
    assert "`exclude` in component.yaml" in text


@pytest.mark.parametrize(
    ("attributes", "texts"),
    [
        ("exclude: ['node:clean']", {}),
        ("pipelines: [other]", {}),
        ("", {"catalog": f"'r{{any}}': {CSV}\n"}),
        ("", {"catalog": f"'{{any}}': {CSV}\n"}),
        (
            "include_hooks: true",
            {"settings": hooks("after_catalog_created", ", catalog", "catalog['raw'] = 1")},
        ),
    ],
    ids=["exclude", "pipelines", "pattern", "catch-all", "hook"],
)
def test_ways_to_have_an_input_or_not_to_need_it(loaded, attributes, texts):
    assert loaded(attributes, **{"registry": ONE_INPUT, "catalog": f"other: {CSV}\n", **texts}) == []


def test_an_input_whose_entry_is_wrong_is_told_once(mistake):
    assert mistake(catalog="raw: {typ: pandas.CSVDataset}\n").startswith("1 problem in the configuration\n\n")


def test_a_hook_that_was_not_fired_may_bring_the_input(loaded):
    [text] = loaded(catalog=f"other: {CSV}\n", settings=hooks("after_catalog_created"))
    assert "the catalog does not hold, unless a hook of the project (`after_catalog_created`) mends it" in text


def test_a_catalog_class_of_the_project_may_bring_the_input(loaded):
    settings = """
        from kedro.io import DataCatalog

        class Own(DataCatalog):
            pass

        DATA_CATALOG_CLASS = Own
    """
    [text] = loaded(catalog=f"other: {CSV}\n", settings=settings)
    assert "unless the project's own catalog class brings it" in text


# Hooks -------------------------------------------------------------------------------------------------------------


def test_hooks_of_other_events_leave_no_doubt(mistake):
    assert "takes 'params:model.threshold'" in mistake(parameters="x: 1\n", settings=hooks("after_node_run"))


def test_a_parameter_in_a_namespace_is_found_in_the_code(mistake):
    registry = """
        from kedro.pipeline import node, pipeline

        def clean(raw, threshold):
            return raw

        def register_pipelines():
            nodes = [node(clean, ["raw", "params:threshold"], "cleaned", name="clean")]
            return {"__default__": pipeline(nodes, namespace="eu", inputs="raw")}
    """
    text = mistake(registry=registry)
    assert "pipeline_registry.py:8:34: the node 'eu.clean' (pipeline '__default__') takes 'params:eu.threshold'" in text


# Catalog -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "place", "message", "hint"),
    [
        (
            "{type: json.JSONDatast, filepath: x}",
            "1:13",
            "raw.type: there is no dataset class 'json.JSONDatast'",
            "did you mean 'json.JSONDataset'",
        ),
        (
            "{type: pandas.CSVDataset, filepth: x}",
            "1:32",
            "raw: 'pandas.CSVDataset' takes no argument 'filepth'",
            "did you mean 'filepath'?",
        ),
        ("{type: pandas.CSVDataset}", "1:1", "raw: 'pandas.CSVDataset' needs 'filepath'", "add what is missing"),
        (
            "{type: huggingface.HFDataset, dataset_name: x}",
            "1:13",
            "raw.type: 'huggingface.HFDataset' needs the package ",
            'pip install "kedro-datasets[huggingface-hfdataset]"',
        ),
        (
            "{type: demo.datasets.Plan, path: x, versioned: true}",
            "1:42",
            "raw: 'demo.datasets.Plan' cannot be versioned",
            "take `versioned` out",
        ),
        ("{type: demo.datasets.Plain, path: x}", "1:13", "raw.type: the module 'demo.datasets' has no class", "'Plan'"),
        ("{type: demo.dataset.Plan, path: x}", "1:13", "raw.type: cannot import 'demo.dataset.Plan'", "'datasets'?"),
        ("{type: demo.broken.Plan}", "1:13", "raw.type: 'demo.broken.Plan' cannot be imported: ZeroDivisionError", ""),
        ("{type: collections.OrderedDict}", "1:13", "raw.type: 'collections.OrderedDict' is no dataset class", ""),
        ("{type: demo.datasets.Half}", "1:13", "raw.type: 'demo.datasets.Half' cannot be made: it lacks `load`", ""),
        ("{typ: pandas.CSVDataset, filepath: x}", "1:7", "raw: there is no `type`, but 'typ'", "write `type`"),
        (
            "{type: partitions.PartitionedDataset, path: x, dataset: {type: pandas.CSVDatset, load_args: {}}}",
            "1:69",
            "raw.dataset.type: there is no dataset class 'pandas.CSVDatset'",
            "did you mean 'pandas.CSVDataset'",
        ),
        (
            "{type: CachedDataset, dataset: {type: pandas.CSVDataset, filepth: x}}",
            "1:63",
            "raw.dataset: 'pandas.CSVDataset' takes no argument 'filepth'",
            "did you mean 'filepath'?",
        ),
        (
            "{type: pandas.CSVDataset, filepath: x, credentials: wearhouse}",
            "1:58",
            "raw.credentials: there are no credentials 'wearhouse'",
            "did you mean 'warehouse'?",
        ),
        (
            "{type: demo.datasets.Plan, path: x, metadata: {dagster: {owners: [team:a]}}}",
            "1:42",
            "raw: 'demo.datasets.Plan' takes no `metadata`",
            "write these settings under `assets:` of dagster.yml",
        ),
    ],
)
def test_an_entry(mistake, entry, place, message, hint):
    files = {
        "conf/local/credentials.yml": "warehouse: {password: hunter2}\n",
        "src/demo/broken.py": "1 / 0\n",
        "src/demo/datasets.py": """
            from kedro.io import AbstractDataset

            class Plan(AbstractDataset):
                def __init__(self, path): ...
                def load(self): ...
                def save(self, data): ...
                def _describe(self): return {}

            class Half(AbstractDataset):
                def save(self, data): ...
                def _describe(self): return {}
        """,
    }
    text = mistake(catalog=f"raw: {entry}\n", files=files)
    assert text.startswith("1 problem in the configuration\n\n")
    assert f"DEMO/conf/base/catalog.yml:{place}: {message}" in text
    assert "    1 | raw: {typ" in text
    assert hint in text
    assert "hunter2" not in text


def test_an_entry_of_the_environment_comes_before_that_of_base(mistake):
    files = {"conf/local/catalog_raw.yml": "\nraw:\n  type: pandas.CSVDatset\n  filepath: x\n"}
    text = mistake(catalog=f"raw: {CSV}\n", files=files)
    assert "DEMO/conf/local/catalog_raw.yml:3:9: raw.type: there is no dataset class 'pandas.CSVDatset'" in text
    assert excerpt(3, "  type: pandas.CSVDatset", 9) in text


def test_a_pattern_is_told_once_with_the_dataset(mistake):
    text = mistake(catalog=f"raw: {CSV}\n'{{name}}ed':\n  type: pandas.CSVDataset\n  filepth: '{{name}}'\n")
    assert text.startswith("1 problem in the configuration")
    assert "catalog.yml:4:3: \"{name}ed\": 'pandas.CSVDataset' takes no argument 'filepth'" in text
    assert "(the dataset 'cleaned', 'spared')" in text


def test_all_mistakes_of_all_files_come_at_once(mistake):
    text = mistake(
        "select: ['node:claen']",
        catalog="raw: {type: pandas.CSVDataset, filepath: x, credentials: nowhere}\nspared: 3\n",
        dagster="jobs: {a: {pipeline: {pipeline_name: nope}}}\n",
        files={"conf/base/catalog_b.yml": "cleaned: {filepath: x}\n"},
    )
    assert text.startswith("5 problems in the configuration\n\n")
    places = (
        "DEMO/conf/base/catalog.yml:1:58: raw.credentials",
        "DEMO/conf/base/catalog.yml:2:1: spared: this entry is no mapping",
        "DEMO/conf/base/catalog_b.yml:1:1: cleaned: there is no `type`",
        "DEMO/conf/base/dagster.yml:1:38: jobs.a.pipeline.pipeline_name",
        "component.yaml:4:12: no node 'claen' in Demo",
    )
    assert all(place in text for place in places)


def test_broken_yaml_comes_with_the_mistakes_of_dagster_yml(mistake):
    text = mistake(catalog="raw: {type: x\n", dagster="jobs: {a: {pipeline: {pipeline_name: nope}}}\n")
    assert text.startswith("2 problems in the configuration\n\n")
    assert "DEMO/conf/base/catalog.yml:1:6: the '{' is not closed" in text
    assert "DEMO/conf/base/dagster.yml:1:38" in text


def test_credentials_in_no_file(mistake):
    text = mistake(catalog="raw: {type: pandas.CSVDataset, filepath: x, credentials: 'pg://me:hunter2@h/d'}\n")
    assert "raw.credentials: there are no credentials of this name" in text
    assert "write them in conf/local/credentials.yml" in text
    assert "hunter2" not in text


def test_credentials_of_an_entry_that_nobody_uses(mistake):
    text = mistake(catalog=f"raw: {CSV}\nunused: {{type: pandas.CSVDataset, filepath: x, credentials: nowhere}}\n")
    assert "unused.credentials: there are no credentials 'nowhere'" in text


def test_mistakes_found_while_the_live_catalog_is_made(mistake):
    text = mistake(
        "include_hooks: true",
        settings=hooks("after_catalog_created"),
        catalog="raw: {type: pandas.CSVDataset, filepath: x, credentials: nowhere}\n",
    )
    assert "DEMO/conf/base/catalog.yml:1:58: raw.credentials: there are no credentials 'nowhere'" in text


@pytest.mark.parametrize(
    ("attributes", "texts"),
    [
        ("", {"catalog": f"raw: {CSV}\nunused: {{type: no.such.Class}}\n"}),
        ("exclude: ['node:spare']", {"catalog": f"raw: {CSV}\nspared: {{type: no.such.Class}}\n"}),
        ("", {"catalog": "raw: {type: pandas.CSVDataset, filepath: x, credentials: db}\n"}),
        ("", {"catalog": "_csv: &csv {type: pandas.CSVDataset, load_args: {sep: ;}}\nraw: {<<: *csv, filepath: x}\n"}),
        ("", {"catalog": "raw: {type: kedro_datasets.pandas.CSVDataset, filepath: x, metadata: {a: 1}}\n"}),
        ("", {"catalog": "raw: {type: pandas.csv_dataset.CSVDataset, filepath: x, versioned: true}\n"}),
        ("", {"catalog": "raw: {type: partitions.PartitionedDataset, path: x, dataset: pandas.CSVDataset}\n"}),
        (
            "",
            {
                "catalog": "raw: {type: partitions.PartitionedDataset, path: x, filepath_arg: path, "
                "dataset: {type: demo.datasets.Anything, other: 1}}\n"
            },
        ),
        (
            "",
            {
                "catalog": "raw: {type: CachedDataset, versioned: true, dataset: {type: pickle.PickleDataset, filepath: x}}"
            },
        ),
        ("", {"catalog": "raw: {type: demo.datasets.Anything, whatever: 1}\n"}),
        ("", {"catalog": "raw: {type: demo.datasets.New, whatever: 1}\n"}),
        ("", {"catalog": "'{anything}': {type: pickle.PickleDataset, filepath: '{anything}'}\n"}),
        (
            "include_hooks: true",
            {
                "settings": hooks("after_catalog_created", ", catalog", "catalog['raw'] = 1"),
                "catalog": "raw: {type: no.such.Class}\n",
                "files": {},
            },
        ),
        (
            "",
            {
                "settings": "from demo.datasets import Catalog\nDATA_CATALOG_CLASS = Catalog\n",
                "catalog": "raw: {type: no.such.Class}\n",
            },
        ),
    ],
)
def test_entries_that_run(loaded, attributes, texts):
    datasets = """
        from kedro.io import AbstractDataset, DataCatalog

        class Catalog(DataCatalog): ...

        class Anything(AbstractDataset):
            def __init__(self, path=None, **options): ...
            def load(self): ...
            def save(self, data): ...
            def _describe(self): return {}

        class New(Anything):
            def __new__(cls, **options): return Anything()
            def __init__(self): ...
    """
    files = {"conf/local/credentials.yml": "db: ${oc.env:NOT_THERE}\n", "src/demo/datasets.py": datasets}
    assert loaded(attributes, **{"files": files, **texts}) == []


def test_a_hook_that_was_not_fired_may_mend_an_entry(loaded):
    [text] = loaded(catalog="raw: {type: pandas.CSVDatset, filepath: x}\n", settings=hooks("after_catalog_created"))
    assert "raw.type: there is no dataset class 'pandas.CSVDatset', unless a hook of the project" in text
    assert "did you mean 'pandas.CSVDataset'" in text


def test_a_hook_that_was_not_fired_may_bring_credentials(loaded):
    [text] = loaded(
        catalog="raw: {type: pandas.CSVDataset, filepath: x, credentials: vault}\n",
        settings=hooks("after_context_created", ", context", "context.config_loader['credentials'] = {'vault': {}}"),
    )
    assert "there are no credentials 'vault', unless a hook of the project (`after_context_created`) mends it" in text


def test_credentials_that_a_fired_hook_has_brought(loaded):
    assert not loaded(
        "include_hooks: true",
        catalog="raw: {type: pandas.CSVDataset, filepath: x, credentials: vault}\n",
        settings=hooks("after_context_created", ", context", "context.config_loader['credentials'] = {'vault': {}}"),
    )


# Settings of assets in the catalog -----------------------------------------------------------------------------------


def test_settings_in_the_catalog_that_are_wrong(mistake):
    catalog = """\
raw:
  type: pandas.CSVDataset
  filepath: x
  metadata:
    dagster:
      owner: [team:a]
      kinds: csv
"""
    text = mistake(catalog=catalog, dagster="jobs: {a: {pipeline: {pipeline_name: nope}}}\n")
    assert text.startswith("3 problems in the configuration\n\n")
    assert "DEMO/conf/base/catalog.yml:6:7: raw.metadata.dagster: unknown key 'owner'" in text
    assert excerpt(6, "      owner: [team:a]", 7) in text
    assert "DEMO/conf/base/catalog.yml:7:14: raw.metadata.dagster.kinds: expected a list" in text
    assert "DEMO/conf/base/dagster.yml:1:38: jobs.a.pipeline.pipeline_name" in text


def test_names_in_the_catalog_that_do_not_exist(mistake):
    catalog = """\
raw: {type: pandas.CSVDataset, filepath: x}
cleaned:
  type: pandas.CSVDataset
  filepath: x
  metadata: {dagster: {partitions: dya, partition_mappings: {rwa: {type: identity}}}}
"""
    dagster = "partitions: {day: {type: daily, start_date: '2024-01-01'}}\njobs: {a: {pipeline: {tags: [x]}}}\n"
    text = mistake(catalog=catalog, dagster=dagster)
    assert text.startswith("3 problems in the configuration\n\n")
    shown = "  metadata: {dagster: {partitions: dya, partition_mappings: {rwa: {type: identity}}}}"
    assert "DEMO/conf/base/catalog.yml:5:36: cleaned.metadata.dagster.partitions: there are no partitions 'dya'" in text
    assert excerpt(5, shown, 36) + "\n  -> did you mean 'day'?" in text
    assert "partition_mappings.rwa: no pipeline has a dataset 'rwa'" in text
    assert excerpt(5, shown, 62) + "\n  -> did you mean 'raw'?" in text


def test_partitions_in_the_catalog_that_do_not_fit(mistake):
    catalog = """\
raw: {type: pandas.CSVDataset, filepath: x}
a: {type: pandas.CSVDataset, filepath: x}
b:
  type: pandas.CSVDataset
  filepath: x
  metadata:
    dagster: {owners: [], partitions: {type: static, partition_keys: [a]}}
"""
    registry = REGISTRY.replace('"raw", "spared"', '"raw", ["a", "b"]')
    text = mistake(catalog=catalog, registry=registry)
    assert "DEMO/conf/base/catalog.yml:7:39: b.metadata.dagster.partitions: node 'spare' makes 'a' and 'b'" in text
    assert excerpt(7, "    dagster: {owners: [], partitions: {type: static, partition_keys: [a]}}", 39) in text


def test_jobs_and_settings_in_vain_are_told_and_load(loaded):
    dagster = """
jobs: {a: {pipeline: {pipeline_name: other}}, b: {pipeline: {}}}
assets: {raw: {pool: x}}
"""
    told = loaded("pipelines: [other]", dagster=dagster, catalog="raw: {type: pandas.CSVDataset, filepath: x}\n")
    assert sorted(told) == [
        "assets.raw.pool: 'pool' has no effect: no node makes 'raw'\n  -> take it out",
        "job 'b' is left out: none of its nodes is exposed",
    ]


def test_partitions_that_overwrite_each_other_are_told_and_load(loaded):
    catalog = """
raw: {type: pandas.CSVDataset, filepath: raw.csv}
cleaned: {type: pandas.CSVDataset, filepath: cleaned.csv, metadata: {dagster: {partitions: day}}}
spared: {type: pandas.CSVDataset, filepath: "${_root}/spared.csv", metadata: {dagster: {partitions: day}}}
_root: data/${runtime_params:partition_key,none}
"""
    told = loaded(catalog=catalog, dagster="partitions: {day: {type: daily, start_date: '2024-01-01'}}")
    (warning,) = told
    assert warning == (
        "'cleaned' has partitions, and each of them replaces the file of the one before\n"
        "  -> put ${runtime_params:partition_key,default} into its path, or make it a PartitionedDataset"
    )


def test_log_files_in_folders_that_are_not_there_are_told_and_load(loaded):
    handlers = "[{class: logging.FileHandler, filename: nowhere/a.log}, {class: logging.FileHandler, filename: a.log}]"
    told = loaded(dagster=f"loggers: {{a: {{handlers: {handlers}}}}}\n")
    assert [text.split("\n")[0] for text in told] == [
        "loggers.a.handlers[0].filename: there is no folder 'nowhere', without which runs of jobs with this logger fail"
    ]
