"""Secrets that are written out in `dagster.yml`: referred to where they are kept, read again where they are used."""

import pytest
import yaml

from kedro_dagster_component.config.environment import fill_in
from kedro_dagster_component.config.load import parse_dagster_config
from kedro_dagster_component.config.shown import secret_places
from kedro_dagster_component.config.written import without_written_values
from kedro_dagster_component.errors import ConfigurationError
from kedro_dagster_component.introspection.job_factories import expand_jobs

BASE = """
executors:
  queue: {celery_executor: {broker: "redis://me:hidden@host/0"}}
loggers:
  mail: {handlers: [{class: x, credentials: [me, hidden]}]}
jobs:
  near: {pipeline: {}, params: {service: {api_key: hidden, retries: 3}}}
"""
LOCAL = """
jobs:
  near: {pipeline: {}, params: {service: {api_key: hidden of the environment}}}
"""


@pytest.fixture
def files(tmp_path):
    files = [tmp_path / "base.yml", tmp_path / "local.yml"]
    for file, text in zip(files, (BASE, LOCAL), strict=True):
        file.write_text(text, encoding="utf-8")
    return files


def kept(content, files):
    return without_written_values(content, secret_places(content), files)


def merged():
    return {**yaml.safe_load(BASE), **yaml.safe_load(LOCAL)}


def test_what_is_kept_holds_none_and_what_is_used_holds_all(files):
    held = kept(merged(), files)
    assert "hidden" not in str(held)
    filled = fill_in(held, {})
    assert filled.content == merged()
    assert filled.missing == ()
    assert {"hidden", "hidden of the environment", "redis://me:hidden@host/0"} <= filled.secrets


def test_the_file_of_the_environment_wins(files):
    held = kept(merged(), files)
    assert "local.yml" in held["jobs"]["near"]["params"]["service"]["api_key"]
    assert "base.yml" in held["executors"]["queue"]["celery_executor"]["broker"]


def test_what_is_referred_to_is_read_where_it_is_used(files):
    held = kept(merged(), files)
    files[1].write_text(LOCAL.replace("hidden of the environment", "another"), encoding="utf-8")
    config, _ = parse_dagster_config({"jobs": held["jobs"]}, files)
    assert config.jobs["near"].params == {"service": {"api_key": "another"}}


def test_what_comes_from_elsewhere_stays(files):
    files[1].write_text('jobs: {near: {pipeline: {}, params: {service: {api_key: "${_key}"}}}}', encoding="utf-8")
    held = kept(merged(), files)
    assert held["jobs"] == merged()["jobs"]
    assert kept(merged(), ["archive.tar.gz"]) == merged()


def test_what_is_gone_is_told_with_its_place(files):
    held = kept(merged(), files)
    files[1].write_text("jobs: {}", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"local\.yml.*jobs\.near\.params\.service\.api_key") as raised:
        fill_in(held, {})
    assert "hidden" not in str(raised.value)
    assert "reload" in str(raised.value)


ODD = """
jobs:
  near: {params: {pin_password: 1234567, rate_secret: -8.25, day_secret: 2031-07-19, open_secret: true, no_secret:,
                  creds_secret: {5: hidden, 1.5: hidden, true: hidden}}}
"""


def test_what_is_no_text_is_kept_nowhere_either_and_comes_back_as_it_was(files):
    files[0].write_text(ODD, encoding="utf-8")
    params = {
        "pin_password": 1234567,
        "rate_secret": -8.25,
        "day_secret": "2031-07-19",
        "open_secret": True,
        "no_secret": None,
        "creds_secret": {"5": "hidden", "1.5": "hidden", "True": "hidden"},
    }
    content = {"jobs": {"near": {"params": params}}}
    held = kept(content, files[:1])
    values = held["jobs"]["near"]["params"]
    assert not any(secret in str(values) for secret in ("1234567", "8.25", "2031", "hidden"))
    assert (values["open_secret"], values["no_secret"]) == (True, None)
    filled = fill_in(held, {})
    assert filled.content == content
    assert {"1234567", "hidden"} <= filled.secrets


def test_jobs_of_a_factory_have_its_secrets_with_their_own_placeholders(files):
    text = "jobs: {'{shop}_job': {pipeline: {node_namespaces: ['{shop}']}, params: {api_key: 'hidden {shop} {other}'}}}"
    files[0].write_text(text, encoding="utf-8")
    held = kept(yaml.safe_load(text), files[:1])
    made = expand_jobs(held["jobs"], lambda _names: ["eu", "us"]).jobs
    assert "hidden" not in str(made)
    keys = {name: fill_in(job.config, {}).content["params"]["api_key"] for name, job in made.items()}
    assert keys == {"eu_job": "hidden eu {other}", "us_job": "hidden us {other}"}


def test_without_secrets_nothing_is_read():
    assert kept({"jobs": {"near": {"pipeline": {}}}}, ["/nowhere"]) == {"jobs": {"near": {"pipeline": {}}}}
