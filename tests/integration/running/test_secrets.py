"""Secrets of many kinds in many places: none is in what Dagster stores, what its UI is told, or what is printed."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

DRIVER = Path(__file__).with_name("driver.py")

REGISTRY = """
    from kedro.pipeline import node, pipeline

    def show():
        from kedro.pipeline.preview_contract import ImagePreview
        return ImagePreview("https://host/picture.png?sig=hidden01preview")

    def fail_to_show():
        raise RuntimeError("cannot reach https://me:hidden02previewerror@host/x")

    def login(raw, service):
        '''Take it from https://me:hidden03docstring@host/x.'''
        assert service["api_key"] == "hidden" + "86jobparam", "the job's own"
        return raw.assign(password="hidden04column")

    def score(table, everything):
        return {"rows": len(table), "api_key": "hidden05metric", "at": "https://host/x?token=hidden06metricurl"}

    def refuse(data):
        from kedro.validation import CheckFailure, DataValidationError
        failure = CheckFailure("see https://me:hidden07failure@host", check="x", column="a", failure_count=1,
                               failure_examples=[1])
        raise DataValidationError("see https://host/x?token=hidden09validation", failures=[failure])

    def far_away(*inputs):
        return inputs

    def register_pipelines():
        near = [
            node(login, ["raw", "params:service"], "table", name="login", preview_fn=show),
            node(score, ["table", "parameters"], "scores", name="score", preview_fn=fail_to_show),
        ]
        far = [node(far_away, ["named", "inline", "address", "query", "loaded"], "saved", name="one")]
        far += [node(far_away, ["saved", "filesystem", "connection", "described"], "odd_made", name="two")]
        return {"near": pipeline(near), "far": pipeline(far)}
"""
CATALOG = """
    raw: {type: pandas.CSVDataset, filepath: data/raw.csv}
    table: {type: pandas.CSVDataset, filepath: data/table.csv, credentials: file,
            metadata: {dagster: {include_metadata: [preview, column_metadata, row_count, figures]}}}
    scores: {type: json.JSONDataset, filepath: data/scores.json,
             validator: {class: demo.pipeline_registry.refuse, on: [save], severity: warn}}
    named: {type: pandas.SQLTableDataset, table_name: t, credentials: db}
    inline: {type: pandas.CSVDataset, filepath: "s3://bucket/x.csv", credentials: {key: hidden10inline, secret: hidden11inline}}
    address: {type: pandas.CSVDataset, filepath: "s3://key:hidden12userinfo@bucket/x.csv"}
    query: {type: api.APIDataset, url: "https://host/x?sig=hidden13query", load_args: {headers: {Authorization: "Bearer hidden14header"}}}
    loaded: {type: pandas.CSVDataset, filepath: "s3://bucket/x.csv", load_args: {storage_options: {token: hidden15storage}}}
    saved: {type: pandas.CSVDataset, filepath: "s3://bucket/x.csv", save_args: {storage_options: {client_kwargs: {aws_secret_access_key: hidden16save}}}}
    filesystem: {type: pandas.CSVDataset, filepath: "s3://bucket/x.csv", fs_args: {open_args_load: {sas_token: hidden17fs}}}
    connection:
      type: pandas.SQLQueryDataset
      sql: select 1
      credentials: db
      load_args: {connection_string: "Server=x;Password=hidden18connection", note: "AccountName=a;AccountKey=hidden19account=="}
    described:
      type: pandas.CSVDataset
      filepath: data/x.csv
      metadata: {description: "from postgresql://me:hidden20description@host/db", owner: {auth_token: hidden21metadata}}
    "odd_{kind}": {type: pickle.PickleDataset, filepath: "abfs://{kind}/x.pkl?sig=hidden22pattern"}
"""
CREDENTIALS = """
    db: {con: "postgresql://me:hidden30credentials@host/db"}
    file: {auto_mkdir: true, token: "${oc.env:HIDDEN_IN_CREDENTIALS}"}
"""
PARAMETERS = """
    service: {api_key: hidden40parameter, url: "https://me:hidden41parameterurl@host/x", retries: 3}
