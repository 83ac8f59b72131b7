"""How the tests of `config` read YAML: as Kedro's loader does for a file without interpolation."""

from __future__ import annotations

from pathlib import Path

import yaml

from kedro_dagster_component.config import DagsterConfig, parse_dagster_config
from kedro_dagster_component.errors import ConfigurationError, Problem


def parse(text: str, folder: Path) -> DagsterConfig:
    """The configuration a file with this text gives."""
    file = folder / "dagster.yml"
    file.write_text(text, encoding="utf-8")
    return parse_dagster_config(yaml.safe_load(text) or {}, [file])[0]


def short(problem: Problem) -> str:
    """`line:column message -> hint`."""
    position = problem.position
    place = f"{position.line}:{position.column} " if position else ""
    return place + problem.message + (f" -> {problem.hint}" if problem.hint else "")


def mistakes(text: str, folder: Path) -> list[str]:
    """What a user is told about a file, each problem on one line."""
    try:
        parse(text, folder)
    except ConfigurationError as error:
        return [short(problem) for problem in error.problems]
    return []
