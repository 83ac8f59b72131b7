"""Whether the manifest of a project is kept, and what is watched beside what reading the project shows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from kedro_dagster_component.config.finding import describe, quote, refuse
from kedro_dagster_component.config.scalars import Text
from kedro_dagster_component.config.section import Section
from kedro_dagster_component.errors import did_you_mean

_CHOICES = ("auto", "off")
_VARIABLE = re.compile(r"[^\s=$\0]+")


def _check_variable(name: str) -> str:
    if not _VARIABLE.fullmatch(name):
        hint = f"write its name alone: '{name.strip().lstrip('$').strip('{}')}'" if "$" in name else None
        raise refuse(f"{quote(name)} is no name of an environment variable", hint=hint, value=name)
    return name


def _read_cache(value: Any) -> Any:
    if value is False:  # how YAML reads a bare `off`
        return "off"
    if isinstance(value, CacheConfig) or value in _CHOICES:
        return value
    if isinstance(value, Mapping):
        return CacheConfig.model_validate(dict(value))
    got = f"the text {quote(value)}" if isinstance(value, str) else describe(value)
    hint = did_you_mean(value, _CHOICES) if isinstance(value, str) else None
    hint = hint if hint and hint.startswith("did you mean") else "for example `cache: {files: [data/countries.csv]}`"
    message = f"expected 'auto', 'off' or a mapping with 'files' and 'env', got {got}"
    raise refuse(message, hint="write `cache: auto`" if value is True else hint, value=value)


class CacheConfig(Section):
    """What is watched too. The cache is on."""

    files: tuple[Text, ...] = Field(
        default=(),
        description="Files, folders with all that is in them, and patterns (`data/**/*.csv`); relative ones start at the "
        "Kedro project's root.",
    )
    env: tuple[Annotated[Text, AfterValidator(_check_variable)], ...] = Field(
        default=(), description="Names of environment variables."
    )


_NAMES = {"type": "array", "items": {"type": "string", "minLength": 1}}

CacheChoice = Annotated[
    Literal["auto", "off"] | CacheConfig,
    BeforeValidator(_read_cache),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": "^(auto|off)$"},
                {"type": "boolean"},
                {"type": "object", "properties": {"files": _NAMES, "env": _NAMES}, "additionalProperties": False},
            ]
        }
    ),
]
"""`auto`, `off`, or what to watch too."""
