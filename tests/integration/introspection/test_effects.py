"""What reading a project must not do: change files, fire plugin hooks, open connections, import Kedro here."""

import hashlib
import os
import subprocess
import sys

from kedro_dagster_component.introspection import introspect_project

HOOKS = """
    from kedro.framework.hooks import hook_impl
    from kedro.framework.project import pipelines
    from kedro.io import MemoryDataset
    from kedro.pipeline import node, pipeline

    def g(x): return x

    class Hooks:
        @hook_impl
        def after_context_created(self, context):
            context.config_loader["parameters"] = {**context.config_loader["parameters"], "threshold": 11}

        @hook_impl
        def after_catalog_created(self, catalog):
            catalog["cleaned"] = MemoryDataset(1)
            catalog["hooked"] = MemoryDataset(1)
            pipelines["hooked"] = pipeline([node(g, "hooked", "done", name="hooked")])

        @hook_impl
        def before_pipeline_run(self):
            raise AssertionError
"""
SETTINGS = """
    from demo.hooks import Hooks
    HOOKS = (Hooks(),)
"""


def hashes(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
        for path in folder.rglob("*")
    }


def test_no_file_of_the_project_changes(project):
    logging = """
        version: 1
        handlers: {file: {class: logging.FileHandler, filename: info.log}}
        root: {handlers: [file]}
    """
    demo = project(files={"conf/logging.yml": logging, "src/demo/hooks.py": HOOKS}, settings=SETTINGS)
    git = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull}
    subprocess.run(["git", "init", "-q"], cwd=demo.root, env=git, check=True)
    before = hashes(demo.root)
    introspect_project(demo.ref())
    introspect_project(demo.ref(include_hooks=True))
    assert hashes(demo.root) == before


def test_no_plugin_is_even_imported_and_no_connection_is_opened(project, tmp_path, monkeypatch):
    site, marker = tmp_path / "site", tmp_path / "marker"
    info = site / "fake_plugin-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: fake-plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[kedro.hooks]\nfake = fake_plugin:hooks\n")
    (site / "fake_plugin.py").write_text(f"open({str(marker)!r}, 'a').write('plugin imported')\nhooks = object()\n")
    (site / "sitecustomize.py").write_text(
        "import sys\n"
        "def watch(event, args):\n"
        "    if event in ('socket.connect', 'socket.getaddrinfo', 'socket.sendto'):\n"
        f"        open({str(marker)!r}, 'a').write(event)\n"
        "        raise OSError('no network here')\n"
        "sys.addaudithook(watch)\n"
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(site), os.environ.get("PYTHONPATH")])))
    monkeypatch.delenv("DO_NOT_TRACK", raising=False)
    monkeypatch.delenv("KEDRO_DISABLE_TELEMETRY", raising=False)
    demo = project(files={"src/demo/hooks.py": HOOKS}, settings=SETTINGS)
    introspect_project(demo.ref(include_hooks=True))
    assert not marker.exists()


def test_hooks_of_the_project_fire_only_on_request(project):
    demo = project(files={"src/demo/hooks.py": HOOKS}, settings=SETTINGS)
    without = introspect_project(demo.ref())
    assert list(without.pipelines) == ["__default__"]
    assert not without.datasets["cleaned"].in_catalog
    assert without.parameters["params:threshold"].value == 0.5
    manifest = introspect_project(demo.ref(include_hooks=True))
    assert list(manifest.pipelines) == ["__default__", "hooked"]
    assert manifest.datasets["hooked"].in_catalog
    assert manifest.datasets["hooked"].is_memory
    assert manifest.datasets["hooked"].type == "kedro.io.memory_dataset.MemoryDataset"
    assert not manifest.datasets["done"].in_catalog
    assert manifest.parameters["params:threshold"].value == 11


def test_importing_the_asking_side_imports_no_kedro():
    code = (
        "import importlib.util, sys, types\n"
        f"package = types.ModuleType('kedro_dagster_component'); package.__path__ = [{_package()!r}]\n"
        "sys.modules['kedro_dagster_component'] = package\n"
        "import kedro_dagster_component.introspection\n"
        "assert not {'kedro', 'omegaconf', 'dagster', 'pandas'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def _package():
    import kedro_dagster_component.errors

    return os.path.dirname(kedro_dagster_component.errors.__file__)  # noqa: PTH120
