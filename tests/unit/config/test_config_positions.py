"""Where entries stand, and mistakes of the YAML itself."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from config_reading import mistakes, short

from kedro_dagster_component.config import Positions, parse_dagster_config, read_all_positions, read_positions
from kedro_dagster_component.config.positions import show_path
from kedro_dagster_component.errors import ConfigurationError, Position

TEXT = """\
jobs:
  train:
    tags: [a, b]
    executor:
"""


def positions_of(folder: Path, *texts: str) -> Positions:
    files = []
    for index, text in enumerate(texts):
        files.append(folder / f"dagster_{index}.yml")
        files[-1].write_text(text, encoding="utf-8")
    return read_all_positions(files)


@pytest.mark.parametrize(
    ("path", "at_key", "expected"),
    [
        (("jobs",), True, (1, 1)),
        (("jobs",), False, (2, 3)),
        (("jobs", "train", "tags"), True, (3, 5)),
        (("jobs", "train", "tags"), False, (3, 11)),
        (("jobs", "train", "tags", 1), False, (3, 15)),
        (("jobs", "train", "tags", 7), False, (3, 5)),
        (("jobs", "train", "executor"), False, (4, 5)),
        (("jobs", "train", "nothing", "below"), False, (2, 3)),
        (("nothing",), False, (None, None)),
        ((), False, (1, 1)),
    ],
)
def test_places(tmp_path: Path, path: tuple[str | int, ...], at_key: bool, expected: tuple[int, int]) -> None:
    position = positions_of(tmp_path, TEXT).at(*path, at_key=at_key)

    assert position is not None
    assert (position.line, position.column) == expected


def test_environment_comes_before_base(tmp_path: Path) -> None:
    positions = positions_of(tmp_path, "jobs: {a: {x: 1}}\nexecutors: {e: 1}\n", "\njobs: {a: {x: 2}}\n")

    assert positions.at("jobs", "a", "x") == Position(tmp_path / "dagster_1.yml", 2, 15)
    assert positions.at("executors", "e") == Position(tmp_path / "dagster_0.yml", 2, 16)


def test_the_file_that_has_most_of_a_path_wins(tmp_path: Path) -> None:
    positions = positions_of(tmp_path, "jobs: {a: {x: 1}}\n", "jobs: {b: 1}\n")

    assert positions.at("jobs", "a", "x") == Position(tmp_path / "dagster_0.yml", 1, 15)


def test_without_files_there_is_no_position() -> None:
    assert Positions().at("jobs") is None
    assert Positions().source_text(("jobs",)) is None


def test_anchors_and_merge_keys_are_followed(tmp_path: Path) -> None:
    text = """\
_base: &base {executor: local, tags: [x]}
_more: &more {executor: other}
jobs:
  a: {<<: *base, tags: [y]}
  b: *base
  c: {<<: [*more, *base]}
  d: {<<: 3}
