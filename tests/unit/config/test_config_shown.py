"""Secrets written out in `dagster.yml`: masked where Dagster shows them, warned of where they are used."""

import pytest
import yaml

from kedro_dagster_component.config.positions import read_all_positions
from kedro_dagster_component.config.shown import without_shown_secrets, written_secrets

SHOWN = """
jobs:
  near:
    description: from https://me:hidden@host/x
    tags: {link: "https://me:hidden@host", plain: text}
    run_tags: {auth_token: hidden}
    schedule: {cron_schedule: "@daily", metadata: {database: {password: hidden}}}
  wrong: [hidden]
schedules:
  nightly: {cron_schedule: "@daily", description: "https://host/?key=hidden", metadata: {link: "https://host/x?token=hidden"}}
sensors:
  files: {type: file_arrived, job: near, path: x, tags: {api_key: hidden}}
assets:
  table: {checks: [not_empty, {type: not_empty, name: b, description: "https://me:hidden@host"}], tags: {secret: hidden}}
"""
USED = """
executors:
  queue: {celery_executor: {broker: "redis://:hidden@host/0", config_source: {result_backend_password: hidden}}}
  boxes: {docker_executor: {registry: {username: me, password: "${oc.env:X}"}}}
loggers:
  mail: {handlers: [{class: logging.handlers.SMTPHandler, credentials: [me, hidden], level: INFO}]}
sensors:
  files: {type: file_arrived, job: near, path: "ftp://me:hidden@host/*.csv?x=1", storage_options: {token: hidden}}
jobs:
  near: {params: {service: {api_key: hidden, retries: 3, mail: me@host}}, run_tags: {token: shown}}
"""
PLACES = [
    "executors.queue.celery_executor.broker",
    "executors.queue.celery_executor.config_source.result_backend_password",
    "loggers.mail.handlers[0].credentials[0]",
    "loggers.mail.handlers[0].credentials[1]",
    "sensors.files.path",
    "sensors.files.storage_options.token",
    "jobs.near.params.service.api_key",
]


def test_what_is_shown_holds_no_secret_and_keeps_the_rest():
    content = yaml.safe_load(SHOWN)
    masked = without_shown_secrets(content)
    del masked["jobs"]["wrong"]
    assert "hidden" not in str(masked)
    assert masked["jobs"]["near"]["tags"]["plain"] == "text"
    assert masked["jobs"]["near"]["run_tags"] == {"auth_token": "***"}
    assert masked["assets"]["table"]["checks"][0] == "not_empty"
    assert content == yaml.safe_load(SHOWN)


@pytest.mark.parametrize("content", [{}, {"jobs": None}, {"jobs": ["x"]}, {"assets": {"a": 1}}, {"other": {"a": "b"}}])
def test_content_that_is_wrong_stays_as_it_is(content):
    assert without_shown_secrets(content) == content
    assert list(written_secrets(content, read_all_positions([]))) == []


def test_what_is_used_is_warned_of_without_telling_it(tmp_path):
    file = tmp_path / "dagster.yml"
    file.write_text(USED, encoding="utf-8")
    found = list(written_secrets(yaml.safe_load(USED), read_all_positions([file])))
    assert [problem.message.partition(": ")[0] for problem in found] == PLACES
    assert [problem.position.line for problem in found] == [3, 3, 6, 6, 8, 8, 10]
    assert "hidden" not in "".join(map(str, found))
    assert ["oc.env" in problem.hint for problem in found] == [True] * 6 + [False]  # it is refused in a job's params
    [*_, unplaced] = written_secrets(yaml.safe_load(USED), read_all_positions([]))
    assert "in a folder" in unplaced.hint
