"""`dagster*` files as Kedro's own loader reads them: merging, interpolation, environment variables, and mistakes."""

import os

import pytest

from kedro_dagster_component.config import load_dagster_config
from kedro_dagster_component.errors import ConfigurationError
from kedro_dagster_component.introspection import introspect_project

RESOLVERS = """
    from omegaconf.resolvers import oc
    CONFIG_LOADER_ARGS = {
        "base_env": "base",
        "default_run_env": "local",
        "custom_resolvers": {"plus": lambda a, b: a + b, "oc.env": oc.env},
    }
"""
SOFT = """
    CONFIG_LOADER_ARGS = {"base_env": "base", "default_run_env": "local", "merge_strategy": {"dagster": "soft"}}
"""
REDIS = "redis://:${oc.env:BROKER_PASSWORD}@${oc.env:BROKER_HOST,localhost}:6379/${globals:number}"


@pytest.fixture
def secret(monkeypatch):
    monkeypatch.setenv("BROKER_PASSWORD", "hunter2")
    return "hunter2"


def message(read, **texts):
    with pytest.raises(ConfigurationError) as caught:
        all_checked(read(**texts))
    return str(caught.value)


def places(found):
    """Place and message of each problem, without the folders above the environment."""
    return [line.split("/conf/")[1] for line in found.splitlines() if "/conf/" in line]


def all_checked(manifest):
    """The mistakes found while reading together with those of dagster.yml, as the component has them."""
    problems = [record.problem() for record in manifest.problems]
    try:
        load_dagster_config(manifest)
    except ConfigurationError as error:
        problems += error.problems
    if problems:
        raise ConfigurationError(problems)


def test_base_environment_and_several_files_are_merged_as_kedro_does(read):
    manifest = read(
        dagster="executors: {a: {in_process: {}}, b: {in_process: {}}}\n",
        files={
            "conf/base/dagster_jobs.yml": "jobs: {one: {pipeline: {}}}\n_hidden: {x: 1}\n",
            "conf/base/dagster/more.yml": "schedules: {s: {cron_schedule: '@daily'}}\n",
            "conf/local/dagster.yml": "executors: {c: {in_process: {}}}\n",
        },
    )
    config, positions = load_dagster_config(manifest)
    assert (list(config.executors), list(config.jobs), list(config.schedules)) == (["c"], ["one"], ["s"])
    assert positions.at("executors", "c").file.parent.name == "local"
    assert positions.at("jobs", "one").file.name == "dagster_jobs.yml"


def test_globals_runtime_parameters_and_custom_resolvers(read):
    manifest = read(
        settings=RESOLVERS,
        dagster="""
            executors:
              local: {multiprocess: {max_concurrent: "${plus:1,${globals:number}}"}}
            schedules:
              s: {cron_schedule: "0 ${runtime_params:hour,3} * * *", description: "${_text}"}
              t: {cron_schedule: "@${globals:which}"}
            _text: hello
        """,
        files={"conf/base/globals.yml": "number: 1\nwhich: daily\n"},
        ref={"runtime_params": {"hour": 5}},
    )
    config, _ = load_dagster_config(manifest)
    assert config.executors["local"].options == {"max_concurrent": 2}
    assert [schedule.cron_schedule for schedule in config.schedules.values()] == [("0 5 * * *",), ("@daily",)]
    assert config.schedules["s"].description == "hello"


@pytest.mark.parametrize("settings", ["", RESOLVERS])
def test_environment_variables_stay_out_of_the_manifest(read, secret, settings):
    manifest = read(
        settings=settings,
        dagster=f"""
            executors:
              queue: {{celery_executor: {{broker: "{REDIS}", backend: "${{executors.queue.celery_executor.broker}}"}}}}
              local: {{in_process: {{}}}}
            jobs:
              "{{n}}__x": {{pipeline: {{node_namespaces: ["{{n}}"]}}, executor: "${{oc.env:EXECUTOR,local}}"}}
              one: {{pipeline: {{pipeline_name: "${{oc.env:PIPELINE,__default__}}"}}}}
        """,
        registry="""
            from kedro.pipeline import node, pipeline
            def f(x): return x
            def register_pipelines():
                return {"__default__": pipeline([node(f, "raw", "a", name="f", namespace="eu")])}
        """,
        files={"conf/base/globals.yml": "number: 3\n"},
    )
    assert secret not in manifest.model_dump_json()
    assert manifest.job_selections["one"].node_ids == ("eu.f",)
    config, _ = load_dagster_config(manifest)
    broker = config.executors["queue"].options["broker"]
    assert broker == f"redis://:{secret}@localhost:6379/3"
    assert config.executors["queue"].options["backend"] == broker


