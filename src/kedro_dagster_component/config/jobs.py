"""Jobs: which nodes of which pipelines, and how they run."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator
from typing_extensions import Self

from kedro_dagster_component.config.executors import ExecutorChoice
from kedro_dagster_component.config.finding import quote, refuse
from kedro_dagster_component.config.loggers import LoggerChoice
from kedro_dagster_component.config.policies import RetryPolicyConfig
from kedro_dagster_component.config.scalars import EMPTY_AS_MAPPING, Owner, Tags, Text
from kedro_dagster_component.config.schedules import ScheduleChoice
from kedro_dagster_component.config.section import Section
from kedro_dagster_component.errors import did_you_mean

_RANGE = "..."
_Names = tuple[Text, ...]


class PipelineFilterConfig(Section):
    """Nodes of a job, chosen as by `kedro run`."""

    pipeline_name: Text | None = Field(
        default=None,
        description="A registered pipeline; `__default__` where neither this nor `pipeline_names` is given.",
    )
    pipeline_names: _Names | None = Field(default=None, description="Several registered pipelines, taken together.")
    tags: _Names | None = Field(default=None, description="Nodes with one of these tags.")
    node_names: _Names | None = Field(default=None, description="Nodes of these names, namespace included.")
    from_nodes: _Names | None = Field(default=None, description="These nodes and all that depend on them.")
    to_nodes: _Names | None = Field(default=None, description="These nodes and all they depend on.")
    from_inputs: _Names | None = Field(default=None, description="Nodes that depend on these datasets.")
    to_outputs: _Names | None = Field(default=None, description="Nodes that these datasets depend on.")
    node_namespaces: _Names | None = Field(default=None, description="Nodes in these namespaces.")

    @property
    def pipelines(self) -> tuple[str, ...]:
        """Names of the registered pipelines it starts from."""
        return self.pipeline_names or (self.pipeline_name or "__default__",)

    @model_validator(mode="after")
    def _check_one_form(self) -> Self:
        if self.pipeline_name and self.pipeline_names:
            message = "give 'pipeline_name' or 'pipeline_names', not both"
            raise refuse(message, hint="put all names under 'pipeline_names'", at=("pipeline_names",), at_key=True)
        return self


class JobConfig(Section):
    """A job: a choice of nodes and how they run."""

    pipeline: PipelineFilterConfig = Field(
        description="Which nodes: for example {pipeline_name: data_science, tags: [daily]}."
    )
    executor: ExecutorChoice = Field(default=None, description="The name of an executor, or its settings.")
    schedule: ScheduleChoice = Field(default=None, description="The name of a schedule, or its settings.")
    loggers: tuple[LoggerChoice, ...] | None = Field(default=None, description="Names of loggers, or their settings.")
    params: Annotated[dict[str, Any], EMPTY_AS_MAPPING] = Field(
        default={}, description="Runtime parameters of this job, as `kedro run --params` takes them."
    )
    partitions: Text | None = Field(
        default=None,
        description="What a run of a partitioned job works on, unless it is started for a partition: all, latest, or a range 'a...b'.",
    )
    description: str | None = Field(default=None, description="Shown in Dagster.")
    tags: Annotated[Tags, EMPTY_AS_MAPPING] = Field(
        default={}, description="Tags of the job, and of its runs where `run_tags` is not given."
    )
    run_tags: Annotated[Tags, EMPTY_AS_MAPPING] = Field(default={}, description="Tags of the job's runs.")
    owners: tuple[Owner, ...] = Field(default=(), description="E-mail addresses, or teams as `team:name`.")
    retry_policy: RetryPolicyConfig | None = Field(default=None, description="When failed steps are tried again.")

    @field_validator("partitions", mode="after")
    @classmethod
    def _check_partitions(cls, text: str | None) -> str | None:
        if text is None or text in ("all", "latest"):
            return text
        first, separator, last = text.partition(_RANGE)
        if not separator:
            hint = did_you_mean(text, ("all", "latest"))
            close = hint if hint and hint.startswith("did you mean") else f"for one key write '{text}...{text}'"
            raise refuse(f"expected all, latest or a range 'a...b', got {quote(text)}", hint=close, value=text)
        if not first.strip() or not last.strip():
            raise refuse(f"the range {quote(text)} needs a key on both sides of '...'", value=text)
        return text
