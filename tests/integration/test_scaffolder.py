"""Scaffolding: the files a new instance starts with, and that they load as they are."""

import os
import re
import subprocess
import sys
from pathlib import Path

import click
import dagster as dg
import pytest
import yaml

from kedro_dagster_component.scaffolder import KedroProjectScaffolder, KedroScaffoldParams
from tests.projects import KedroProjectBuilder
from tests.warm_processes import warm_processes

TYPE = "kedro_dagster_component.KedroProjectComponent"
DEFINITIONS = """\
from pathlib import Path
import dagster as dg

@dg.definitions
def defs():
    return dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
"""
CLASHING = """
    from kedro.pipeline import node, pipeline

    def clean(raw):
        return raw

    def quick(raw):
        return raw

    def report(cleaned):
        return cleaned

    def register_pipelines():
        careful = pipeline([node(clean, "raw", "cleaned", name="clean")])
        sloppy = pipeline([node(quick, "raw", "cleaned", name="quick")])
        reports = pipeline([node(report, "cleaned", "report", name="report")])
        return {"sloppy": sloppy, "careful": careful, "yes": reports, "__default__": careful + reports}
"""
CATALOG = """
    raw: {type: pandas.CSVDataset, filepath: data/raw.csv}
    cleaned: {type: pandas.CSVDataset, filepath: data/cleaned.csv}
    report: {type: pandas.CSVDataset, filepath: data/report.csv}
"""


class DgProject:
    """A dg project, made in the folder of a test.

    Attributes:
        root: Its root.
        defs: Its defs folder.
    """

    def __init__(self, root: Path, module: str, pyproject: str = "") -> None:
        self.root, self.defs = root, root / "src" / module / "defs"
        self.defs.mkdir(parents=True)
        for folder in (self.defs, self.defs.parent):
            (folder / "__init__.py").touch()
        (self.defs.parent / "definitions.py").write_text(DEFINITIONS, encoding="utf-8")
        text = f'{pyproject}\n[tool.dg]\ndirectory_type = "project"\n[tool.dg.project]\nroot_module = "{module}"\n'
        (root / "pyproject.toml").write_text(text, encoding="utf-8")

    def scaffold(self, name: str = "kedro", *, scaffold_format="yaml", append=False, type_name=TYPE, **params) -> Path:
        target = self.defs / name
        KedroProjectScaffolder().scaffold(
            dg.ScaffoldRequest(
                type_name=type_name,
                target_path=target,
                scaffold_format=scaffold_format,
                project_root=self.root,
                params=KedroScaffoldParams(**params),
                append=append,
            )
        )
        return target

    def load(self) -> dg.Definitions:
        return dg.load_from_defs_folder(path_within_project=self.root)

    def dg(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "COLUMNS": "300", "VIRTUAL_ENV": sys.prefix}
        program = Path(sys.executable).with_name("dg")
        return warm_processes.run(program, *arguments, cwd=self.root, env=environment, timeout=240)

    def tree(self) -> list[str]:
        return sorted(
            path.relative_to(self.root).as_posix() for path in self.root.rglob("*") if "__pycache__" not in path.parts
        )


@pytest.fixture
def dg_project(tmp_path, monkeypatch, request) -> DgProject:
    module = "site_" + re.sub(r"\W", "_", request.node.name)
    project = DgProject(tmp_path / "dg project", module)
    monkeypatch.chdir(project.root)
    monkeypatch.syspath_prepend(project.root / "src")
    return project


@pytest.fixture
def kedro_root(tmp_path) -> Path:
    return KedroProjectBuilder(tmp_path / "kedro project").write().root


@pytest.fixture
def clashing_root(tmp_path) -> Path:
    return KedroProjectBuilder(tmp_path / "kedro project", registry=CLASHING, catalog=CATALOG).write().root


def asset_names(definitions: dg.Definitions) -> set[str]:
    return {spec.key.to_user_string() for spec in definitions.resolve_all_asset_specs()}