def test_a_global_of_an_environment_without_other_files(read):
    found = message(
        read,
        dagster="jobs: {one: {pipeline: {pipeline_name: '${globals:which}'}}}",
        files={"conf/base/globals.yml": "which: __default__\n", "conf/local/globals.yml": "\nwhich: trane\n"},
    )
    assert "there is no pipeline 'trane'" in found
    assert "local/globals.yml:2:8" in found


def test_a_global_that_is_an_environment_variable(read, secret):
    manifest = read(
        settings=RESOLVERS,
        dagster="executors: {queue: {celery_executor: {broker: '${globals:broker}'}}}",
        files={"conf/base/globals.yml": "broker: 'redis://:${oc.env:BROKER_PASSWORD}@h'\n"},
    )
    assert secret not in manifest.model_dump_json()
    config, _ = load_dagster_config(manifest)
    assert config.executors["queue"].options["broker"] == f"redis://:{secret}@h"


def test_a_value_from_the_environment_is_in_no_message(read, monkeypatch):
    monkeypatch.setenv("WRONG", "hunter2 * * *")
    found = message(read, dagster="""
        schedules: {s: {cron_schedule: "${oc.env:WRONG}"}}
        jobs: {one: {pipeline: {}, executor: "${oc.env:WRONG}"}, two: {pipeline: {tags: ["${oc.env:WRONG}"]}}}
    """)  # fmt: skip
    assert "hunter2" not in found
    assert found.count("the value of ${oc.env:WRONG} is wrong here") == 3


def test_a_missing_environment_variable(read):
    found = message(
        read, dagster="schedules:\n  s:\n    cron_schedule: ${oc.env:NOT_THERE}\n    description: ${oc.env:HOME}\n"
    )
    assert "dagster.yml:3:20: schedules.s.cron_schedule: the environment variable 'NOT_THERE' is not set" in found
    assert "dagster.yml:4:18: schedules.s.description: a value from the environment cannot stand here" in found
    assert found.startswith("2 problems")


def test_environment_variables_stay_refused_elsewhere(read):
    found = message(
        read, catalog="raw:\n  type: x\n  filepath: ${oc.env:HOME}/x\n", dagster="jobs: {a: {pipeline: {}}}"
    )
    assert "catalog.yml:3:13: raw.filepath: unsupported interpolation type oc.env" in found
    assert "credentials only" in found


@pytest.mark.filterwarnings("ignore:register_new_resolver:UserWarning")
def test_the_resolver_is_put_back():
    from kedro.config import OmegaConfigLoader
    from omegaconf import OmegaConf
    from omegaconf.basecontainer import BaseContainer

    from kedro_dagster_component.compat.kedro import environment_resolver
    from kedro_dagster_component.config.environment import environment_placeholder

    kept = dict(BaseContainer._resolvers)
    try:
        loader = OmegaConfigLoader(conf_source=os.curdir)
        before = dict(BaseContainer._resolvers)
        assert "oc.env" not in before
        with environment_resolver(loader, environment_placeholder):
            assert OmegaConf.create({"a": "${oc.env:HOME}"}).a == "${oc.env:HOME}"
        assert BaseContainer._resolvers == before
        OmegaConf.register_new_resolver("oc.env", lambda name: name)
        before = dict(BaseContainer._resolvers)
        with pytest.raises(RuntimeError), environment_resolver(loader, environment_placeholder):
            raise RuntimeError
        assert BaseContainer._resolvers == before
    finally:
        BaseContainer._resolvers.clear()
        BaseContainer._resolvers.update(kept)


BROKEN = [
    ("jobs:\n\ta: 1\n", "dagster.yml:2:1: a tab in the indentation"),
    ("jobs: {a: {pipeline: {}\nother: 1\n", "dagster.yml:1:11: the '{' is not closed"),
    ("jobs: {}\njobs: {}\n", "dagster.yml:2:1: the key 'jobs' is there twice, first in line 1"),
    ("- jobs\n", "dagster.yml:1:1: the file has no mapping at its top"),
    ("jobs\n", "dagster.yml:1:1: the file has no mapping at its top"),
    ("a: ${b}\nc: ${globals:d}\n", "dagster.yml:1:4: a: interpolation key 'b' not found"),
    ("a: ${b}\nc: ${globals:d}\n", "dagster.yml:2:4: c: globals key 'd' not found"),
    ("a: {b: [1, '${upper:x}']}\n", "dagster.yml:1:12: a.b[1]: unsupported interpolation type upper"),
    ("a: ${runtime_params:x}\n", "dagster.yml:1:4: a: runtime parameter 'x' not found"),
    ("a: '${b'\n", "dagster.yml:1:4: a: "),
    ("a: !!python/name:os.system x\n", "dagster.yml:1:4: cannot be loaded: "),
    ("a: &x {b: *x}\n", "dagster.yml:1:4: "),
    ("a: \x07\n", "dagster.yml:1:4: a control character"),
    ("{a: 1}: 2\n", "dagster.yml:1:1: a mapping or list stands where a key should"),
]


