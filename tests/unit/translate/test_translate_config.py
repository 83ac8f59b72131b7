"""Configuration of steps: what the launchpad is prefilled with, and what it accepts."""

import pytest
from dagster._config import Shape, process_config
from golden import golden

from kedro_dagster_component.manifest import NodeEntry, ParameterEntry, ParameterHint
from kedro_dagster_component.translate.config_schema import job_run_config, parameter_fields

NODE = {"id": "n", "name": "n", "namespace": None, "func": "f", "outputs": (), "fingerprint": "x"}


def processed(value, given, *, is_secret=False, hint=None):
    """What Dagster makes of the configuration of one parameter `p`; None where nothing is given."""
    node = NodeEntry(inputs=("params:p",), hints={"params:p": hint} if hint else {}, **NODE)
    fields = parameter_fields(node, {"params:p": ParameterEntry(name="params:p", value=value, is_secret=is_secret)})
    result = process_config(Shape(fields), {} if given is None else {"params:p": given})
    assert result.success, result.errors
    return result.value.get("params:p")


def is_refused(value, given, hint=None):
    node = NodeEntry(inputs=("params:p",), hints={"params:p": hint} if hint else {}, **NODE)
    fields = parameter_fields(node, {"params:p": ParameterEntry(name="params:p", value=value)})
    return not process_config(Shape(fields), {"params:p": given}).success


NESTED = {"rate": 0.5, "deep": {"depth": 3, "words": ["a", "b"]}, "empty": {}}


@pytest.mark.parametrize(
    "value", [1, 2.5, True, False, "x", "", None, [], [1, "a", None], {}, NESTED, {"a": None}, {"a": [{"b": 1}]}]
)
def test_a_configured_value_is_the_default(value):
    assert processed(value, None) == value


def test_a_partial_override_keeps_the_keys_beside_it():
    expected = {"rate": 0.5, "deep": {"depth": 4, "words": ["a", "b"]}, "empty": {}}
    assert processed(NESTED, {"deep": {"depth": 4}}) == expected


def test_new_keys_are_accepted_at_any_depth():
    changed = processed(NESTED, {"new": 1, "deep": {"new": [1]}, "empty": {"new": {"a": 1}}})
    assert changed["new"] == 1
    assert changed["deep"] == {"depth": 3, "words": ["a", "b"], "new": [1]}
    assert changed["empty"] == {"new": {"a": 1}}


@pytest.mark.parametrize(("value", "given"), [(1, 2.5), (2.5, 1), (1, 2), (None, "x"), (None, 3), ([1], "x"), ([], {})])
def test_what_is_accepted_instead(value, given):
    assert processed(value, given) == given


@pytest.mark.parametrize("value", ["inf", "-inf", "nan"])
def test_any_number_may_take_the_place_of_one_that_is_shown_as_text(value):
    assert processed(value, None) == value
    assert processed({"deep": {"limit": value}}, {"deep": {"limit": 3}}) == {"deep": {"limit": 3}}


@pytest.mark.parametrize(("value", "given"), [(1, "x"), ("x", 1), (True, 1), (NESTED, 3), (NESTED, {"rate": "high"})])
def test_what_is_refused(value, given):
    assert is_refused(value, given)


def test_an_annotation_decides_between_whole_numbers_and_all():
    whole, any_number = ParameterHint(kind="int"), ParameterHint(kind="float")
    assert processed(3, None, hint=whole) == processed(3, 3, hint=whole) == 3
    assert is_refused(3, 2.5, whole)
    assert processed(3, 2.5, hint=any_number) == 2.5
    assert processed(2.5, 3.5, hint=whole) == 3.5  # the configured value counts more than a wrong annotation


def test_none_and_other_types_are_accepted_where_the_annotation_has_them():
    maybe, several = ParameterHint(kind="int", may_be_none=True), ParameterHint(kind="any")
    assert processed(3, None, hint=maybe) == 3
    assert processed({"a": 3, "b": 1}, {"a": None}, hint=ParameterHint(fields={"a": maybe})) == {"a": None, "b": 1}
    assert processed({"b": 1}, {"a": None}, hint=ParameterHint(fields={"a": maybe})) == {"a": None, "b": 1}
    assert is_refused({"a": 3}, {"a": "x"}, ParameterHint(fields={"a": maybe}))
    assert is_refused({"a": 3}, {"a": None}, ParameterHint(fields={"a": ParameterHint(kind="int")}))
    assert processed(5, "text", hint=several) == "text"
    assert processed("text", 5, hint=several) == 5


def test_fields_of_a_model_are_known_and_documented():
    model = ParameterHint(
        description="How to split.",
        fields={
            "size": ParameterHint(kind="float", description="Share of the test set."),
            "seed": ParameterHint(kind="int", description="For the shuffle."),
        },
    )
    assert processed({"size": 0.2}, {"seed": 3}, hint=model) == {"size": 0.2, "seed": 3}
    assert is_refused({"size": 0.2}, {"seed": "x"}, model)
    node = NodeEntry(inputs=("params:p",), hints={"params:p": model}, **NODE)
    field = parameter_fields(node, {"params:p": ParameterEntry(name="params:p", value={"size": 0.2})})["params:p"]
    inner = field.config_type.fields
    assert field.description == "How to split."
    assert {name: one.description for name, one in inner.items()} == {
        "size": "Share of the test set.",
        "seed": "For the shuffle.",
    }


def test_a_secret_has_no_default_and_accepts_anything():
    assert processed("***", None, is_secret=True) is None
    assert processed("***", "s3cret", is_secret=True) == "s3cret"


def test_a_secret_inside_a_mapping_has_no_default():
    value = {"api_key": "***", "n": 1, "deep": {"token": "***"}}
    assert processed(value, None) == {"n": 1, "deep": {}}
    assert processed(value, {"api_key": {"any": 1}}) == {"api_key": {"any": 1}, "n": 1, "deep": {}}


def test_a_parameter_the_manifest_does_not_know_is_optional():
    node = NodeEntry(inputs=("params:gone",), **NODE)
    assert process_config(Shape(parameter_fields(node, {})), {}).value == {}


def test_every_spelling_of_the_odd_project():
    manifest = golden("odd_names")
    fields = parameter_fields(manifest.nodes["clean_data"], manifest.parameters)
    assert list(fields) == ["parameters"]
    assert fields["parameters"].description == "All parameters of the Kedro project."
    assert "api_key" not in fields["parameters"].default_value["service"]
    fields = parameter_fields(manifest.nodes["größe.messen"], manifest.parameters)
    assert list(fields) == ["params:step-size", "params:nested"]
    assert fields["params:step-size"].description == "Kedro parameter `step-size`."


def test_a_job_shows_its_parameters_in_the_launchpad():
    params = {"opts": {"a": 1, "db": {"password": "hunter2"}}, "url": "s3://key:hunter2@bucket", "token": "x", "b": []}

    assert job_run_config("kedro", params) == {
        "resources": {
            "kedro": {
                "config": {
                    "runtime_params": {"opts": {"a": 1}, "b": []},
                    "load_versions": {},
                    "is_async": False,
                }
            }
        }
    }
    assert job_run_config("kedro", {}) is None
    assert job_run_config("kedro", {"opts": {"password": "hunter2"}}) is None
