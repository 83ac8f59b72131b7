"""What `component.yaml` says, checked against the project: every mistake with the place of its value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Literal

from kedro_dagster_component.config.cache import CacheConfig
from kedro_dagster_component.config.component import ComponentConfig, read_section
from kedro_dagster_component.config.declared import Declared
from kedro_dagster_component.config.partitions import MultiPartitionsConfig, PartitionsConfig
from kedro_dagster_component.config.positions import read_all_positions
from kedro_dagster_component.errors import ConfigurationError, Finding, Problem, ValuePath, did_you_mean, nearest_names
from kedro_dagster_component.loading import ComponentPlace
from kedro_dagster_component.manifest import ProjectManifest
from kedro_dagster_component.translate.exposure import Filters, check_filters, check_producers, exposed_nodes
from kedro_dagster_component.yaml_attributes import plain_findings

if TYPE_CHECKING:
    from kedro_dagster_component.component import KedroProjectComponent

_SAYS_WHAT_TO_READ = ("project", "package", "env", "conf_source", "runtime_params", "include_hooks")
_SAYS_WHAT_TO_SHOW = frozenset({"pipelines", "select", "exclude"})

_Placed = tuple[ValuePath, Problem]
"""Path of the wrong value under `attributes`, and a problem that has no position yet."""


def check_values(component: KedroProjectComponent, place: ComponentPlace) -> list[Problem]:
    """Mistakes that show without the project: keys and values.

    Raises:
        ConfigurationError: With these mistakes, where they leave open which project is meant, or how it is read.
    """
    findings = _findings(component)
    problems = [*place.lines.problems, *map(place.lines.problem, findings)]
    names = [str(finding.path[0]) for finding in findings]
    if component.findings is None and findings:  # made in Python: the wrong values are still there
        raise ConfigurationError(problems)
    if any(nearest_names(name, _SAYS_WHAT_TO_READ) for name in names):
        raise ConfigurationError(problems)
    return problems


def check_attributes(
    component: KedroProjectComponent, place: ComponentPlace, manifest: ProjectManifest
) -> list[Problem]:
    """Mistakes in the attributes of a component that only its project shows.

    Args:
        component: The instance.
        place: Where it stands.
        manifest: The project it shows.
    """
    filters = filters_of(component)
    found = [
        *check_filters(manifest, filters),
        *_executor(component, manifest),
        *_dimensions(component, manifest),
    ]
    problems = [Problem(problem.message, place.position(*path), problem.hint) for path, problem in found]
    wrong = {path[0] for path, _ in found} | {finding.path[0] for finding in _findings(component)}
    if not wrong & _SAYS_WHAT_TO_SHOW:
        where = place.position("pipelines")
        producers = check_producers(manifest, exposed_nodes(manifest, filters))
        problems += [Problem(problem.message, where, problem.hint) for problem in producers]
    return problems


def filters_of(component: KedroProjectComponent) -> Filters:
    """What a component says about which nodes it exposes."""
    return Filters(component.pipelines, component.select, component.exclude)


def partitions_of(component: KedroProjectComponent) -> Mapping[str, PartitionsConfig]:
    """The partitions a component defines by name; none where they hold mistakes."""
    config, _ = read_section(ComponentConfig, {"partitions": component.partitions})
    return config.partitions if config is not None else {}


def cache_of(component: KedroProjectComponent) -> Literal["auto", "off"] | CacheConfig:
    """What a component says about keeping the manifest; nothing is kept where that holds mistakes."""
    config, _ = read_section(ComponentConfig, {"cache": component.cache})
    return config.cache if config is not None else "off"


def _findings(component: KedroProjectComponent) -> list[Finding]:
    return plain_findings(component) if component.findings is None else list(component.findings)


def _executor(component: KedroProjectComponent, manifest: ProjectManifest) -> Iterator[_Placed]:
    """A name no entry of `dagster.yml` bears; the file may hold mistakes of its own."""
    name = component.executor
    configured = manifest.dagster.get("executors")
    known = [*(configured if isinstance(configured, dict) else ()), "default"]
    if name is not None and name not in known and name not in _declared(manifest).executors:
        message = f"there is no executor '{name}' in dagster.yml"
        yield ("executor",), Problem(message, hint=did_you_mean(name, known))


def _declared(manifest: ProjectManifest) -> Declared:
    """The names in `dagster.yml`; any name, where it cannot be read."""
    files = read_all_positions(manifest.dagster_files)
    return Declared.of(manifest.dagster, is_whole=not files.unread_files)


def _dimensions(component: KedroProjectComponent, manifest: ProjectManifest) -> Iterator[_Placed]:
    """Partitions by two dimensions that name partitions which do not exist, or which have dimensions themselves."""
    defined = partitions_of(component)
    configured = manifest.dagster.get("partitions")
    in_file = configured if isinstance(configured, dict) else {}
    for name, partitions in defined.items():
        dimensions = partitions.dimensions if isinstance(partitions, MultiPartitionsConfig) else {}
        for dimension, choice in dimensions.items():
            if not isinstance(choice, str):
                continue
            path = ("partitions", name, "dimensions", dimension)
            if choice not in {**defined, **in_file} and choice not in _declared(manifest).partitions:
                hint = did_you_mean(choice, {*defined, *in_file} - {name})
                yield path, Problem(f"there are no partitions '{choice}'", hint=hint)
            elif _has_dimensions(in_file.get(choice, defined.get(choice))):
                yield path, Problem(f"'{choice}' has dimensions itself", hint="a dimension is daily, static and so on")


def _has_dimensions(partitions: object) -> bool:
    if isinstance(partitions, dict):  # of dagster.yml, which may hold mistakes of its own
        return partitions.get("type") == "multi"
    return isinstance(partitions, MultiPartitionsConfig)
