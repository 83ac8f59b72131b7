"""`checks:` of an asset."""

import pytest
from config_reading import mistakes, parse


def checks_of(text, folder):
    return parse(f"assets: {{a: {{checks: {text}}}}}", folder).assets["a"].checks


def test_a_check_is_a_type_or_a_mapping(tmp_path):
    first, second, third, fourth = checks_of(
        "[not_empty, {type: row_count, min: 0, max: 5, severity: warn}, {type: columns, columns: [a], blocking: true, name: a_there},"
        " {type: freshness, lower_bound_delta_seconds: 3600, deadline_cron: '@daily'}]",
        tmp_path,
    )
    assert (first.type, first.severity, first.blocking, first.name) == ("not_empty", "ERROR", False, None)
    assert (second.min, second.max, second.severity) == (0, 5, "WARN")
    assert (third.columns, third.blocking, third.name) == (("a",), True, "a_there")
    assert (fourth.lower_bound_delta_seconds, fourth.deadline_cron, fourth.timezone) == (3600, "@daily", "UTC")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[not_emty]", "unknown type of check: 'not_emty'"),
        ("[{type: row_count}]", "one of 'min' and 'max' is missing"),
        ("[row_count]", "one of 'min' and 'max' is missing"),
        ("[{type: row_count, min: 3, max: 2}]", "has to be at least 'min', 3, got 2"),
        ("[{type: row_count, min: -1}]", "has to be at least 0, got the number -1"),
        ("[columns]", "'columns' is missing"),
        ("[{type: columns, columns: []}]", "expected at least 1 entry, got 0"),
        ("[not_empty, not_empty]", "two checks are called 'not_empty'"),
        ("[{type: not_empty, name: validator}]", "'validator' is the check of Kedro's own validation"),
        ("[{type: not_empty, name: a-b}]", "'a-b' is no name of a check: use letters, digits and '_'"),
        ("[{type: not_empty, severity: bad}]", "expected 'ERROR' or 'WARN', got the text 'BAD'"),
        (
            "[{type: freshness, lower_bound_delta_seconds: 60, blocking: true}]",
            "runs in no step that could block another",
        ),
        ("not_empty", "expected a list, got the text 'not_empty'"),
    ],
)
def test_mistakes(text, expected, tmp_path):
    (told,) = mistakes(f"assets: {{a: {{checks: {text}}}}}", tmp_path)
    assert expected in told