def job_names(definitions: dg.Definitions) -> set[str]:
    return {job.name for job in definitions.jobs or ()}


class TestYaml:
    def test_points_at_the_project_from_the_root_of_the_dg_project(self, dg_project, kedro_root):
        target = dg_project.scaffold(project_path="../kedro project", env="local")

        text = (target / "component.yaml").read_text(encoding="utf-8")
        assert yaml.safe_load(text) == {
            "type": TYPE,
            "attributes": {"project": "{{ context.project_root }}/../kedro project", "env": "local"},
        }
        assert "env: local  # environments found: base, local" in text
        assert "  # pipelines:\n  #   - __default__\n" in text
        assert asset_names(dg_project.load()) == {"raw", "cleaned"}

    def test_an_absolute_path_means_the_same(self, dg_project, kedro_root):
        target = dg_project.scaffold(project_path=str(kedro_root))

        attributes = yaml.safe_load((target / "component.yaml").read_text(encoding="utf-8"))["attributes"]
        assert attributes == {"project": "{{ context.project_root }}/../kedro project"}

    def test_a_link_on_the_way_up_is_followed(self, tmp_path, kedro_root, monkeypatch):
        real = DgProject(tmp_path / "deep" / "down" / "real", "site_link")
        (tmp_path / "link").symlink_to(real.root)
        real.root, real.defs = tmp_path / "link", tmp_path / "link" / "src" / "site_link" / "defs"
        monkeypatch.chdir(tmp_path)

        target = real.scaffold(project_path=str(kedro_root))

        attributes = yaml.safe_load((target / "component.yaml").read_text(encoding="utf-8"))["attributes"]
        assert attributes == {"project": "{{ context.project_root }}/../../../kedro project"}

    def test_inside_the_kedro_project_nothing_but_the_type_is_in_force(self, tmp_path, monkeypatch):
        root = KedroProjectBuilder(tmp_path).write().root
        project = DgProject(root, "site_inside", (root / "pyproject.toml").read_text(encoding="utf-8"))
        monkeypatch.chdir(root / "src")
        monkeypatch.syspath_prepend(root / "src")

        target = project.scaffold()

        text = (target / "component.yaml").read_text(encoding="utf-8")
        assert yaml.safe_load(text) == {"type": TYPE}
        assert asset_names(project.load()) == {"raw", "cleaned"}
        env = "  # env: local  # environments found: base, local"
        text = text.replace(env, env.replace("# ", "", 1)).replace("# attributes:", "attributes:")
        assert yaml.safe_load(text) == {"type": TYPE, "attributes": {"env": "local"}}

    def test_pipelines_that_make_a_dataset_otherwise_are_left_out(self, dg_project, clashing_root, capsys):
        target = dg_project.scaffold(project_path=str(clashing_root))

        text = (target / "component.yaml").read_text(encoding="utf-8")
        assert yaml.safe_load(text)["attributes"]["pipelines"] == ["careful", "yes", "__default__"]
        reason = "makes 'cleaned' with node 'quick', as '__default__' does with node 'clean'"
        assert f"    # - sloppy  # {reason}\n" in text
        assert f"Left out: pipeline sloppy: {reason}." in capsys.readouterr().out
        assert asset_names(dg_project.load()) == {"raw", "cleaned", "report"}

    def test_says_what_will_be_heard_on_loading(self, dg_project, tmp_path, capsys):
        files = {"conf/base/dagster.yml": "jobs: {nightly: {pipeline: {pipeline_name: default}}}"}
        root = KedroProjectBuilder(tmp_path / "broken", files=files).write().root

        dg_project.scaffold(project_path=str(root))

        error = capsys.readouterr().err
        assert "Warning: the definitions will not load before this is mended" in error
        assert "there is no pipeline 'default'" in error

    def test_a_further_document_is_appended(self, dg_project, kedro_root):
        file = dg_project.scaffold(project_path=str(kedro_root)) / "component.yaml"

        dg_project.scaffold("kedro/component.yaml", append=True, project_path=str(kedro_root), env="local")
        dg_project.scaffold("new.yaml", append=True, project_path=str(kedro_root))

        first, second = yaml.safe_load_all(file.read_text(encoding="utf-8"))
        assert (first["attributes"].get("env"), second["attributes"]["env"]) == (None, "local")
        assert len(list(yaml.safe_load_all((dg_project.defs / "new.yaml").read_text(encoding="utf-8")))) == 1

    def test_the_advice_for_a_second_instance_works(self, dg_project, kedro_root):
        dg_project.scaffold(project_path=str(kedro_root))
        file = dg_project.scaffold("other", project_path=str(kedro_root)) / "component.yaml"
        text = file.read_text(encoding="utf-8")
        for name in ("name_prefix", "translation"):
            text = text.replace(f"# {name}:", f"{name}:")
        file.write_text(text, encoding="utf-8")

        definitions = dg_project.load()

        assert {"cleaned", "prod/cleaned"} <= asset_names(definitions)
        assert job_names(definitions) == {"default", "prod_default"}


