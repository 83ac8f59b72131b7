import pytest

from kedro_dagster_component.introspection.code_versions import source_version, with_parameters
from kedro_dagster_component.manifest import NodeEntry, ParameterEntry

SOURCE = '''
"""What the module is for."""

from __future__ import annotations

import functools
import math

FACTOR = 2
UNUSED = 3
TEXT = """
# not a comment

"""


def helper(x):
    return x * FACTOR


def other(x):
    return math.sqrt(x)


def traced(func):
    @functools.wraps(func)
    def inner(*args):
        return func(*args)
    return inner


@traced
def node_function(x):
    return helper(x), TEXT


class Model:
    def fit(self, x):
        return x


def make():
    return lambda x: x


make_more = lambda x: x
'''


@pytest.fixture
def version(tmp_path):
    """The version of a function in a changed source: each call is a new file in a new place."""
    made = []

    def read(name="node_function", replaced=("", ""), wiring="demo"):
        assert replaced[0] in SOURCE
        file = tmp_path / str(len(made)) / "nodes.py"
        file.parent.mkdir()
        made.append(file)
        file.write_text(SOURCE.replace(*replaced), encoding="utf-8")
        scope = {}
        exec(compile(file.read_text(encoding="utf-8"), str(file), "exec"), scope)
        found = scope[name]
        func = getattr(found, "__wrapped__", found)
        return source_version(getattr(func, "fit", func).__code__, wiring)

    return read


def test_the_version_is_the_same_in_every_place(version):
    assert version() == version() == "1a354ea302634cf0"


@pytest.mark.parametrize(
    "replaced",
    [
        ("helper(x), TEXT", "helper(x), FACTOR"),
        ("return x * FACTOR", "return x + FACTOR"),
        ("FACTOR = 2", "FACTOR = 5"),
        ("@traced\n", ""),
        ("def inner(*args):", "def inner(*args, **options):"),
        ("# not a comment\n", "# still none\n"),
        ("# not a comment\n\n", "# not a comment\n"),
        ("import math\n", "import math\nprint('imported')\n"),
    ],
)
def test_what_the_function_leads_to_changes_the_version(version, replaced):
    assert version(replaced=replaced) != version()


@pytest.mark.parametrize(
    "replaced",
    [
        ("UNUSED = 3", "UNUSED = 4"),
        ("return math.sqrt(x)", "return math.pow(x, 2)"),
        ("What the module is for", "Something else"),
        ("return x * FACTOR", "return x * FACTOR  # twice"),
        ("return x * FACTOR", "# a line of its own\n\n    return x * FACTOR"),
        ("def helper", "\n\n\ndef helper"),
        ("import math\n", "import math\nimport json\n"),
        ("\n", "\r\n"),
        ("def fit(self, x)", "def fit(self, y)"),
    ],
)
def test_nothing_else_does(version, replaced):
    assert version(replaced=replaced) == version()


def test_lambdas_methods_and_inner_functions_have_the_version_of_their_statement(version):
    changed = ("return lambda x: x", "return lambda y: y")
    assert version("make", changed) != version("make")
    assert version("Model", ("return x\n\n\ndef make", "return -x\n\n\ndef make")) != version("Model")
    assert version("make_more", ("make_more = lambda x: x", "make_more = lambda x: -x")) != version("make_more")
    assert version("make_more", changed) == version("make_more")


def test_wiring_counts(version):
    assert version(wiring=["a", "b"]) != version(wiring=["b", "a"])


def test_a_function_without_source_has_a_version_all_the_same():
    assert source_version(None, ["len", "a"]) != source_version(None, ["len", "b"])
    assert source_version(compile("1", "<nowhere>", "exec"), "x") == source_version(None, "x")


def test_a_file_that_is_too_large_counts_as_a_whole(tmp_path):
    def version(name, rest):
        file = tmp_path / name
        file.write_text("def f():\n    return 1\n" + "# x\n" * 60_000 + rest, encoding="utf-8")
        return source_version(compile("def f(): pass", str(file), "exec").co_consts[0], "f")

    assert version("a.py", "") == version("b.py", "") != version("c.py", "UNUSED = 1\n")


def node(**fields):
    base = {"id": "n", "name": "n", "namespace": None, "func": "f", "outputs": ("x",), "fingerprint": "0"}
    return NodeEntry(**{**base, "inputs": ("params:a", "params:s"), "code_version": "v", **fields})


def test_values_of_parameters_count():
    def version(value, entry=None, **more):
        parameters = {"params:a": ParameterEntry(name="params:a", value=value), **more}
        return with_parameters({"n": entry or node()}, parameters)["n"].code_version

    assert version({"x": 1, "y": 2}) == version({"y": 2, "x": 1}) != version({"x": 1, "y": 3})
    assert version(1) == version(1, **{"params:b": ParameterEntry(name="params:b", value=2)})
    assert version(1, node(inputs=("raw",))) == "v"
    assert version(1) != version(1, **{"params:s": ParameterEntry(name="params:s", value="***", is_secret=True)})
