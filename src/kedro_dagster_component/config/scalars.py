"""Texts and numbers with a rule of their own, used by several sections."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic_core import InitErrorDetails

from kedro_dagster_component.config.cron import cron_mistake
from kedro_dagster_component.config.finding import all_findings, describe, finding, quote, quotes_hint, refuse
from kedro_dagster_component.errors import did_you_mean
from kedro_dagster_component.naming import identifier

_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,7}")
_GROUP = re.compile(r"[A-Za-z0-9_]+(/[A-Za-z0-9_]+)*")
_TAG_KEY = re.compile(r"([A-Za-z0-9_.-]{1,63}/|dagster/kind/)?[A-Za-z0-9_.-]{1,63}")
_TAG_VALUE = re.compile(r"[A-Za-z0-9_.-]{0,63}")
_RESERVED = "dagster/"
_TAGS_OF_RUNS = tuple(
    f"{_RESERVED}{name}"
    for name in (
        *("priority", "max_retries", "retry_strategy", "max_runtime", "isolation"),
        "retry_on_asset_or_op_failure",
    )
)
"""Tags of Dagster's own that people may set."""
_POOL = re.compile(r"\S+")
_KIND = re.compile(r"[A-Za-z0-9_.-]{1,63}")
_JOB_NAME = re.compile(r"[A-Za-z0-9_]+")
PLACEHOLDER = re.compile(r"(?<!\$)\{([A-Za-z_][A-Za-z0-9_]*)\}")
"""A placeholder in the name of a job factory or a dataset factory, and its name."""


def _no_bool(value: Any) -> Any:
    if isinstance(value, bool):
        raise refuse(f"expected a number, got {describe(value)}", value=value)
    return value


def _upper(value: Any) -> Any:
    return value.strip().upper() if isinstance(value, str) else value


def _empty_mapping(value: Any) -> Any:
    return {} if value is None else value


def _one_cron_as_list(value: Any) -> Any:
    return (_check_cron(value),) if isinstance(value, str) else value


def _one_name_as_list(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _number_as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _check_cron(text: str) -> str:
    if (mistake := cron_mistake(text)) is not None:
        raise refuse(mistake[0], hint=mistake[1] or None, value=text)
    return text


def _check_timezone(text: str) -> str:
    try:
        zoneinfo.ZoneInfo(text)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        close = did_you_mean(text, zoneinfo.available_timezones()) or ""
        hint = close if close.startswith("did you mean") else "use a name such as 'Europe/Paris' or 'UTC'"
        raise refuse(f"unknown timezone {quote(text)}", hint=hint, value=text) from None
    return text


def _check_owner(text: str) -> str:
    if not _EMAIL.fullmatch(text) and not (text.startswith("team:") and len(text) > len("team:")):
        hint = f"for a team write 'team:{text}'" if "@" not in text and ":" not in text else None
        raise refuse(f"{quote(text)} is no owner: expected an e-mail address or 'team:name'", hint=hint, value=text)
    return text


def _check_group(text: str) -> str:
    if not _GROUP.fullmatch(text):
        message = f"{quote(text)} is no group name: use letters, digits and '_', with '/' between levels"
        raise refuse(message, hint=f"for example '{_group_like(text)}'", value=text)
    return text


def _group_like(text: str) -> str:
    return "/".join(identifier(part) for part in re.split(r"[/.]", text) if part) or "my_group"


def _wrong_tag_names(tags: Mapping[str, str]) -> list[InitErrorDetails]:
    message = "is no tag name: up to 63 letters, digits, '_', '-' and '.', with one '/' at most"
    return [finding(f"{quote(key)} {message}", at=(key,), at_key=True) for key in tags if not _TAG_KEY.fullmatch(key)]


def _check_tags(tags: Mapping[str, str]) -> Mapping[str, str]:
    wrong_values = [
        finding("the value of a tag has up to 63 letters, digits, '_', '-' and '.'", at=(key,), value=value)
        for key, value in tags.items()
        if not _TAG_VALUE.fullmatch(value)
    ]
    all_findings([*_wrong_tag_names(tags), *wrong_values])
    return tags


def _check_tag_names(tags: Mapping[str, str]) -> Mapping[str, str]:
    all_findings(_wrong_tag_names(tags))
    return tags


def _check_schedule_tags(tags: Mapping[str, str]) -> Mapping[str, str]:
    reserved = [
        finding(
            f"Dagster keeps tags that begin with '{_RESERVED}' for itself",
            hint="those you may set are " + ", ".join(_TAGS_OF_RUNS),
            at=(key,),
            at_key=True,
        )
        for key in tags
        if key.startswith(_RESERVED) and key not in _TAGS_OF_RUNS
    ]
    all_findings([*_wrong_tag_names(tags), *reserved])
    return tags


def _check_pool(text: str) -> str:
    if not _POOL.fullmatch(text):
        message = f"{quote(text)} is no pool: a pool's name has no spaces"
        raise refuse(message, hint=f"for example '{'_'.join(text.split())}'" if text.split() else None, value=text)
    return text


def _check_kind(text: str) -> str:
    if not _KIND.fullmatch(text):
        message = f"{quote(text)} is no kind: up to 63 letters, digits, '_', '-' and '.'"
        raise refuse(message, hint=f"for example '{re.sub(r'[^A-Za-z0-9_.-]', '_', text)[:63]}'", value=text)
    return text


def is_job_name(name: str) -> bool:
    """Whether Dagster takes it as the name of a job; words it keeps for itself are none."""
    return _JOB_NAME.fullmatch(name) is not None and (identifier(name) == name or not name.strip("_"))


def _check_job_name(name: str) -> str:
    if not name:
        raise refuse("'' is no job name", hint="give it one of letters, digits and '_'", at_key=True, value=name)
    if name in ("True", "False"):  # what Kedro's loader made of `yes:` and the like
        raise refuse(f"a name has to be text, got {name.lower()}", hint=quotes_hint(True), at_key=True, value=name)
    if _JOB_NAME.fullmatch(name) and not is_job_name(name):
        raise refuse(f"Dagster keeps the name {quote(name)} for itself", hint=f"for example '{name}_job'", at_key=True)
    if not _JOB_NAME.fullmatch(PLACEHOLDER.sub("", name) or "_"):
        factory = ", {placeholders} only as {name}" if "{" in name or "}" in name else ""
        message = f"{quote(name)} is no job name: use letters, digits and '_'{factory}"
        raise refuse(message, hint=f"for example '{_job_like(name)}'", at_key=True, value=name)
    return name


def _check_sensor_name(name: str) -> str:
    if not _JOB_NAME.fullmatch(name) or identifier(name) != name:
        message = f"{quote(name)} is no sensor name: use letters, digits and '_'"
        raise refuse(message, hint=f"for example '{identifier(name)}'", at_key=True, value=name)
    return name


def _job_like(name: str) -> str:
    pieces = PLACEHOLDER.split(name)
    return "".join(
        f"{{{piece}}}" if index % 2 else re.sub(r"[^A-Za-z0-9_]", "_", piece) for index, piece in enumerate(pieces)
    )


Text = Annotated[str, Field(min_length=1)]
"""A text that is not empty."""

Names = Annotated[
    tuple[Text, ...],
    BeforeValidator(_one_name_as_list),
    WithJsonSchema(
        {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1}]}
    ),
]
"""One name or a list of them; always a tuple after reading."""

