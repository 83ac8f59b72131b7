"""Runs of a code location in a process of their own: `python driver.py requests.json reports.json`, in its folder.

A process holds one Kedro project, so every code location under test needs a process that has met no other. The
requests are a list of mappings, each of them one Dagster run (all keys optional):

    job          name of the job; without it the assets are materialised without a job
    assets       asset keys (`a/b`) to select
    checks       asset checks (`a/b:name`) to select, and nothing else
    config       run configuration
    executor     in_process (default), multiprocess, or api for `execute_in_process`
    reexecute    index of the report whose run is re-executed from its failure
    write        files to write before the run, by path relative to the working directory
    call         `module:function` in the code location to call before the run
    tags         tags of the run, such as those of its partitions
    schedule     name of a schedule; what it asks for at `at` (ISO 8601) is the run, and it has to be one

Each report has `checks` (what came of each, by `a/b:name`), `run_id`, `success`, `steps` (keys of those that succeeded), `failures` (message by step key), `error`
(of the run as a whole), `saved` (metadata by asset key), `partitions` (asset key and partition), `partition_tags` (of them), `order` (asset keys as saved) and `logs`
([level, message]).
"""

import importlib
import json
import sys
import traceback
from datetime import datetime
from pathlib import Path

import dagster as dg
from dagster._core.code_pointer import ModuleCodePointer
from dagster._core.definitions.reconstruct import (
    ReconstructableJob,
    ReconstructableRepository,
    initialize_repository_def_from_pointer,
)


