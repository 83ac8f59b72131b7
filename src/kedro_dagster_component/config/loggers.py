"""Loggers of a job's runs: handlers, formatters and filters as in Python's `logging.config`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field, field_validator, model_validator
from pydantic_core import InitErrorDetails
from typing_extensions import Self

from kedro_dagster_component.config.finding import all_findings, describe, finding, quote
from kedro_dagster_component.config.scalars import EMPTY_AS_MAPPING, LogLevel
from kedro_dagster_component.config.section import Section, name_or_inline
from kedro_dagster_component.errors import did_you_mean

_LEVELS = ("CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG", "NOTSET")
_OTHER_NAMES = ("FATAL", "WARN")
_THEIRS, _OURS = "kedro_dagster.logging.", "kedro_dagster_component.logging."
"""Modules with the same formatters: kedro-dagster's and ours."""
_Named = Annotated[dict[str, dict[str, Any]], EMPTY_AS_MAPPING]


def _handler_findings(handler: Mapping[str, Any]) -> Iterable[InitErrorDetails]:
    if not any(key in handler for key in ("class", "()")):
        yield finding("'class' is missing", hint="for example logging.StreamHandler", at=("class",), at_key=True)
    yield from _import_path_findings(handler, ())
    level = handler.get("level")
    if level is not None and not _is_level(level):
        close = (did_you_mean(level.upper(), _LEVELS) if isinstance(level, str) else None) or ""
        hint = close if close.startswith("did you mean") else f"the levels are {', '.join(_LEVELS)}"
        yield finding(f"expected a log level, got {describe(level)}", hint=hint, at=("level",), value=level)
    filters = handler.get("filters")
    if filters is not None and not isinstance(filters, list | tuple):
        yield finding(f"expected a list, got {describe(filters)}", at=("filters",), value=filters)


def _check_handler(handler: dict[str, Any]) -> dict[str, Any]:
    """A handler with its level as `logging.config` takes it: in capitals."""
    all_findings(_handler_findings(handler))
    level = handler.get("level")
    return {**handler, "level": level.strip().upper()} if isinstance(level, str) else handler


_Handler = Annotated[dict[str, Any], AfterValidator(_check_handler)]


class LoggerConfig(Section):
    """Where the log records of a job's runs go besides Dagster."""

    log_level: LogLevel = Field(default="INFO", description="Lowest level that is logged, in any case.")
    handlers: list[_Handler] = Field(
        default=[],
        description="Handlers, each with `class` (or `()`), and `level`, `formatter`, `filters` and the arguments of "
        "the class as wanted.",
    )
    formatters: _Named = Field(
        default={},
        description="Formatters by name: `format`, `datefmt` and `style`, or `()` or `class` with arguments.",
    )
    filters: _Named = Field(default={}, description="Filters by name: `()` or `class`, with arguments.")

    @field_validator("formatters", mode="after")
    @classmethod
    def _check_formatters(cls, formatters: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        all_findings(_factory_findings(formatters, "formatter", ("format", "()", "class")))
        return {name: with_own_names(entry) for name, entry in formatters.items()}

    @field_validator("filters", mode="after")
    @classmethod
    def _check_filters(cls, filters: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        all_findings(_factory_findings(filters, "filter", ("()", "class")))
        return filters

    @model_validator(mode="after")
    def _check_references(self) -> Self:
        all_findings(
            found
            for index, handler in enumerate(self.handlers)
            for found in (
                *_reference_findings(handler.get("formatter"), ("handlers", index, "formatter"), self.formatters),
                *(
                    found
                    for place, name in enumerate(handler.get("filters") or ())
                    for found in _reference_findings(name, ("handlers", index, "filters", place), self.filters)
                ),
            )
        )
        return self


def with_own_names(entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry with the formatters of kedro-dagster under the names they have here."""
    return {
        key: f"{_OURS}{value.removeprefix(_THEIRS)}"
        if key in ("class", "()") and isinstance(value, str) and value.startswith(_THEIRS)
        else value
        for key, value in entry.items()
    }


def _is_level(level: Any) -> bool:
    if isinstance(level, str):
        return level.strip().upper() in (*_LEVELS, *_OTHER_NAMES)
    return isinstance(level, int) and not isinstance(level, bool) and level >= 0


def _factory_findings(
    entries: Mapping[str, Mapping[str, Any]], noun: str, keys: tuple[str, ...]
) -> Iterable[InitErrorDetails]:
    for name, entry in entries.items():
        if not any(key in entry for key in keys):
            choices = " or ".join(f"'{key}'" for key in keys)
            yield finding(f"the {noun} needs {choices}", at=(name,), at_key=True, value=entry)
        yield from _import_path_findings(entry, (name,))


def _import_path_findings(entry: Mapping[str, Any], at: tuple[str | int, ...]) -> Iterable[InitErrorDetails]:
    for key in ("class", "()", "format"):
        if key in entry and not isinstance(entry[key], str):
            yield finding(f"expected text, got {describe(entry[key])}", at=(*at, key), value=entry[key])


def _reference_findings(
    name: Any, at: tuple[str | int, ...], known: Mapping[str, object]
) -> Iterable[InitErrorDetails]:
    if name is None or (isinstance(name, str) and name in known):
        return
    noun = "formatter" if at[-1] == "formatter" else "filter"
    got = quote(name) if isinstance(name, str) else describe(name)
    hint = did_you_mean(str(name), known) or f"define it under '{noun}s' of this logger"
    yield finding(f"this logger has no {noun} {got}", hint=hint, at=at, value=name)


LoggerChoice = Annotated[LoggerConfig | str, name_or_inline(LoggerConfig.model_validate, "a logger")]
"""The name of a logger, or its settings."""
