"""Without kedro-mlflow nothing of MLflow is looked for, neither in the run's process nor in that of a step."""

import importlib.util
import json

import pytest

pytestmark = pytest.mark.skipif(importlib.util.find_spec("kedro_mlflow") is not None, reason="kedro-mlflow is here")

REGISTRY = """
    import sys

    from kedro.framework.hooks import hook_impl
    from kedro.pipeline import node, pipeline

    def seen():
        return sorted(name for name in sys.modules if "mlflow" in name)

    class AtTheEnd:
        @hook_impl
        def after_pipeline_run(self, catalog):
            catalog.save("at_the_end", seen())

    def register_pipelines():
        return {"__default__": pipeline([node(seen, None, "in_a_step", name="look")])}
"""
CATALOG = """
    in_a_step: {type: json.JSONDataset, filepath: data/in_a_step.json}
    at_the_end: {type: json.JSONDataset, filepath: data/at_the_end.json}
"""
OWN = ["kedro_dagster_component.compat.kedro_mlflow", "kedro_dagster_component.runtime.mlflow_bridge"]


@pytest.mark.parametrize("executor", ["in_process", "multiprocess"])
def test_nothing_of_mlflow_is_imported(tmp_path, builder, locate, executor):
    settings = "from demo.pipeline_registry import AtTheEnd\nHOOKS = (AtTheEnd(),)\n"
    builder(tmp_path / "demo", registry=REGISTRY, catalog=CATALOG, parameters=None, settings=settings).write()
    location = locate(tmp_path / "location", {"kedro": f"project: {tmp_path / 'demo'}"})
    (report,) = location.run({"executor": executor})
    assert report["success"], report
    assert not any("mlflow" in key for metadata in report["saved"].values() for key in metadata)
    for name in ("in_a_step", "at_the_end"):
        modules = (tmp_path / "demo" / "data" / f"{name}.json").read_text()
        assert set(OWN) <= set(json.loads(modules))
        assert {module.partition(".")[0] for module in json.loads(modules)} == {"kedro_dagster_component"}
