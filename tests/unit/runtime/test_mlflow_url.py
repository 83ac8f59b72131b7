"""Where an MLflow run is shown."""

import pytest

from kedro_dagster_component.runtime.mlflow_bridge import run_url

PAGE = "#/experiments/3/runs/abc"


@pytest.mark.parametrize(
    ("tracking_uri", "url"),
    [
        ("http://127.0.0.1:5000", f"http://127.0.0.1:5000/{PAGE}"),
        ("https://mlflow.example.org/team/", f"https://mlflow.example.org/team/{PAGE}"),
        ("https://user:secret@mlflow.example.org?token=secret", f"https://mlflow.example.org/{PAGE}"),
        ("sqlite:///mlflow.db", None),
        ("file:///project/mlruns", None),
        ("databricks", None),
    ],
)
def test_only_a_server_has_pages_and_they_carry_no_secret(tracking_uri, url):
    assert run_url(tracking_uri, "3", "abc") == url
