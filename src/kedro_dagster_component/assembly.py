"""One component instance put together: project, manifest, configuration, definitions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster.components.resolved.errors import ResolutionException

from kedro_dagster_component.attributes import check_attributes, filters_of
from kedro_dagster_component.config.configured import settings_of, with_settings
from kedro_dagster_component.config.load import load_dagster_config
from kedro_dagster_component.config.models import DagsterConfig
from kedro_dagster_component.config.positions import Positions
from kedro_dagster_component.config.sensors import SensorSettings
from kedro_dagster_component.errors import ConfigurationError, Problem
from kedro_dagster_component.loading import ComponentPlace, load_manifest, resolve_project, warn_at
from kedro_dagster_component.manifest import DatasetEntry, NodeEntry, ProjectManifest, ProjectRef
from kedro_dagster_component.naming import unique_identifiers
from kedro_dagster_component.plan import InstancePlan, StepPlan
from kedro_dagster_component.siblings import Claims, claim_executor, claim_inputs, claim_names, claims_of
from kedro_dagster_component.translate.asset_settings import (
    build_backfill_policy,
    build_retry_policy,
    step_settings,
)
from kedro_dagster_component.translate.assets import (
    AssetTable,
    OpSettings,
    build_asset_table,
    build_dataset_plans,
    build_external_specs,
    build_node_assets,
    build_step_plan,
)
from kedro_dagster_component.translate.executors import ExecutorError, build_executor, default_executor
from kedro_dagster_component.translate.exposure import exposed_nodes
from kedro_dagster_component.translate.jobs import (
    JobPlan,
    build_job,
    build_schedule,
    job_filters,
    job_loggers,
    job_params,
    plan_jobs,
)
from kedro_dagster_component.translate.run_sensors import build_hook_sensors
from kedro_dagster_component.translate.sensors import SensorSurroundings, build_automation_sensor, build_sensor
from kedro_dagster_component.translate.session_resource import build_session_resource

if TYPE_CHECKING:
    from kedro_dagster_component.component import KedroProjectComponent


def build_instance(component: KedroProjectComponent, context: dg.ComponentLoadContext) -> dg.Definitions:
    """Definitions of one component instance.

    Raises:
        KedroDagsterError: The project cannot be read, or its configuration has mistakes.
    """
    place = ComponentPlace(context)
    manifest = load_manifest(place, _project_ref(component, place))
    config, positions = _checked_configuration(component, place, manifest)
    manifest = with_settings(manifest, config)
    chosen = exposed_nodes(manifest, filters_of(component))
    node_ids = [node_id for node_id in manifest.nodes if node_id in chosen]
    for message in manifest.warnings:
        warn_at(place.position("project"), message)
    if manifest.nodes and not node_ids:
        warn_at(
            place.position("select"),
            f"no node of {manifest.project_name} is left by `pipelines`, `select` and `exclude`",
        )
    return _Assembly(component, place, manifest, config, positions, node_ids).build(claims_of(context.component_tree))


class _Assembly:
    """The pieces of one instance, and the definitions made of them."""

    def __init__(
        self,
        component: KedroProjectComponent,
        place: ComponentPlace,
        manifest: ProjectManifest,
        config: DagsterConfig,
        positions: Positions,
        node_ids: Sequence[str],
    ) -> None:
        self._component, self._place, self._manifest = component, place, manifest
        self._config, self._positions = config, positions
        self._prefix = component.name_prefix or ""
        self._jobs = plan_jobs(manifest, config, node_ids, self._prefix, pipelines=component.pipelines)
        self._node_ids = node_ids
        self._table = build_asset_table(manifest, node_ids, self._spec)
        self._check_keys()
        self._steps = self._plan_steps()
        self._instance = self._plan_instance()

    def build(self, claims: Claims) -> dg.Definitions:
        """All definitions, once their names are claimed."""
        self._claim(claims)
        executor = self._executor(claims)
        jobs = {plan.name: self._job(plan) for plan in self._jobs}
        schedules = [
            build_schedule(plan, self._config, jobs[plan.name], self._prefix)
            for plan in self._jobs
            if jobs[plan.name] is not None
        ]
        sensors = [
            *build_hook_sensors(self._instance, self._prefix, has_other_executor=executor is None),
            *self._sensors(jobs),
            *self._automation(),
        ]
        self._claim_ticks(claims, schedules, sensors)
        return dg.Definitions(
            assets=[*self._assets(), *self._inputs(claims)],
            jobs=[job for job in jobs.values() if job is not None],
            schedules=[schedule for schedule in schedules if schedule is not None],
            sensors=sensors,
            resources={self._instance.key: build_session_resource(self._instance)},
            executor=executor,
        )

    def _inputs(self, claims: Claims) -> list[dg.AssetSpec]:
        """Free inputs, unless another instance of the code location shows or makes them."""
        specs = build_external_specs(self._table, self._instance)
        shown = claim_inputs(claims, self._place.label, [spec.key.to_user_string() for spec in specs])
        return [spec for spec in specs if spec.key.to_user_string() in shown]

    def _assets(self) -> list[dg.AssetsDefinition]:
        shared = _op_settings(self._component)
        return [
            build_node_assets(
                step,
                self._table,
                self._manifest,
                self._instance,
                self._settings_of_step(step, shared),
                self._execute,
            )
            for step in self._steps.values()
        ]

    def _settings_of_step(self, step: StepPlan, shared: OpSettings) -> OpSettings:
        """Settings of a step: what `assets:` says of the assets it makes wins over the component's `op`."""
        made = [self._manifest.datasets[dataset.name] for dataset in step.outputs.values()]
        entries: list[DatasetEntry | NodeEntry] = [*made] if made else [step.node]
        settings, disputed = step_settings([settings_of(entry) for entry in entries])
        if disputed:
            names = " and ".join(f"'{dataset.name}'" for dataset in made)
            problems = [
                Problem(
                    f"{names} are made by one step (node '{step.node.name}') and disagree on `{name}`",
                    self._positions.at("assets"),
                    "give them the same, or give it to one of them only",
                )
                for name in disputed
            ]
            raise ConfigurationError(problems)
        return replace(
            shared,
            pool=settings.pool or shared.pool,
            retry_policy=build_retry_policy(settings.retry_policy) or shared.retry_policy,
            backfill_policy=build_backfill_policy(settings.backfill_policy) or shared.backfill_policy,
        )

    def _sensors(self, jobs: Mapping[str, Any]) -> list[dg.SensorDefinition]:
        around = SensorSurroundings(
            prefix=self._prefix,
            jobs={name.removeprefix(self._prefix): job for name, job in jobs.items() if job is not None},
            keys=self._keys_by_name(),
            resource_key=self._instance.key,
            project_path=self._manifest.ref.project_path,
        )
        hidden = [name for name, sensor in self._config.sensors.items() if not _can_see(sensor, around)]
        for name in hidden:
            warn_at(
                self._positions.at("sensors", name), f"sensor '{name}' is left out: its job or assets are not exposed"
            )
        return [
            build_sensor(name, sensor, around) for name, sensor in self._config.sensors.items() if name not in hidden
        ]

    def _automation(self) -> list[dg.SensorDefinition]:
        """The sensor behind automation conditions; without the section they would silently do nothing."""
        specs = [*self._table.datasets.values(), *self._table.nodes.values()]
        keys = [spec.key for spec in specs if spec.automation_condition is not None]
        if not keys:
            return []
        if self._config.automation is None:
            warn_at(
                self._positions.at("assets"),
                f"{len(keys)} assets have an automation condition, and no sensor looks at them: add `automation: {{}}` "
                "to dagster.yml, or switch on Dagster's own sensor in the UI",
            )
            return []
        name = f"{self._prefix}{self._instance.key}_automation"
        return [build_automation_sensor(name, self._config.automation, keys)]

    def _keys_by_name(self) -> dict[str, dg.AssetKey]:
        nodes = {self._manifest.nodes[node_id].name: spec.key for node_id, spec in self._table.nodes.items()}
        return {**nodes, **{name: spec.key for name, spec in self._table.datasets.items()}}

    def _execute(self, context: dg.AssetExecutionContext, step: StepPlan) -> Iterator[Any]:
        yield from self._component.execute(context, self._instance, step)

    def _spec(self, node: NodeEntry | None, dataset: DatasetEntry | None) -> dg.AssetSpec:
        """The final spec; a node that bears the name of a dataset keeps out of its way."""
        try:
            spec = self._component.get_asset_spec(node, dataset)
        except ResolutionException as error:
            name = dataset.name if dataset is not None else node.name if node is not None else ""
            message = f"`translation` fails for '{name}': {str(error).strip().splitlines()[-1]}"
            raise self._place.error(message, "translation") from error
        if dataset is None and node is not None and node.name in self._manifest.datasets:
            path = spec.key.path
            spec = spec.replace_attributes(key=dg.AssetKey([*path[:-1], f"{path[-1]}_node"]))
        return spec.replace_attributes(metadata={"kedro/project": self._manifest.project_name, **spec.metadata})

    def _job(self, plan: JobPlan) -> Any:
        keys = lambda node_id: self._table.keys_of(self._manifest.nodes[node_id])  # noqa: E731
        try:
            return self._component.get_job(build_job(plan, self._config, keys))
        except ExecutorError as error:
            raise self._executor_problem(error, plan) from error

    def _plan_steps(self) -> dict[str, StepPlan]:
        names = _op_names(self._component, self._manifest, self._node_ids, [plan.name for plan in self._jobs])
        datasets = build_dataset_plans(self._manifest, self._table)
        nodes = self._manifest.nodes
        return {
            op_name: build_step_plan(op_name, nodes[node_id], self._manifest, datasets)
            for node_id, op_name in names.items()
        }

    def _plan_instance(self) -> InstancePlan:
        datasets = build_dataset_plans(self._manifest, self._table)
        return InstancePlan(
            key=self._place.key,
            ref=self._manifest.ref,
            memory=self._component.memory_datasets,
            steps=self._steps,
            datasets={dataset.asset_key: dataset for dataset in datasets.values()},
            job_params=job_params(self._jobs),
            job_pipelines={plan.name: plan.pipelines for plan in self._jobs},
            job_filters=job_filters(self._jobs),
            job_loggers=job_loggers(self._jobs, self._config),
            run_hooks=self._component.run_hooks,
        )

    def _check_keys(self) -> None:
        """Two datasets that translation gives one key."""
        owners: dict[dg.AssetKey, str] = {}
        problems = []
        named = {**self._table.datasets, **{f"node {key}": spec for key, spec in self._table.nodes.items()}}
        for name, spec in named.items():
            other = owners.setdefault(spec.key, name)
            if other != name:
                message = f"'{other}' and '{name}' both become the asset {spec.key.to_user_string()}"
                problems.append(Problem(message, self._place.position("translation"), "change `key` in `translation`"))
        if problems:
            raise ConfigurationError(problems)

    def _claim(self, claims: Claims) -> None:
        table: AssetTable = self._table
        made = [table.datasets[name].key for name in table.producers] + [spec.key for spec in table.nodes.values()]
        claim_names(
            claims,
            self._place.label,
            self._place.position(),
            {
                "resource": [self._instance.key],
                "job": [plan.name for plan in self._jobs],
                "op": list(self._steps),
                "asset": [key.to_user_string() for key in made],
            },
        )

    def _claim_ticks(self, claims: Claims, schedules: Iterable[Any], sensors: Iterable[Any]) -> None:
        """Schedules and sensors share one set of names."""
        names = {
            "schedule": [schedule.name for schedule in schedules if schedule is not None],
            "sensor": [sensor.name for sensor in sensors],
        }
        claim_names(claims, self._place.label, self._place.position(), names)

    def _executor(self, claims: Claims) -> dg.ExecutorDefinition | None:
        """The code location's executor; None leaves it to somebody else."""
        name = self._component.executor
        if name is None:
            return None
        try:
            chosen = self._config.executors.get(name)
            executor = build_executor(chosen) if chosen is not None else default_executor()
        except ExecutorError as error:
            raise ConfigurationError([Problem(str(error), self._positions.at("executors", name))]) from error
        claim_executor(claims, self._place.label, self._place.position("executor"), executor)
        return executor

    def _executor_problem(self, error: ExecutorError, plan: JobPlan) -> ConfigurationError:
        source = plan.source or plan.name
        choice = plan.config.executor
        at = ("executors", choice) if isinstance(choice, str) else ("jobs", source, "executor")
        return ConfigurationError([Problem(f"job '{source}': {error}", self._positions.at(*at))])


