"""Mistakes in the YAML of the component itself: its keys, the types of its values, and its templates."""

import textwrap

import dagster as dg
import pytest

from kedro_dagster_component import KedroProjectComponent
from kedro_dagster_component.yaml_attributes import attributes_model

PROJECT = "project: '{{ context.project_root }}/../demo'\n"


@pytest.fixture
def told(location, project, refused):
    """The text that ends the load of a component with these attributes."""

    def load(attributes, *, file="component.yaml", rest=""):
        root = project().root
        written = location.add("demo", attributes, file=file, rest=rest)
        text = refused()
        assert "site-packages" not in text
        assert "pydantic" not in text
        return text.replace(str(written), "YAML").replace(str(root), "DEMO")

    return load


def keys(defs):
    return {spec.key.to_user_string() for spec in defs.resolve_all_asset_specs()}


@pytest.mark.parametrize(
    ("attributes", "line", "message", "way_out"),
    [
        ("enviroment: local", "4:3", "unknown key 'enviroment'", "did you mean 'env'?"),
        ("selct: [a]", "4:3", "unknown key 'selct'", "did you mean 'select'?"),
        ("pipelines: a", "4:14", "pipelines: expected a list, got the text 'a'", "write [a]"),
        ("select: ['node:clean', 3]", "4:26", "select[1]: expected text, got the number 3", 'put it in quotes: "3"'),
        ("env: 2024", "4:8", "env: expected text, got the number 2024", 'put it in quotes: "2024"'),
        (
            "include_hooks: maybe",
            "4:18",
            "include_hooks: expected true or false, got the text 'maybe'",
            "for example `include_hooks: true`",
        ),
        (
            "memory_datasets: store",
            "4:20",
            "memory_datasets: expected 'auto' or 'stored', got the text 'store'",
            "did you mean 'stored'?",
        ),
        ("run_hooks: onc", "4:14", "run_hooks: expected 'once' or 'every_process'", "did you mean 'once'?"),
        ("runtime_params: [a]", "4:19", "runtime_params: expected a mapping, got a list", "each as 'key: value'"),
        ("op: {retry_polcy: {}}", "4:8", "op: unknown key 'retry_polcy'", "did you mean 'retry_policy'?"),
        ("op: [a]", "4:7", "op: expected a mapping, got a list", "each as 'key: value'"),
        (
            "op: {retry_policy: {max_retries: many}}",
            "4:36",
            "op.retry_policy.max_retries: expected a whole number, got the text 'many'",
            "",
        ),
        (
            "op: {retry_policy: {backoff: LINEA}}",
            "4:32",
            "op.retry_policy.backoff: expected 'LINEAR' or 'EXPONENTIAL', got the text 'LINEA'",
            "did you mean 'LINEAR'?",
        ),
        (
            "op: {retry_policy: {jitter: FULL}}",
            "4:31",
            "op.retry_policy.jitter: there is no 'delay' that this could change",
            "add `delay: 2`",
        ),
        (
            "op: {backfill_policy: {type: singel_run}}",
            "4:32",
            "op.backfill_policy.type: unknown type of backfill policy: 'singel_run'",
            "did you mean 'single_run'?",
        ),
        ("translation: {key_prefx: a}", "4:17", "translation: unknown key 'key_prefx'", "did you mean 'key_prefix'?"),
        ("translation: {group_name: a b}", "4:29", "translation.group_name: 'a b' is no group name", "'a_b'"),
        ("translation: {owners: [me]}", "4:26", "translation.owners[0]: 'me' is no owner", "write 'team:me'"),
        ("translation: {skippable: [a]}", "4:28", "translation.skippable: ", ""),
        ("translation: 3", "4:16", "translation: expected a mapping, got the number 3", "each as 'key: value'"),
        (
            "partitions: {day: {type: dayly}}",
            "4:28",
            "partitions.day.type: unknown type of partitions: 'dayly'",
            "did you mean 'daily'?",
        ),
        ("partitions: {day: {type: daily}}", "4:16", "partitions.day: 'start_date' is missing", "First partition"),
        (
            "partitions: {a: {type: multi, dimensions: {x: b, y: {type: static, partition_keys: [k]}}}}",
            "4:49",
            "there are no partitions 'b'",
            "",
        ),
        ("env: local\n  env: prod", "5:3", "the key 'env' is there twice, first in line 4", "keep one"),
    ],
)
def test_a_mistake(told, attributes, line, message, way_out):
    text = told(PROJECT + attributes.replace("\n  ", "\n"))
    assert f"YAML:{line}: {message}" in text
    number, column = map(int, line.split(":"))
    shown = attributes.split("\n  ")[number - 4]
    assert f"\n    {number} |   {shown}\n{' ' * (7 + column)}^\n" in f"{text}\n"
    assert way_out in text