@pytest.mark.parametrize(("text", "expected"), BROKEN)
def test_broken_files(read, text, expected):
    found = message(read, dagster=text)
    assert expected in found
    assert "\n  -> " in found or "cannot be loaded" in found or expected.endswith(": ")


def test_a_file_too_large_for_omegaconf(read):
    jobs = "".join(f"  job_{number}: {{pipeline: {{pipeline_name: __default__}}}}\n" for number in range(3000))
    found = message(read, dagster=f"jobs:\n{jobs}")
    assert "dagster.yml: the file holds more than OmegaConf takes" in found
    assert "OMEGACONF_MAX_YAML_EXPANDED_NODES" in found


def test_broken_files_of_all_kinds_at_once(read):
    found = message(
        read,
        parameters="a: [1\n",
        dagster="jobs: {\n",
        files={
            "conf/base/catalog.yml": "a: b: c\n",
            "conf/local/credentials.yml": "db:\n  password: hunter2\n  x: [\n",
        },
    )
    assert found.startswith("4 problems")
    assert "credentials.yml: line " in found
    assert "hunter2" not in found


def test_broken_globals(read):
    assert "globals.yml:1:4: the '{' is not closed" in message(read, files={"conf/base/globals.yml": "a: {b: 1\n"})
    found = message(read, files={"conf/base/globals.yml": "", "conf/local/globals.yml": "a: 1\nb: ${c}\n"})
    assert "conf/local/globals.yml:2:4: b: interpolation key 'c' not found" in found


def test_keys_of_two_files_of_one_folder(read):
    found = message(read, dagster="jobs: {}", files={"conf/base/dagster_b.yml": "jobs: {}"})
    assert "dagster_b.yml:1:1: the key 'jobs' is there twice, first in " in found


def test_an_empty_file_and_none_at_all(read):
    for dagster in (None, "", "# nothing\n"):
        config, _ = load_dagster_config(read(dagster=dagster))
        assert config.jobs == {}


def test_one_read_has_no_effect_on_the_environment(project, monkeypatch):
    monkeypatch.delenv("NOT_THERE", raising=False)
    introspect_project(project(dagster="schedules: {s: {cron_schedule: '${oc.env:NOT_THERE}'}}").ref())
    assert "NOT_THERE" not in os.environ


def test_classes_of_loggers_are_looked_for_with_the_project_at_hand(read):
    handler = "import logging\nclass MyHandler(logging.Handler): pass\n"
    logger = (
        "{formatters: {j: {(): kedro_dagster.logging.dagster_json_formatter}}, handlers:"
        " [{class: demo.log.MyHandler}, {class: logging.StreamHandler, stream: ext://sys.stdout, formatter: j}]}"
    )
    files = {"src/demo/log.py": handler, "conf/base/catalog.yml": "raw: {type: MemoryDataset}"}
    assert list(load_dagster_config(read(dagster=f"loggers: {{a: {logger}}}", files=files))[0].loggers) == ["a"]
    found = message(
        read,
        files=files,
        dagster="""
            loggers:
              a: {handlers: [{class: demo.log.MyHandle}, {class: logging.StreamHandler, stream: ext://sys.stdot}]}
            assets: {cleaned: {partitions: of_component}}
            jobs:
              b: {pipeline: {}, executor: nowhere, loggers: [{filters: {f: {(): not_installed.F}}}]}
        """,
    )
    assert found.startswith("5 problems")
    assert "assets.cleaned.partitions: there are no partitions 'of_component'" in found
    assert "dagster.yml:3:26: loggers.a.handlers[0].class: the module 'demo.log' has no 'MyHandle'" in found
    assert "loggers.a.handlers[1].stream: the module 'sys' has no 'stdot'" in found
    assert 'jobs.b.loggers[0].filters.f."()": cannot import' in found
    assert "jobs.b.executor: there is no executor 'nowhere'" in found


UNRESOLVED = """
    assets: {modl: {code_version: 2024-01-01, kinds: '${globals:kinds}', owners: [x]}}
    partitions: {p: {type: daily, start_date: '${oc.env:X_NOT_THERE}'}}
    automation: {default_status: '${x}', minimum_interval_seconds: 0}
    schedules: ${globals:schedules}
    jobs: {b: {pipeline: {pipeline_name: '${nope}', tags: [no_tag]}, schedule: any, description: '${nope}'}}
"""


