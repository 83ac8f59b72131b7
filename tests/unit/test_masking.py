import pytest

from kedro_dagster_component.masking import is_secret_key, mask_dataset_config, mask_line, mask_text, mask_values


@pytest.mark.parametrize(
    "key",
    [
        *("password", "PASSWORD", "db_password", "dbPassword", "passwd", "pwd", "passphrase"),
        *("secret", "client_secret", "secretKey", "aws_secret_access_key", "aws_session_token", "AccessKey"),
        *("token", "auth_token", "accessToken", "api_key", "apikey", "API-KEY", "x-api-key", "private_key", "sas"),
        *("auth", "authorization", "credentials", "connection_string", "account_key", "sas_token", "github_pat"),
    ],
)
def test_names_of_secrets(key):
    assert is_secret_key(key)


@pytest.mark.parametrize(
    "key",
    [
        *("author", "primary_key", "key", "keys", "max_tokens", "tokenizer", "token_pattern", "auth_method"),
        *("path", "patience", "passes", "bypass", "sasquatch", "secretary", "", "___", "1", "connection", "type"),
    ],
)
def test_names_of_other_things(key):
    assert not is_secret_key(key)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("postgresql://me:pw@host:5432/db", "postgresql://***@host:5432/db"),
        ("postgresql+psycopg2://me:p%40w@host/db?sslmode=on", "postgresql+psycopg2://***@host/db?***"),
        ("db://me:p/w@host/db", "db://***@host/db"),
        ("db://me:p@w@host/db", "db://***@host/db"),
        ("db://me:p#w?x@host/db", "db://***@host/db"),
        ("https://token@github.com/a.git", "https://***@github.com/a.git"),
        ("https://host:8080/a?sig=abc&x=1", "https://host:8080/a?***"),
        ("s3://bucket/logo@2x.png", "s3://bucket/logo@2x.png"),
        ("http://localhost:5000/path", "http://localhost:5000/path"),
        ("jdbc:postgresql://host/db?user=a&password=b", "jdbc:postgresql://host/db?***"),
        ("jdbc:sqlserver://host;user=a;password=b;x=1", "jdbc:sqlserver://host;user=a;password=***;x=1"),
        ("AccountName=a;AccountKey=abc==;EndpointSuffix=b", "AccountName=a;AccountKey=***;EndpointSuffix=b"),
        ("DRIVER=x;UID=me;PWD=pw", "DRIVER=x;UID=me;PWD=***"),
        ("cannot reach 'http://u:p@h/x' or http://v:q@i/y.", "cannot reach 'http://***@h/x' or http://***@i/y."),
        ("plain text, me@example.org, a?b=c", "plain text, me@example.org, a?b=c"),
        ("data/01_raw/x.csv", "data/01_raw/x.csv"),
    ],
)
def test_secrets_in_text(text, masked):
    assert mask_text(text) == masked


def test_a_dataset_keeps_only_the_names_of_its_credentials():
    config = {
        "type": "PartitionedDataset",
        "credentials": "s3",
        "dataset": {"type": "pandas.CSVDataset", "credentials": {"key": "a", "secret": "b"}},
        "load_args": {"con": "mysql://u:p@h/d", "token": "abc", "headers": [{"Authorization": "Bearer x"}]},
        "fs_args": {"open_args_load": {"password": None, "use_auth": True}},
    }
    before = repr(config)
    assert mask_dataset_config(config) == {
        "type": "PartitionedDataset",
        "credentials": "s3",
        "dataset": {"type": "pandas.CSVDataset"},
        "load_args": {"con": "mysql://***@h/d", "token": "***", "headers": [{"Authorization": "***"}]},
        "fs_args": {"open_args_load": {"password": None, "use_auth": True}},
    }
    assert repr(config) == before


def test_parameters_are_masked_as_a_whole_under_a_secret_key():
    values = {"api_key": 7, "credentials": {"user": "u"}, "tokens": ["a"], "model": {"size": 0.2, "secret": "x"}}
    assert mask_values(values) == {
        "api_key": "***",
        "credentials": "***",
        "tokens": "***",
        "model": {"size": 0.2, "secret": "***"},
    }


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("jobs:\n  train: 3", "  train: 3"),
        ("password: hunter2", "password: ***"),
        ("- password: hunter2", "- password: ***"),
        ("passwords:", "passwords:"),
        ("password: {a: hunter2}", "password: ***"),
        ('"api_key" : "hunter2, x"', '"api_key" : ***'),
        ("k8s: {image: x, api_key: hunter2, n: 3}", "k8s: {image: x, api_key: ***, n: 3}"),
        ("k8s: {'api_key': 'hunter2 }', n: 3}", "k8s: {'api_key': ***, n: 3}"),
        ("con: postgresql://me:hunter2@host/db", "con: postgresql://***@host/db"),
        ("tokens:\n  - hunter2", "  - ***"),
        ("tokens:\n- hunter2", "- ***"),
        ("tokens:\n- hunter2\nplain: x", "plain: x"),
        ("- token: |\n    hunter2", "    ***"),
        ("- a: 1\n  token: |\n    hunter2", "    ***"),
        ("- token: x\n  other: y", "  other: y"),
        ("credentials:\n  # a: comment\n\n  db:\n    user: hunter2", "    user: ***"),
        ("# password: x\n  a: b", "  a: b"),
    ],
)
def test_a_line_of_yaml(text, masked):
    lines = text.split("\n")
    assert mask_line(lines, len(lines) - 1) == masked


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        ("x: {credentials: [me, hunter2], level: 1}", "x: {credentials: ***, level: 1}"),
        ("x: {a: {token: {b: [hunter2, {c: d}]}, n: 2}}", "x: {a: {token: ***, n: 2}}"),
        ("x: {names: [a, b], secrets: [hunter2,", "x: {names: [a, b], secrets: ***"),
        ("x: {names: [a, {password: hunter2}]}", "x: {names: [a, {password: ***}]}"),
    ],
)
def test_brackets_behind_a_secret_key(line, masked):
    assert mask_line([line], 0) == masked


def test_a_line_of_a_file_of_secrets():
    assert mask_line(["db:", "  user: hunter2"], 1, all_secret=True) == "  user: ***"
    assert mask_line(["db:"], 0, all_secret=True) == "db:"


@pytest.mark.parametrize("option", ["partition_mapping", "partition_mappings"])
def test_names_in_partition_mappings_are_no_keys_of_secrets(option):
    config = {option: {"auth_tokens": {"type": "static", "downstream_keys_by_upstream_key": {"secret": ["a"]}}}}

    assert mask_dataset_config(config) == config
    assert mask_dataset_config({option: {"a": ["s3://me:hunter2@x"], "b": 1}}) == {
        option: {"a": ["s3://***@x"], "b": 1}
    }