"""
    positions = positions_of(tmp_path, text)

    assert str(positions.at("jobs", "a", "executor")).endswith(":1:25")
    assert str(positions.at("jobs", "a", "tags", 0)).endswith(":4:25")
    assert str(positions.at("jobs", "b", "tags", 0)).endswith(":1:39")
    assert str(positions.at("jobs", "c", "executor")).endswith(":2:25")
    assert str(positions.at("jobs", "d", "executor")).endswith(":7:3")


def test_an_anchor_inside_itself_ends(tmp_path: Path) -> None:
    positions = positions_of(tmp_path, "a: &a {<<: *a, b: 1}\n")

    assert positions.problems == ()
    assert str(positions.at("a", "b")).endswith(":1:19")


def test_an_empty_file_is_fine(tmp_path: Path) -> None:
    for text in ("", "# nothing\n", "null\n"):
        assert positions_of(tmp_path, text).problems == ()


def test_paths_are_shown_as_they_are_written() -> None:
    assert show_path(("jobs", "a-b_c", "loggers", 0, "x.{y}")) == 'jobs.a-b_c.loggers[0]."x.{y}"'
    assert show_path(("{x}",)) == '"{x}"'


YAML_MISTAKES = [
    ("jobs:\n\ta: 1\n", "2:1 a tab in the indentation -> YAML takes spaces only: two for each level"),
    ("jobs:\n  a: {b: {x: 1}\n  c: 3\n", "2:6 the '{' is not closed by '}', or a comma is missing -> the mistake shows in line 3"),
    ("jobs: [a\nb: 3\n", "1:7 the '[' is not closed by ']', or a comma is missing -> the mistake shows in line 2"),
    ('jobs:\n  a: "x\nb: 3\n', "2:6 the quote is not closed -> close it on the same line"),
    ("a: b: c\n", "1:5 a ':' where no key can stand -> indent this line like its neighbours, or put text that holds ': ' in quotes"),
    ("a:\n  b: 1\n c: 2\n", "3:2 this does not fit the mapping above -> check the indentation of this line and the ones above"),
    ("a:\n - b\n c: - d\n", "3:2 this does not fit the list above -> check the indentation of this line and the ones above"),
    ("a: {b:}\n", "1:6 a ':' without a space behind it -> write 'key: value', or put text that holds ':' in quotes"),
    ("a: *x\n", "1:4 '*x' points to an anchor '&x' that is not above it"),
    ("a: @x\n", "1:4 text cannot begin with '@' -> put the text in quotes"),
    ("a: 1\n---\nb: 2\n", "2:1 a second document begins here -> delete the '---'"),
    ("a: 1\nb\n", "2:1 a key without ':' -> write 'key: value'"),
    ("a: \x01\n", "1:4 a control character that YAML does not allow -> delete it"),
    ("a: {{ x }}\n", "1:5 a mapping or list stands where a key should -> put text that begins with '{' or '[' in quotes"),
    ("a:\n  b: 1\n  b: 2\n", "3:3 the key 'b' is there twice, first in line 2 -> keep one"),
    ("1: {}\n", "1:1 a key at the top of a file has to be text: YAML reads '1' as a number -> put it in quotes: \"1\""),
    ("a: 1\nyes: {}\n", "2:1 a key at the top of a file has to be text: YAML reads 'yes' as true or false -> put it in quotes: \"yes\""),
    ("- a\n", "1:1 the file has no mapping at its top -> write sections such as 'jobs:' at the left edge"),
    ("x\n", "1:1 the file has no mapping at its top -> write sections such as 'jobs:' at the left edge"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), YAML_MISTAKES, ids=[text for text, _ in YAML_MISTAKES])
def test_yaml_mistakes(tmp_path: Path, text: str, expected: str) -> None:
    assert [short(problem) for problem in positions_of(tmp_path, text).problems] == [expected]


def test_other_yaml_mistakes_keep_the_words_of_the_parser(tmp_path: Path) -> None:
    (problem,) = positions_of(tmp_path, "%YAML 3.0\n---\na: 1\n").problems

    assert problem.message.startswith("no valid YAML: ")


def test_unreadable_files(tmp_path: Path) -> None:
    (tmp_path / "latin.yml").write_bytes(b"a: \xe9\n")

    assert read_positions(tmp_path / "latin.yml").problems[0].message == "the file is not UTF-8 text"
    assert read_positions(tmp_path / "none.yml").problems[0].message.startswith("cannot be read: ")
    assert read_positions(tmp_path / "none.yml").find(()) is None


def test_deep_nesting_is_a_problem_not_a_crash(tmp_path: Path) -> None:
    (problem,) = positions_of(tmp_path, "a: " + "[" * 20000).problems

    assert problem.position is not None


def test_all_problems_of_all_files_come_at_once(tmp_path: Path) -> None:
    base, env = tmp_path / "a.yml", tmp_path / "b.yml"
    base.write_text("jobs: {}\nautomation: {x: 1}\njobs: {}\n", encoding="utf-8")
    env.write_text("jbos: {}\nexecutors: {a: {in_proces: {}}}\n", encoding="utf-8")
    raw = {"jobs": {}, "automation": {"x": 1}, "jbos": {}, "executors": {"a": {"in_proces": {}}}}

    with pytest.raises(ConfigurationError) as caught:
        parse_dagster_config(raw, [base, env])

    places = [
        (problem.position.file.name, problem.position.line) for problem in caught.value.problems if problem.position
    ]
    assert places == [("a.yml", 2), ("a.yml", 3), ("b.yml", 1), ("b.yml", 2)]
    assert "b.yml:2:17: executors.a: unknown executor kind 'in_proces'" in str(caught.value)


def test_a_value_from_the_environment_is_not_printed(tmp_path: Path) -> None:
    file = tmp_path / "dagster.yml"
    file.write_text("schedules: {a: {cron_schedule: '${oc.env:CRON}'}}\nlogger: 1\n", encoding="utf-8")

    with pytest.raises(ConfigurationError) as caught:
        parse_dagster_config({"schedules": {"a": {"cron_schedule": "hunter2"}}}, [file])

    assert "hunter2" not in str(caught.value)
    assert "the value of ${oc.env:CRON} is wrong here" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("executors: {a: {multiprocess: {max_concurrent: '${oc.env:X}'}}}", ": expected a whole number"),
        ("assets: {a: {freshness_policy: {type: time_window, fail_window_seconds: '${oc.env:X}'}}}", ": expected a number"),
        ("schedules: {a: {cron_schedule: '${oc.env:X}'}}", ""),
    ],
)  # fmt: skip
def test_what_a_value_from_the_environment_should_be_is_told(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "dagster.yml"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigurationError) as caught:
        parse_dagster_config(yaml.safe_load(text), [file], environment={"X": "hunter2"})

    [problem] = caught.value.problems
    assert "hunter2" not in str(problem)
    assert problem.message.endswith(f"the value of ${{oc.env:X}} is wrong here{told}")


def test_an_interpolation_without_environment_is_printed(tmp_path: Path) -> None:
    file = tmp_path / "dagster.yml"
    file.write_text("schedules: {a: {cron_schedule: '${globals:cron}'}}\n", encoding="utf-8")

    with pytest.raises(ConfigurationError, match="bad cron schedule 'x'"):
        parse_dagster_config({"schedules": {"a": {"cron_schedule": "x"}}}, [file])


def test_no_jargon_of_pydantic(tmp_path: Path) -> None:
    found = " ".join(mistakes("jobs: 3\nexecutors: {a: {in_process: 3}}\nassets: {a: {kinds: 3}}\n", tmp_path))

    assert "pydantic" not in found
    assert "nput should" not in found


def test_a_value_from_elsewhere_tells_where_it_stands(tmp_path: Path) -> None:
    base, local = tmp_path / "base", tmp_path / "local"
    for folder in (base, local):
        folder.mkdir()
    (base / "globals.yml").write_text("names: {far: x, near: y}\n", encoding="utf-8")
    (local / "globals.yml").write_text("names:\n  far: z\n", encoding="utf-8")
    (base / "dagster.yml").write_text("_own: q\n", encoding="utf-8")
    text = "a: ${globals:names.far}\nb: ${globals:names.near,1}\nc: ${_own}\nd: ${globals:nothing}\ne: x ${_own}\n"
    (local / "dagster.yml").write_text(f"{text}f: ${{globals:names.far,1}}\n", encoding="utf-8")
    content = {"a": "z", "b": "y", "c": "q", "d": "n", "e": "x q", "f": 1}
    positions = read_all_positions(
        [base / "dagster.yml", local / "dagster.yml"],
        content,
        globals_files=[base / "globals.yml", local / "globals.yml"],
    )

    hints = [positions.problem((key,), "wrong", hint="a way out").hint for key in "abcdef"]

    assert hints == [
        f"a way out\nthe value stands in {local / 'globals.yml'}:2:8",
        f"a way out\nthe value stands in {base / 'globals.yml'}:1:23",
        f"a way out\nthe value stands in {base / 'dagster.yml'}:1:7",
        "a way out",
        "a way out",
        "a way out",  # a runtime parameter, say, counts before the file
    ]


def test_a_runtime_parameter_that_is_wrong_is_told_as_one(tmp_path: Path) -> None:
    file = tmp_path / "dagster.yml"
    file.write_text("a: '${runtime_params:which}'\nb: '${runtime_params:x,y}'\n", encoding="utf-8")
    positions = read_all_positions([file], {"a": "trane", "b": "y"})

    assert [positions.problem((key,), "wrong").hint for key in "ab"] == [
        "the value is the runtime parameter 'which': see `runtime_params` in component.yaml",
        None,
    ]