Count = Annotated[int, Field(ge=1), BeforeValidator(_no_bool)]
"""A whole number from 1."""

Number = Annotated[int, BeforeValidator(_no_bool)]
"""A whole number."""

Amount = Annotated[int, Field(ge=0), BeforeValidator(_no_bool)]
"""A whole number from 0."""

Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False), BeforeValidator(_no_bool)]
"""A duration."""

Cron = Annotated[str, AfterValidator(_check_cron)]
"""One cron schedule."""

Crons = Annotated[
    tuple[Cron, ...],
    Field(min_length=1),
    BeforeValidator(_one_cron_as_list),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}),
]
"""One cron schedule or a list of them; always a tuple after reading."""

Timezone = Annotated[str, AfterValidator(_check_timezone)]
"""An IANA timezone."""

Owner = Annotated[str, AfterValidator(_check_owner)]
"""An e-mail address or `team:name`."""

GroupName = Annotated[str, AfterValidator(_check_group)]
"""A group, its levels separated by `/`."""

TagText = Annotated[str, BeforeValidator(_number_as_text), WithJsonSchema({"type": ["string", "number"]})]
"""The value of a tag; numbers become text."""

AssetTags = Annotated[dict[str, TagText], AfterValidator(_check_tags)]
"""Tags as Dagster takes them on assets."""

Tags = Annotated[dict[str, TagText], AfterValidator(_check_tag_names)]
"""Tags as Dagster takes them on jobs; their values are free."""

ScheduleTags = Annotated[dict[str, TagText], AfterValidator(_check_schedule_tags)]
"""Tags as Dagster takes them on schedules."""

Pool = Annotated[str, Field(min_length=1), AfterValidator(_check_pool)]
"""A concurrency pool."""

Kind = Annotated[str, Field(min_length=1), AfterValidator(_check_kind)]
"""A kind, which Dagster keeps as a tag."""

JobName = Annotated[str, AfterValidator(_check_job_name)]
"""The name of a job, or of a job factory with its placeholders."""

SensorName = Annotated[str, AfterValidator(_check_sensor_name)]
"""The name of a sensor."""

Status = Annotated[Literal["RUNNING", "STOPPED"], BeforeValidator(_upper)]
"""Whether a schedule or sensor starts by itself."""

Backoff = Annotated[Literal["LINEAR", "EXPONENTIAL"], BeforeValidator(_upper)]
"""How the delay grows with each attempt."""

Jitter = Annotated[Literal["FULL", "PLUS_MINUS"], BeforeValidator(_upper)]
"""How the delay is made random."""

Severity = Annotated[Literal["ERROR", "WARN"], BeforeValidator(_upper)]
"""How bad a failed check is."""

LogLevel = Annotated[Literal["CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG", "NOTSET"], BeforeValidator(_upper)]
"""A level of Python's logging."""

EMPTY_AS_MAPPING = BeforeValidator(_empty_mapping)
"""An empty section is an empty mapping."""
