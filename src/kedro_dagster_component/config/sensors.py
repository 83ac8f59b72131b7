"""Sensors: what starts a job besides a schedule, or finds partitions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator
from typing_extensions import Self

from kedro_dagster_component.config.finding import finding, quote, refusal, refuse
from kedro_dagster_component.config.scalars import EMPTY_AS_MAPPING, Count, Names, Status, Tags, Text
from kedro_dagster_component.config.section import Section, read_by_type


class SensorSettings(Section):
    """What all sensors have in common."""

    minimum_interval_seconds: Count = Field(default=30, description="Seconds between two looks.")
    default_status: Status = Field(
        default="STOPPED",
        description="RUNNING starts the sensor when it is first loaded; STOPPED waits for a person.",
    )
    description: str | None = Field(default=None, description="Shown in Dagster.")
    tags: Annotated[Tags, EMPTY_AS_MAPPING] = Field(
        default={}, description="Tags of the sensor and of the runs it starts."
    )


class _StartsJob(Section):
    job: Text = Field(description="The job it starts, by its name in this file.")


class JobSensorSettings(SensorSettings, _StartsJob):
    """What all sensors that start a job have in common."""


class AssetChangedSensorConfig(JobSensorSettings):
    """Starts a job when assets were materialised, by whatever run."""

    type: Literal["asset_changed"] = Field(description="Assets were materialised.")
    assets: Names = Field(default=(), description="Kedro datasets, by name: one, or a list.")
    asset_keys: Names = Field(
        default=(), description="Any other assets of Dagster, by key, its parts separated by '/': one, or a list."
    )
    require: Literal["any", "all"] = Field(
        default="any",
        description="`any` starts the job when one of them was materialised since the last look, `all` once each of "
        "them was since the sensor last started it.",
    )

    @model_validator(mode="after")
    def _check_assets(self) -> Self:
        if not self.assets and not self.asset_keys:
            hint = "name Kedro datasets under 'assets', other assets under 'asset_keys'"
            message = "watches nothing: 'assets' and 'asset_keys' are both missing"
            raise refuse(message, hint=hint, at=("assets",), at_key=True)
        wrong = [index for index, key in enumerate(self.asset_keys) if not all(part.strip() for part in key.split("/"))]
        if wrong:
            raise refusal(
                *(
                    finding(
                        f"{quote(self.asset_keys[index])} is no asset key",
                        hint="write its parts with one '/' between them, such as 'warehouse/orders'",
                        at=("asset_keys", index),
                    )
                    for index in wrong
                )
            )
        return self


class FileArrivedSensorConfig(JobSensorSettings):
    """Starts a job for files that were not there, or were older, at the last look."""

    type: Literal["file_arrived"] = Field(description="Files are there that were not there before.")
    path: Text = Field(
        description="Pattern of the files, with *, ? and **: a path that starts at the Kedro project, or a URL of any "
        "filesystem fsspec knows, such as 's3://inbox/*.csv'."
    )
    storage_options: Annotated[dict[str, Any], EMPTY_AS_MAPPING] = Field(
        default={}, description="Arguments of the fsspec filesystem; secrets come in as `${oc.env:NAME}`."
    )
    run_per: Literal["file", "look"] = Field(
        default="file", description="`file` starts a run for each new file, `look` one for all that one look finds."
    )
    param: Text | None = Field(
        default=None,
        description="Runtime parameter of the job that gets the path of the file; with `run_per: look` a list of paths.",
    )


class JobSucceededSensorConfig(JobSensorSettings):
    """Starts a job after another one succeeded."""

    type: Literal["job_succeeded"] = Field(description="A run of another job succeeded.")
    monitored_jobs: Annotated[Names, Field(min_length=1)] = Field(
        description="The jobs it waits for, by their names in this file: one, or a list of which any counts."
    )


class JobFailedSensorConfig(JobSensorSettings):
    """Starts a job after another one failed."""

    type: Literal["job_failed"] = Field(description="A run of another job failed.")
    monitored_jobs: Annotated[Names, Field(min_length=1)] = Field(
        description="The jobs it waits for, by their names in this file: one, or a list of which any counts."
    )


class PartitionsFoundSensorConfig(SensorSettings):
    """Adds the keys that a partitioned dataset has in storage to its dynamic partitions; starts no job."""

    type: Literal["partitions_found"] = Field(description="A partitioned dataset has partitions in storage.")
    dataset: Text = Field(
        description="The Kedro dataset, with dynamic partitions or such a dimension: a PartitionedDataset, or made of one."
    )
    remove: bool = Field(
        default=False,
        description="Whether keys that an earlier look found and that are gone from storage are taken out of Dagster "
        "again; keys from elsewhere stay, and where nothing at all is found so do all.",
    )
    minimum_interval_seconds: Count = Field(
        default=60,
        description="Seconds between two looks, each of which opens the Kedro project in a process of its own.",
    )


SENSOR_TYPES: Mapping[str, type[SensorSettings]] = {
    "asset_changed": AssetChangedSensorConfig,
    "file_arrived": FileArrivedSensorConfig,
    "job_succeeded": JobSucceededSensorConfig,
    "job_failed": JobFailedSensorConfig,
    "partitions_found": PartitionsFoundSensorConfig,
}
"""Model by `type`."""


def _read_sensor(value: Any) -> Any:
    return read_by_type(value, SENSOR_TYPES, "sensor")


SensorConfig = Annotated[
    AssetChangedSensorConfig
    | FileArrivedSensorConfig
    | JobSucceededSensorConfig
    | JobFailedSensorConfig
    | PartitionsFoundSensorConfig,
    BeforeValidator(_read_sensor),
]
"""A sensor, chosen by `type`."""
