"""Random edits of valid files: a clean load or our own error, never anything else.

A failing case prints its seed; add it to `SEEDS`.
"""

from __future__ import annotations

import contextlib
import random
from pathlib import Path
from typing import Any

import pytest
import yaml
from test_config_check import GOOD, project
from test_config_models import CONTRACT

from kedro_dagster_component.config import load_dagster_config, read_positions
from kedro_dagster_component.errors import ConfigurationError

SEEDS = [*range(150), 5091, 5814, 6137]
VALUES: list[Any] = [
    *(None, True, 0, -1, 1e400, 3.5, "", "x", "${oc.env:X}", "a...b", "@daily", "{x}", "\u0000", "é" * 80),
    *([], {}, [[]], [None], {"type": "daily"}, {"type": []}, {"a": 1}, {1: 2}, {None: 1}, {"<<": 1}),
]
CHARACTERS = "{}[]:,-#&*!|>'\"%@`\t\n \x07é\U0001f600\\0a"


def edited(value: Any, dice: random.Random) -> Any:
    """The same data with one place somewhere below changed."""
    if dice.random() < 0.15 or not isinstance(value, dict | list) or not value:
        return dice.choice(VALUES)
    if isinstance(value, list):
        index = dice.randrange(len(value))
        return [*value[:index], edited(value[index], dice), *value[index + 1 :]]
    key = dice.choice(list(value))
    if dice.random() < 0.2:
        renamed = dice.choice([f"{key}x", 3, None, True, ""])
        return {renamed if name == key else name: content for name, content in value.items()}
    return {**value, key: edited(value[key], dice)}


@pytest.mark.parametrize("seed", SEEDS)
def test_edited_values(seed: int, tmp_path: Path) -> None:
    dice = random.Random(seed)
    raw = yaml.safe_load(dice.choice([GOOD, CONTRACT]))
    for _ in range(dice.randint(1, 4)):
        raw = edited(raw, dice)
    if not isinstance(raw, dict) or not all(isinstance(key, str) for key in raw):
        return
    file = tmp_path / "dagster.yml"
    file.write_text(GOOD, encoding="utf-8")

    with contextlib.suppress(ConfigurationError):
        load_dagster_config(project(raw, file))


@pytest.mark.parametrize("seed", SEEDS)
def test_edited_text(seed: int, tmp_path: Path) -> None:
    dice = random.Random(seed)
    text = list(dice.choice([GOOD, CONTRACT]))
    for _ in range(dice.randint(1, 5)):
        at = dice.randrange(len(text))
        text[at : at + dice.choice([0, 0, 1, 20])] = dice.choice(CHARACTERS)
    file = tmp_path / "dagster.yml"
    file.write_text("".join(text), encoding="utf-8")

    tree = read_positions(file)

    try:
        yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError:
        pass
    else:
        assert all("no valid YAML" not in problem.message for problem in tree.problems)
    assert all(str(problem) for problem in tree.problems)
