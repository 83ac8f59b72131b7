"""A Kedro project whose hooks write down when they were called with what, and the trace they leave.

Each call is a line of JSON in the file that the variable HOOK_TRACE names: hook, pid, time, the arguments of
interest, and the save version, by which a call belongs to a run.
"""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

HOOKS = '''
    import json
    import os
    import time
    import traceback

    from kedro.framework.hooks import hook_impl


    class Trace:
        """All twelve hooks."""

        def __init__(self, name):
            self.name, self.version, self.state = name, None, None

        def write(self, hook, **values):
            line = {"by": self.name, "hook": hook, "pid": os.getpid(), "ppid": os.getppid(), "time": time.time_ns()}
            line |= {"version": self.version, "state": self.state, **values}
            with open(os.environ["HOOK_TRACE"], "ab", buffering=0) as file:  # one write: others read and write it too
                file.write((json.dumps(line, default=str) + "\\n").encode())

        @hook_impl
        def after_context_created(self, context):
            self.version = self.state = None
            self.write("after_context_created", env=context.env)

        @hook_impl
        def after_catalog_created(
            self, catalog, conf_catalog, conf_creds, parameters, save_version, load_versions
        ):
            self.version, self.catalog = save_version, catalog
            self.write("after_catalog_created", load_versions=load_versions, parameters=parameters)

        @hook_impl
        def before_pipeline_run(self, run_params, pipeline, catalog):
            self.state = "set by before_pipeline_run"
            self.write("before_pipeline_run", **self.told(run_params, pipeline, catalog))

        @hook_impl
        def after_pipeline_run(self, run_params, run_result, pipeline, catalog):
            result = {name: type(dataset).__name__ for name, dataset in run_result.items()}
            self.write("after_pipeline_run", result=result, **self.told(run_params, pipeline, catalog))

        @hook_impl
        def on_pipeline_error(self, error, run_params, pipeline, catalog):
            values = {"error": type(error).__name__, "message": str(error), "frames": len(traceback.extract_tb(error.__traceback__))}
            values |= {"class_name": getattr(error, "class_name", None), "step": getattr(error, "step", None)}
            values |= {"original_traceback": getattr(error, "original_traceback", None)}
            self.write("on_pipeline_error", **values, **self.told(run_params, pipeline, catalog))

        def told(self, run_params, pipeline, catalog):
            nodes, outputs = [node.name for node in pipeline.nodes], sorted(pipeline.outputs())
            return {"run_params": run_params, "nodes": nodes, "outputs": outputs, "same": catalog is self.catalog}

        @hook_impl
        def before_node_run(self, node, catalog, inputs, is_async, run_id):
            self.write("before_node_run", node=node.name, run_id=run_id, is_async=is_async)

        @hook_impl
        def after_node_run(self, node, catalog, inputs, outputs, is_async, run_id):
            self.write("after_node_run", node=node.name, run_id=run_id)

        @hook_impl
        def on_node_error(self, error, node, catalog, inputs, is_async, run_id):
            frames = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
            self.write("on_node_error", node=node.name, error=type(error).__name__, message=str(error), frames=frames)

        @hook_impl
        def before_dataset_loaded(self, dataset_name, node):
            self.write("before_dataset_loaded", node=node.name, dataset=dataset_name)

        @hook_impl
        def after_dataset_loaded(self, dataset_name, data, node):
            self.write("after_dataset_loaded", node=node.name, dataset=dataset_name)

        @hook_impl
        def before_dataset_saved(self, dataset_name, data, node):
            self.write("before_dataset_saved", node=node.name, dataset=dataset_name)

        @hook_impl
        def after_dataset_saved(self, dataset_name, data, node):
            self.write("after_dataset_saved", node=node.name, dataset=dataset_name)
'''
SETTINGS = """
    from demo.hooks import Trace

    HOOKS = (Trace("project"),)
"""
LEVELS = {
    "run": ("before_pipeline_run", "after_pipeline_run", "on_pipeline_error"),
    "session": ("after_context_created", "after_catalog_created"),
    "node": ("before_node_run", "after_node_run", "on_node_error"),
    "dataset": ("before_dataset_loaded", "after_dataset_loaded", "before_dataset_saved", "after_dataset_saved"),
}
ALL_HOOKS = tuple(hook for hooks in LEVELS.values() for hook in hooks)


