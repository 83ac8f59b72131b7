"""`dagster.yml`: its models, where its entries stand in the files, and whether they fit the project."""

from __future__ import annotations

from kedro_dagster_component.config.assets import AssetConfig
from kedro_dagster_component.config.check import check_against_project
from kedro_dagster_component.config.executors import EXECUTOR_KINDS, ExecutorConfig
from kedro_dagster_component.config.factories import ConcreteJob, expand_jobs
from kedro_dagster_component.config.jobs import JobConfig, PipelineFilterConfig
from kedro_dagster_component.config.load import load_dagster_config, parse_dagster_config
from kedro_dagster_component.config.loggers import LoggerConfig
from kedro_dagster_component.config.models import DagsterConfig
from kedro_dagster_component.config.positions import Positions, PositionTree, read_all_positions, read_positions
from kedro_dagster_component.config.schedules import ScheduleConfig
from kedro_dagster_component.config.sensors import (
    SENSOR_TYPES,
    AssetChangedSensorConfig,
    FileArrivedSensorConfig,
    JobFailedSensorConfig,
    JobSucceededSensorConfig,
    PartitionsFoundSensorConfig,
    SensorConfig,
)
from kedro_dagster_component.config.settings import resolve_asset_settings

__all__ = [
    "EXECUTOR_KINDS",
    "SENSOR_TYPES",
    "AssetChangedSensorConfig",
    "AssetConfig",
    "ConcreteJob",
    "DagsterConfig",
    "ExecutorConfig",
    "FileArrivedSensorConfig",
    "JobConfig",
    "JobFailedSensorConfig",
    "JobSucceededSensorConfig",
    "LoggerConfig",
    "PartitionsFoundSensorConfig",
    "PipelineFilterConfig",
    "PositionTree",
    "Positions",
    "ScheduleConfig",
    "SensorConfig",
    "check_against_project",
    "expand_jobs",
    "load_dagster_config",
    "parse_dagster_config",
    "read_all_positions",
    "read_positions",
    "resolve_asset_settings",
]