class TestPython:
    def test_the_subclass_is_harmless_until_the_yaml_names_it(self, dg_project, kedro_root):
        target = dg_project.scaffold("my_kedro", project_path=str(kedro_root))
        assert asset_names(dg_project.load()) == {"raw", "cleaned"}
        subclass, file = target / "component.py", target / "component.yaml"

        text = re.sub(r"^# ?", "", subclass.read_text(encoding="utf-8"), flags=re.MULTILINE)
        subclass.write_text(text, encoding="utf-8")
        type_line = next(line.strip() for line in text.splitlines() if line.strip().startswith("type: "))
        file.write_text(file.read_text(encoding="utf-8").replace(f"type: {TYPE}", type_line), encoding="utf-8")

        specs = {spec.key.to_user_string(): spec for spec in dg_project.load().resolve_all_asset_specs()}
        assert type_line == "type: .component.MyKedroProjectComponent"
        assert list(specs["cleaned"].owners) == ["team:data"]

    def test_an_instance_in_python(self, dg_project, clashing_root):
        target = dg_project.scaffold(scaffold_format="python", project_path=str(clashing_root), env="local")

        assert [path.name for path in target.iterdir()] == ["component.py"]
        text = (target / "component.py").read_text(encoding="utf-8")
        assert 'project=str(context.project_root / "../kedro project"),' in text
        assert """        # "sloppy",  # makes 'cleaned' with node 'quick'""" in text.replace("    " * 3, "    " * 2)
        assert asset_names(dg_project.load()) == {"raw", "cleaned", "report"}

    def test_an_instance_in_python_inside_the_kedro_project(self, tmp_path, monkeypatch):
        root = KedroProjectBuilder(tmp_path).write().root
        project = DgProject(root, "site_python", (root / "pyproject.toml").read_text(encoding="utf-8"))
        monkeypatch.chdir(root)
        monkeypatch.syspath_prepend(root / "src")

        project.scaffold(scaffold_format="python")

        assert asset_names(project.load()) == {"raw", "cleaned"}

    def test_a_subclass_of_the_user_is_scaffolded_as_itself(self, dg_project, kedro_root):
        target = dg_project.scaffold(type_name="firm.parts.FirmComponent", project_path=str(kedro_root))

        assert yaml.safe_load((target / "component.yaml").read_text(encoding="utf-8"))["type"] == (
            "firm.parts.FirmComponent"
        )
        assert "from firm.parts import FirmComponent" in (target / "component.py").read_text(encoding="utf-8")


