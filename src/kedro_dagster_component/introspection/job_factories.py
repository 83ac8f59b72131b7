"""Jobs of `dagster.yml` with their factories expanded: a pure function of the file and the pipelines' namespaces.

A key with `{placeholders}` is a factory. The first template of its `pipeline.node_namespaces` is matched, part by
part at the dots, against the start of every namespace of its pipelines; each distinct match makes one job, in whose
name and text values the placeholders are filled in:

    "{variant}__predict": {pipeline: {pipeline_name: predict, node_namespaces: ["{variant}"]}}
    with the namespaces a.x, a.y and b: the jobs a__predict and b__predict
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kedro_dagster_component.config.written import is_written, with_placeholders_filled
from kedro_dagster_component.manifest import ExpandedJob

_PLACEHOLDER = re.compile(r"(?<!\$)\{([A-Za-z_]\w*)\}")
DEFAULT_PIPELINE = "__default__"


@dataclass(frozen=True)
class Expansion:
    """Result of `expand_jobs`.

    Attributes:
        jobs: By concrete name: jobs written out first, then those of factories, both in the order of the file.
        errors: By key of the file: factories that cannot be expanded, and why.
    """

    jobs: dict[str, ExpandedJob]
    errors: dict[str, str]


def is_factory(key: str) -> bool:
    """Whether a key of `jobs` stands for several jobs."""
    return _PLACEHOLDER.search(key) is not None


def expand_jobs(jobs: Mapping[str, Any], namespaces_of: Callable[[list[str]], Iterable[str]]) -> Expansion:
    """Every job with its concrete name.

    A job written out wins over one of a factory; among factories that give the same name the one with more literal
    characters wins, then the one that comes first.

    Args:
        jobs: `jobs` of `dagster.yml`; what is no mapping is left as it is.
        namespaces_of: Dotted namespaces of the nodes of some registered pipelines, by their names.
    """
    written = {key: ExpandedJob(key=key, config=_mapping(job)) for key, job in jobs.items() if not is_factory(key)}
    made: dict[str, ExpandedJob] = {}
    errors: dict[str, str] = {}
    for key in sorted(filter(is_factory, jobs), key=lambda key: -len(_PLACEHOLDER.sub("", key))):
        config = _mapping(jobs[key])
        options = _mapping(config.get("pipeline"))
        templates = names_in(options, "node_namespaces")
        if error := _unbindable(key, templates):
            errors[key] = error
            continue
        for binding in _bindings(templates[0], namespaces_of(pipeline_names(options))):
            made.setdefault(_fill(key, binding), ExpandedJob(key=key, config=_fill(config, binding), bindings=binding))
    order = {key: index for index, key in enumerate(jobs)}
    others = sorted((item for item in made.items() if item[0] not in written), key=lambda item: order[item[1].key])
    return Expansion({**written, **dict(others)}, errors)


def pipeline_names(options: Mapping[str, Any]) -> list[str]:
    """Registered pipelines that a job's `pipeline` names, without repeats; `__default__` where it names none."""
    names = [*names_in(options, "pipeline_name"), *names_in(options, "pipeline_names")]
    return list(dict.fromkeys(names)) or [DEFAULT_PIPELINE]


def names_in(options: Mapping[str, Any], key: str) -> list[str]:
    """The names under a key that takes one or several."""
    value = options.get(key)
    if value is None:
        return []
    return [str(item) for item in value] if isinstance(value, (list, tuple)) else [str(value)]


def _unbindable(key: str, templates: list[str]) -> str | None:
    if not templates:
        return f"the job factory '{key}' needs `pipeline.node_namespaces` to make jobs of"
    missing = set(_PLACEHOLDER.findall(key)) - set(_PLACEHOLDER.findall(templates[0]))
    if not missing:
        return None
    listed = ", ".join(f"'{{{name}}}'" for name in sorted(missing))
    return f"the job factory '{key}' uses {listed}, which its first node namespace '{templates[0]}' does not give"


def _bindings(template: str, namespaces: Iterable[str]) -> list[dict[str, str]]:
    """Distinct fillings of a template's placeholders, sorted by the namespace they come from."""
    parts = [_part_pattern(part) for part in template.split(".")]
    starts = {tuple(name.split(".")[: len(parts)]) for name in namespaces if name}
    found: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}
    for start in sorted(starts):
        binding = _binding(parts, start)
        if binding is not None:
            found.setdefault(tuple(sorted(binding.items())), binding)
    return list(found.values())


def _binding(parts: list[re.Pattern[str]], start: tuple[str, ...]) -> dict[str, str] | None:
    if len(start) < len(parts):
        return None
    binding: dict[str, str] = {}
    for pattern, text in zip(parts, start, strict=True):
        match = pattern.fullmatch(text)
        if match is None or any(binding.get(name, value) != value for name, value in match.groupdict().items()):
            return None
        binding.update(match.groupdict())
    return binding


def _part_pattern(part: str) -> re.Pattern[str]:
    """`v_{name}` as a regular expression; a placeholder that comes twice in one part takes the same text."""
    seen: set[str] = set()

    def group(match: re.Match[str]) -> str:
        name = match[1]
        if name in seen:
            return f"(?P={name})"
        seen.add(name)
        return f"(?P<{name}>.+)"

    pieces = re.split(r"((?<!\$)\{[A-Za-z_]\w*\})", part)
    return re.compile(
        "".join(_PLACEHOLDER.sub(group, piece) if is_factory(piece) else re.escape(piece) for piece in pieces)
    )


def _fill(value: Any, binding: Mapping[str, str]) -> Any:
    """Text values with the placeholders filled in, at any depth; unknown placeholders stay."""
    if is_written(value):
        return with_placeholders_filled(value, binding)
    if isinstance(value, str):
        return _PLACEHOLDER.sub(lambda match: binding.get(match[1], match[0]), value)
    if isinstance(value, list):
        return [_fill(item, binding) for item in value]
    if isinstance(value, dict):
        return {key: _fill(item, binding) for key, item in value.items()}
    return value


def _mapping(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {}
