"""Steps of several nodes: as `kedro run` runs them, resumed after a failure, cut to what is asked for."""

import json

import pytest

REGISTRY = """
    from pathlib import Path

    from kedro.pipeline import node, pipeline

    def clean(raw):
        return [number for number in raw if number]

    def scale(cleaned, factor):
        return [number * factor for number in cleaned]

    def total(scaled, cleaned, factor):
        flag = Path("fail")
        if flag.exists() and (when := flag.read_text()) and when != "note":
            flag.write_text(when.replace("once", ""))
            raise ValueError("on demand")
        return sum(scaled) + sum(cleaned) + factor

    def note(total):
        if Path("fail").exists() and Path("fail").read_text() == "note":
            raise ValueError("on demand")
        Path("noted").write_text(str(total))

    def report(total, cleaned):
        return {"total": total, "rows": len(cleaned)}

    def register_pipelines():
        prep = pipeline(
            [
                node(clean, "raw", "cleaned", name="clean"),
                node(scale, ["cleaned", "params:factor"], "scaled", name="scale"),
                node(total, ["scaled", "cleaned", "params:factor"], "total", name="total"),
                node(note, "total", None, name="note"),
            ],
            namespace="prep",
            inputs={"raw"},
            parameters={"factor"},
        )
        end = pipeline([node(report, ["prep.total", "prep.cleaned"], "report", name="report")])
        return {"prep": prep, "end": end, "__default__": prep + end}
"""
HOOKS = """
    from pathlib import Path

    from kedro.framework.hooks import hook_impl

    def trace(*words):
        with Path("trace.txt").open("a") as file:
            file.write(" ".join(map(str, words)) + "\\n")

    class Trace:
        @hook_impl
        def before_pipeline_run(self, pipeline):
            trace("begin", *sorted(node.name for node in pipeline.nodes))

        @hook_impl
        def after_pipeline_run(self):
            trace("end")

        @hook_impl
        def on_pipeline_error(self, error):
            trace("failed", repr(error))

        @hook_impl
        def before_node_run(self, node, inputs):
            trace("before", node.name, *sorted(map(str, inputs.items())))

        @hook_impl
        def after_node_run(self, node):
            trace("after", node.name)

        @hook_impl
        def before_dataset_loaded(self, dataset_name):
            trace("load", dataset_name)

        @hook_impl
        def after_dataset_saved(self, dataset_name):
            trace("save", dataset_name)
"""
CATALOG = """
    raw: {type: json.JSONDataset, filepath: data/raw.json}
    prep.scaled: {type: json.JSONDataset, filepath: data/scaled.json, versioned: true}
    prep.total: {type: json.JSONDataset, filepath: data/total.json}
    report: {type: json.JSONDataset, filepath: data/report.json}
"""
DAGSTER = """
    jobs:
      all: {pipeline: {pipeline_name: __default__}}
      retried: {pipeline: {pipeline_name: __default__}, retry_policy: {max_retries: 1}}
      only_prep: {pipeline: {pipeline_name: prep}}
      some: {pipeline: {pipeline_name: __default__, node_names: [prep.clean, prep.scale]}}
"""


@pytest.fixture
def location(builder, locate, tmp_path):
    def make(grouping="namespace", **attributes):
        settings = "from demo.hooks import Trace\nHOOKS = (Trace(),)\n"
        files = {"src/demo/hooks.py": HOOKS, "data/raw.json": "[0, 1, 2, 3]"}
        project = builder(
            tmp_path / "demo",
            registry=REGISTRY,
            settings=settings,
            catalog=CATALOG,
            parameters="factor: 10",
            dagster=DAGSTER,
            files=files,
        ).write()
        lines = [f"project: {project.root}", f"group_nodes_by: {grouping}"]
        lines += [f"{name}: {value}" for name, value in attributes.items()]
        return project.root, locate(tmp_path / "location", {"kedro": "\n".join(lines)})

    return make


def traced(root):
    """Lines of the hooks so far, and no more of them."""
    file = root / "trace.txt"
    lines = file.read_text().splitlines() if file.exists() else []
    file.unlink(missing_ok=True)
    return lines


@pytest.mark.parametrize("grouping", ["namespace", "memory"])
def test_a_group_runs_as_kedro_run_does(location, kedro_run, grouping):
    root, place = location(grouping)
    kedro_run(root)
    expected, by_kedro = traced(root), (root / "data/report.json").read_text()
    (root / "data/report.json").unlink()
    [report] = place.run({"job": "all"})
    assert report["success"], report["failures"]
    lines = traced(root)
    assert json.loads(by_kedro) == {"total": 76, "rows": 3}
    assert (root / "data/report.json").read_text() == by_kedro
    if grouping == "memory":
        assert report["steps"] == ["prep_clean_to_report", "prep_note"]
        assert report["order"] == ["prep/scaled", "prep/total", "report", "prep/note"]
        assert sorted(lines) == sorted(expected)
    else:
        assert lines == expected
        assert report["steps"] == ["prep", "report"]
        assert report["order"] == ["prep/cleaned", "prep/scaled", "prep/total", "prep/note", "report"]
        assert {"kedro/seconds", "kedro/save_seconds"} <= report["saved"]["prep/total"].keys()


