"""What `component.yaml` says, checked against the project: every mistake with the place of its value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from kedro_dagster_component.errors import Problem, did_you_mean
from kedro_dagster_component.loading import ComponentPlace
from kedro_dagster_component.manifest import ProjectManifest
from kedro_dagster_component.translate.exposure import Filters, check_filters, check_producers, exposed_nodes

if TYPE_CHECKING:
    from kedro_dagster_component.component import KedroProjectComponent

_NAME = re.compile(r"[A-Za-z0-9_]+")
_MEMORY_POLICIES = ("auto", "stored")
_RUN_HOOKS = ("once", "every_process")
_BACKOFFS = ("LINEAR", "EXPONENTIAL")
_JITTERS = ("FULL", "PLUS_MINUS")

_Finding = tuple[tuple["str | int", ...], Problem]
"""Path of the wrong value under `attributes`, and a problem that has no position yet."""


def check_attributes(
    component: KedroProjectComponent, place: ComponentPlace, manifest: ProjectManifest
) -> list[Problem]:
    """Every mistake in the attributes of a component.

    Args:
        component: The instance.
        place: Where it stands.
        manifest: The project it shows.
    """
    filters = filters_of(component)
    findings = [
        *check_filters(manifest, filters),
        *_choices(component),
        *_names(component),
        *_executor(component, manifest),
    ]
    problems = [Problem(problem.message, place.position(*path), problem.hint) for path, problem in findings]
    if not any(path[0] in {"pipelines", "select", "exclude"} for path, _ in findings):
        where = place.position("pipelines")
        producers = check_producers(manifest, exposed_nodes(manifest, filters))
        problems += [Problem(problem.message, where, problem.hint) for problem in producers]
    return problems


def filters_of(component: KedroProjectComponent) -> Filters:
    """What a component says about which nodes it exposes."""
    return Filters(component.pipelines, component.select, component.exclude)


def _choices(component: KedroProjectComponent) -> Iterator[_Finding]:
    """Values of a fixed set: Dagster lets any text through, since it could be a template."""
    retry = component.op.retry_policy if component.op is not None else None
    choices: list[tuple[tuple[str, ...], Any, tuple[str, ...]]] = [
        (("memory_datasets",), component.memory_datasets, _MEMORY_POLICIES),
        (("run_hooks",), component.run_hooks, _RUN_HOOKS),
    ]
    if retry is not None:
        choices.append((("op", "retry_policy", "backoff"), retry.backoff, _BACKOFFS))
        choices.append((("op", "retry_policy", "jitter"), retry.jitter, _JITTERS))
    for path, value, known in choices:
        if value is not None and value not in known:
            hint = did_you_mean(str(value), known)
            yield path, Problem(f"`{'.'.join(path)}` cannot be '{value}'", hint=hint)


def _names(component: KedroProjectComponent) -> Iterator[_Finding]:
    """What becomes part of a Dagster name."""
    names = {("name_prefix",): component.name_prefix, ("op", "name"): component.op.name if component.op else None}
    for path, name in names.items():
        if name and not _NAME.fullmatch(name):
            message = f"`{'.'.join(path)}` '{name}' cannot be part of a Dagster name"
            hint = f"letters, digits and underscores can, e.g. '{re.sub(r'[^A-Za-z0-9_]', '_', name)}'"
            yield path, Problem(message, hint=hint)


def _executor(component: KedroProjectComponent, manifest: ProjectManifest) -> Iterator[_Finding]:
    """A name no entry of `dagster.yml` bears; the file may hold mistakes of its own."""
    name = component.executor
    configured = manifest.dagster.get("executors")
    known = [*(configured if isinstance(configured, dict) else ()), "default"]
    if name is not None and name not in known:
        message = f"there is no executor '{name}' in dagster.yml"
        yield ("executor",), Problem(message, hint=did_you_mean(name, known))
