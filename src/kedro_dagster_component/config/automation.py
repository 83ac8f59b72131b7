"""Automation conditions: Dagster's own, by name, combined with `and`, `or` and `not`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError, WithJsonSchema
from pydantic_core import InitErrorDetails

from kedro_dagster_component.config.finding import all_findings, describe, finding, findings_below, quote, refuse
from kedro_dagster_component.config.scalars import Count, Cron, Seconds, Status, Timezone
from kedro_dagster_component.config.section import Section
from kedro_dagster_component.errors import did_you_mean


class AutomationConfig(Section):
    """The sensor behind automation conditions."""

    default_status: Status = Field(
        default="RUNNING", description="RUNNING starts the sensor when it is first loaded; STOPPED waits for a person."
    )
    minimum_interval_seconds: Count = Field(default=30, description="Seconds between two looks at the conditions.")


class AutomationConditionConfig(Section):
    """One condition, as read from its short form in the file."""

    name: str = Field(description="A condition of Dagster's, or `and`, `or`, `not`.")
    arguments: dict[str, Any] = Field(default={}, description="By the name of Dagster's argument.")
    operands: tuple[AutomationConditionConfig, ...] = Field(default=(), description="Conditions it is made of.")


@dataclass(frozen=True)
class ConditionKind:
    """What a condition takes.

    Attributes:
        types_by_argument: Type of each argument; the first may be given alone, in place of a mapping.
        required: Arguments that have no default.
        operands: How many conditions it is made of at least; 0 for none at all.
        takes_list: Whether the operands are a list rather than one condition.
    """

    types_by_argument: Mapping[str, Any]
    required: tuple[str, ...] = ()
    operands: int = 0
    takes_list: bool = False


_CRON = ConditionKind({"cron_schedule": Cron, "cron_timezone": Timezone}, required=("cron_schedule",))
_PLAIN = ConditionKind({})
_ONE = ConditionKind({}, operands=1)
_SEVERAL = ConditionKind({}, operands=1, takes_list=True)
_TWO = ConditionKind({}, operands=2, takes_list=True)

CONDITIONS: Mapping[str, ConditionKind] = {
    **dict.fromkeys(("and", "or"), _SEVERAL),
    **dict.fromkeys(("not", "newly_true", "any_deps_match", "all_deps_match"), _ONE),
    "since": _TWO,
    **dict.fromkeys(("on_cron", "cron_tick_passed", "all_deps_updated_since_cron"), _CRON),
    "in_latest_time_window": ConditionKind({"lookback_seconds": Seconds}),
    **dict.fromkeys(
        (
            *("eager", "on_missing", "missing", "newly_missing", "in_progress", "run_in_progress"),
            *("backfill_in_progress", "execution_failed", "initial_evaluation", "will_be_requested"),
            *("newly_updated", "newly_requested", "code_version_changed", "data_version_changed"),
            *("any_deps_updated", "any_deps_missing", "any_deps_in_progress", "any_downstream_conditions"),
            *("all_deps_blocking_checks_passed", "freshness_passed", "freshness_warned", "freshness_failed"),
        ),
        _PLAIN,
    ),
}
"""What each condition takes, by name."""


def read_condition(value: Any) -> AutomationConditionConfig:
    """A condition from its short form.

    Args:
        value: `eager`, `{on_cron: "0 2 * * *"}`, `{and: [eager, {not: in_progress}]}`.

    Raises:
        ValidationError: It is none.
    """
    if isinstance(value, AutomationConditionConfig):
        return value
    if isinstance(value, str):
        return _build(value, None, ())
    if not isinstance(value, Mapping):
        raise refuse(f"expected the name of a condition or a mapping, got {describe(value)}", value=value)
    if len(value) != 1:
        hint = "combine conditions with {and: [...]}, {or: [...]} and {not: ...}"
        raise refuse(f"expected one condition, got {len(value)}", hint=hint, value=value)
    name, content = next(iter(value.items()))
    return _build(str(name), content, (str(name),))


def _build(name: str, content: Any, at: tuple[str, ...]) -> AutomationConditionConfig:
    kind = CONDITIONS.get(name)
    if kind is None:
        hint = did_you_mean(name, CONDITIONS)
        raise refuse(f"unknown automation condition {quote(name)}", hint=hint, at=at, at_key=bool(at), value=name)
    found: list[InitErrorDetails] = []
    arguments: dict[str, Any] = {}
    operands: tuple[AutomationConditionConfig, ...] = ()
    if kind.operands:
        operands = _read_operands(kind, content, at, found)
    else:
        arguments = _read_arguments(name, kind, content, at, found)
    all_findings(found)
    return AutomationConditionConfig.model_construct(name=name, arguments=arguments, operands=operands)


def _read_operands(
    kind: ConditionKind, content: Any, at: tuple[str, ...], found: list[InitErrorDetails]
) -> tuple[AutomationConditionConfig, ...]:
    if not kind.takes_list:
        return tuple(_read_each([((*at,), content)], found))
    if not isinstance(content, list | tuple):
        found.append(finding(f"expected a list of conditions, got {describe(content)}", at=at, value=content))
        return ()
    if len(content) < kind.operands or (kind is _TWO and len(content) != kind.operands):
        wanted = "2" if kind is _TWO else f"at least {kind.operands}"
        found.append(finding(f"expected a list of {wanted} conditions, got {len(content)}", at=at, value=content))
    return tuple(_read_each([((*at, index), item) for index, item in enumerate(content)], found))


def _read_each(
    items: list[tuple[tuple[str | int, ...], Any]], found: list[InitErrorDetails]
) -> list[AutomationConditionConfig]:
    conditions = []
    for at, item in items:
        try:
            conditions.append(read_condition(item))
        except ValidationError as error:
            found += findings_below(error, at)
    return conditions


def _read_arguments(
    name: str, kind: ConditionKind, content: Any, at: tuple[str, ...], found: list[InitErrorDetails]
) -> dict[str, Any]:
    given = _given_arguments(kind, content)
    if given is None:
        found.append(finding(f"{quote(name)} takes nothing, got {describe(content)}", at=at, value=content))
        return {}
    for key in given:
        if key not in kind.types_by_argument:
            hint = did_you_mean(str(key), kind.types_by_argument)
            found.append(finding(f"unknown key {quote(str(key))}", hint=hint, at=(*at, str(key)), at_key=True))
    for key in kind.required:
        if given.get(key) is None:
            hint = f'for example {{{name}: "0 2 * * *"}}'
            found.append(finding(f"'{name}' needs '{key}'", hint=hint, at=at, at_key=bool(at)))
    is_alone = not isinstance(content, Mapping)
    return _typed_arguments(kind, {at if is_alone else (*at, str(key)): (key, given[key]) for key in given}, found)


def _given_arguments(kind: ConditionKind, content: Any) -> Mapping[str, Any] | None:
    if content is None or isinstance(content, Mapping):
        return content or {}
    first = next(iter(kind.types_by_argument), None)
    return None if first is None else {first: content}


def _typed_arguments(
    kind: ConditionKind, given_by_place: Mapping[tuple[str, ...], tuple[str, Any]], found: list[InitErrorDetails]
) -> dict[str, Any]:
    typed = {}
    for at, (key, value) in given_by_place.items():
        if key in kind.types_by_argument and value is not None:
            try:
                typed[key] = TypeAdapter(kind.types_by_argument[key]).validate_python(value)
            except ValidationError as error:
                found += findings_below(error, at)
    return typed


AutomationCondition = Annotated[
    AutomationConditionConfig,
    BeforeValidator(read_condition),
    WithJsonSchema(
        {
            "anyOf": [
                {
                    "type": "string",
                    "enum": [name for name, kind in CONDITIONS.items() if not kind.operands and not kind.required],
                },
                {"type": "object", "minProperties": 1, "maxProperties": 1, "propertyNames": {"enum": list(CONDITIONS)}},
            ]
        }
    ),
]
"""A condition in its short form: `eager`, `{on_cron: "0 2 * * *"}`, `{and: [...]}`."""
