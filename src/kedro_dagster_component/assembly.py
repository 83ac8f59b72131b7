"""One component instance put together: project, manifest, configuration, definitions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import dagster as dg

from kedro_dagster_component.asset_checks import build_check_table, build_checks_of_freshness, build_checks_of_inputs
from kedro_dagster_component.attributes import check_values, filters_of, partitions_of
from kedro_dagster_component.config.check_sensors import name_clash
from kedro_dagster_component.config.configured import with_settings
from kedro_dagster_component.config.grouping import grouping_choice
from kedro_dagster_component.config.models import DagsterConfig
from kedro_dagster_component.config.patterns import most_specific
from kedro_dagster_component.config.positions import Positions
from kedro_dagster_component.config.settings import CatalogPlaces
from kedro_dagster_component.config.without_effect import (
    jobs_left_out,
    keys_that_overwrite,
)
from kedro_dagster_component.errors import ConfigurationError, Problem
from kedro_dagster_component.grouping import checked_groups, jobs_with_assets
from kedro_dagster_component.kept_assets import kept_or_built, origin_of
from kedro_dagster_component.loading import ComponentPlace, warn_at, warn_of
from kedro_dagster_component.manifest import DatasetEntry, NodeEntry, ProjectManifest
from kedro_dagster_component.op_settings import op_names, settings_of_step, shared_settings
from kedro_dagster_component.parts import InstanceParts, hand_out
from kedro_dagster_component.plan import InstancePlan, StepPlan
from kedro_dagster_component.project_reading import read_configuration, read_project
from kedro_dagster_component.runtime.partition_choice import choice_problem
from kedro_dagster_component.siblings import Claims, claim_executor, claim_inputs, claim_names, claims_of
from kedro_dagster_component.translate.assets import (
    AssetTable,
    OpSettings,
    build_asset_table,
    build_external_specs,
    build_step_assets,
)
from kedro_dagster_component.translate.checks import build_freshness_sensor
from kedro_dagster_component.translate.config_schema import changeable_configs
from kedro_dagster_component.translate.crossings import check_crossings
from kedro_dagster_component.translate.executors import (
    ExecutorError,
    build_executor,
    default_executor,
)
from kedro_dagster_component.translate.exposure import exposed_nodes, hidden_inputs
from kedro_dagster_component.translate.fan_out import names_of_step, with_fan_out
from kedro_dagster_component.translate.grouping import inside_datasets
from kedro_dagster_component.translate.jobs import (
    JobPlan,
    build_job,
    build_schedule,
    job_filters,
    job_loggers,
    job_params,
    job_partitions,
    plan_jobs,
    schedule_of,
)
from kedro_dagster_component.translate.op_jobs import build_op_job, definitions_of
from kedro_dagster_component.translate.partition_runs import time_definition
from kedro_dagster_component.translate.partitions import PartitionMistake, build_partition_table
from kedro_dagster_component.translate.run_metadata import with_preview
from kedro_dagster_component.translate.run_sensors import build_hook_sensors
from kedro_dagster_component.translate.session_resource import build_session_resource
from kedro_dagster_component.translate.static_metadata import with_project
from kedro_dagster_component.translate.steps import build_dataset_plans, build_step_plans
from kedro_dagster_component.translation import TranslationError
from kedro_dagster_component.triggers import build_automation, build_configured_sensors, sensor_surroundings

if TYPE_CHECKING:
    from kedro_dagster_component.component import KedroProjectComponent


def build_instance(component: KedroProjectComponent, context: dg.ComponentLoadContext) -> dg.Definitions:
    """Definitions of one component instance.

    Raises:
        KedroDagsterError: The project cannot be read, or its configuration has mistakes.
    """
    place = ComponentPlace(context)
    claims = claims_of(context.component_tree)
    problems = check_values(component, place)
    manifest = read_project(component, place, problems)
    config, positions = read_configuration(component, place, manifest, claims, problems)
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
    assembly = _Assembly(component, place, manifest, config, positions, node_ids)
    definitions = assembly.build(claims)
    hand_out(assembly.parts())
    return definitions


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
        if node_ids:
            warn_of(
                jobs_left_out(
                    config, positions, manifest, {plan.name.removeprefix(self._prefix) for plan in self._jobs}
                )
            )
        inside = inside_datasets(manifest, node_ids, grouping_choice(component.group_nodes_by))
        self._table = build_asset_table(manifest, node_ids, self._spec, inside)
        self._check_keys()
        self._jobs = jobs_with_assets(self._jobs, self._table, manifest, positions)
        plans = build_dataset_plans(manifest, self._table, inside, component.include_metadata)
        self._checks = build_check_table(component.get_asset_check_specs, place, manifest, self._table, plans)
        self._origin = origin_of(component, manifest, config, self._table, self._checks)
        self._datasets = self._checks.datasets
        self._partitions = build_partition_table(
            manifest, node_ids, {**partitions_of(component), **config.partitions}, self._table.partitions
        )
        self._check_partitions()
        self._steps, self._settings = self._plan_steps()
        self._instance = self._plan_instance()
        warn_of(check_crossings(self._jobs, self._steps, config, positions, component.executor))

    def build(self, claims: Claims) -> dg.Definitions:
        """All definitions, once their names are claimed."""
        self._claim(claims)
        executor = self._executor(claims)
        assets = kept_or_built(self._place.label, self._origin, self._assets)
        jobs = {plan.name: self._job(plan, assets) for plan in self._jobs}
        self._check_job_partitions()
        schedules = [
            build_schedule(plan, self._config, jobs[plan.name], self._prefix, self._definitions_of(plan))
            for plan in self._jobs
            if jobs[plan.name] is not None
        ]
        around = sensor_surroundings(
            self._manifest, self._instance, self._table, jobs, self._prefix, self._partitions.datasets
        )
        automation = f"{self._prefix}{self._instance.key}_automation"
        sensors = [
            *build_hook_sensors(self._instance, self._prefix, has_other_executor=executor is None),
            *build_configured_sensors(self._config, self._positions, around),
            *build_automation(self._config, self._positions, self._table, automation),
        ]
        inputs = self._inputs(claims)
        shown = {spec.key for spec in inputs}
        freshness = build_checks_of_freshness(self._table, self._manifest, shown)
        if freshness:
            name = f"{self._prefix}{self._instance.key}_freshness"
            sensors.append(build_freshness_sensor(name, freshness))
        self._claim_ticks(claims, schedules, sensors)
        return dg.Definitions(
            assets=[*assets.values(), *inputs],
            asset_checks=[*freshness, *self._checks_of_inputs(claims, shown)],
            jobs=[job for job in jobs.values() if job is not None],
            schedules=[schedule for schedule in schedules if schedule is not None],
            sensors=sensors,
            resources={
                self._instance.key: build_session_resource(
                    self._instance,
                    changeable_configs({name: self._manifest.datasets[name] for name in self._table.datasets}),
                )
            },
            executor=executor,
        )

    def parts(self) -> InstanceParts:
        """What the definitions are made of."""
        return InstanceParts(
            place=self._place,
            prefix=self._prefix,
            manifest=self._manifest,
            config=self._config,
            positions=self._positions,
            table=self._table,
            steps=self._steps,
            settings=self._settings,
            jobs=self._jobs,
            partitions=self._partitions,
            checks=self._checks,
        )

    def _inputs(self, claims: Claims) -> list[dg.AssetSpec]:
        """Free inputs, unless `exclude` names them or another instance of the code location shows or makes them."""
        hidden = hidden_inputs(self._manifest, filters_of(self._component))
        specs = build_external_specs(self._table, self._instance, hidden, self._partitions.datasets)
        shown = claim_inputs(claims, self._place.label, [spec.key.to_user_string() for spec in specs])
        return [spec for spec in specs if spec.key.to_user_string() in shown]

    def _checks_of_inputs(self, claims: Claims, shown: Collection[dg.AssetKey]) -> list[dg.AssetChecksDefinition]:
        """Checks of free inputs, which are ops of their own."""
        checks = list(
            build_checks_of_inputs(
                self._checks,
                self._table,
                self._instance,
                shown_inputs=shown,
                prefix=self._prefix,
                taken=[*self._steps, *(plan.name for plan in self._jobs)],
            )
        )
        names = [check.node_def.name for check in checks]
        claim_names(claims, self._place.label, self._place.position(), {"op": names})
        return checks

    def _assets(self) -> dict[str, dg.AssetsDefinition]:
        """The assets of each step, by op name; the definitions hold on to no more than a step needs."""
        execute = partial(_execute, self._component, self._instance)
        return {
            name: build_step_assets(
                step,
                self._table,
                self._manifest,
                self._instance,
                replace(self._settings[name], checks=self._checks.of([one.name for one in step.outputs.values()])),
                execute,
            )
            for name, step in self._steps.items()
        }

    def _spec(self, node: NodeEntry | None, dataset: DatasetEntry | None) -> dg.AssetSpec:
        """The final spec; a node that bears the name of a dataset keeps out of its way."""
        try:
            spec = self._component.get_asset_spec(node, dataset)
        except TranslationError as error:
            raise ConfigurationError(map(self._place.lines.problem, error.findings)) from error
        if dataset is None and node is not None and node.name in self._manifest.datasets:
            path = spec.key.path
            spec = spec.replace_attributes(key=dg.AssetKey([*path[:-1], f"{path[-1]}_node"]))
        return with_project(spec, self._manifest)

    @cached_property
    def _steps_by_job(self) -> dict[str, list[StepPlan]]:
        wanted = {plan.name: set(plan.node_ids) for plan in self._jobs}
        return {
            name: [step for step in self._steps.values() if not node_ids.isdisjoint(step.node_ids)]
            for name, node_ids in wanted.items()
        }

    def _definitions_of(self, plan: JobPlan) -> list[Any]:
        """The different partitions of a job's steps."""
        return definitions_of(self._steps_by_job[plan.name])

    def _check_job_partitions(self) -> None:
        """`partitions` of jobs that fit nothing in them, and schedules that have nothing to follow."""
        problems = []
        for plan in self._jobs:
            definitions, path = self._definitions_of(plan), ("jobs", plan.source or plan.name)
            choice = plan.config.partitions
            message = choice_problem(definitions, choice) if choice is not None else None
            if message is not None:
                problems.append(self._positions.problem((*path, "partitions"), message))
            schedule = schedule_of(plan, self._config)
            if schedule is not None and not schedule.cron_schedule and time_definition(definitions) is None:
                named = plan.config.schedule
                at = ("schedules", named) if isinstance(named, str) else (*path, "schedule")
                message = (
                    f"'cron_schedule' is missing: job '{plan.source or plan.name}' has no partitions by time to follow"
                )
                hint = 'for example "0 2 * * *", every night at two'
                problems.append(self._positions.problem(at, message, hint=hint, at_key=True))
        if problems:
            raise ConfigurationError(dict.fromkeys(problems))

    def _job(self, plan: JobPlan, assets: Mapping[str, dg.AssetsDefinition]) -> Any:
        if len(self._definitions_of(plan)) > 1:
            nodes = {name: made.node_def for name, made in assets.items()}
            try:
                steps = self._steps_by_job[plan.name]
                return self._component.get_job(build_op_job(plan, self._config, steps, nodes, self._place.key))
            except ExecutorError as error:
                raise self._executor_problem(error, plan) from error
        keys = lambda node_id: self._table.keys_of(self._manifest.nodes[node_id])  # noqa: E731
        try:
            return self._component.get_job(build_job(plan, self._config, keys, self._place.key))
        except ExecutorError as error:
            raise self._executor_problem(error, plan) from error

    def _plan_steps(self) -> tuple[dict[str, StepPlan], dict[str, OpSettings]]:
        """Steps and their settings, by op name."""
        groups = checked_groups(self._component, self._place, self._manifest, self._node_ids, self._partitions.steps)
        named = op_names(self._component, groups, [plan.name for plan in self._jobs])
        plans = build_step_plans(self._manifest, self._table, self._datasets, named, self._partitions.steps)
        shared = shared_settings(self._component)
        settings = {
            name: settings_of_step(step, self._manifest, self._positions, shared) for name, step in plans.items()
        }
        steps = {name: with_preview(step, self._component.include_metadata) for name, step in plans.items()}
        return {name: with_fan_out(step, settings[name].backfill_policy) for name, step in steps.items()}, settings

    def _check_partitions(self) -> None:
        """Partitions that cannot be together in one node, or be mapped to each other."""
        if self._partitions.mistakes:
            raise ConfigurationError(map(self._setting_problem, self._partitions.mistakes))
        warn_of(keys_that_overwrite(self._manifest, self._partitions.datasets))

    def _setting_problem(self, mistake: PartitionMistake) -> Problem:
        """A mistake at a setting of an asset: in `assets:`, else in the catalog."""
        name, setting = mistake.dataset, mistake.setting
        key = most_specific(self._config.assets, name)
        if key is not None and setting in self._config.assets[key].model_fields_set:
            return self._positions.problem(("assets", key, setting), mistake.message, hint=mistake.hint)
        entry = self._manifest.datasets.get(name)
        if entry is None or entry.location is None:
            return self._positions.problem(("assets",), mistake.message, hint=mistake.hint, at_key=True)
        places = CatalogPlaces(self._manifest)
        return places.problem(places.setting_path(entry, setting), mistake.message, hint=mistake.hint)

    def _plan_instance(self) -> InstancePlan:
        return InstancePlan(
            key=self._place.key,
            ref=self._manifest.ref,
            memory=self._component.memory_datasets,
            steps=self._steps,
            datasets={dataset.asset_key: dataset for dataset in self._datasets.values() if dataset.asset_key},
            job_params=job_params(self._jobs),
            job_pipelines={plan.name: plan.pipelines for plan in self._jobs},
            job_partitions=job_partitions(self._jobs, self._definitions_of),
            job_filters=job_filters(self._jobs),
            job_loggers=job_loggers(self._jobs, self._config),
            op_job_nodes={
                plan.name: frozenset(plan.node_ids) for plan in self._jobs if len(self._definitions_of(plan)) > 1
            },
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
                "op": [name for step in self._steps.values() for name in names_of_step(step)],
                "asset": [key.to_user_string() for key in made],
            },
        )

    def _claim_ticks(self, claims: Claims, schedules: Iterable[Any], sensors: Iterable[Any]) -> None:
        """Schedules and sensors share one set of names."""
        names = {
            "schedule": [schedule.name for schedule in schedules if schedule is not None],
            "sensor": [sensor.name for sensor in sensors],
        }
        twice = sorted(name for name, count in Counter([*names["schedule"], *names["sensor"]]).items() if count > 1)
        if twice:
            entries = [("sensors", name.removeprefix(self._prefix)) for name in twice]
            raise ConfigurationError(map(name_clash, twice, entries, [self._positions] * len(twice)))
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


def _execute(
    component: KedroProjectComponent, instance: InstancePlan, context: dg.AssetExecutionContext, step: StepPlan
) -> Iterator[Any]:
    yield from component.execute(context, instance, step)
