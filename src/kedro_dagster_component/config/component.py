"""What attributes of `component.yaml` may hold, once its templates are rendered."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, ValidationError, WrapValidator

from kedro_dagster_component.config.cache import CacheChoice
from kedro_dagster_component.config.finding import KEY_MARK, quote, refuse
from kedro_dagster_component.config.grouping import GroupingText
from kedro_dagster_component.config.metadata_parts import DEFAULT_PARTS, MetadataPart
from kedro_dagster_component.config.partitions import PartitionsConfig
from kedro_dagster_component.config.policies import BackfillPolicyConfig, RetryPolicyConfig
from kedro_dagster_component.config.scalars import EMPTY_AS_MAPPING, GroupName, Names, Owner, Text
from kedro_dagster_component.config.section import Section
from kedro_dagster_component.errors import Finding, ValuePath

S = TypeVar("S", bound=Section)

_NAME = re.compile(r"[A-Za-z0-9_]*")


def read_section(model: type[S], content: Any, at: ValuePath = ()) -> tuple[S | None, list[Finding]]:
    """Content as a model.

    Args:
        model: Of the content.
        content: As written, or with its templates rendered.
        at: Path of the content, for the findings.

    Returns:
        The model, None where there are findings; all findings.
    """
    try:
        return model.model_validate(content), []
    except ValidationError as error:
        return None, findings_of(error, at)


def findings_of(error: ValidationError, at: ValuePath = ()) -> list[Finding]:
    """The mistakes of a validation whose sentences are ours.

    Args:
        error: From a section, or from `explained`.
        at: Path of the content, for the findings.
    """
    return [
        Finding(
            (*at, *(step for step in line["loc"] if step != KEY_MARK)),
            line["ctx"]["message"],
            line["ctx"]["hint"] or None,
            at_key=line["ctx"]["at_key"],
        )
        for line in error.errors(include_url=False)
    ]


def _or_made(*names: str) -> WrapValidator:
    """Lets objects through that a template made of one of these classes."""

    def check(value: Any, handler: Callable[[Any], Any]) -> Any:
        is_made = any(kind.__name__ in names for kind in type(value).__mro__)
        return value if is_made else handler(value)

    return WrapValidator(check)


def _check_name_part(text: str) -> str:
    if not _NAME.fullmatch(text):
        hint = f"letters, digits and underscores can, e.g. '{re.sub(r'[^A-Za-z0-9_]', '_', text)}'"
        raise refuse(f"{quote(text)} cannot be part of a Dagster name", hint=hint, value=text)
    return text


def _scalars_as_text(tags: Any) -> Any:
    if not isinstance(tags, Mapping):
        return tags
    return {key: str(value) if isinstance(value, bool | int | float) else value for key, value in tags.items()}


NamePart = Annotated[str, AfterValidator(_check_name_part)]
"""What can stand in the name of an op or job; may be empty."""


class OpConfig(Section):
    """Settings of every step: Dagster's OpSpec and a retry policy."""

    takes_nothing: ClassVar[bool] = False  # null has a meaning of its own here

    name: NamePart | None = Field(
        default=None, description="Name of the only step, or what stands before the names of several."
    )
    tags: dict[str, Any] | None = Field(default=None, description="Tags of every step, for executors and concurrency.")
    description: str | None = Field(default=None, description="Description of every step.")
    pool: Text | None = Field(default=None, description="Pool that limits how many steps run at once.")
    backfill_policy: Annotated[BackfillPolicyConfig | None, _or_made("BackfillPolicy")] = Field(
        default=None, description="Whether a backfill is one run or several."
    )
    retry_policy: Annotated[RetryPolicyConfig | None, _or_made("RetryPolicy", "RetryPolicyModel")] = Field(
        default=None, description="When a failed step is tried again; a job's own policy in dagster.yml wins."
    )


class TranslationConfig(Section):
    """What is known about the values of `translation`; Dagster knows further keys."""

    takes_nothing: ClassVar[bool] = False  # null has a meaning of its own here

    model_config = ConfigDict(frozen=True, extra="ignore")

    key: Annotated[Text | None, _or_made("AssetKey")] = None
    key_prefix: Names | None = None
    description: str | None = None
    metadata: dict[str, Any] | None = None
    group_name: GroupName | None = None
    owners: list[Owner] | None = None
    tags: Annotated[dict[str, str] | None, BeforeValidator(_scalars_as_text)] = None
    kinds: list[Text] | None = None


class ComponentConfig(Section):
    """All attributes but `translation`, whose templates are rendered for each asset."""

    takes_nothing: ClassVar[bool] = False  # null has a meaning of its own here

    project: Text | None = None
    package: Text | None = None
    env: Text | None = None
    conf_source: Text | None = None
    runtime_params: Annotated[dict[str, Any], EMPTY_AS_MAPPING] = Field(default={})
    include_hooks: bool = False
    run_hooks: Literal["once", "every_process"] = "once"
    cache: CacheChoice = "auto"
    pipelines: list[Text] | None = None
    select: list[Text] | None = None
    exclude: list[Text] | None = None
    group_nodes_by: GroupingText = "node"
    name_prefix: NamePart | None = None
    executor: Text | None = "default"
    memory_datasets: Literal["auto", "stored"] = "auto"
    include_metadata: list[MetadataPart] = Field(default=[*DEFAULT_PARTS])
    op: Annotated[OpConfig | None, _or_made("OpSpec")] = None
    partitions: Annotated[dict[Text, PartitionsConfig], EMPTY_AS_MAPPING] = Field(default={})
