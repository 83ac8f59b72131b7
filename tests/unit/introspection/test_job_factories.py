from kedro_dagster_component.introspection.job_factories import expand_jobs, pipeline_names

NAMESPACES = {"predict": {"a.x", "a.y", "b", "v_1.c"}, "__default__": {"eu.shop", "us.shop", "eu.web"}}


def expand(jobs):
    return expand_jobs(jobs, lambda names: set().union(*(NAMESPACES.get(name, set()) for name in names)))


def factory(*templates, pipeline="predict", **more):
    return {"pipeline": {"pipeline_name": pipeline, "node_namespaces": list(templates)}, **more}


def test_one_job_for_each_namespace_with_text_filled_in():
    result = expand(
        {"{variant}__predict": factory("{variant}", description="of {variant}, {other}", tags=["{variant}"])}
    )
    assert list(result.jobs) == ["a__predict", "b__predict", "v_1__predict"]
    job = result.jobs["a__predict"]
    assert job.key == "{variant}__predict"
    assert job.bindings == {"variant": "a"}
    assert job.config == {
        "pipeline": {"pipeline_name": "predict", "node_namespaces": ["a"]},
        "description": "of a, {other}",
        "tags": ["a"],
    }


def test_deeper_templates_and_literal_parts():
    result = expand({"{region}_{channel}": factory("{region}.{channel}", pipeline="__default__")})
    assert list(result.jobs) == ["eu_shop", "eu_web", "us_shop"]
    assert list(expand({"only_{c}": factory("eu.{c}", pipeline="__default__")}).jobs) == ["only_shop", "only_web"]
    assert list(expand({"n{n}": factory("v_{n}")}).jobs) == ["n1"]


def test_written_jobs_win_and_come_first():
    result = expand({"{v}__p": factory("{v}"), "a__p": {"description": "mine"}})
    assert list(result.jobs) == ["a__p", "b__p", "v_1__p"]
    assert result.jobs["a__p"].key == "a__p"
    assert result.jobs["a__p"].config == {"description": "mine"}


def test_the_more_literal_factory_wins():
    jobs = {
        "{r}_{c}": factory("{r}.{c}", pipeline="__default__", description="general"),
        "eu_{c}": factory("eu.{c}", pipeline="__default__", description="special"),
    }
    described = {name: job.config["description"] for name, job in expand(jobs).jobs.items()}
    assert described == {"eu_shop": "special", "eu_web": "special", "us_shop": "general"}


def test_what_cannot_be_expanded_is_told():
    result = expand({"{v}__p": factory("{w}"), "{x}": {"pipeline": {}}, "{z}__none": factory("q.{z}")})
    assert set(result.errors) == {"{v}__p", "{x}"}
    assert "'{v}'" in result.errors["{v}__p"]
    assert result.jobs == {}


def test_odd_shapes_are_left_to_the_checker():
    result = expand({"a": None, "b": {"pipeline": "oops"}})
    assert result.jobs["a"].config == {}
    assert result.jobs["b"].config == {"pipeline": "oops"}


def test_interpolation_of_omegaconf_is_no_placeholder():
    assert list(expand({"${x}": {}}).jobs) == ["${x}"]


def test_pipeline_names():
    assert pipeline_names({}) == ["__default__"]
    assert pipeline_names({"pipeline_name": "a", "pipeline_names": ["b", "a"]}) == ["a", "b"]
