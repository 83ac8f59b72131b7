"""Templates in `component.yaml`, `{{ ... }}`, rendered as Dagster does, with mistakes in words for the person who wrote them.

Dagster's own rendering leaves out what does not exist where text stands around it: `{{ contxt.project_root }}/demo`
becomes `/demo`. Here that is a mistake.

Jinja is imported with the first template: the commands of `dg` import this package in projects without any.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from kedro_dagster_component.errors import Finding, ValuePath

_MARK = re.compile(r"\{\{|\{%|\{#")
_NO_KINDS: Mapping[str, type[BaseModel]] = {}


@dataclass(frozen=True)
class Rendered:
    """Content with its templates rendered.

    Attributes:
        content: A copy, the same shape as before; where a template fails the text stands as it was.
        findings: One for each template that fails.
    """

    content: Any
    findings: tuple[Finding, ...] = ()


def is_template(value: object) -> bool:
    """Whether a value is a text that holds a template."""
    return isinstance(value, str) and _MARK.search(value) is not None


def holds_template(content: Any, path: ValuePath) -> bool:
    """Whether the value at a path, or one that the path leads through, is a template."""
    for step in path:
        if isinstance(content, Mapping):
            content = content.get(step)
        elif isinstance(content, list | tuple) and isinstance(step, int) and step < len(content):
            content = content[step]
        else:
            break
    return is_template(content)


def render(
    content: Any,
    scope: Mapping[str, Any],
    path: ValuePath = (),
    *,
    kinds: Mapping[str, type[BaseModel]] = _NO_KINDS,
    as_text: bool = False,
) -> Rendered:
    """Content with all its templates rendered; text without a template stays as it is.

    Args:
        content: Mappings, lists and scalars.
        scope: Variables of the templates.
        path: Of the content, for the findings.
        kinds: Of variables that can be None, for the findings.
        as_text: Whether a template that gives a number, true or false gives the text it came from.
    """
    findings: list[Finding] = []

    def evaluated(text: str, at: ValuePath) -> Any:
        from kedro_dagster_component.template_engine import TemplateError, evaluate

        try:
            return evaluate(text, scope, kinds, as_text=as_text)
        except TemplateError as error:
            findings.append(Finding(at, error.message, error.hint))
            return text

    def rendered(value: Any, at: ValuePath) -> Any:
        if isinstance(value, Mapping):
            return {key: rendered(child, (*at, key)) for key, child in value.items()}
        if isinstance(value, list | tuple):
            return [rendered(child, (*at, index)) for index, child in enumerate(value)]
        return evaluated(value, at) if is_template(value) else value

    return Rendered(rendered(content, path), tuple(findings))


def syntax_findings(content: Any, path: ValuePath = ()) -> Iterator[Finding]:
    """One for each template that cannot be read, whatever its variables are."""
    if isinstance(content, Mapping | list | tuple):
        items = content.items() if isinstance(content, Mapping) else enumerate(content)
        for step, value in items:
            yield from syntax_findings(value, (*path, step))
    elif is_template(content):
        from kedro_dagster_component.template_engine import TemplateError, check_syntax

        try:
            check_syntax(content)
        except TemplateError as error:
            yield Finding(path, error.message, error.hint)