def _can_see(sensor: SensorSettings, around: SensorSurroundings) -> bool:
    """Whether the jobs and datasets a sensor names are exposed by this instance."""
    jobs = {sensor.job, *getattr(sensor, "monitored_jobs", ())}
    return jobs <= set(around.jobs) and set(getattr(sensor, "assets", ())) <= set(around.keys)


def _project_ref(component: KedroProjectComponent, place: ComponentPlace) -> ProjectRef:
    root, conf_source = resolve_project(place, component.project, component.package, component.conf_source)
    return ProjectRef(
        project_path=root.as_posix(),
        package_name=component.package,
        conf_source=conf_source,
        env=component.env,
        runtime_params=component.runtime_params,
        include_hooks=component.include_hooks,
    )


def _checked_configuration(
    component: KedroProjectComponent, place: ComponentPlace, manifest: ProjectManifest
) -> tuple[DagsterConfig, Positions]:
    """`dagster.yml`, once it and the component's attributes are known to hold no mistake.

    Raises:
        ConfigurationError: With the mistakes of both.
    """
    problems = check_attributes(component, place, manifest)
    try:
        config, positions = load_dagster_config(manifest)
    except ConfigurationError as error:
        raise ConfigurationError([*problems, *error.problems]) from error
    if problems:
        raise ConfigurationError(problems)
    return config, positions


