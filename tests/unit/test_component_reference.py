"""The page about `component.yaml` says what the component's fields say."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tools.component_yaml_reference import main, page  # noqa: E402


def test_the_page_is_up_to_date():
    assert main(["--check"]) == 0


def test_every_attribute_has_a_meaning_and_an_example():
    table, _, examples = page().partition("An example of each:")
    rows = [line for line in table.splitlines() if line.startswith("| `")]
    names = [row.split("`")[1] for row in rows]
    assert all(len(row.split("|")[3].strip()) > len("short") for row in rows)
    assert all(f"\n{name}:" in examples for name in names)