def test_all_mistakes_come_at_once_with_those_of_the_project(told):
    attributes = """
        foo: 1
        select: ['node:claen']
        name_prefix: a-b
        executor: fast
        op: {tags: 1, pool: 2, retry_policy: {delay: x}}
        translation: {key_prefx: a, kinds: 3}
    """
    text = told(PROJECT + textwrap.dedent(attributes))
    assert text.startswith("9 problems in the configuration\n\n")
    places = [line.split(" ")[0] for line in text.splitlines() if line.startswith("YAML:")]
    assert places == [
        f"YAML:{place}:" for place in ("5:3", "6:12", "7:16", "8:13", "9:14", "9:23", "9:48", "10:17", "10:38")
    ]


@pytest.mark.parametrize("attributes", ["projct: ../x", "project: 3", "enviroment: local"])
def test_no_other_project_is_read_than_the_one_meant(told, attributes):
    text = told(attributes + "\nselect: ['node:x']")
    assert text.startswith("1 problem in the configuration\n\nYAML:3:")


def test_mistakes_come_with_a_failure_to_read_the_project(told):
    text = told("project: ../nowhere\nselect: 3")
    assert text.startswith("2 problems in the configuration\n\n")
    assert "YAML:4:11: select: expected a list, got the number 3" in text
    assert "YAML:3:12: there is no Kedro project at " in text


@pytest.mark.parametrize("file", ["defs.yaml", "component.yaml"])
def test_a_mistake_in_the_second_document(told, file):
    text = told(
        PROJECT,
        file=file,
        rest="---\ntype: kedro_dagster_component.KedroProjectComponent\nattributes:\n  projct: 1\n",
    )
    assert "YAML:7:3: unknown key 'projct'\n    7 |   projct: 1\n          ^\n  -> did you mean 'project'?" in text


@pytest.mark.parametrize(
    ("attributes", "line", "message", "way_out"),
    [
        (
            "env: '{{ nod }}'",
            "4:8",
            "env: templates have no variable 'nod' here",
            "there is: 'context', 'datetime', 'dg'",
        ),
        ("name_prefix: 'x{{ contxt.a }}'", "4:16", "name_prefix: templates have no variable 'contxt'", "'context'?"),
        ("env: '{{ context.projct_root }}/x'", "4:8", "env: `context` has no 'projct_root'", "'project_root'?"),
        ("env: '{{ a'", "4:8", "env: the template cannot be read: ", ""),
        (
            "env: '{{ env(\"NOPE\") }}'",
            "4:8",
            "env: Environment variable NOPE is not set",
            "env('NOPE', 'default_value')",
        ),
        ("env: '{{ 1 / 0 }}'", "4:8", "env: the template fails: ZeroDivisionError: division by zero", ""),
        ("op: {tags: {a: '{{ b }}'}}", "4:18", "op.tags.a: templates have no variable 'b' here", ""),
        ("pipelines: '{{ 3 }}'", "4:14", "pipelines: expected a list, got the number 3", ""),
        ("run_hooks: '{{ \"onc\" }}'", "4:14", "run_hooks: expected 'once' or 'every_process'", "'once'?"),
        (
            "translation: {key: '{{ nod }}'}",
            "4:22",
            "translation.key: templates have no variable 'nod' here (for '",
            "node",
        ),
        ("translation: {key: '{{ node.nam }}'}", "4:22", "translation.key: `node` has no 'nam' (for 'raw')", "'name'?"),
        (
            "translation: {key: 'x-{{ spec.kye }}'}",
            "4:22",
            "translation.key: `spec` has no 'kye' (for 'raw')",
            "'key'?",
        ),
        (
            "translation: {key: '{{ node.name }}'}",
            "4:22",
            "translation.key: `node` is none here (for 'raw')",
            "write {{ node.name if node else 'something else' }}",
        ),
        (
            "translation: {group_name: '{{ dataset.name }} x'}",
            "4:29",
            "translation.group_name: 'raw x' is no group name",
            "for example 'raw_x'",
        ),
        ("translation: {key: '{{ a'}", "4:22", "translation.key: the template cannot be read: ", ""),
    ],
)
def test_a_template(told, attributes, line, message, way_out):
    text = told(PROJECT + attributes)
    assert f"YAML:{line}: {message}" in text
    assert f"    4 |   {attributes}\n" in text
    assert way_out in text


