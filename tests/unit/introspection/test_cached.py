"""When a kept manifest is used, and what is kept: with a reading that is a fake, and real files."""

import datetime as dt
import math
import os
import stat
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from kedro_dagster_component.errors import IntrospectionError
from kedro_dagster_component.introspection.cache_files import (
    ENTRY_FORMAT,
    Entry,
    cache_folder,
    file_name,
    is_of_use,
    pack,
    read_entry,
    unpack,
    write_entry,
)
from kedro_dagster_component.introspection.cached import Cache, Reading, find_manifest, prepare_manifest
from kedro_dagster_component.introspection.digests import Digests
from kedro_dagster_component.introspection.footprint import Footprint, python_in_use
from kedro_dagster_component.manifest import ProjectManifest, ProjectRef

GOLDEN = Path(__file__).parents[1] / "translate" / "golden"


class FakeProject:
    """A project of one file, whose content is the name of its only pipeline.

    Attributes:
        readings: How often it was read.
    """

    def __init__(self, root):
        self.root, self.readings, self.lock = root, 0, threading.Lock()
        self.file = root / "pipelines.txt"
        self.file.write_text("one")
        self.names, self.children = None, ()

    def ref(self, **fields):
        return ProjectRef(project_path=str(self.root), **fields)

    def read(self, ref, salt):
        with self.lock:
            self.readings += 1
            name = self.names.pop(0) if self.names else self.file.read_text()
        if name == "broken":
            raise IntrospectionError("it is broken\nin detail")
        manifest = ProjectManifest(
            ref=ref,
            project_name="Fake",
            package_name="fake",
            env=None,
            kedro_version="1",
            pipelines={name: ()},
            nodes={},
            datasets={},
            parameters={},
        )
        path = str(self.file)
        footprint = Footprint(
            salt=salt,
            files={path: Digests(salt).of_file(path)},
            folders={},
            modules={},
            kinds={},
            links={},
            children=self.children,
            variables={},
            environment=None,
            python=python_in_use(),
            distributions={},
        )
        return Reading(manifest, footprint)


@pytest.fixture
def project(tmp_path):
    root = tmp_path / "project"
    root.mkdir()
    return FakeProject(root)


@pytest.fixture
def cache(tmp_path):
    (tmp_path / "cache").mkdir()
    return Cache(tmp_path / "cache" / "one.manifest")


def pipelines(project, cache, **fields):
    return list(find_manifest(project.ref(**fields), cache, project.read).manifest.pipelines)


def readings(project, *args, **fields):
    """How often a load reads the project, and what it finds."""
    before = project.readings
    found = pipelines(project, *args, **fields)
    return project.readings - before, found


def test_the_first_load_reads_twice_the_next_not_and_one_after_an_edit_once(project, cache):
    assert readings(project, cache) == (2, ["one"])
    assert readings(project, cache) == (0, ["one"])
    project.file.write_text("two")
    assert readings(project, cache) == (1, ["two"])
    assert readings(project, cache) == (0, ["two"])


def test_only_the_owner_can_read_the_file(project, cache):
    pipelines(project, cache)
    assert stat.S_IMODE(cache.file.stat().st_mode) == 0o600
    assert [path.name for path in cache.file.parent.iterdir()] == ["one.manifest"]


def test_runtime_parameters_count_and_are_not_written(project, cache):
    params = {"token": "hunter2"}
    assert readings(project, cache, runtime_params=params) == (2, ["one"])
    assert "hunter2" not in cache.file.read_text()
    _, text = read_entry(cache.file)
    assert unpack(text).ref.runtime_params == {}
    found = find_manifest(project.ref(runtime_params=params), cache, project.read)
    assert (project.readings, found.manifest.ref.runtime_params) == (2, params)
    assert found.text is None
    assert readings(project, cache, runtime_params={"token": "other"}) == (1, ["one"])
    assert readings(project, cache, include_hooks=True, runtime_params={"token": "other"}) == (1, ["one"])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, math.inf),
        (math.inf, -math.inf),
        (None, math.nan),
        ({1: "a"}, {"1": "a"}),
        (dt.date(2026, 1, 1), "2026-01-01"),
    ],
)
def test_runtime_parameters_that_json_makes_one_are_told_apart(project, cache, before, after):
    pipelines(project, cache, runtime_params={"model": {"limit": before}})
    assert readings(project, cache, runtime_params={"model": {"limit": before}}) == (0, ["one"])
    assert readings(project, cache, runtime_params={"model": {"limit": after}}) == (1, ["one"])


def test_readings_that_differ_are_told_and_not_kept_until_something_changes(project, cache):
    project.names = ["one", "two", "three"]
    found = find_manifest(project.ref(), cache, project.read)
    assert list(found.manifest.pipelines) in (["one"], ["two"])
    assert found.differing == ("pipelines",)
    again = find_manifest(project.ref(), cache, project.read)
    assert (list(again.manifest.pipelines), again.differing, project.readings) == (["three"], ("pipelines",), 3)
    assert read_entry(cache.file)[1] == ""
    project.file.write_text("four")
    assert readings(project, cache) == (2, ["four"])
    assert readings(project, cache) == (0, ["four"])


