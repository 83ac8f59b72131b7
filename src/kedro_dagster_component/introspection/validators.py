"""What `validator:` of a catalog entry declares, in Kedro's own reading (Kedro 1.6 and newer)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import kedro.io.core
from kedro.io import DatasetError

from kedro_dagster_component.manifest import ValidatorEntry

VALIDATOR_KEY: str | None = getattr(kedro.io.core, "VALIDATOR_KEY", None)
"""Key of the declaration; None where the installed Kedro knows none, and hands it to the dataset."""


def read_validator(config: Mapping[str, Any]) -> ValidatorEntry | None:
    """The validator of an entry; None without one, or where Kedro does not understand it (`validator_mistake`)."""
    try:
        spec = _spec(config)
    except DatasetError:
        return None
    if spec is None:
        return None
    return ValidatorEntry(
        class_path=spec.class_path, modes=spec.on, is_error=spec.severity == "error", is_enabled=spec.enabled
    )


def validator_mistake(config: Mapping[str, Any]) -> str | None:
    """What Kedro says of a declaration that it does not understand; None where it does."""
    try:
        _spec(config)
    except DatasetError as error:
        words = " ".join(str(error).split())
        return words.partition(": ")[2] or words
    return None


def _spec(config: Mapping[str, Any]) -> Any:
    if VALIDATOR_KEY is None or VALIDATOR_KEY not in config:
        return None
    # Kedro before 1.6 has no such module.
    from kedro.validation import ValidatorSpec

    declared = config[VALIDATOR_KEY]
    if isinstance(declared, Mapping):  # YAML reads an unquoted `on` as True, which is text by now
        declared = {True if key == "True" else key: value for key, value in declared.items()}
    return ValidatorSpec.from_dataset_config("", declared)