class TestDagsterYml:
    def test_keeps_the_jobs_as_they_are_without_it(self, dg_project, clashing_root):
        dg_project.scaffold(project_path=str(clashing_root))
        before = dg_project.load()
        (dg_project.defs / "kedro" / "component.yaml").unlink()

        dg_project.scaffold(project_path=str(clashing_root), dagster_yml=True)

        content = yaml.safe_load((clashing_root / "conf" / "base" / "dagster.yml").read_text(encoding="utf-8"))
        assert content["jobs"]["default"] == {"pipeline": {"pipeline_name": "__default__"}}
        assert set(content["jobs"]) == {"default", "careful", "yes"}
        assert job_names(dg_project.load()) == job_names(before) - {"sloppy"}

    def test_what_it_shows_as_comments_is_valid(self, dg_project, clashing_root):
        dg_project.scaffold(project_path=str(clashing_root), env="local", dagster_yml=True)
        file = clashing_root / "conf" / "local" / "dagster.yml"
        text = file.read_text(encoding="utf-8")

        lines = [line for line in text.splitlines() if not line.startswith("# How")]
        file.write_text("\n".join(line.replace("# ", "", 1) for line in lines), encoding="utf-8")

        schedules = {schedule.name for schedule in dg_project.load().schedules or ()}
        assert schedules == {"default_schedule", "careful_schedule", "yes_schedule"}

    def test_one_that_is_there_stays(self, dg_project, tmp_path, capsys):
        root = KedroProjectBuilder(tmp_path / "with one", dagster="executors: {}").write().root

        dg_project.scaffold(project_path=str(root), env="local", dagster_yml=True)

        assert "dagster.yml is there already and stays as it is" in capsys.readouterr().out
        assert not (root / "conf" / "local" / "dagster.yml").exists()
        assert (root / "conf" / "base" / "dagster.yml").read_text(encoding="utf-8") == "executors: {}"


class TestRefusals:
    @pytest.mark.parametrize("name", ["component.yaml", "defs.yaml", "defs.yml"])
    def test_a_file_that_is_there(self, dg_project, kedro_root, name):
        (dg_project.defs / "kedro").mkdir()
        (dg_project.defs / "kedro" / name).write_text("type: other", encoding="utf-8")
        before = dg_project.tree()

        with pytest.raises(click.ClickException, match="this file is there already"):
            dg_project.scaffold(project_path=str(kedro_root))

        assert dg_project.tree() == before

    def test_a_python_file_of_the_user_stays(self, dg_project, kedro_root):
        (dg_project.defs / "kedro").mkdir()
        (dg_project.defs / "kedro" / "component.py").write_text("OWN = 1", encoding="utf-8")

        target = dg_project.scaffold(project_path=str(kedro_root))
        with pytest.raises(click.ClickException, match="this file is there already"):
            dg_project.scaffold(scaffold_format="python", project_path=str(kedro_root))

        assert (target / "component.py").read_text(encoding="utf-8") == "OWN = 1"
        assert (target / "component.yaml").exists()

    def test_nothing_can_be_appended_to_python(self, dg_project, kedro_root):
        with pytest.raises(click.ClickException, match="cannot be appended"):
            dg_project.scaffold("x.py", scaffold_format="python", append=True, project_path=str(kedro_root))

    def test_no_kedro_project_above(self, dg_project):
        with pytest.raises(
            click.ClickException, match=r"(?s)no Kedro project at or above .*dg project\n.* `--project-path`"
        ):
            KedroScaffoldParams()

    def test_a_kedro_project_nearby_is_named(self, dg_project, kedro_root, tmp_path):
        for near in (str(tmp_path), str(kedro_root / "src")):
            with pytest.raises(click.ClickException, match=r"nearby there is .*kedro project$"):
                KedroScaffoldParams(project_path=near)

    def test_a_project_that_cannot_be_read(self, dg_project, tmp_path):
        root = KedroProjectBuilder(tmp_path / "broken", registry="import nothing_of_that_name\n").write().root

        with pytest.raises(click.ClickException, match="ModuleNotFoundError: No module named 'nothing_of_that_name'"):
            KedroScaffoldParams(project_path=str(root))

    def test_a_folder_that_cannot_be_written_to_is_left_as_it_was(self, dg_project, kedro_root):
        (dg_project.defs / "taken").touch()
        before = dg_project.tree()

        with pytest.raises(click.ClickException, match=r"cannot write .*taken.*: Not a directory"):
            dg_project.scaffold("taken/deeper", project_path=str(kedro_root))

        assert dg_project.tree() == before

    def test_files_already_written_are_taken_back(self, dg_project, kedro_root):
        (kedro_root / "conf" / "base" / "dagster.yml").mkdir()
        before = dg_project.tree()

        with pytest.raises(click.ClickException, match=r"cannot write .*dagster\.yml"):
            dg_project.scaffold("new/kedro", project_path=str(kedro_root), dagster_yml=True)

        assert dg_project.tree() == before
        assert (kedro_root / "conf" / "base" / "dagster.yml").is_dir()


