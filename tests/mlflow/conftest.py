"""Only where kedro-mlflow is installed (`make test-mlflow`): its hooks act in every Kedro project of their environment."""

import importlib.util

import pytest

HAS_KEDRO_MLFLOW = importlib.util.find_spec("kedro_mlflow") is not None
collect_ignore_glob = [] if HAS_KEDRO_MLFLOW else ["test_*.py"]

if HAS_KEDRO_MLFLOW:
    from mlflow_world import MlflowServer, World

    @pytest.fixture(scope="session")
    def server(tmp_path_factory):
        """An MLflow tracking server on loopback, with a SQLite store."""
        with MlflowServer(tmp_path_factory.mktemp("mlflow")) as server:
            yield server

    @pytest.fixture(scope="session")
    def world(tmp_path_factory, server):
        """A code location around the Kedro project of `mlflow_world`."""
        return World(tmp_path_factory.mktemp("world"), server).write()
