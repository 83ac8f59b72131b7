import pytest

from kedro_dagster_component.introspection.masking import is_secret_key, mask_dataset_config, mask_text, mask_values


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