def _op_names(
    component: KedroProjectComponent, manifest: ProjectManifest, node_ids: Sequence[str], job_names: Sequence[str]
) -> dict[str, str]:
    """Op name by node id: the node's own name, unless that is no identifier or belongs to a job."""
    name = component.op.name if component.op is not None else None
    if name and len(node_ids) == 1:
        return {node_ids[0]: name}
    prefix = f"{component.name_prefix or ''}{f'{name}_' if name else ''}"
    wanted = {node_id: f"{prefix}{node_id}" for node_id in node_ids}
    names = unique_identifiers(wanted.values(), taken=job_names, suffix="_node")
    return {node_id: names[wanted[node_id]] for node_id in node_ids}


def _op_settings(component: KedroProjectComponent) -> OpSettings:
    op = component.op
    if op is None:
        return OpSettings(tags={})
    retry = op.retry_policy
    return OpSettings(
        tags=op.tags or {},
        description=op.description,
        pool=op.pool,
        retry_policy=None
        if retry is None
        else dg.RetryPolicy(
            max_retries=retry.max_retries,
            delay=retry.delay,
            backoff=dg.Backoff[retry.backoff] if retry.backoff else None,
            jitter=dg.Jitter[retry.jitter] if retry.jitter else None,
        ),
        backfill_policy=op.backfill_policy,
    )