class TestCommand:
    def test_what_it_writes_loads(self, dg_project, clashing_root):
        arguments = ["--project-path", "../kedro project", "--env", "local", "--dagster-yml", "true"]

        scaffolded = dg_project.dg("scaffold", "defs", TYPE, "kedro", *arguments)
        checked = dg_project.dg("check", "defs")

        assert scaffolded.returncode == 0, scaffolded.stderr
        assert checked.returncode == 0, checked.stdout + checked.stderr
        assert {path.name for path in (dg_project.defs / "kedro").iterdir()} >= {"component.py", "component.yaml"}
        assert (clashing_root / "conf" / "local" / "dagster.yml").exists()

    def test_nothing_but_the_type_passes_the_check(self, tmp_path, monkeypatch):
        root = KedroProjectBuilder(tmp_path).write().root
        project = DgProject(root, "site_checked", (root / "pyproject.toml").read_text(encoding="utf-8"))

        scaffolded = project.dg("scaffold", "defs", TYPE, "kedro")
        checked = project.dg("check", "defs")  # YAML included

        assert scaffolded.returncode == 0, scaffolded.stderr
        assert checked.returncode == 0, checked.stdout + checked.stderr

    def test_defs_yaml(self, dg_project, kedro_root):
        arguments = ["--project-path", str(kedro_root), "--file-name", "defs.yaml"]

        scaffolded = dg_project.dg("scaffold", "defs", TYPE, "kedro", *arguments)

        assert scaffolded.returncode == 0, scaffolded.stderr
        assert sorted(path.name for path in (dg_project.defs / "kedro").iterdir()) == ["component.py", "defs.yaml"]
        assert "of this file only" in (dg_project.defs / "kedro" / "component.py").read_text(encoding="utf-8")
        assert asset_names(dg_project.load()) == {"raw", "cleaned"}

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["--project-path", "../nowhere"], r"there is no Kedro project at .*nowhere \(it does not exist\)"),
            (["--project-path", "../kedro project", "--env", "locl"], "has no environment 'locl'"),
            (["--project-path", "../kedro project", "--file-name", "def.yaml"], "did you mean 'defs.yaml'"),
        ],
    )
    def test_a_refusal_leaves_nothing_behind(self, dg_project, kedro_root, arguments, message):
        before = dg_project.tree()

        refused = dg_project.dg("scaffold", "defs", TYPE, "team/kedro", *arguments)

        assert refused.returncode == 1
        assert re.search(message, refused.stderr), refused.stderr
        assert "Traceback" not in refused.stderr + refused.stdout
        assert dg_project.tree() == before


def test_every_option_is_described():
    properties = KedroScaffoldParams.model_json_schema()["properties"]

    assert set(properties) == {"project_path", "env", "file_name", "dagster_yml"}
    assert all(field["description"].endswith(".") and field["examples"] for field in properties.values())
