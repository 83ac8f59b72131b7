"""A running `dg dev`, daemon included, and its GraphQL API."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

LAUNCH = """
mutation Launch($params: ExecutionParams!) {
  launchPipelineExecution(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
    ... on RunConfigValidationInvalid { errors { message } }
    ... on PipelineNotFoundError { message }
    ... on InvalidSubsetError { message }
  }
}
"""
REEXECUTE = """
mutation Again($params: ReexecutionParams!) {
  launchRunReexecution(reexecutionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
  }
}
"""
BACKFILL = """
mutation Backfill($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
  }
}
"""
TERMINATE = """
mutation End($run: String!, $policy: TerminateRunPolicy) {
  terminateRun(runId: $run, terminatePolicy: $policy) {
    __typename
    ... on TerminateRunFailure { message }
    ... on PythonError { message }
  }
}
"""
STATUS = "query Status($run: ID!) { runOrError(runId: $run) { ... on Run { status } } }"
RUNS = """
query Runs($filter: RunsFilter) {
  runsOrError(filter: $filter) { ... on Runs { results { runId status tags { key value } } } }
}
"""
SCHEDULE = {
    "start": "mutation S($s: ScheduleSelector!) { startSchedule(scheduleSelector: $s) { __typename } }",
    "stop": "mutation S($id: String!) { stopRunningSchedule(id: $id) { __typename } }",
    "state": "query S($s: ScheduleSelector!) { scheduleOrError(scheduleSelector: $s) { ... on Schedule { scheduleState { id } } } }",
}
ENDED = {"SUCCESS", "FAILURE", "CANCELED"}


class DevServer:
    """`dg dev` in a Dagster project's folder, in a process group of its own."""

    def __init__(self, root, env, log):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.where = {"repositoryLocationName": root.name, "repositoryName": "__repository__"}
        self._log = log
        with log.open("wb") as output:
            command = [
                str(Path(sys.executable).with_name("dg")),
                "dev",
                "--host",
                "127.0.0.1",
                "--port",
                str(self.port),
            ]
            self._process = subprocess.Popen(
                command, cwd=root, env=env, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )

    def query(self, text, **variables):
        """Data of an answer; for one with a single field, that field."""
        body = json.dumps({"query": text, "variables": variables}).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/graphql", body, {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                found = json.loads(answer.read())
        except urllib.error.HTTPError as error:
            raise AssertionError(error.read().decode()) from error
        assert "errors" not in found, found
        (value,) = found["data"].values()
        return value

    def wait_until_ready(self, seconds=300):
        end = time.monotonic() + seconds
        text = "{ repositoriesOrError { ... on RepositoryConnection { nodes { name location { name } } } } }"
        while True:
            with contextlib.suppress(OSError):
                nodes = self.query(text).get("nodes")
                if nodes:
                    self.where["repositoryLocationName"] = nodes[0]["location"]["name"]
                    return
            assert self._process.poll() is None, self.log()
            assert time.monotonic() < end, self.log()
            time.sleep(0.3)

    def log(self):
        return self._log.read_text(encoding="utf-8", errors="replace")[-8000:]

    def launch(self, job="__ASSET_JOB", assets=(), config=None):
        """Id of a new run."""
        selector = {**self.where, "pipelineName": job}
        if assets:
            selector["assetSelection"] = [{"path": name.split("/")} for name in assets]
            selector["assetCheckSelection"] = []
        params = {"selector": selector, "mode": "default", "runConfigData": config or {}}
        answer = self.query(LAUNCH, params=params)
        assert answer["__typename"] == "LaunchRunSuccess", answer
        return answer["run"]["runId"]

    def reexecute_from_failure(self, run_id):
        answer = self.query(REEXECUTE, params={"parentRunId": run_id, "strategy": "FROM_FAILURE"})
        assert answer["__typename"] == "LaunchRunSuccess", answer
        return answer["run"]["runId"]

    def backfill(self, assets):
        """Id of a backfill of assets without partitions."""
        keys = [{"assetKey": {"path": name.split("/")}, "partitions": None} for name in assets]
        answer = self.query(BACKFILL, params={"partitionsByAssets": keys})
        assert answer["__typename"] == "LaunchBackfillSuccess", answer
        return answer["backfillId"]

    def terminate(self, run_id, policy="SAFE_TERMINATE"):
        answer = self.query(TERMINATE, run=run_id, policy=policy)
        assert answer["__typename"] == "TerminateRunSuccess", answer

    def start_schedule(self, name):
        self.query(SCHEDULE["start"], s={**self.where, "scheduleName": name})

    def stop_schedule(self, name):
        state = self.query(SCHEDULE["state"], s={**self.where, "scheduleName": name})
        self.query(SCHEDULE["stop"], id=state["scheduleState"]["id"])

    def status(self, run_id):
        return self.query(STATUS, run=run_id)["status"]

    def wait(self, run_id, seconds=300):
        """Status of a run once it has ended."""
        until(lambda: self.status(run_id) in ENDED, seconds, self.log)
        return self.status(run_id)

    def wait_for_all(self, seconds=240):
        """Until every run has ended."""
        until(lambda: all(run["status"] in ENDED for run in self.query(RUNS, filter={})["results"]), seconds, self.log)

    def run_with_tag(self, key, value=None, seconds=300):
        """Id of the first run with a tag, once it is there."""
        tag = {"key": key, "value": value} if value else {"key": key}
        found = []

        def is_there():
            found[:] = self.query(RUNS, filter={"tags": [tag]})["results"]
            return found

        until(is_there, seconds, self.log)
        return found[-1]["runId"]

    def stop(self):
        """End it with everything it started."""
        self._process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(20)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def until(condition, seconds, explain=lambda: ""):
    """Wait for something another process does."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s\n{explain()}"
        time.sleep(0.2)
