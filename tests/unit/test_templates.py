"""Templates of `component.yaml`: what they give, and what is said of those that fail."""

import subprocess
import sys

import pytest
from pydantic import BaseModel

from kedro_dagster_component.templates import holds_template, is_template, render, syntax_findings


class Thing(BaseModel):
    name: str = "a"

    @property
    def length(self):
        return len(self.name)


class Picky:
    name = "a"

    def __getitem__(self, key):
        raise TypeError("no items")


SCOPE = {"thing": Thing(), "picky": Picky(), "table": {"key": 1}, "none": None, "fail": lambda: {}["x"]}


def messages(content, **options):
    return [
        (finding.path, finding.message, finding.hint) for finding in render(content, SCOPE, ("f",), **options).findings
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", "1"),
        ("{{ 1 }}", 1),
        ("{{ [1, 2] }}", [1, 2]),
        ("{{ thing }}", SCOPE["thing"]),
        ("x{{ thing.name }}", "xa"),
        ("{{ thing.length }}", 1),
        ("{{ table.key }}", 1),
        ("{{ nothing | default('d') }}", "d"),
        ("{{ 'a' if nothing is defined else 'b' }}", "b"),
        ("{% if nothing %}a{% else %}b{% endif %}", "b"),
        ("x{{ none.name }}", "x"),
        ("a{# comment #}", "a"),
    ],
)
def test_what_templates_give(text, value):
    rendered = render({"a": [text]}, SCOPE)
    assert not rendered.findings
    assert rendered.content == {"a": [value]}


@pytest.mark.parametrize(("text", "value"), [("{{ 3 }}", "3"), ("{{ true }}", "True"), ("{{ [1] }}", [1])])
def test_as_text(text, value):
    assert render(text, SCOPE, as_text=True).content == value


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("{{ thin }}", "templates have no variable 'thin' here", "did you mean 'thing'?"),
        ("x {{ thin }}", "templates have no variable 'thin' here", "did you mean 'thing'?"),
        ("{{ thin.name }}", "templates have no variable 'thin' here", "did you mean 'thing'?"),
        ("{{ thing.nam }}", "`thing` has no 'nam'", "did you mean 'name'?"),
        ("x{{ thing.lenth }}", "`thing` has no 'lenth'", "did you mean 'length'?"),
        ("{{ picky.nam }}", "`picky` has no 'nam'", "did you mean 'name'?"),
        ("{{ table.kye }}", "`table` has no 'kye'", "did you mean 'key'?"),
        ("{{ none.nam }}", "`none` has no 'nam'", "did you mean 'name'?"),
        ("{{ none.name }}", "`none` is none here", "write {{ none.name if none else 'something else' }}"),
        ("{{ fail() }}", "the template fails: KeyError: 'x'", None),
        ("{{ a", "the template cannot be read: unexpected end of template, expected 'end of print statement'", None),
    ],
)
def test_what_is_said_of_those_that_fail(text, message, hint):
    assert messages({"a": [1, text]}, kinds={"none": Thing}) == [(("f", "a", 1), message, hint)]


def test_failures_keep_the_text_and_come_together():
    rendered = render(["{{ a }}", "b", "{{ c }}"], SCOPE)
    assert rendered.content == ["{{ a }}", "b", "{{ c }}"]
    assert [finding.path for finding in rendered.findings] == [(0,), (2,)]


def test_a_url_of_a_failure_holds_no_secret():
    def fail():
        raise ValueError("cannot open pg://me:hunter2@host/db")

    [finding] = render("{{ fail() }}", {"fail": fail}).findings
    assert "hunter2" not in finding.message


def test_syntax_alone():
    [finding] = syntax_findings({"a": ["{{ a }}", "{% b %}"]}, ("f",))
    assert finding.path == ("f", "a", 1)
    assert finding.message == "the template cannot be read: Encountered unknown tag 'b'"


def test_where_templates_are():
    content = {"a": ["{{ b }}"], "c": "d"}
    assert holds_template(content, ("a", 0))
    assert not holds_template(content, ("c",))
    assert not holds_template(content, ("c", "x", 3))
    assert holds_template("{{ a }}", ("deep", 1))
    assert not is_template(3)


def test_jinja_waits_for_the_first_template():
    code = "import kedro_dagster_component, sys; sys.exit('jinja2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