class Driver:
    def __init__(self):
        pointer = ModuleCodePointer("location.definitions", "defs", str(Path.cwd() / "src"))
        self.repository = initialize_repository_def_from_pointer(pointer)
        reconstructable = ReconstructableRepository(pointer)
        self.reconstructable = reconstructable.with_repository_load_data(self.repository.repository_load_data)
        self.instance = dg.DagsterInstance.get()
        self.reports = []

    def run(self, request):
        for name, text in (request.get("write") or {}).items():
            Path(name).write_text(text, encoding="utf-8")
        if "call" in request:
            module, _, name = request["call"].partition(":")
            getattr(importlib.import_module(module), name)()
        before = {run.run_id for run in self.instance.get_runs()}
        error = run_id = None
        try:
            run_id = self.execute(request)
        except Exception:  # noqa: BLE001  (every way a run can end is for the test to judge)
            error = traceback.format_exc()
        run = self.instance.get_run_by_id(run_id) if run_id else None
        run = run or next((run for run in self.instance.get_runs() if run.run_id not in before), None)
        self.reports.append(self.report(run, error))

    def asked_by(self, schedule, at):
        """The run that a schedule asks for, as a request."""
        context = dg.build_schedule_context(
            self.instance, scheduled_execution_time=datetime.fromisoformat(at), repository_def=self.repository
        )
        definition = self.repository.get_schedule_def(schedule)
        [asked] = definition.evaluate_tick(context).run_requests
        return {"job": definition.job_name, "tags": dict(asked.tags), "config": dict(asked.run_config)}

    def execute(self, request):
        if "schedule" in request:
            request = {**request, **self.asked_by(request["schedule"], request["at"])}
        config, executor = dict(request.get("config") or {}), request.get("executor", "in_process")
        keys = [dg.AssetKey(key.split("/")) for key in request.get("assets") or ()]
        name = request.get("job") or self.repository.get_implicit_asset_job_names()[0]
        if executor == "api":
            job = self.repository.get_job(name)
            return job.execute_in_process(
                run_config=config,
                instance=self.instance,
                asset_selection=keys or None,
                raise_on_error=False,
                tags=request.get("tags"),
            ).run_id
        job = ReconstructableJob(self.reconstructable, name)
        if "execution" not in config:
            options = {"max_concurrent": 2} if executor == "multiprocess" else {}
            config["execution"] = {"config": {executor: options}}
        if "checks" in request:
            named = [check.rpartition(":") for check in request["checks"]]
            checks = frozenset(dg.AssetCheckKey(dg.AssetKey(key.split("/")), name) for key, _, name in named)
            job = job.get_subset(asset_selection=frozenset(), asset_check_selection=checks)
        options = None
        if "reexecute" in request:
            options = dg.ReexecutionOptions.from_failure(self.reports[request["reexecute"]]["run_id"], self.instance)
        with dg.execute_job(
            job,
            self.instance,
            run_config=config,
            asset_selection=keys or None,
            tags=request.get("tags"),
            reexecution_options=options,
            raise_on_error=False,
        ) as result:
            return result.run_id

    def report(self, run, error):
        if run is None:
            return {"run_id": None, "success": False, "error": error, "steps": [], "failures": {}, "saved": {}}
        events = [entry.dagster_event for entry in self.instance.all_logs(run.run_id) if entry.dagster_event]
        saved = [event.materialization for event in events if event.event_type_value == "ASSET_MATERIALIZATION"]
        ended = [event.job_failure_data.error for event in events if event.event_type_value == "PIPELINE_FAILURE"]
        logs = [entry for entry in self.instance.all_logs(run.run_id) if entry.dagster_event is None]
        return {
            "run_id": run.run_id,
            "success": self.instance.get_run_by_id(run.run_id).is_success,
            "error": "\n".join([error or "", *[item.to_string() for item in ended if item]]),
            "steps": [event.step_key for event in events if event.is_step_success],
            "failures": {
                event.step_key: event.step_failure_data.error.to_string() for event in events if event.is_step_failure
            },
            "retries": [event.step_key for event in events if event.event_type_value == "STEP_UP_FOR_RETRY"],
            "saved": {item.asset_key.to_user_string(): plain_metadata(item) for item in saved},
            "all_saved": [
                {
                    "asset": item.asset_key.to_user_string(),
                    "partition": item.partition,
                    "metadata": plain_metadata(item),
                }
                for item in saved
            ],
            "tags": {item.asset_key.to_user_string(): dict(item.tags or {}) for item in saved},
            "partitions": [[item.asset_key.to_user_string(), item.partition] for item in saved],
            "partition_tags": [
                [item.asset_key.to_user_string(), item.partition, dict(item.tags or {})] for item in saved
            ],
            "checks": checked(events),
            "order": [item.asset_key.to_user_string() for item in saved],
            "logs": [[entry.level, entry.user_message] for entry in logs],
        }


def checked(events):
    found = {}
    for event in events:
        if event.event_type_value == "ASSET_CHECK_EVALUATION":
            one = event.asset_check_evaluation_data
            name = f"{one.asset_key.to_user_string()}:{one.check_name}"
            found[name] = {
                "passed": one.passed,
                "severity": one.severity.value,
                "description": one.description,
                "blocking": one.blocking,
                "metadata": {key: plain(value.value) for key, value in one.metadata.items()},
                "count": found.get(name, {}).get("count", 0) + 1,
            }
    return found


def plain(value):
    records = getattr(value, "records", None)
    return {"records": [dict(record.data) for record in records]} if records is not None else value


def plain_metadata(materialization):
    """Metadata as JSON can hold it: of a table its records, of a schema names and types of its columns."""
    return {key: plain_value(value) for key, value in materialization.metadata.items()}


def plain_value(value):
    if isinstance(value, dg.TableMetadataValue):
        return [dict(record.data) for record in value.records]
    if isinstance(value, dg.TableSchemaMetadataValue):
        return [[column.name, column.type] for column in value.schema.columns]
    return value.value


def main():
    requests, reports = Path(sys.argv[1]), Path(sys.argv[2])
    driver = Driver()
    for request in json.loads(requests.read_text(encoding="utf-8")):
        driver.run(request)
    reports.write_text(json.dumps(driver.reports, default=str), encoding="utf-8")


if __name__ == "__main__":
    main()
