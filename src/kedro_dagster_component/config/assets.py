"""Settings of assets, by dataset."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from kedro_dagster_component.config.automation import AutomationCondition
from kedro_dagster_component.config.mappings import PartitionMappingConfig
from kedro_dagster_component.config.partitions import PartitionsChoice
from kedro_dagster_component.config.policies import BackfillPolicyConfig, FreshnessPolicyConfig, RetryPolicyConfig
from kedro_dagster_component.config.scalars import EMPTY_AS_MAPPING, AssetTags, GroupName, Kind, Owner, Pool, TagText
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
    code_version: TagText | None = Field(default=None, description="Version of the code that makes the asset.")
