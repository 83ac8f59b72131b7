"""Writes the golden manifests again: `python tests/unit/translate/make_golden.py`, after a change of the manifest.

They hold what introspection says of two projects, with the folder of the project replaced by `/project`.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]
GOLDEN = Path(__file__).parent / "golden"
sys.path.insert(0, str(REPOSITORY))

from kedro_dagster_component.introspection import introspect_project  # noqa: E402
from kedro_dagster_component.manifest import ProjectRef  # noqa: E402
from tests.projects import KedroProjectBuilder  # noqa: E402

ODD_REGISTRY = """
    from kedro.pipeline import node, pipeline


    def take(*arguments, **options):
        return arguments


    def train(data, options):
        '''Fit a model.

            Indented more.
        '''
        return data


    def publish(model):
        return None


    def both(data):
        return data, data, data


    def register_pipelines():
        odd = pipeline([
            node(take, ["raw", "params:step-size", "params:nested"], "größe", name="größe.messen"),
            node(take, ["größe", "params:none", "params:a_list"], "my-data", name="clean-data", tags=["Über-Nacht", "x"]),
            node(take, ["my-data", "params:service.api_key"], "my.data", name="clean.data"),
            node(take, ["my.data", "parameters"], "my_data", name="clean_data"),
            node(both, "my_data", ["d-1", "d.1", "d_1"], name="a__b"),
            node(take, ["d-1", "params:switch", "params:text"], "t@pandas", name="input"),
            node(take, "t@polars", "kept@pandas", name="class"),
            node(take, "d_1", "unnamed out"),
        ])
        training = pipeline([
            node(train, ["d.1", "params:nested"], "model", name="train"),
            node(publish, "model", None, name="model_report", confirms="raw"),
            node(publish, "model", None, name="model"),
        ])
        spaces = pipeline(
            [node(take, "start", "stop", name="inner")], namespace="a.b", inputs={"start": "raw"}, outputs=set()
        )
        lonely = pipeline([node(take, "raw", "lonely", name="lonely")])
        return {
            "__default__": odd + training + spaces + lonely,
            "odd-names": odd,
            "odd_names": odd.filter(to_nodes=["clean-data"]),
            "train": training,
            "a.b": spaces,
        }
"""
ODD_CATALOG = """
    raw: {type: pandas.CSVDataset, filepath: data/raw.csv, metadata: {description: What came in.}}
    "größe": {type: json.JSONDataset, filepath: "data/größe.json", metadata: {group_name: raw/first layer}}
    my-data: {type: pandas.SQLTableDataset, table_name: my_table, credentials: db}
    t@pandas: {type: pandas.ParquetDataset, filepath: data/t.parquet}
    t@polars: {type: polars.EagerPolarsDataset, filepath: data/t.parquet, file_format: parquet}
    kept@pandas: {type: pickle.PickleDataset, filepath: data/kept.pkl}
    model: {type: pickle.PickleDataset, filepath: data/model.pkl, versioned: true,
            metadata: {description: The model., kedro-viz: {layer: models}}}
"""
ODD_PARAMETERS = """
    step-size: 2
    nested: {rate: 0.5, deep: {depth: 3, name: x, empty: {}}, words: [a, b]}
    none: null
    a_list: [1, 2.5, x]
    switch: true
    text: hello
    service: {api_key: hunter2, url: "https://user:hunter2@host/x"}
"""
ODD_DAGSTER = """
    executors:
      alone: {in_process: {}}
      two: {multiprocess: {max_concurrent: 2}}
      same: {multiprocess: {max_concurrent: 2}}
    schedules:
      nightly: {cron_schedule: "0 2 * * *", execution_timezone: Europe/Paris, default_status: RUNNING,
                description: Every night., metadata: {team: x}, tags: {when: night}}
    jobs:
      train:
        pipeline: {pipeline_name: train}
        executor: two
        schedule: nightly
        description: Train it.
        tags: {team: forecast}
        run_tags: {priority: "1"}
        owners: ["team:forecast"]
        retry_policy: {max_retries: 2, delay: 1, backoff: EXPONENTIAL, jitter: FULL}
        params: {nested: {rate: 0.1}}
      odd:
        pipeline: {pipeline_name: odd-names}
        executor: {in_process: {}}
        schedule: {cron_schedule: ["@daily", "0 5 * * *"]}
      again: {pipeline: {pipeline_names: [train, a.b]}, executor: same}
      "{part}__only": {pipeline: {pipeline_name: a.b, node_namespaces: ["{part}.b"]}}
"""


def main() -> None:
    """Write both files."""
    with tempfile.TemporaryDirectory() as folder:
        flights = Path(folder).resolve() / "flights"
        shutil.copytree(REPOSITORY / "scaffolds/flights", flights, ignore=shutil.ignore_patterns("*.egg-info"))
        _write("flights", ProjectRef(project_path=str(flights), env="local"))
        odd = KedroProjectBuilder(
            Path(folder).resolve() / "odd",
            registry=ODD_REGISTRY,
            catalog=ODD_CATALOG,
            parameters=ODD_PARAMETERS,
            dagster=ODD_DAGSTER,
            files={"conf/base/credentials.yml": "db: {con: 'sqlite://user:hunter2@host'}"},
        ).write()
        _write("odd_names", odd.ref())


def _write(name: str, ref: ProjectRef) -> None:
    text = introspect_project(ref).model_dump_json().replace(ref.project_path, "/project")
    shown = json.dumps(json.loads(text), indent=1, ensure_ascii=False)
    (GOLDEN / f"{name}.json").write_text(f"{shown}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