def test_what_is_there_is_not_run_again(location):
    root, place = location()
    flag = str(root / "fail")
    reports = place.run(
        {"job": "all", "write": {flag: "always"}},
        {"job": "all", "write": {flag: ""}, "reexecute": 0},
        {"job": "retried", "write": {flag: "once"}},
        {"job": "only_prep", "write": {flag: "note"}},
        {"job": "only_prep", "write": {flag: ""}, "reexecute": 3},
    )
    failed, resumed, retried, failed_at_end, resumed_at_end = reports
    assert not failed["success"]
    assert failed["order"] == ["prep/cleaned", "prep/scaled"]
    assert [40, "Node 'prep.total' failed, and the step 'prep' ends"] in failed["logs"]
    assert resumed["success"], resumed["failures"]
    assert resumed["steps"] == ["prep", "report"]
    assert resumed["order"] == ["prep/cleaned", "prep/total", "prep/note", "report"]
    assert retried["retries"] == ["prep"]
    assert retried["order"] == ["prep/cleaned", "prep/scaled", "prep/total", "prep/note", "report"]
    assert retried["steps"] == ["prep", "report"]
    assert failed_at_end["order"] == ["prep/cleaned", "prep/scaled", "prep/total"]
    assert resumed_at_end["success"], resumed_at_end["failures"]
    assert resumed_at_end["order"] == ["prep/note"]
    runs = "\n".join(traced(root)).split("begin ")[1:]
    ran = [[line.split()[1] for line in run.splitlines() if line.startswith("before ")] for run in runs]
    assert ran[0] == ["prep.clean", "prep.scale", "prep.total"]
    assert ran[1] == ["prep.clean", "prep.total", "prep.note", "report"]
    assert ran[2] == ["prep.clean", "prep.scale", "prep.total", "prep.total", "prep.note", "report"]
    assert ran[4] == ["prep.note"]
    assert "failed ValueError('on demand')" in runs[0]


def test_only_what_is_asked_for_is_run(location):
    root, place = location()
    everything, some, one, with_memory, changed = place.run(
        {"job": "all"},
        {"job": "some"},
        {"assets": ["prep/note"]},
        {"assets": ["prep/total"]},
        {"job": "all", "config": {"ops": {"prep": {"config": {"params:factor": 1}}}}},
    )
    assert all(report["success"] for report in (everything, some, one, with_memory, changed))
    assert some["order"] == ["prep/cleaned", "prep/scaled"]
    assert one["order"] == ["prep/note"]
    assert set(with_memory["order"]) == {"prep/cleaned", "prep/total"}
    runs = "\n".join(traced(root)).split("begin ")[1:]
    ran = [[line.split()[1] for line in run.splitlines() if line.startswith("after ")] for run in runs]
    assert ran[1:4] == [["prep.clean", "prep.scale"], ["prep.note"], ["prep.clean", "prep.total"]]
    assert [run.splitlines()[0] for run in runs[1:3]] == ["prep.clean prep.scale", "prep.note"]
    assert json.loads((root / "data/report.json").read_text())["total"] == 13


def test_a_group_in_a_process_of_its_own(location):
    root, place = location(memory_datasets="auto")
    flag = str(root / "fail")
    config = {"execution": {"config": {"multiprocess": {"max_concurrent": 1}}}}
    report, later = place.run(
        {"job": "retried", "write": {flag: "once"}, "executor": "multiprocess"},
        {"assets": ["prep/total"], "executor": "multiprocess", "config": config},
    )
    assert report["success"], report["failures"]
    assert report["retries"] == ["prep"]
    assert report["order"] == ["prep/cleaned", "prep/scaled", "prep/total", "prep/note", "report"]
    assert report["saved"]["prep/cleaned"]["kedro/stored"] is True
    assert later["order"] == ["prep/total"]
    ran = [line.split()[1] for line in traced(root) if line.startswith("after ")]
    assert ran == ["prep.clean", "prep.scale", "prep.total", "prep.note", "report", "prep.total"]


