"""Small real Kedro projects, written from text.

```python
project = KedroProjectBuilder(tmp_path / "demo", registry="...", catalog="...").write()
introspect_project(project.ref(env="prod"))
```
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kedro_dagster_component.manifest import ProjectRef

PACKAGE = "demo"

REGISTRY = """
    from kedro.pipeline import node, pipeline

    def clean(raw, threshold):
        '''Take out what is too small.'''
        return raw

    def register_pipelines():
        nodes = [node(clean, ["raw", "params:threshold"], "cleaned", name="clean")]
        return {"__default__": pipeline(nodes)}
"""
CATALOG = """
    raw:
      type: pandas.CSVDataset
      filepath: data/raw.csv
"""
PARAMETERS = "threshold: 0.5"


@dataclass(frozen=True)
class KedroProjectBuilder:
    """Texts of a project; all are dedented, and None leaves a file out.

    Attributes:
        root: Folder of the project.
        registry: `pipeline_registry.py`.
        settings: `settings.py`.
        catalog: `conf/base/catalog.yml`.
        parameters: `conf/base/parameters.yml`.
        dagster: `conf/base/dagster.yml`.
        files: Any other file by its path from the root; wins over the above.
        kedro_version: `kedro_init_version` of pyproject.toml.
    """

    root: Path
    registry: str | None = REGISTRY
    settings: str | None = ""
    catalog: str | None = CATALOG
    parameters: str | None = PARAMETERS
    dagster: str | None = None
    files: dict[str, str] = field(default_factory=dict)
    kedro_version: str = "1.3.0"

    def write(self) -> KedroProjectBuilder:
        """Write the files; a second time after a change in `files` writes over them."""
        pyproject = (
            f'[tool.kedro]\npackage_name = "{PACKAGE}"\nproject_name = "Demo"\n'
            f'kedro_init_version = "{self.kedro_version}"\nsource_dir = "src"\n'
        )
        texts: dict[str, str | None] = {
            "pyproject.toml": pyproject,
            f"src/{PACKAGE}/__init__.py": "",
            f"src/{PACKAGE}/settings.py": self.settings,
            f"src/{PACKAGE}/pipeline_registry.py": self.registry,
            "conf/base/catalog.yml": self.catalog,
            "conf/base/parameters.yml": self.parameters,
            "conf/base/dagster.yml": self.dagster,
            "conf/local/.gitkeep": "",
            **self.files,
        }
        for name, text in texts.items():
            if text is not None:
                file = self.root / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(textwrap.dedent(text), encoding="utf-8")
        return self

    def ref(self, **fields: Any) -> ProjectRef:
        """A request to open it."""
        return ProjectRef(project_path=str(self.root), **fields)
