"""`translation` of the component: Dagster's overrides of asset specs, with mistakes at the line they stand in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import dagster as dg
from dagster.components.resolved.core_models import AssetAttributesModel
from dagster.components.utils.translation import TranslationFn, TranslationFnResolver
from pydantic import BaseModel, ValidationError

from kedro_dagster_component.config.component import TranslationConfig, read_section
from kedro_dagster_component.errors import Finding, KedroDagsterError, ValuePath, did_you_mean
from kedro_dagster_component.manifest import DatasetEntry, NodeEntry
from kedro_dagster_component.templates import holds_template, render, syntax_findings

_AT: ValuePath = ("translation",)
_KINDS: Mapping[str, type[BaseModel]] = {"node": NodeEntry, "dataset": DatasetEntry}


@dataclass(frozen=True)
class TranslatedObject:
    """What templates under `translation` see.

    Attributes:
        node: The node that makes the asset; None for a free input.
        dataset: The dataset behind the asset; None for a node without outputs.
    """

    node: NodeEntry | None
    dataset: DatasetEntry | None

    @property
    def name(self) -> str:
        """Of the dataset, or of the node without outputs."""
        entry = self.dataset or self.node
        return entry.name if entry is not None else ""


class TranslationError(KedroDagsterError):
    """The translation of one asset fails.

    Attributes:
        findings: What is wrong; never empty.
    """

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("; ".join(finding.message for finding in self.findings))


class TranslationResolver(TranslationFnResolver[TranslatedObject]):
    """Dagster's resolver of translations, with the help for its field that it takes no argument for."""

    def __init__(self, *, description: str, examples: list[Any]) -> None:
        super().__init__(template_vars_for_translation_fn=_variables)
        self.description = description
        self.examples = examples


class Translation:
    """A translation written in YAML, as a function from a spec to a spec."""

    def __init__(self, content: Any, scope: Mapping[str, Any], translate: TranslationFn[TranslatedObject]) -> None:
        """Keep what explains a failure.

        Args:
            content: As written.
            scope: Variables of templates that are the same for all assets.
            translate: What Dagster made of it.
        """
        self._content, self._scope, self._translate = content, scope, translate

    def __call__(self, spec: dg.AssetSpec, shown: TranslatedObject) -> dg.AssetSpec:
        """The translated spec.

        Raises:
            TranslationError: A template fails, or gives what does not fit.
        """
        rendered = render(self._content, {**self._scope, **_variables(shown), "spec": spec}, _AT, kinds=_KINDS)
        findings = list(rendered.findings)
        if not findings and isinstance(self._content, Mapping):
            findings = _value_findings(rendered.content)
        if findings:
            raise TranslationError(_about(finding, shown) for finding in findings)
        try:
            return self._translate(spec, shown)
        except Exception as error:
            text = " ".join(str(error).strip().splitlines()[-1:]) or type(error).__name__
            raise TranslationError([_about(Finding(_AT, text), shown)]) from error


def translation_findings(content: Any) -> list[Finding]:
    """What is wrong with a translation whatever the asset; templates are looked at for each asset.

    Args:
        content: As written.
    """
    if broken := list(syntax_findings(content, _AT)):
        return broken
    if not isinstance(content, Mapping):
        return [] if content is None or holds_template(content, ()) else [*_value_findings(content)]
    known = [*AssetAttributesModel.model_fields]
    findings = [
        Finding((*_AT, key), f"unknown key '{key}'", did_you_mean(str(key), known), at_key=True)
        for key in content
        if key not in known
    ]
    findings += _value_findings(content)
    if not findings:
        findings = _dagster_findings(content)
    return [finding for finding in findings if not holds_template(content, finding.path[1:])]


def _variables(shown: TranslatedObject) -> Mapping[str, Any]:
    return {"node": shown.node, "dataset": shown.dataset}


def _value_findings(content: Any) -> list[Finding]:
    return read_section(TranslationConfig, content, _AT)[1]


def _dagster_findings(content: Mapping[Any, Any]) -> list[Finding]:
    """What only Dagster's own model refuses: the first line for each value, since it may also be a text."""
    try:
        AssetAttributesModel.model_validate(dict(content))
    except ValidationError as error:
        by_key = {line["loc"][:1]: line for line in reversed(error.errors(include_url=False))}
        return [Finding((*_AT, *key), line["msg"]) for key, line in by_key.items()]
    return []


def _about(finding: Finding, shown: TranslatedObject) -> Finding:
    return Finding(finding.path, f"{finding.message} (for '{shown.name}')", finding.hint, finding.at_key)
