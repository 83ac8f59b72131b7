"""Executors: eight kinds, the same names as in kedro-dagster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, ValidationInfo, field_validator, model_validator

from kedro_dagster_component.config.executor_options import (
    REQUIRED,
    Schema,
    bundled_schemas,
    options_schema,
    read_options,
    whole_number,
)
from kedro_dagster_component.config.finding import all_findings, finding, quote, refuse
from kedro_dagster_component.config.section import Section, name_or_inline
from kedro_dagster_component.errors import did_you_mean

_SCHEMAS = "executor_schemas"
_DOCKER_KEY = "docker"
_NETWORKS = "networks"
_NUMBER_OF_RETRIES = {"type": "integer", "minimum": 0}

WITHOUT_EFFECT: Mapping[str, Mapping[str, Schema]] = {
    "celery_docker_executor": {"max_concurrent": "Int"},
    "celery_k8s_job_executor": {"max_concurrent": "Int"},
}
"""Options by kind that kedro-dagster takes and Dagster's executor does not know."""


@dataclass(frozen=True)
class ExecutorPackage:
    """Where an executor comes from.

    Attributes:
        module: Import name.
        name: Of the executor in it.
        extra: Of this package, that installs it; None where Dagster itself has it.
    """

    module: str
    name: str
    extra: str | None

    @property
    def distribution(self) -> str:
        """Name of the package as pip knows it."""
        return self.module.replace("_", "-")


EXECUTOR_PACKAGES: Mapping[str, ExecutorPackage] = {
    "in_process": ExecutorPackage("dagster", "in_process_executor", None),
    "multiprocess": ExecutorPackage("dagster", "multiprocess_executor", None),
    "dask_executor": ExecutorPackage("dagster_dask", "dask_executor", "dask"),
    "k8s_job_executor": ExecutorPackage("dagster_k8s", "k8s_job_executor", "k8s"),
    "docker_executor": ExecutorPackage("dagster_docker", "docker_executor", "docker"),
    "celery_executor": ExecutorPackage("dagster_celery", "celery_executor", "celery"),
    "celery_docker_executor": ExecutorPackage("dagster_celery_docker", "celery_docker_executor", "celery-docker"),
    "celery_k8s_job_executor": ExecutorPackage("dagster_celery_k8s", "celery_k8s_job_executor", "celery-k8s"),
}
"""Where each kind comes from."""


def _options(kind: str, description: str) -> Any:
    """The field of one kind, with the schema of its options for editors."""

    def describe(schema: dict[str, Any]) -> None:
        schema.pop("additionalProperties", None)
        options = options_schema(_taken(kind, bundled_schemas()[kind]))
        if "retries" in options["properties"]:
            options["properties"]["retries"] = {"anyOf": [options["properties"]["retries"], _NUMBER_OF_RETRIES]}
        schema["anyOf"] = [options, {"type": "null"}]

    return Field(default=None, description=description, json_schema_extra=describe)


def _taken(kind: str, schema: Schema) -> Schema:
    """What an entry may hold: beside what the executor takes, what kedro-dagster takes there.

    It has the options of the container of `celery_docker_executor` beside those of Celery, not below `docker`, which
    may be left out: the image is that of the code location then.

    Args:
        kind: Of the executor.
        schema: Of the executor.
    """
    if isinstance(schema, str) or kind not in WITHOUT_EFFECT:
        return schema
    fields = {**WITHOUT_EFFECT[kind], **schema["shape"]}
    if kind != "celery_docker_executor":
        return {"shape": fields}
    container = next(inner for name, inner in fields.items() if name.removesuffix(REQUIRED) == _DOCKER_KEY)
    beside = {name.removesuffix(REQUIRED): inner for name, inner in container["shape"].items()}
    own = {name: inner for name, inner in fields.items() if name.removesuffix(REQUIRED) != _DOCKER_KEY}
    return {"shape": {**beside, _NETWORKS: {"list": "String"}, **own, _DOCKER_KEY: container}}


def _as_dagster_has_them(kind: str, options: dict[str, Any], schema: Schema) -> dict[str, Any]:
    """Options in the places where the executor looks for them, without those it does not know."""
    known = {key: value for key, value in options.items() if key not in WITHOUT_EFFECT.get(kind, {})}
    if kind != "celery_docker_executor" or isinstance(schema, str):
        return known
    own = {name.removesuffix(REQUIRED) for name in schema["shape"]}
    container = {key: value for key, value in known.items() if key not in own}
    networks = container.pop(_NETWORKS, ())
    if networks:
        container["network"] = networks[0]
    kept = {key: value for key, value in known.items() if key in own}
    return {**kept, _DOCKER_KEY: {**container, **kept.get(_DOCKER_KEY, {})}}


def _networks_findings(kind: str, options: Any) -> Iterator[Any]:
    """Networks that the executor, which takes one, would leave out."""
    networks = options.get(_NETWORKS) if kind == "celery_docker_executor" and isinstance(options, Mapping) else None
    if not networks:
        return
    given = [options.get("network"), (options.get(_DOCKER_KEY) or {}).get("network")]
    if len({*networks, *(name for name in given if name is not None)}) > 1:
        message = f"executor kind '{kind}' takes one network only"
        yield finding(message, hint="keep one, as 'network: name'", at=(_NETWORKS,), at_key=True)


def _with_retries(options: Mapping[str, Any]) -> dict[str, Any]:
    """`retries: {}` enables them, and so does a number, which kedro-dagster has for Celery; 0 disables them."""
    retries = options.get("retries")
    if retries == {}:
        return {**options, "retries": {"enabled": {}}}
    number = whole_number(retries)
    if number is not None and number >= 0:
        return {**options, "retries": {"enabled" if number else "disabled": {}}}
    return dict(options)


