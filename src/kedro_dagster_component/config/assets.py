"""Settings of assets, by dataset or by a pattern that fits several."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PrivateAttr, ValidatorFunctionWrapHandler, WrapValidator, model_validator
from pydantic_core import InitErrorDetails
from typing_extensions import Self

from kedro_dagster_component.config.automation import AutomationCondition
from kedro_dagster_component.config.checks import CheckList
from kedro_dagster_component.config.finding import all_findings, finding
from kedro_dagster_component.config.mappings import PartitionMappingConfig
from kedro_dagster_component.config.metadata_parts import MetadataPart
from kedro_dagster_component.config.partitions import PartitionsChoice
from kedro_dagster_component.config.patterns import fill, is_pattern, match, placeholders
from kedro_dagster_component.config.policies import BackfillPolicyConfig, FreshnessPolicyConfig, RetryPolicyConfig
from kedro_dagster_component.config.scalars import (
    EMPTY_AS_MAPPING,
    AssetTags,
    GroupName,
    Kind,
    Owner,
    Pool,
    TagText,
    Text,
)
from kedro_dagster_component.config.section import Section

_MAX_KINDS = 10
"""Dagster's limit."""


class AssetConfig(Section):
    """What Dagster is to know about the asset of a dataset, besides what the catalog says."""

    partitions: PartitionsChoice = Field(default=None, description="The name of partitions, or their settings.")
    partition_mappings: Annotated[dict[str, PartitionMappingConfig], EMPTY_AS_MAPPING] = Field(
        default={}, description="By upstream dataset: which of its partitions a partition needs."
    )
    owners: tuple[Owner, ...] = Field(default=(), description="E-mail addresses, or teams as `team:name`.")
    tags: Annotated[AssetTags, EMPTY_AS_MAPPING] = Field(default={}, description="Tags of the asset.")
    automation_condition: AutomationCondition | None = Field(
        default=None, description="When Dagster makes the asset by itself, such as `eager` or `{on_cron: '0 2 * * *'}`."
    )
    freshness_policy: FreshnessPolicyConfig | None = Field(default=None, description="When the asset counts as stale.")
    retry_policy: RetryPolicyConfig | None = Field(
        default=None, description="When the step that makes the asset is tried again."
    )
    pool: Pool | None = Field(default=None, description="Dagster's concurrency pool of the step that makes the asset.")
    group_name: GroupName | None = Field(default=None, description="Group of the asset, its levels separated by `/`.")
    kinds: tuple[Kind, ...] = Field(
        default=(), max_length=_MAX_KINDS, description="What the asset is made of, shown as icons; 10 at most."
    )
    backfill_policy: BackfillPolicyConfig | None = Field(
        default=None, description="Whether a backfill is one run (`single_run`, the default) or several (`multi_run`)."
    )
    code_version: TagText | None = Field(
        default=None, description="Version of the code that makes the asset; without it one of source and parameters."
    )
    include_metadata: tuple[MetadataPart, ...] | None = Field(
        default=None,
        description="What is told of each materialisation, in place of the component's `include_metadata`; a `row_count` "
        "here also computes lazy tables.",
    )
    checks: CheckList = Field(
        default=(), description="Checks of its data: `not_empty`, `row_count`, `columns`, `freshness`."
    )
    _template: Any = PrivateAttr(default=None)

    def for_dataset(self, key: str, name: str) -> AssetConfig:
        """The settings with the placeholders of the entry's pattern filled in.

        Args:
            key: Of the entry, a pattern or a name.
            name: Of a dataset that it fits.

        Raises:
            ValidationError: They are wrong once filled in.
        """
        if self._template is None:
            return self
        return AssetConfig.model_validate(fill(self._template, match(key, name) or {}))

    @property
    def has_placeholders(self) -> bool:
        """Whether the settings differ from dataset to dataset."""
        return self._template is not None

    @model_validator(mode="after")
    def _check_placeholders(self) -> Self:
        texts: dict[tuple[str | int, ...], str | None] = {("pool",): self.pool, ("code_version",): self.code_version}
        texts |= {("owners", index): owner for index, owner in enumerate(self.owners)}
        all_findings(_unfilled(text, at) for at, text in texts.items() if text is not None and is_pattern(text))
        return self


@dataclass(frozen=True)
class _Template:
    """Settings as written, under a pattern."""

    key: str
    content: Mapping[Any, Any]


def _unfilled(text: str, at: tuple[str | int, ...]) -> InitErrorDetails:
    names = ", ".join(f"'{{{name}}}'" for name in placeholders(text))
    hint = 'the placeholders of the entry\'s own key are filled in, such as {name} of "sales_{name}"'
    return finding(f"nothing says what {names} stands for", hint=hint, at=at, value=text)


def _with_templates(entries: Any) -> Any:
    if not isinstance(entries, Mapping):
        return entries
    return {
        key: _Template(key, value)
        if isinstance(key, str) and is_pattern(key) and isinstance(value, Mapping) and _holds_pattern(value)
        else value
        for key, value in entries.items()
    }


def _holds_pattern(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_holds_pattern, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_holds_pattern, value))
    return isinstance(value, str) and is_pattern(value)


def _read_entry(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
    """An entry; where it has placeholders, as it would be if each stood for its own name."""
    if not isinstance(value, _Template):
        return read(value)
    asset: AssetConfig = read(fill(value.content, {name: name for name in placeholders(value.key)}))
    asset._template = value.content  # noqa: SLF001 - a model's private attribute is no argument of its constructor
    return asset


AssetEntries = Annotated[
    dict[Text, Annotated[AssetConfig, WrapValidator(_read_entry)]], BeforeValidator(_with_templates), EMPTY_AS_MAPPING
]
"""Settings by the name of a dataset or a pattern, whose placeholders are filled in for each dataset."""