def test_templates_in_every_kind_of_field(location, project, monkeypatch):
    monkeypatch.setenv("LIST", "['__default__']")
    monkeypatch.setenv("NUMBER", "3")
    monkeypatch.setenv("YES", "true")
    project(dagster="automation: {}\n")
    attributes = """
        runtime_params: {a: "{{ env.NUMBER }}", b: "1"}
        include_hooks: "{{ env.YES }}"
        pipelines: "{{ env.LIST }}"
        name_prefix: "{{ env.NUMBER }}_"
        executor: "{{ 'default' if env.NOPE is none else env.NOPE }}"
        op:
          pool: "{{ env.NUMBER }}"
          tags: {x: "{{ [1, 2] | length }}"}
          backfill_policy: {type: multi_run, max_partitions_per_run: "{{ 2 }}"}
          retry_policy: {max_retries: "{{ env.NUMBER }}", delay: 1, backoff: LINEAR}
        translation:
          key: "{{ spec.key.with_prefix('x') }}"
          automation_condition: "{{ dg.AutomationCondition.eager() }}"
          tags: "{{ {'a': 'b'} }}"
          group_name: "{{ node.namespace if node and node.namespace else 'top' }}"
          description: "{{ missing | default('none') }}{% if node %}{{ node.name }}{% endif %}"
    """
    location.add("demo", PROJECT + textwrap.dedent(attributes))
    defs = location.load()
    assert keys(defs) == {"x/raw", "x/cleaned"}
    assert [job.name for job in defs.jobs] == ["3_default"]
    cleaned = defs.resolve_assets_def(dg.AssetKey(["x", "cleaned"]))
    assert (cleaned.op.name, cleaned.op.pool, cleaned.op.tags["x"]) == ("3_clean", "3", "2")
    assert cleaned.op.retry_policy == dg.RetryPolicy(max_retries=3, delay=1, backoff=dg.Backoff.LINEAR)
    assert cleaned.backfill_policy == dg.BackfillPolicy.multi_run(2)
    spec = cleaned.get_asset_spec(dg.AssetKey(["x", "cleaned"]))
    assert (spec.group_name, spec.description, spec.tags["a"]) == ("top", "noneclean", "b")
    assert spec.automation_condition == dg.AutomationCondition.eager()


def test_a_number_in_quotes_stays_text(location, project):
    project(files={"conf/2024/.gitkeep": ""})
    location.add("demo", PROJECT + "env: '2024'")
    assert keys(location.load()) == {"raw", "cleaned"}


def test_partitions_of_the_component_can_be_named_in_the_file(location, project):
    project(
        dagster="assets: {cleaned: {partitions: day}}\npartitions: {week: {type: weekly, start_date: '2024-01-01'}}\n"
    )
    partitions = """
        partitions:
          day: {type: daily, start_date: "{{ '2024-01-01' }}"}
          both: {type: multi, dimensions: {a: week, b: {type: static, partition_keys: [x]}}}
    """
    location.add("demo", PROJECT + textwrap.dedent(partitions))
    graph = location.load().resolve_asset_graph()
    assert graph.get(dg.AssetKey("cleaned")).partitions_def == dg.DailyPartitionsDefinition(
        "2024-01-01", timezone="UTC"
    )
    assert graph.get(dg.AssetKey("raw")).partitions_def is None


