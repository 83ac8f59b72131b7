"""`dagster.yml` as a whole."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from kedro_dagster_component.config.assets import AssetEntries
from kedro_dagster_component.config.automation import AutomationConfig
from kedro_dagster_component.config.executors import ExecutorConfig
from kedro_dagster_component.config.jobs import JobConfig
from kedro_dagster_component.config.loggers import LoggerConfig
from kedro_dagster_component.config.partitions import PartitionsConfig
from kedro_dagster_component.config.scalars import EMPTY_AS_MAPPING, JobName, SensorName, Text
from kedro_dagster_component.config.schedules import ScheduleConfig
from kedro_dagster_component.config.section import Section
from kedro_dagster_component.config.sensors import SensorConfig


class DagsterConfig(Section):
    """How a Kedro project runs on Dagster in one environment."""

    loggers: Annotated[dict[Text, LoggerConfig], EMPTY_AS_MAPPING] = Field(
        default={}, description="Loggers by name, for jobs to refer to."
    )
    executors: Annotated[dict[Text, ExecutorConfig], EMPTY_AS_MAPPING] = Field(
        default={}, description="Executors by name, for jobs and `component.yaml` to refer to."
    )
    schedules: Annotated[dict[Text, ScheduleConfig], EMPTY_AS_MAPPING] = Field(
        default={}, description="Schedules by name, for jobs to refer to."
    )
    partitions: Annotated[dict[Text, PartitionsConfig], EMPTY_AS_MAPPING] = Field(
        default={}, description="Partitions by name, for assets to refer to."
    )
    assets: AssetEntries = Field(
        default={},
        description="Settings of assets, by the name of a dataset or a dataset-factory pattern. Placeholders of the "
        "pattern are filled in for each dataset in every text of its settings.",
    )
    automation: AutomationConfig | None = Field(
        default=None, description="The sensor behind automation conditions; off without this section."
    )
    jobs: Annotated[dict[JobName, JobConfig], EMPTY_AS_MAPPING] = Field(
        default={},
        description="Jobs by name. A name with {placeholders} is a job factory: one job for each namespace of its "
        "pipeline that fits the first entry of `node_namespaces`.",
    )
    sensors: Annotated[dict[SensorName, SensorConfig], EMPTY_AS_MAPPING] = Field(
        default={}, description="Sensors by name: what starts a job besides a schedule."
    )
