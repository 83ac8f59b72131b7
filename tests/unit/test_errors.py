"""Problems that print themselves."""

import pytest

from kedro_dagster_component.errors import ConfigurationError, Position, Problem, did_you_mean


def test_a_problem_shows_its_line(tmp_path):
    file = tmp_path / "a.yml"
    file.write_text("jobs:\r\n\ttrain: 3\r\n", encoding="utf-8")
    assert str(Problem("expected a mapping", Position(file, 2, 9), "write one\nor two")) == (
        f"{file}:2:9: expected a mapping\n    2 |  train: 3\n                ^\n  -> write one\n     or two"
    )


def test_less_is_shown_where_less_is_known(tmp_path):
    file = tmp_path / "a.yml"
    file.write_text("x: 1\n", encoding="utf-8")
    assert str(Problem("wrong")) == "wrong"
    assert str(Problem("wrong", Position(file))) == f"{file}: wrong"
    assert str(Problem("wrong", Position(file, 1))) == f"{file}:1: wrong\n    1 | x: 1"
    assert str(Problem("wrong", Position(file, 9, 1))) == f"{file}:9:1: wrong"
    assert str(Problem("wrong", Position(tmp_path / "none.yml", 1, 1))) == f"{tmp_path}/none.yml:1:1: wrong"


def test_further_lines_stand_below_the_excerpt(tmp_path):
    file = tmp_path / "a.yml"
    file.write_text("x: 1\n", encoding="utf-8")
    assert str(Problem("cannot read\n  because", Position(file, 1, 1), "do this")).splitlines() == [
        f"{file}:1:1: cannot read",
        "    1 | x: 1",
        "        ^",
        "  because",
        "  -> do this",
    ]


def test_the_line_holds_no_secret(tmp_path):
    file = tmp_path / "a.yml"
    file.write_text("a: {api_key: hunter2, con: 'pg://me:hunter2@h/d'}\n", encoding="utf-8")
    shown = str(Problem("wrong", Position(file, 1, 23)))
    assert "hunter2" not in shown
    assert "con: 'pg://***@h/d'" in shown
    assert shown.splitlines()[-1].index("^") == 8 + len("a: {api_key: ***, ")


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("a: {api_key: hunter2, con: >x}", "a: {api_key: ***, con: >x}"),
        ("a: {api_key: h, con: >x}", "a: {api_key: ***, con: >x}"),
        ("a: {con: 'pg://me:hunter2@h/d', >x: 1}", "a: {con: 'pg://***@h/d', >x: 1}"),
        ("a: {api_key: x, pwd: >hunter2, b: 1}", "a: {api_key: ***, pwd: >***, b: 1}"),
        ("a: {pwd: hunter2, b: 'x?y#pwd=hunter2', auth_token: z, >c: 1}", None),
        ("password: >hunter2 # why", "password: >***"),
        ("password: {a: hunter2, b: >hunter2}", "password: >***"),
        ("- >hunter2", "- >hunter2"),
    ],
)
def test_the_caret_stays_below_its_word_behind_a_secret(tmp_path, line, shown):
    file = tmp_path / "a.yml"
    file.write_text(line.replace(">", "") + "\n", encoding="utf-8")
    excerpt, caret = str(Problem("wrong", Position(file, 1, line.index(">") + 1))).splitlines()[1:]
    marked = excerpt[: caret.index("^")] + ">" + excerpt[caret.index("^") :]
    assert marked[8:] == (shown or "a: {pwd: ***, b: 'x?y#pwd=***', auth_token: ***, >c: 1}")


def test_a_long_line_is_cut_around_its_caret(tmp_path):
    file = tmp_path / "a.yml"
    file.write_text("x" * 300 + ">" + "y" * 300)

    excerpt, caret = str(Problem("wrong", Position(file, 1, 301))).splitlines()[1:]

    assert excerpt[caret.index("^")] == ">"
    assert (excerpt[8:11], excerpt[-3:], len(excerpt)) == ("...", "...", 8 + 160 + 6)


def test_the_caret_stays_below_its_word_behind_wide_characters(tmp_path):
    file = tmp_path / "a.yml"
    file.write_text("e\u0301 \u65e5\u672c >", encoding="utf-8")

    _, caret = str(Problem("wrong", Position(file, 1, 7))).splitlines()[1:]

    assert caret.index("^") == 8 + 1 + 1 + 4 + 1  # the accent has no width, each of the two has twice that of a letter


def test_the_caret_below_a_secret_in_a_list(tmp_path):
    file = tmp_path / "a.yml"
    file.write_text("tokens:\n  - hunter2\n", encoding="utf-8")
    assert str(Problem("wrong", Position(file, 2, 5))).splitlines()[1:] == ["    2 |   - ***", "            ^"]


def test_the_lines_of_a_file_of_credentials(tmp_path):
    file = tmp_path / "credentials.yml"
    file.write_text("db:\n  user: hunter2\n", encoding="utf-8")
    assert "hunter2" not in str(Problem("wrong", Position(file, 2, 3)))


def test_problems_are_sorted_and_counted(tmp_path):
    a, b = tmp_path / "a.yml", tmp_path / "b.yml"
    problems = [
        Problem("no place"),
        Problem("second file", Position(b, 1, 1)),
        Problem("later", Position(a, 10, 1)),
        Problem("first", Position(a, 2, 5)),
    ]
    error = ConfigurationError(problems)
    assert [problem.message for problem in error.problems] == ["first", "later", "second file", "no place"]
    assert str(error).startswith("4 problems in the configuration\n\n")
    assert str(ConfigurationError(problems[:1])).startswith("1 problem in the configuration\n\n")


def test_a_problem_that_two_found_is_told_once():
    assert len(ConfigurationError([Problem("a"), Problem("b"), Problem("a")]).problems) == 2


def test_nearest_names():
    assert did_you_mean("trian", ["train", "test"]) == "did you mean 'train'?"
    assert did_you_mean("ab", ["abc", "abd"]) == "did you mean 'abd' or 'abc'?"
    assert did_you_mean("x", ["b", "a"]) == "there is: 'a', 'b'"
    assert did_you_mean("enviroment", ["env", "op"]) == "did you mean 'env'?"
    assert did_you_mean("part", ["partitions", "op"]) == "did you mean 'partitions'?"
    assert did_you_mean("x", []) is None
    assert did_you_mean("x", [f"name{i:02}" for i in range(25)]).endswith("'name19' and 5 more")