def test_what_other_programs_read_has_to_be_named(project, cache):
    project.children = ("git",)
    found = find_manifest(project.ref(), cache, project.read)
    assert (found.children, project.readings) == (("git",), 2)
    again = find_manifest(project.ref(), cache, project.read)
    assert (again.children, project.readings) == (("git",), 3)
    assert read_entry(cache.file)[1] == ""
    named = replace(cache, files=(".git/HEAD",))
    assert readings(project, named) == (1, ["one"])
    assert readings(project, named) == (0, ["one"])


def test_a_second_reading_that_fails_differs(project, cache):
    def read(ref, salt):
        if threading.current_thread() is not threading.main_thread():
            raise IntrospectionError("it is broken\nin detail")
        return project.read(ref, salt)

    found = find_manifest(project.ref(), cache, read)
    assert found.differing == ("the second of two readings, which failed: it is broken",)


def test_a_failure_is_not_kept(project, cache):
    project.file.write_text("broken")
    with pytest.raises(IntrospectionError):
        pipelines(project, cache)
    assert not cache.file.exists()
    project.file.write_text("one")
    assert readings(project, cache) == (2, ["one"])
    project.file.write_text("broken")
    with pytest.raises(IntrospectionError):
        pipelines(project, cache)
    project.file.write_text("one")
    assert readings(project, cache) == (0, ["one"])


def test_what_changes_between_two_readings_is_not_kept(project, cache):
    def read(ref, salt):
        reading = project.read(ref, salt)
        project.file.write_text("two")
        return reading

    lone = threading.Lock()

    def one_by_one(ref, salt):
        with lone:
            return read(ref, salt)

    assert find_manifest(project.ref(), cache, one_by_one).differing == ()
    assert not cache.file.exists()


def test_a_change_during_the_reading_is_seen_by_the_next_load(project, cache):
    pipelines(project, cache)
    project.file.write_text("two")

    def read(ref, salt):
        reading = project.read(ref, salt)
        project.file.write_text("three")
        return reading

    assert list(find_manifest(project.ref(), cache, read).manifest.pipelines) == ["two"]
    assert readings(project, cache) == (1, ["three"])