"""
DAGSTER = """
    loggers:
      quiet:
        handlers:
          - {class: logging.NullHandler, formatter: plain}
          - class: logging.handlers.SMTPHandler
            level: CRITICAL
            mailhost: localhost
            fromaddr: me@localhost
            toaddrs: [me@localhost]
            subject: near
            credentials: [me, hidden81mail]
        formatters: {plain: {format: "${oc.env:HIDDEN_IN_DAGSTER} %(message)s"}}
    executors:
      queue: {celery_executor: {broker: "redis://me:hidden82broker@host/0", config_source: {result_backend_password: hidden83config}}}
    sensors:
      files: {type: file_arrived, job: near, path: "ftp://me:hidden84path@host/*.csv", storage_options: {token: hidden85options}}
    schedules:
      nightly:
        cron_schedule: "@daily"
        description: from https://me:hidden66schedule@host/x
        metadata: {database: {password: hidden67schedulemetadata}, link: "https://host/x?token=hidden68link"}
    assets:
      raw: {pool: slow}  # see https://me:hidden87line@host/x
      table: {checks: [{type: not_empty, description: "see https://me:hidden72check@host/x?key=hidden73check"}]}
    jobs:
      near:
        pipeline: {pipeline_name: near}
        loggers: [quiet]
        schedule: nightly
        description: from https://me:hidden75job@host/x
        tags: {link: "https://me:hidden78tag@host"}
        run_tags: {auth_token: hidden79runtag}
        params: {service: {api_key: hidden86jobparam}, pin_password: 8711223344}
"""
COMPONENT = """
    project: {project}
    runtime_params: {{database: {{password: hidden50component}}}}
"""
ENVIRONMENT = {"HIDDEN_IN_CREDENTIALS": "hidden60credentials", "HIDDEN_IN_DAGSTER": "hidden61dagster"}
SNAPSHOT = """
    from pathlib import Path
    from dagster import serialize_value
    from dagster._core.remote_representation.external_data import RepositorySnap
    from kedro_dagster_component.introspection.cache_files import unpack
    from location.definitions import defs

    def write():
        '''What the UI is told, and what Dagster keeps for the processes of runs, which is compressed.'''
        repository = defs().get_repository_def()
        Path("snapshot.json").write_text(serialize_value(RepositorySnap.from_def(repository)), encoding="utf-8")
        kept = repository.repository_load_data.reconstruction_metadata.values()
        texts = [unpack(text).model_dump_json() for text in kept]
        assert texts
        Path("kept.json").write_text(chr(10).join(texts), encoding="utf-8")
"""
HIDDEN = re.compile(rb"hidden\d\d\w+|8711223344")


@pytest.fixture(scope="module")
def scene(tmp_path_factory, builder, locate):
    """A run, and all that it and a load printed; the folder of the code location holds all that Dagster stored."""
    root = tmp_path_factory.mktemp("secrets")
    files = {"conf/local/credentials.yml": CREDENTIALS, "data/raw.csv": "a\n1\n"}
    project = builder(
        root / "project", registry=REGISTRY, catalog=CATALOG, parameters=PARAMETERS, dagster=DAGSTER, files=files
    ).write()
    location = locate(
        root / "location",
        {"kedro": COMPONENT.format(project=project.root)},
        **{"location/snapshot.py": SNAPSHOT},
    )
    environment = {**location.environment(), **ENVIRONMENT}
    asked, answered = root / "requests.json", root / "reports.json"
    asked.write_text(json.dumps([{"job": "near", "call": "location.snapshot:write"}]), encoding="utf-8")
    commands = [
        [sys.executable, str(DRIVER), str(asked), str(answered)],
        [str(Path(sys.executable).with_name("dg")), "list", "defs", "--json"],
    ]
    printed = [
        subprocess.run(command, cwd=location.root, env=environment, capture_output=True, check=False)
        for command in commands
    ]
    assert answered.exists(), printed[0].stderr[-4000:]
    return location.root, printed, json.loads(answered.read_text(encoding="utf-8"))[0]


def found_in(folder):
    """Hidden words in any file that is not of the code location itself, by path."""
    found = {}
    for file in folder.rglob("*"):
        words = set(HIDDEN.findall(file.read_bytes())) if file.is_file() else set()
        if words and "src" not in file.relative_to(folder).parts:
            found[str(file.relative_to(folder))] = words
    return found


def test_the_project_runs_and_is_told(scene):
    root, printed, report = scene
    assert report["success"], report["error"] or report["failures"]
    assert [done.returncode for done in printed] == [0, 0], printed[1].stderr[-2000:]
    assert report["saved"]["table"]["kedro/preview"] == [{"a": 1, "password": "***"}]
    assert report["saved"]["scores"]["kedro/metrics"]["api_key"] == "***"
    snapshot = (root / "snapshot.json").read_text(encoding="utf-8")
    assert "https://host/x?***" in snapshot
    assert "abfs://made/x.pkl?***" in snapshot


def test_nothing_that_dagster_stores_holds_a_secret(scene):
    assert found_in(scene[0]) == {}


def test_nothing_that_is_printed_holds_a_secret(scene):
    assert b"'pool' has no effect" in scene[1][1].stderr  # Python prints the line that a warning is about
    for done in scene[1]:
        assert not HIDDEN.findall(done.stdout + done.stderr)


def test_the_search_would_find_one(scene, tmp_path):
    (tmp_path / "x.db").write_bytes(b"\x00hidden99test\x00")
    assert found_in(tmp_path) == {"x.db": {b"hidden99test"}}
    assert list((scene[0] / "home").iterdir())