SUBCLASS = """
    from dataclasses import dataclass, field
    from typing import Annotated

    import dagster as dg
    from kedro_dagster_component import KedroProjectComponent


    class Owner(dg.Model, dg.Resolvable):
        name: str
        level: int = 1


    {decorator}
    class Own(KedroProjectComponent):
        owner: Owner | None = None
        limits: Annotated[list[int], dg.Resolver.default(description="Limits.", examples=[[1, 2]])] = {empty}
        squared: Annotated[int, dg.Resolver(lambda context, value: int(value) ** 2, model_field_type=str | int)] = 0

        def get_asset_spec(self, node, dataset):
            spec = super().get_asset_spec(node, dataset)
            return spec.replace_attributes(description=f"{{self.owner}} {{self.limits}} {{self.squared}}")
"""


@pytest.fixture
def own(location, project):
    """Loads a subclass with fields of its own."""

    def write(attributes, *, decorator="@dataclass"):
        project()
        empty = "field(default_factory=list)" if decorator else "()"
        location.write("demo/component.py", textwrap.dedent(SUBCLASS).format(decorator=decorator, empty=empty))
        location.add("demo", PROJECT + attributes, type_=f"{location.name}.defs.demo.component.Own")
        return location

    return write


def test_fields_of_a_subclass(own):
    location = own(
        "owner: {name: me, level: '{{ 1 + 1 }}'}\nlimits: '{{ [1, 2] }}'\nsquared: 3\nselect: ['node:clean']"
    )
    spec = next(spec for spec in location.load().resolve_all_asset_specs() if spec.key == dg.AssetKey("cleaned"))
    assert spec.description == "name='me' level=2 [1, 2] 9"


def test_mistakes_in_fields_of_a_subclass(own, refused):
    own("owner: {nam: me}\nlimits: {a: 1}\nsquared: x\nlimit: 3\nselect: 3")
    text = refused()
    assert text.startswith("6 problems in the configuration")
    for part in (
        ":4:11: owner.nam: ",
        ":4:",
        ":5:11: limits: ",
        ":6:12: squared: ",
        ":7:3: unknown key 'limit'",
        ":8:11: select: ",
    ):
        assert part in text
    assert "did you mean 'limits'?" in text


def test_a_subclass_that_is_no_dataclass(own, refused):
    own("limits: [1]", decorator="")
    text = refused()
    assert ":4:3: 'limits' is no field of Own, though it has a type there" in text
    assert "put @dataclass above the class" in text


def test_an_instance_made_in_python(location, project, refused):
    root = project().root
    file = location.write(
        "demo.py",
        f"""
        from dagster import component_instance
        from kedro_dagster_component import KedroProjectComponent

        @component_instance
        def demo(context):
            return KedroProjectComponent(project={str(root)!r}, run_hooks="onc", name_prefix="a-b")
        """,
    )
    text = refused()
    assert f"{file}: run_hooks: expected 'once' or 'every_process', got the text 'onc'" in text
    assert f"{file}: name_prefix: 'a-b' cannot be part of a Dagster name" in text


def test_a_component_made_of_a_text():
    made = KedroProjectComponent.resolve_from_yaml("pipelines: [a]\nop: {tags: {a: b}}\nnope: 1\n")
    assert made.pipelines == ["a"]
    assert made.op.tags == {"a": "b"}
    assert [finding.message for finding in made.findings] == ["unknown key 'nope'"]


def test_a_component_made_of_a_mapping():
    made = KedroProjectComponent.from_attributes_dict(attributes={"select": ["node:x"], "run_hooks": "onc"})
    assert (made.select, made.run_hooks) == (["node:x"], "once")
    assert [finding.path for finding in made.findings] == [("run_hooks",)]


def test_every_field_is_looked_at():
    model = attributes_model(KedroProjectComponent, KedroProjectComponent)
    assert model.known_to_us == set(model.model_fields)