DAMAGES = {
    "empty": lambda text: "",
    "half a head": lambda text: text[:50],
    "half a manifest": lambda text: text[: len(text) - 40],
    "no manifest": lambda text: text.partition("\n")[0],
    "another manifest": lambda text: text.partition("\n")[0] + "\nAAAA",
    "no JSON": lambda text: "x" + text,
    "another format": lambda text: text.replace(f'"format":{ENTRY_FORMAT}', '"format":0', 1),
    "another manifest's format": lambda text: text.replace('"manifest_format":', '"manifest_format":9', 1),
    "another field": lambda text: text.replace('"request":', '"more":1,"request":', 1),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_written_anew(project, cache, damage):
    pipelines(project, cache)
    cache.file.write_text(DAMAGES[damage](cache.file.read_text()))
    count, found = readings(project, cache)
    assert (count > 0, found) == (True, ["one"])
    assert readings(project, cache) == (0, ["one"])


def test_bytes_that_are_no_text(project, cache):
    cache.file.write_bytes(b"\xff\xfe\x00")
    assert readings(project, cache) == (2, ["one"])
    assert readings(project, cache) == (0, ["one"])


def test_a_file_that_others_can_write_is_not_believed(project, cache):
    pipelines(project, cache)
    cache.file.chmod(0o666)
    assert readings(project, cache) == (2, ["one"])
    assert stat.S_IMODE(cache.file.stat().st_mode) == 0o600


def test_a_place_that_cannot_be_written_to(project, tmp_path):
    nowhere = Cache(tmp_path / "nowhere" / "one.manifest")
    assert readings(project, nowhere) == (2, ["one"])
    assert not nowhere.file.parent.exists()
    assert readings(project, Cache()) == (1, ["one"])


def test_a_folder_that_can_only_be_read_gives_what_it_has(project, cache):
    pipelines(project, cache)
    folder, other = cache.file.parent, cache.file.with_name("other.manifest")
    assert is_of_use(cache.file)
    assert is_of_use(other)
    folder.chmod(0o500)
    try:
        assert cache_folder(project.root, {"KEDRO_DAGSTER_CACHE": str(folder)}) == folder
        assert is_of_use(cache.file)
        assert is_of_use(other) is os.access(folder, os.W_OK)  # the superuser may write all the same
        assert readings(project, cache) == (0, ["one"])
    finally:
        folder.chmod(0o700)


def test_loads_at_the_same_time(project, cache):
    found = []
    threads = [threading.Thread(target=lambda: found.append(pipelines(project, cache))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [["one"]] * 8
    assert readings(project, cache) == (0, ["one"])
    assert [path.name for path in cache.file.parent.iterdir()] == ["one.manifest"]


def test_what_the_user_wants_to_be_watched(project, cache, monkeypatch):
    monkeypatch.delenv("REGION", raising=False)
    watching = Cache(cache.file, files=("data/*.csv",), variables=("REGION",))
    assert readings(project, cache) == (2, ["one"])
    assert readings(project, watching) == (1, ["one"])
    assert readings(project, watching) == (0, ["one"])
    (project.root / "data").mkdir()
    (project.root / "data" / "a.csv").write_text("1")
    assert readings(project, watching) == (1, ["one"])
    monkeypatch.setenv("REGION", "eu")
    assert readings(project, watching) == (1, ["one"])
    assert readings(project, watching) == (0, ["one"])
    assert readings(project, cache) == (1, ["one"])


def test_a_manifest_made_beforehand(project, cache, tmp_path):
    state = tmp_path / "state"
    assert prepare_manifest(project.ref(), Cache(), state, project.read).differing == ()
    assert stat.S_IMODE(state.stat().st_mode) == 0o600
    prepared = Cache(cache.file, prepared=state)
    assert readings(project, prepared) == (0, ["one"])
    assert not cache.file.exists()
    project.file.write_text("two")
    assert readings(project, prepared) == (1, ["two"])
    assert readings(project, prepared) == (0, ["two"])
    project.names = ["three", "four"]
    assert prepare_manifest(project.ref(), Cache(), state, project.read).differing == ("pipelines",)


def test_the_text_of_a_manifest(project):
    manifest = project.read(project.ref(runtime_params={"a": 1}), "00").manifest
    assert unpack(pack(manifest)) == manifest
    for text in ("", "AAAA", "ä", pack(manifest)[:-8]):
        with pytest.raises(ValueError):  # noqa: PT011 - any
            unpack(text)


@pytest.mark.parametrize("file", sorted(GOLDEN.glob("*.json")), ids=lambda file: file.stem)
def test_the_text_of_a_whole_project(file):
    manifest = ProjectManifest.model_validate_json(file.read_text(encoding="utf-8"))
    read = unpack(pack(manifest))
    assert read == manifest
    assert list(read.nodes) == list(manifest.nodes)
    assert list(read.datasets) == list(manifest.datasets)


def test_the_folder(tmp_path, monkeypatch):
    root, home = tmp_path / "project", tmp_path / "home"
    root.mkdir()
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("HOME", str(home))
    assert cache_folder(root, {}) == home / ".cache" / "kedro-dagster-component"
    assert stat.S_IMODE((home / ".cache" / "kedro-dagster-component").stat().st_mode) == 0o700
    assert cache_folder(root, {"XDG_CACHE_HOME": str(tmp_path / "xdg")}) == tmp_path / "xdg" / "kedro-dagster-component"
    assert cache_folder(root, {"XDG_CACHE_HOME": "relative"}) == home / ".cache" / "kedro-dagster-component"
    assert cache_folder(root, {"KEDRO_DAGSTER_CACHE": "~/mine"}) == home / "mine"
    assert cache_folder(root, {"KEDRO_DAGSTER_CACHE": "OFF"}) is None
    for inside in ("", "deep/er"):
        assert cache_folder(root, {"KEDRO_DAGSTER_CACHE": str(root / inside)}) is None
    assert list(root.iterdir()) == []
    (tmp_path / "file").touch()
    assert cache_folder(root, {"KEDRO_DAGSTER_CACHE": str(tmp_path / "file")}) is None


def test_the_name_of_a_file_tells_projects_and_components_apart_but_no_parameters(project):
    name = file_name(project.ref(), "component.yaml")
    assert name == file_name(project.ref(runtime_params={"a": 1}), "component.yaml")
    others = {
        file_name(project.ref(env="prod"), "component.yaml"),
        file_name(project.ref(), "other.yaml"),
        file_name(project.ref(include_hooks=True), "component.yaml"),
    }
    assert len({name, *others}) == 4


def test_a_file_is_written_as_a_whole_or_not_at_all(project, cache):
    entry = read_written(project, cache)
    with pytest.raises(OSError):  # noqa: PT011 - a folder in the way is different on every platform
        write_entry(make_folder(cache.file.parent / "folder"), entry, "text")
    assert sorted(path.name for path in cache.file.parent.iterdir()) == ["folder", "one.manifest"]


def test_files_that_nobody_has_written_for_long_are_cleared(project, cache):
    entry, folder = read_written(project, cache), cache.file.parent
    gone, fresh = file_name(project.ref(), "gone"), file_name(project.ref(), "fresh")
    kept = ["of_others.manifest", ".of_others.part", "note.txt", fresh]
    for name in (gone, ".kedro-dagster-gone.part", *kept):
        (folder / name).write_text("x")
        if name != fresh:
            os.utime(folder / name, (0, 0))
    write_entry(folder / "two.manifest", entry, "text")
    left = {*kept, "one.manifest", "two.manifest"}
    assert {path.name for path in folder.iterdir()} == left


def read_written(project, cache) -> Entry:
    pipelines(project, cache)
    return read_entry(cache.file)[0]


def make_folder(path):
    (path / "full").mkdir(parents=True)
    return path
