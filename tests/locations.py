"""Dagster projects around Kedro projects, written from text and loaded as `dg` loads them.

```python
location = CodeLocation(tmp_path / "location")
location.add("demo", "project: ../../../../../demo")
defs = location.load()
```
"""

from __future__ import annotations

import secrets
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
from dagster import ComponentTree

TYPE = "kedro_dagster_component.KedroProjectComponent"


class CodeLocation:
    """A Dagster project in a folder.

    Attributes:
        root: Folder of its pyproject.toml.
        name: Import name of its package; no two are equal, so that none serves the modules of another.
        defs_folder: Where components stand.
    """

    def __init__(self, root: Path, *, name: str | None = None) -> None:
        """Write the project; what `root` holds already stays, a pyproject.toml gets the section of `dg`."""
        self.root = root.resolve()
        self.name = name or f"location_{secrets.token_hex(4)}"
        self.defs_folder = self.root / "src" / self.name / "defs"
        self.defs_folder.mkdir(parents=True)
        pyproject = self.root / "pyproject.toml"
        text = pyproject.read_text(encoding="utf-8") if pyproject.exists() else ""
        section = f'\n[tool.dg]\ndirectory_type = "project"\n[tool.dg.project]\nroot_module = "{self.name}"\n'
        pyproject.write_text(text + section, encoding="utf-8")
        package = self.defs_folder.parent
        for folder in (package, self.defs_folder):
            (folder / "__init__.py").touch()
        (package / "definitions.py").write_text(
            "from pathlib import Path\n\nfrom dagster import definitions, load_from_defs_folder\n\n\n@definitions\n"
            "def defs():\n    return load_from_defs_folder(path_within_project=Path(__file__).parent)\n",
            encoding="utf-8",
        )

    def add(
        self, folder: str, attributes: str = "", *, file: str = "component.yaml", type_: str = TYPE, rest: str = ""
    ) -> Path:
        """Write the YAML of a component.

        Args:
            folder: Below `defs/`; "" for its root.
            attributes: YAML below `attributes:`; none are written where it is empty.
            file: Its name.
            type_: Of the component.
            rest: YAML beside `attributes:`.
        """
        text = f"type: {type_}\n"
        if attributes:
            text += "attributes:\n" + textwrap.indent(textwrap.dedent(attributes).strip("\n"), "  ") + "\n"
        return self.write(f"{folder}/{file}".lstrip("/"), text + textwrap.dedent(rest))

    def write(self, name: str, text: str) -> Path:
        """Write a file below `defs/`."""
        path = self.defs_folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    def load(self) -> dg.Definitions:
        """All definitions, read anew."""
        with self.importable():
            return ComponentTree.for_project(self.root).build_defs()

    @contextmanager
    def importable(self) -> Iterator[None]:
        """Its package can be imported, and is forgotten afterwards."""
        sys.path.insert(0, str(self.root / "src"))
        try:
            yield
        finally:
            sys.path.remove(str(self.root / "src"))
            for name in [name for name in sys.modules if name.partition(".")[0] == self.name]:
                del sys.modules[name]