class ExecutorConfig(Section):
    """How the steps of a run are executed: exactly one of the eight kinds with its options."""

    in_process: dict[str, Any] | None = _options("in_process", "All steps in the run's own process.")
    multiprocess: dict[str, Any] | None = _options("multiprocess", "Each step in a process of its own.")
    dask_executor: dict[str, Any] | None = _options("dask_executor", "Steps on a Dask cluster.")
    k8s_job_executor: dict[str, Any] | None = _options("k8s_job_executor", "Each step a Kubernetes job.")
    docker_executor: dict[str, Any] | None = _options("docker_executor", "Each step in a container.")
    celery_executor: dict[str, Any] | None = _options("celery_executor", "Steps on Celery workers.")
    celery_docker_executor: dict[str, Any] | None = _options(
        "celery_docker_executor", "Steps in containers that Celery workers start."
    )
    celery_k8s_job_executor: dict[str, Any] | None = _options(
        "celery_k8s_job_executor", "Steps as Kubernetes jobs that Celery workers start."
    )

    @property
    def kind(self) -> str:
        """Which of the eight it is."""
        return next(name for name in EXECUTOR_KINDS if getattr(self, name) is not None)

    @property
    def options(self) -> dict[str, Any]:
        """The options, as the executor takes them."""
        return dict(getattr(self, self.kind))

    @model_validator(mode="before")
    @classmethod
    def _check_one_kind(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        chosen = [key for key in data if key in EXECUTOR_KINDS]
        if not chosen:
            all_findings(_unknown_kind(key) for key in data)
            hint = f"there is: {', '.join(EXECUTOR_KINDS)}"
            raise refuse("names no executor kind", hint=hint, at=("kind",), at_key=True, value=data)
        if len(chosen) > 1:
            message = f"two executor kinds in one entry: '{chosen[0]}' and '{chosen[1]}'"
            raise refuse(message, hint="keep one, or make two entries", at=(chosen[1],), at_key=True, value=data)
        return {key: {} if value is None and key in chosen else value for key, value in data.items()}

    @field_validator(*EXECUTOR_PACKAGES, mode="before")
    @classmethod
    def _check_options(cls, value: Any, info: ValidationInfo) -> Any:
        if not isinstance(value, Mapping) or info.field_name is None:
            return value
        kind = info.field_name
        schema = (info.context or {}).get(_SCHEMAS, {}).get(kind) or bundled_schemas()[kind]
        options, findings = read_options(_taken(kind, schema), _with_retries(value))
        all_findings([*findings, *([] if findings else _networks_findings(kind, options))])
        return _as_dagster_has_them(kind, options, schema)


EXECUTOR_KINDS = tuple(ExecutorConfig.model_fields)
"""The eight kinds."""

FLAT_KEYS_BY_KIND: Mapping[str, frozenset[str]] = {
    "in_process": frozenset({"retries"}),
    "multiprocess": frozenset({"retries", "max_concurrent"}),
    "dask_executor": frozenset({"cluster"}),
    "k8s_job_executor": (
        _K8S := frozenset(
            {
                *("retries", "max_concurrent", "job_namespace", "load_incluster_config", "kubeconfig_file"),
                *("step_k8s_config", "per_step_k8s_config", "image_pull_policy", "image_pull_secrets"),
                *("service_account_name", "env_config_maps", "env_secrets", "env_vars", "volume_mounts", "volumes"),
                *("labels", "resources", "scheduler_name", "security_context"),
            }
        )
    ),
    "docker_executor": (
        _DOCKER := frozenset(
            {
                *("retries", "max_concurrent", "image", "network", "networks", "registry"),
                *("env_vars", "container_kwargs"),
            }
        )
    ),
    "celery_executor": (_CELERY := frozenset({"broker", "backend", "include", "config_source", "retries"})),
    "celery_docker_executor": _CELERY | _DOCKER,
    "celery_k8s_job_executor": _CELERY | _K8S | {"job_wait_timeout"},
}
"""Option names by kind, in the order in which kedro-dagster tries them for options without a kind."""


def executor_context(schemas: Mapping[str, Schema]) -> dict[str, Any]:
    """What validation is told so that it checks options by other schemas than the bundled ones.

    Args:
        schemas: By kind; the others are the bundled ones.
    """
    return {_SCHEMAS: schemas}


def read_inline_executor(value: Mapping[str, Any], context: Any = None) -> ExecutorConfig:
    """An executor inside a job: a kind with its options, or, as kedro-dagster has it, the options alone.

    Args:
        value: `{multiprocess: {max_concurrent: 4}}` or `{max_concurrent: 4}`; the options alone mean the first
            kind that has all of them.
        context: Of the validation.
    """
    kind = kind_of_options(value)
    content = {kind: dict(value)} if kind is not None and kind not in value else value
    return ExecutorConfig.model_validate(content, context=context)


def kind_of_options(value: Mapping[str, Any]) -> str | None:
    """The kind of an executor inside a job; None where it names none and no kind has all of its options."""
    named = next((key for key in value if key in EXECUTOR_KINDS), None)
    if named is not None:
        return named
    for kind, keys in FLAT_KEYS_BY_KIND.items():
        if keys.issuperset(value) and (kind.startswith("celery") or whole_number(value.get("retries")) is None):
            return kind
    return None


def _unknown_kind(key: Any) -> Any:
    message = f"unknown executor kind {quote(str(key))}"
    return finding(message, hint=did_you_mean(str(key), EXECUTOR_KINDS), at=(str(key),), at_key=True)


ExecutorChoice = Annotated[
    ExecutorConfig | str | None, name_or_inline(read_inline_executor, "an executor", takes_context=True)
]
"""The name of an executor, or its settings."""
