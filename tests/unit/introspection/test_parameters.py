from kedro_dagster_component.introspection.parameters import feed, read_parameters


def test_nested_and_dotted_names():
    values = feed({"a": {"b": {"c": 1}}, "d.e": 2, 3: 4})
    entries = read_parameters(["params:a.b.c", "params:a", "params:d.e", "params:3", "params:missing"], values)
    assert {name: entry.value for name, entry in entries.items()} == {
        "params:a.b.c": 1,
        "params:a": {"b": {"c": 1}},
        "params:d.e": 2,
        "params:3": 4,
    }


def test_secrets_are_masked():
    values = feed({"db": {"password": "pw", "host": "h"}, "auth": {"enabled": True, "user": "u"}, "url": "x://u:p@h"})
    names = ["params:db.password", "params:db", "params:auth.enabled", "params:auth.user", "params:url", "parameters"]
    entries = read_parameters(names, values)
    assert entries["params:db.password"].value == "***"
    assert entries["params:db.password"].is_secret
    assert entries["params:db"].value == {"password": "***", "host": "h"}
    assert not entries["params:db"].is_secret
    assert entries["params:auth.enabled"].value is True
    assert entries["params:auth.user"].is_secret
    assert entries["params:url"].value == "x://***@h"
    assert entries["parameters"].value == {"db": {"password": "***", "host": "h"}, "auth": "***", "url": "x://***@h"}
