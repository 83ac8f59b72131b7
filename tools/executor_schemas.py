"""Write what each of Dagster's eight executors takes to `config/executor_schemas.json`.

Needs all of their packages, best in an environment of its own:

    pip install -e . dagster-dask dagster-k8s dagster-docker dagster-celery dagster-celery-docker dagster-celery-k8s
    python tools/executor_schemas.py
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from kedro_dagster_component.compat.dagster import plain_schema
from kedro_dagster_component.config.executors import EXECUTOR_PACKAGES

FILE = Path(__file__).parents[1] / "src" / "kedro_dagster_component" / "config" / "executor_schemas.json"


def executor_schemas() -> str:
    """The content of the file: one executor a line."""
    schemas = {
        kind: plain_schema(getattr(import_module(package.module), package.name))
        for kind, package in EXECUTOR_PACKAGES.items()
    }
    versions = {package.distribution: version(package.distribution) for package in EXECUTOR_PACKAGES.values()}
    lines = [f"    {json.dumps(kind)}: {json.dumps(schema)}" for kind, schema in schemas.items()]
    return f'{{\n  "versions": {json.dumps(versions)},\n  "schemas": {{\n' + ",\n".join(lines) + "\n  }\n}\n"


def main() -> int:
    """Write the file."""
    FILE.write_text(executor_schemas(), encoding="utf-8")
    print(f"wrote {FILE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