FREED_REGISTRY = """
    import gc
    from pathlib import Path

    from kedro.pipeline import node, pipeline

    class Big(list):
        pass

    def tell(name, result):
        alive = sum(isinstance(thing, Big) for thing in gc.get_objects())
        with Path("alive.txt").open("a") as file:
            file.write(f"{name} {alive}\\n")
        return result

    def make(raw):
        return tell("make", Big([raw]))

    def grow(big):
        return tell("grow", Big([*big, 1]))

    def count(big):
        return tell("count", len(big))

    def read(numbers):
        return tell("read", Big(load() for load in numbers.values()))

    def square(big, key):
        return {key: tell(f"square {key}", big[0] ** 2)}

    def register_pipelines():
        plain = pipeline(
            [
                node(make, "raw", "a", name="make"),
                node(grow, "a", "b", name="grow_1"),
                node(grow, "b", "c", name="grow_2"),
                node(grow, "c", "d", name="grow_3"),
                node(count, "d", "counted", name="count"),
            ],
            namespace="plain",
            inputs={"raw"},
        )
        keyed = pipeline(
            [
                node(read, "numbers", "read", name="read"),
                node(square, ["read", "params:partition_key"], "squares", name="square"),
            ],
            namespace="keyed",
            inputs={"numbers"},
            parameters={"partition_key"},
        )
        return {"plain": plain, "keyed": keyed, "__default__": plain + keyed}
"""
FREED_CATALOG = """
    raw: {type: json.JSONDataset, filepath: data/raw.json}
    plain.counted: {type: json.JSONDataset, filepath: data/counted.json}
    numbers: &parts
      type: partitions.PartitionedDataset
      path: data/numbers
      dataset: json.JSONDataset
      filename_suffix: .json
    keyed.squares: {<<: *parts, path: data/squares}
"""
FREED_DAGSTER = """
    partitions:
      key: {type: static, partition_keys: [a, b, c]}
    assets:
      numbers: {partitions: key}
      keyed.read: {partitions: key}
      keyed.squares: {partitions: key, checks: [not_empty]}
    jobs:
      plain: {pipeline: {pipeline_name: plain}}
      keyed: {pipeline: {pipeline_name: keyed}}
"""


def test_a_group_frees_what_it_needs_no_more(builder, locate, tmp_path):
    files = {f"data/numbers/{key}.json": str(number) for number, key in enumerate("abc", start=1)}
    root = (
        builder(
            tmp_path / "demo",
            registry=FREED_REGISTRY,
            catalog=FREED_CATALOG,
            parameters="partition_key: none",
            dagster=FREED_DAGSTER,
            files={"data/raw.json": "1", **files},
        )
        .write()
        .root
    )
    place = locate(tmp_path / "location", {"kedro": f"project: {root}\ngroup_nodes_by: namespace"})
    keys = {"dagster/asset_partition_range_start": "a", "dagster/asset_partition_range_end": "c"}
    requests = [
        {"job": job, "executor": executor, "tags": tags}
        for executor in ("in_process", "multiprocess")
        for job, tags in (("plain", {}), ("keyed", keys))
    ]
    last, keyed = str(root / "data/numbers/c.json"), {"job": "keyed", "tags": keys}
    *reports, broken, mended = place.run(
        *requests, {**keyed, "write": {last: "no number"}}, {**keyed, "reexecute": 4, "write": {last: "3"}}
    )
    assert all(report["success"] for report in (*reports, mended)), [report["failures"] for report in reports]
    assert (len(broken["partitions"]), len(mended["partitions"])) == (4, 2)
    told = [report["checks"]["keyed/squares:not_empty"]["count"] for report in (*reports[1::2], broken, mended)]
    assert told == [1, 1, 1, 1]
    by_key = [[f"keyed/{name}", key] for key in "abc" for name in ("read", "squares")]
    assert reports[1]["partitions"] == reports[3]["partitions"] == by_key
    assert json.loads((root / "data/squares/c.json").read_text()) == 9
    alive = [line.rsplit(" ", 1) for line in (root / "alive.txt").read_text().splitlines()]
    for told in (alive[:11], alive[11:22]):
        assert [name for name, _ in told] == [
            *("make", "grow", "grow", "grow", "count"),
            *(name for key in "abc" for name in ("read", f"square {key}")),
        ]
        assert len({count for name, count in told if name == "grow"}) == 1
        assert len({count for name, count in told if name == "read"}) == 1
        assert len({count for name, count in told if name.startswith("square")}) == 1


BLOCKED_REGISTRY = """
    import pandas as pd
    from kedro.pipeline import node, pipeline

    def make(rows):
        return pd.DataFrame({"a": range(int(rows))})

    def use(made):
        return len(made)

    def register_pipelines():
        nodes = [node(make, "rows", "made", name="make"), node(use, "made", "used", name="use")]
        return {"__default__": pipeline(nodes, namespace="a", inputs={"rows"})}
"""
BLOCKED_CATALOG = """
    rows: {type: json.JSONDataset, filepath: data/rows.json}
    a.made: {type: pandas.CSVDataset, filepath: data/made.csv}
    a.used: {type: json.JSONDataset, filepath: data/used.json}
"""


def test_a_blocking_check_ends_the_step_and_its_asset_is_made_again(builder, locate, tmp_path):
    root = (
        builder(
            tmp_path / "demo",
            registry=BLOCKED_REGISTRY,
            catalog=BLOCKED_CATALOG,
            parameters="",
            dagster="assets: {a.made: {checks: [{type: not_empty, blocking: true}]}}",
            files={"data/rows.json": "0"},
        )
        .write()
        .root
    )
    place = locate(tmp_path / "location", {"kedro": f"project: {root}\ngroup_nodes_by: namespace"})
    rows = str(root / "data/rows.json")
    blocked, again = place.run({"job": "default"}, {"job": "default", "reexecute": 0, "write": {rows: "2"}})
    assert not blocked["success"]
    assert "blocking asset check" in blocked["failures"]["a"]
    assert blocked["order"] == ["a/made"]
    assert again["success"], again["failures"]
    assert again["order"] == ["a/made", "a/used"]
    assert json.loads((root / "data/used.json").read_text()) == 2
