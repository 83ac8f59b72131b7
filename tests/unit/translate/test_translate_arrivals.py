"""Files that were not there, or were older, at the last look: local ones, and those of any fsspec filesystem."""

import json
import os
from typing import ClassVar

import fsspec
import pytest
from fsspec import AbstractFileSystem

from kedro_dagster_component.translate.arrivals import look_for_files


class Looks:
    """One look after the other, each from the cursor of the one before."""

    def __init__(self, pattern, project_path="/project", **storage_options):
        self._arguments = (pattern, storage_options, str(project_path))
        self.cursor = None
        self.looks = []

    def __call__(self):
        found = look_for_files(*self._arguments, self.cursor)
        self.cursor = found.cursor
        self.looks.append(found.look)
        return list(found.new)


def write(path, text, seconds=1_700_000_000):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (seconds, seconds))
    return path.as_posix()


@pytest.fixture
def memory():
    filesystem = fsspec.filesystem("memory")
    filesystem.store.clear()
    yield filesystem
    filesystem.store.clear()


def test_each_file_is_new_once(tmp_path):
    look = Looks("inbox/*.csv", tmp_path)
    assert look() == []
    first = write(tmp_path / "inbox/b.csv", "b")
    write(tmp_path / "inbox/b.txt", "b")
    assert look() == [first]
    assert look() == []
    second, third = write(tmp_path / "inbox/c.csv", "c"), write(tmp_path / "inbox/a.csv", "a")
    assert look() == [third, second]
    assert look.looks == [0, 1, 1, 2]


def test_a_changed_file_is_new(tmp_path):
    file = write(tmp_path / "a.csv", "a")
    look = Looks("*.csv", tmp_path)
    assert look() == [file]
    write(tmp_path / "a.csv", "a", seconds=1_700_000_060)
    assert look() == [file]
    write(tmp_path / "a.csv", "a, and the rest of it", seconds=1_700_000_060)
    assert look() == [file]
    assert look() == []


def test_a_file_that_comes_back_is_new(tmp_path):
    file = write(tmp_path / "a.csv", "a")
    look = Looks("*.csv", tmp_path)
    assert look() == [file]
    (tmp_path / "a.csv").rename(tmp_path / "away")
    assert look() == []
    (tmp_path / "away").rename(tmp_path / "a.csv")
    assert look() == [file]
    assert look.looks == [1, 1, 2]


def test_patterns(tmp_path):
    deep = write(tmp_path / "in/2024/05/a.csv", "a")
    flat = write(tmp_path / "in/x.csv", "x")
    assert Looks("in/**/*.csv", tmp_path)() == [deep, flat]
    assert Looks("in/?.csv", tmp_path)() == [flat]
    assert Looks("in/x.csv", tmp_path)() == [flat]
    assert Looks(f"{tmp_path}/in/*.csv", "/elsewhere")() == [flat]
    assert Looks(f"file://{tmp_path}/in/*.csv")() == [f"file://{flat}"]


def test_folders_are_no_files(tmp_path):
    (tmp_path / "a.csv").mkdir()
    assert Looks("*", tmp_path)() == []


def test_links_are_what_they_point_to(tmp_path):
    target = tmp_path / "away/a.csv"
    write(target, "a")
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "file").symlink_to(target)
    (inbox / "folder").symlink_to(target.parent)
    (inbox / "nowhere").symlink_to(tmp_path / "nothing")
    look = Looks("inbox/*", tmp_path)
    assert look() == [(inbox / "file").as_posix()]
    write(target, "b", seconds=1_700_000_060)
    assert look() == [(inbox / "file").as_posix()]


def test_files_of_a_url_have_its_protocol(memory):
    look = Looks("memory://inbox/*.csv")
    assert look() == []
    memory.pipe("/inbox/a.csv", b"a")
    memory.pipe("/inbox/deep/b.csv", b"b")
    assert look() == ["memory:///inbox/a.csv"]
    assert look() == []
    memory.pipe("/inbox/a.csv", b"b")
    assert look() == ["memory:///inbox/a.csv"]
    memory.rm("/inbox/a.csv")
    assert look() == []
    memory.pipe("/inbox/a.csv", b"b")
    assert look() == ["memory:///inbox/a.csv"]


class Bucket(AbstractFileSystem):
    """As object stores are: what was listed once is not listed again."""

    protocol = "bucket"
    stored: ClassVar[list] = []

    def __init__(self, *, token=None):
        super().__init__(token=token)
        self.token = token
        self.listed = None

    def ls(self, path, detail=True, **kwargs):
        if self.token != "t":
            raise PermissionError
        self.listed = self.listed or [{"name": name, "type": "file", "size": 1, "ETag": "e"} for name in self.stored]
        return self.listed

    def invalidate_cache(self, path=None):
        self.listed = None


def test_a_filesystem_that_keeps_listings_is_asked_anew():
    fsspec.register_implementation("bucket", Bucket, clobber=True)
    look = Looks("bucket://inbox/*.csv", token="t")
    Bucket.stored = ["inbox/a.csv"]
    assert look() == ["bucket://inbox/a.csv"]
    Bucket.stored = ["inbox/a.csv", "inbox/b.csv"]
    assert look() == ["bucket://inbox/b.csv"]


class Described(AbstractFileSystem):
    """One file, described as a filesystem of that kind does."""

    protocol = "described"
    cachable = False
    file: ClassVar[dict] = {}

    def ls(self, path, detail=True, **kwargs):
        return [{"name": "inbox/a.csv", "type": "file", "size": 3, **self.file}]


@pytest.mark.parametrize(
    "key", ["LastModified", "last_modified", "Last-Modified", "updated", "modify", "modificationTime", "ETag", "etag"]
)
def test_what_filesystems_call_the_state_of_a_file(key):
    fsspec.register_implementation("described", Described, clobber=True)
    look = Looks("described://inbox/*")
    for value in ("first", "second"):
        Described.file = {key: value}
        assert look() == ["described://inbox/a.csv"]
        assert look() == []
        assert json.loads(look.cursor)["files"] == {"described://inbox/a.csv": f"{value}/3"}


def test_a_filesystem_that_knows_sizes_alone():
    fsspec.register_implementation("described", Described, clobber=True)
    Described.file = {}
    look = Looks("described://inbox/*")
    assert len(look()) == 1
    assert look() == []
    Described.file = {"size": 4}
    assert len(look()) == 1
