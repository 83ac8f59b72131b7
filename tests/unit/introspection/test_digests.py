"""What makes a digest another one, and what does not."""

import os

import pytest

from kedro_dagster_component.introspection import digests as module
from kedro_dagster_component.introspection.digests import Digests, is_of_process, kind_of, new_salt


@pytest.fixture
def digests():
    return Digests(new_salt())


def test_salts_differ_and_hide(digests):
    other = Digests(new_salt())
    assert digests.of_text("secret") != other.of_text("secret")
    assert digests.of_text("secret") == digests.of_text("secret")
    assert digests.of_text(None) is None
    assert digests.of_text("") is not None


def test_a_file(digests, tmp_path):
    file = tmp_path / "file"
    assert digests.of_file(str(file)) is None
    assert digests.is_file(str(file), None)
    file.write_text("a")
    known = digests.of_file(str(file))
    assert not digests.is_file(str(file), None)
    os.utime(file, (1, 1))
    assert digests.is_file(str(file), known)
    file.write_text("b")
    assert not digests.is_file(str(file), known)
    file.unlink()
    assert not digests.is_file(str(file), known)
    assert digests.of_file(str(tmp_path)) is None
    assert digests.of_file("a\0b") is None


def test_a_file_that_would_block_is_none(digests, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert digests.of_file(str(tmp_path / "pipe")) is None


def test_a_large_file_is_told_by_its_stamp_until_that_changes(digests, tmp_path, monkeypatch):
    file = tmp_path / "large"
    file.write_bytes(b"a" * 100)
    monkeypatch.setattr(module, "LARGE_BYTES", 100)
    young = digests.of_file(str(file))
    assert ":" not in young
    monkeypatch.setattr(module, "_SETTLED_SECONDS", -1)
    settled = digests.of_file(str(file))
    assert settled.startswith(f"{young}:100:")
    assert digests.is_file(str(file), settled)
    os.utime(file, (1, 1))
    assert digests.is_file(str(file), settled)
    file.write_bytes(b"b" * 100)
    assert not digests.is_file(str(file), settled)


def test_names_in_a_folder(digests, tmp_path):
    look, path = digests.of_folder, str(tmp_path)
    empty = look(path)
    (tmp_path / "__pycache__").mkdir()
    assert look(path) == empty
    (tmp_path / "name").touch()
    with_file = look(path)
    assert with_file != empty
    (tmp_path / "name").unlink()
    (tmp_path / "name").mkdir()
    assert look(path) not in {empty, with_file}
    assert look(str(tmp_path / "nothing")) is None


@pytest.mark.parametrize(
    ("name", "counts"),
    [("a.py", True), ("b/", True), ("c.so", True), (".d/", False), ("e-f/", False), ("g.txt", False), ("h", False)],
)
def test_names_that_can_be_modules(digests, tmp_path, name, counts):
    before = digests.of_modules(str(tmp_path))
    path = tmp_path / name
    path.mkdir() if name.endswith("/") else path.touch()
    assert (digests.of_modules(str(tmp_path)) != before) is counts


def test_packages_in_a_folder(digests, tmp_path):
    seen = {digests.of_distributions(str(tmp_path))}

    def changed():
        now = digests.of_distributions(str(tmp_path))
        is_new = now not in seen
        seen.add(now)
        return is_new

    (tmp_path / "module.py").touch()
    assert not changed()
    info = tmp_path / "demo-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Version: 1.0")
    assert changed()
    (info / "RECORD").write_text("demo.py,sha256=1,1")
    assert changed()
    (info / "RECORD").write_text("demo.py,sha256=2,1")
    assert changed()
    (tmp_path / "demo.pth").write_text("/src")
    assert changed()
    (tmp_path / "old.egg-info").write_text("Version: 1")
    assert changed()
    (tmp_path / "old.egg-info").write_text("Version: 2")
    assert changed()


@pytest.mark.parametrize("pattern", ["data", "data/*.csv", "data/**/*.csv", "{root}/data/a.csv"])
def test_patterns_of_the_user(digests, tmp_path, pattern):
    root, pattern = str(tmp_path), pattern.replace("{root}", str(tmp_path))
    assert digests.of_pattern(pattern, root) is None
    (tmp_path / "data/deep").mkdir(parents=True)
    (tmp_path / "data/a.csv").write_text("1")
    first = digests.of_pattern(pattern, root)
    (tmp_path / "other.csv").write_text("1")
    assert digests.of_pattern(pattern, root) == first
    (tmp_path / "data/a.csv").write_text("2")
    second = digests.of_pattern(pattern, root)
    assert len({None, first, second}) == 3
    (tmp_path / "data/deep/b.csv").write_text("2")
    assert (digests.of_pattern(pattern, root) != second) is (pattern in {"data", "data/**/*.csv"})


def test_kinds(tmp_path):
    (tmp_path / "file").touch()
    assert [kind_of(str(tmp_path / name)) for name in ("file", "", "other")] == ["file", "folder", "nothing"]
    assert kind_of("a\0b") == "nothing"


def test_all_variables_but_those_of_a_process(digests):
    base = {"A": "1"}
    assert digests.of_environment(
        {**base, "PWD": "/", "DAGSTER_HOME": "/", "TERM_PROGRAM": "x"}
    ) == digests.of_environment(base)
    assert digests.of_environment({**base, "B": ""}) != digests.of_environment(base)
    assert is_of_process("LC_ALL")
    assert not is_of_process("KEDRO_ENV")
