"""What Dagster stores of `dagster.yml` and shows to everybody: descriptions, tags, metadata. No secret may stand there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kedro_dagster_component.config.environment import KeyPath
from kedro_dagster_component.config.positions import Positions
from kedro_dagster_component.errors import Problem
from kedro_dagster_component.masking import is_secret_key, mask_text, mask_values

_SECTIONS = ("jobs", "schedules", "sensors", "assets")
_SHOWN = ("description", "tags", "run_tags", "metadata", "owners", "kinds", "group_name", "code_version", "pool")
_SCHEDULE, _CHECKS = "schedule", "checks"
_NAME_A_VARIABLE = "name an environment variable: ${oc.env:NAME}"
_WRITE_IT = "write it out here: what stands in this file itself is read from it where it is used, and kept nowhere else"
_UNPACK_IT = (
    "keep this file as YAML in a folder: what stands in it is read from it where it is used, and kept nowhere else"
)
_USED_SECTIONS = ("executors", "loggers", "sensors", "jobs")


def without_shown_secrets(content: Mapping[str, Any]) -> dict[str, Any]:
    """The content of `dagster.yml` with secrets masked where Dagster would show them.

    Args:
        content: As Kedro's loader gives it; it may be wrong in any way.
    """
    masked = dict(content)
    for section in _SECTIONS:
        if isinstance(entries := content.get(section), Mapping):
            masked[section] = {name: _without_secrets(entry) for name, entry in entries.items()}
    return masked


def _without_secrets(entry: Any) -> Any:
    """One job, schedule, sensor, asset or check, likewise."""
    if not isinstance(entry, Mapping):
        return entry
    masked = dict(entry)
    for name in _SHOWN:
        if name in entry:
            masked[name] = mask_values({name: entry[name]})[name]
    if isinstance(entry.get(_SCHEDULE), Mapping):
        masked[_SCHEDULE] = _without_secrets(entry[_SCHEDULE])
    if isinstance(entry.get(_CHECKS), list):
        masked[_CHECKS] = [_without_secrets(check) for check in entry[_CHECKS]]
    return masked


def written_secrets(content: Mapping[str, Any], positions: Positions) -> Iterator[Problem]:
    """Secrets that come from elsewhere as plain text, by interpolation or from an archive, for a warning.

    What the processes of a run are told of a project holds them, and the cache does. Those that stand in the file itself
    are read from there, see `written`.

    Args:
        content: Of `dagster.yml`, with a placeholder for each environment variable.
        positions: Of its files.
    """
    message = (
        "a secret comes from elsewhere as plain text: Dagster hands it to the processes of runs, and it is in the cache"
    )
    write_it = _WRITE_IT if positions.trees else _UNPACK_IT
    for path in secret_places(content):
        is_shown = path[0] == "jobs" and path[2:3] == ("params",)  # where no environment variable can stand
        yield positions.problem(path, message, hint=write_it if is_shown else _NAME_A_VARIABLE)


def secret_places(content: Mapping[str, Any]) -> Iterator[KeyPath]:
    """Places of secrets that are written out, and used: not those that are shown, which are masked."""
    for section in _USED_SECTIONS:
        if isinstance(entries := content.get(section), Mapping):
            for name, entry in entries.items():
                if isinstance(entry, Mapping):
                    used = {key: value for key, value in entry.items() if key not in _SHOWN}
                    yield from _secrets_below(used, (section, name), is_secret=False)


def _secrets_below(value: Any, path: KeyPath, *, is_secret: bool) -> Iterator[KeyPath]:
    if isinstance(value, Mapping):
        for key, child in value.items():
            yield from _secrets_below(child, (*path, key), is_secret=is_secret or is_secret_key(str(key)))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _secrets_below(child, (*path, index), is_secret=is_secret)
    elif _is_written_out(value) and (is_secret or (isinstance(value, str) and _has_password(value))):
        yield path


def _is_written_out(value: Any) -> bool:
    """Whether a value is a text or a number that no environment variable gives."""
    if isinstance(value, str):
        return bool(value) and "${" not in value
    return isinstance(value, int | float) and not isinstance(value, bool)


def _has_password(text: str) -> bool:
    return "@" in text and "***@" in mask_text(text)