def test_what_cannot_be_resolved_hides_no_mistakes(read):
    told = places(
        message(
            read,
            dagster="jobs: {a: {pipeline: {pipeline_name: trane}, schedule: any}, b: {executor: nil}}\n_x: {y: 1}\n",
            files={"conf/local/dagster.yml": UNRESOLVED},
            settings=SOFT,
        )
    )
    assert told == [
        "base/dagster.yml:1:38: jobs.a.pipeline.pipeline_name: there is no pipeline 'trane'",
        "base/dagster.yml:1:76: jobs.b.executor: there is no executor 'nil'",
        "local/dagster.yml:2:10: assets.modl: no pipeline has a dataset 'modl'",
        "local/dagster.yml:2:50: assets.modl.kinds: globals key 'kinds' not found and no default value provided",
        "local/dagster.yml:2:79: assets.modl.owners[0]: 'x' is no owner: expected an e-mail address or 'team:name'",
        "local/dagster.yml:3:43: partitions.p.start_date: the environment variable 'X_NOT_THERE' is not set",
        "local/dagster.yml:4:30: automation.default_status: interpolation key 'x' not found",
        "local/dagster.yml:4:64: automation.minimum_interval_seconds: has to be at least 1, got the number 0",
        "local/dagster.yml:5:12: schedules: globals key 'schedules' not found and no default value provided",
        "local/dagster.yml:6:38: jobs.b.pipeline.pipeline_name: interpolation key 'nope' not found",
        "local/dagster.yml:6:56: jobs.b.pipeline.tags[0]: no pipeline has a tag 'no_tag'",
        "local/dagster.yml:6:94: jobs.b.description: interpolation key 'nope' not found",
    ]


def test_a_file_that_is_no_yaml_hides_no_mistakes_of_the_others(read):
    told = places(
        message(
            read,
            dagster="jobs: {a: {pipeline: {pipeline_name: trane}, executor: any, description: 3}}\n",
            files={
                "conf/base/dagster_more.yml": "executors: {e: {in_process: {}}\n",
                "conf/local/dagster_local.yml": "assets: {modl: {}}\nsensors: {s: {type: job_failed, job: x}}\n",
            },
        )
    )
    assert told == [
        "base/dagster.yml:1:38: jobs.a.pipeline.pipeline_name: there is no pipeline 'trane'",
        "base/dagster.yml:1:74: jobs.a.description: expected text, got the number 3",
        "base/dagster_more.yml:1:12: the '{' is not closed by '}', or a comma is missing",
        "local/dagster_local.yml:1:10: assets.modl: no pipeline has a dataset 'modl'",
        "local/dagster_local.yml:2:11: sensors.s: 'monitored_jobs' is missing",
    ]


def test_one_mistake_is_told_once(read):
    assert message(read, dagster="jobs\n").startswith("1 problem ")
    found = message(read, dagster="assets: {cleaned: {owners: ['${oc.env:HOME}'], group_name: '${oc.env:HOME} x'}}\n")
    assert found.startswith("2 problems")


SENTENCES = [
    ("a: '${b'\n", "a: this is no valid interpolation", "every '{' closed"),
    ("a: '${oc.env:'\n", "a: this is no valid interpolation", "every '{' closed"),
    ("a: ${b}\nb: ${a}\n", "b: recursive interpolation detected", "write one of them out"),
    ("a: !foo {b: 1}\n", "cannot be loaded: it has the tag '!foo'", "take it away"),
    ("a: !!python/name:os.system x\n", "cannot be loaded: it has the tag 'python/name:os.system'", "take it away"),
    ("jobs: {~: {pipeline: {}}}\n", "1:8: a key has to be text: YAML reads '~' as nothing", 'put it in quotes: "~"'),
]


@pytest.mark.parametrize(("text", "expected", "way_out"), SENTENCES)
def test_what_omegaconf_refuses_is_told_with_the_way_out(read, text, expected, way_out):
    found = message(read, dagster=text)
    assert expected in found
    assert way_out in found


OWN_LOADER = """
    from pathlib import Path

    import yaml
    from kedro.config import AbstractConfigLoader, MissingConfigException

    class Loader(AbstractConfigLoader):
        def __getitem__(self, kind):
            file = Path(self.conf_source) / "base" / f"{kind}.yml"
            if not file.exists():
                raise MissingConfigException(kind)
            return yaml.safe_load(file.read_text().replace("{% all %}", "__default__"))

    CONFIG_LOADER_CLASS = Loader
"""


def test_a_loader_of_another_kind_has_places_too(read):
    found = places(message(read, settings=OWN_LOADER, dagster="jobs:\n  a: {pipeline: {pipeline_name: trane}}\n"))
    assert found == ["base/dagster.yml:2:33: jobs.a.pipeline.pipeline_name: there is no pipeline 'trane'"]

    templated = "jobs: {a: {pipeline: {pipeline_name: {% all %}}}}\n"
    assert list(load_dagster_config(read(settings=OWN_LOADER, dagster=templated))[0].jobs) == ["a"]