@dataclass(frozen=True)
class Trace:
    """Hook calls in the order of time, of one run or of many."""

    calls: list

    def counts(self):
        return Counter(call["hook"] for call in self.calls)

    def of(self, *hooks):
        return [call for call in self.calls if call["hook"] in hooks]

    def one(self, hook):
        (call,) = self.of(hook)
        return call

    def processes(self):
        """Traces of single processes, by pid."""
        return {pid: Trace([call for call in self.calls if call["pid"] == pid]) for pid in self.pids()}

    def pids(self):
        return list(dict.fromkeys(call["pid"] for call in self.calls))

    def steps(self):
        """Node and dataset hooks of each node attempt: `[(node, [(hook, dataset), ...]), ...]`."""
        attempts = []
        for process in self.processes().values():
            last = None
            for call in process.of(*LEVELS["node"], *LEVELS["dataset"]):
                seen = (call["hook"], call.get("dataset"))
                if last is None or last[0] != call["node"] or last[1][-1][0] == "on_node_error":
                    last = (call["node"], [])
                    attempts.append(last)
                last[1].append(seen)
        return attempts


def read_trace(file, by="project"):
    """Every call so far; the context's own, which comes before the version is known, gets that of its catalog."""
    if not Path(file).exists():
        return Trace([])
    lines = [json.loads(line) for line in Path(file).read_text(encoding="utf-8").splitlines()]
    calls = sorted((line for line in lines if line["by"] == by), key=lambda call: call["time"])
    open_contexts = {}
    for call in calls:
        if call["hook"] == "after_context_created":
            open_contexts[call["pid"]] = call
        elif call["hook"] == "after_catalog_created":
            open_contexts.pop(call["pid"], {})["version"] = call["version"]
    return Trace(calls)


def runs_of(trace):
    """Traces of single Dagster runs, by run id; `None` holds what belongs to no Dagster run."""
    ids = {call["version"]: call["run_params"].get("dagster_run_id") for call in trace.of(*LEVELS["run"])}
    calls = {}
    for call in trace.calls:
        calls.setdefault(ids.get(call["version"]), []).append(call)
    return {run_id: Trace(found) for run_id, found in calls.items()}


REGISTRY = """
    import os
    import signal
    import time
    from pathlib import Path

    from kedro.pipeline import node, pipeline

    def start(size):
        return list(range(size))

    def check(numbers):
        if Path("fail_once").exists():
            Path("fail_once").unlink()
            raise ValueError("the node's own words")
        return numbers

    def add(checked, size):
        return {"total": sum(checked), "size": size}

    def double(numbers):
        return [2 * number for number in numbers]

    def tell(checked):
        pass

    def die(size):
        os.kill(os.getpid(), signal.SIGKILL)

    def wait(size):
        Path("waiting").write_text(str(os.getpid()))
        try:
            time.sleep(120)
        finally:
            Path("waiting").unlink()

    def despair(size):
        raise ValueError

    def register_pipelines():
        return {
            "hopeless": pipeline([node(despair, "params:size", "hope", name="despair")]),
            "__default__": pipeline([
                node(start, "params:size", "numbers", name="start"),
                node(check, "numbers", "checked", name="check"),
                node(add, ["checked", "params:size"], "total", name="add", tags="last"),
                node(double, "numbers", "doubled", name="double"),
                node(tell, "checked", None, name="tell", tags="last"),
            ]),
            "die": pipeline([node(die, "params:size", "never", name="die"), node(tell, "never", None, name="late")]),
            "wait": pipeline([node(wait, "params:size", "waited", name="wait")]),
        }
"""
CATALOG = """
    numbers: {type: json.JSONDataset, filepath: data/numbers.json}
    checked: {type: json.JSONDataset, filepath: data/checked.json}
    total: {type: json.JSONDataset, filepath: data/total.json, versioned: true}
    waited: {type: json.JSONDataset, filepath: data/waited.json}
    never: {type: json.JSONDataset, filepath: data/never.json}
"""
PARAMETERS = "size: 3"
DAGSTER = """
    schedules:
      minutely: {cron_schedule: "* * * * *"}
    jobs:
      everything: {pipeline: {pipeline_name: __default__}}
      retried: {pipeline: {pipeline_name: __default__}, retry_policy: {max_retries: 1}}
      scheduled: {pipeline: {pipeline_name: __default__}, schedule: minutely, executor: {in_process: {}}}
      die: {pipeline: {pipeline_name: die}}
      hopeless: {pipeline: {pipeline_name: hopeless}, retry_policy: {max_retries: 1}}
      wait: {pipeline: {pipeline_name: wait}}
"""
NODES = ("start", "check", "add", "double", "tell")
