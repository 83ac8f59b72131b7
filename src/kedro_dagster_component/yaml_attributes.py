"""From the attributes in YAML to the fields of a component, with all mistakes collected.

Dagster would stop at the first value that does not fit, in the words of pydantic and with its own stack. So the model
that Dagster validates with takes everything, and the values are looked at here. What is wrong keeps its default; the
mistakes wait with the component for those that only the Kedro project shows.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, ClassVar, cast

import yaml
from dagster.components.resolved.base import Resolvable, derive_model_type, resolve_fields
from dagster.components.resolved.context import ResolutionContext
from dagster.components.resolved.core_models import AssetAttributesModel
from pydantic import (
    BaseModel,
    GetJsonSchemaHandler,
    ModelWrapValidatorHandler,
    PrivateAttr,
    TypeAdapter,
    ValidationError,
    create_model,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema
from typing_extensions import Self

from kedro_dagster_component.config.component import ComponentConfig, findings_of, read_section
from kedro_dagster_component.config.finding import explained
from kedro_dagster_component.errors import Finding, ValuePath, did_you_mean
from kedro_dagster_component.templates import Rendered, render
from kedro_dagster_component.translation import Translation, translation_findings
from kedro_dagster_component.yaml_schema import attributes_schema

_TRANSLATION = "translation"
_OR_TEXT = "str"
"""How pydantic calls the text that Dagster takes in place of everything, since it could be a template."""
_NOT_YET = frozenset({"group_nodes_by"})
"""Attributes that are to come."""


class GivenAttributes(BaseModel):
    """What stands under `attributes`, whatever it is, behind a schema that says what should."""

    known_to_us: ClassVar[frozenset[str]] = frozenset()
    """The fields whose values are looked at here; the others are a subclass's own."""

    _given: Mapping[str, Any] = PrivateAttr(default_factory=dict)

    @property
    def given(self) -> Mapping[str, Any]:
        """As written."""
        return self._given

    @model_validator(mode="wrap")
    @classmethod
    def _keep(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if not isinstance(data, Mapping):
            return handler(data)
        kept = cls.model_construct()
        kept._given = dict(data)  # noqa: SLF001 - of the same class
        return cast("Self", kept)

    def __getitem__(self, key: str) -> Any:
        """A value by its key: Dagster looks at those of a component that is made from a text."""
        return self._given[key]

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler(core_schema)
        derived = handler.resolve_ref_schema(schema)
        ours = _schema_of(ComponentConfig)
        strict = {name: value for name, value in ours["properties"].items() if name in cls.known_to_us}
        derived.update(
            attributes_schema(
                derived, {"properties": strict, "$defs": ours.get("$defs", {})}, _schema_of(AssetAttributesModel)
            )
        )
        return schema


@dataclasses.dataclass(frozen=True)
class ReadAttributes:
    """The attributes of one component.

    Attributes:
        values: Arguments of its constructor; what is wrong is left out.
        findings: All mistakes.
        is_complete: Whether every argument without a default is there.
    """

    values: dict[str, Any]
    findings: tuple[Finding, ...]
    is_complete: bool


@cache
def _schema_of(model: type[BaseModel]) -> Mapping[str, Any]:
    """Pydantic makes it anew each time, and every load asks for it."""
    return model.model_json_schema()


def attributes_model(component: type[Resolvable], base: type[Resolvable]) -> type[GivenAttributes]:
    """The model Dagster validates the attributes of a component with.

    Args:
        component: `base` or a subclass of it, which may have fields of its own.
        base: The component whose fields are known here.
    """
    if "_given_attributes" not in vars(component):
        bases: Any = (GivenAttributes, derive_model_type(component))
        model = cast("type[GivenAttributes]", create_model(f"{component.__name__}Model", __base__=bases))
        model.known_to_us = _known_fields(component, base)
        component._given_attributes = model  # type: ignore[attr-defined]  # noqa: SLF001 - one for each class, as long as it lives
    made: type[GivenAttributes] = vars(component)["_given_attributes"]
    return made


def read_attributes(
    component: type[Resolvable], base: type[Resolvable], context: ResolutionContext, given: Mapping[str, Any]
) -> ReadAttributes:
    """The values of a component's fields.

    Args:
        component: See `attributes_model`.
        base: See `attributes_model`.
        context: With the variables of templates.
        given: As written.
    """
    reading = _Reading(component, _known_fields(component, base), context, given)
    findings = tuple(reading.read())
    return ReadAttributes(reading.values, findings, _required_fields(component) <= reading.values.keys())


def plain_findings(component: Any) -> list[Finding]:
    """Mistakes in the plain fields of a component that was made in Python."""
    names = ComponentConfig.model_fields.keys() - {"op"}
    return [finding for name in names for finding in read_section(ComponentConfig, {name: getattr(component, name)})[1]]


class _Reading:
    """One pass over the attributes."""

    def __init__(
        self, component: type[Resolvable], known: frozenset[str], context: ResolutionContext, given: Mapping[str, Any]
    ) -> None:
        self._component, self._known, self._context, self._given = component, known, context, given
        self._model = derive_model_type(component)
        self._others: dict[str, Any] = {}
        self.values: dict[str, Any] = {}

    def read(self) -> Iterator[Finding]:
        for name, content in self._given.items():
            if name not in self._model.model_fields:
                yield self._unknown(name)
            elif name not in self._known:
                yield from self._validate_other(name, content)
            elif name == _TRANSLATION:
                yield from self._read_translation(content)
            else:
                yield from (self._with_example(finding) for finding in self._read_known(name, content))
        for name in self._others:
            yield from self._resolve_other(name)
        for name, field in self._model.model_fields.items():
            if field.is_required() and name not in self._given:
                yield Finding((name,), f"'{name}' is missing", field.description, at_key=True)

    def _unknown(self, name: object) -> Finding:
        if name in _NOT_YET:
            return Finding((str(name),), f"'{name}' has no effect yet", "take it out", at_key=True)
        if any(name in vars(kind).get("__annotations__", {}) for kind in self._component.__mro__):
            message = f"'{name}' is no field of {self._component.__name__}, though it has a type there"
            return Finding((str(name),), message, "put @dataclass above the class", at_key=True)
        hint = did_you_mean(str(name), self._model.model_fields)
        return Finding((str(name),), f"unknown key '{name}'", hint, at_key=True)

    def _read_known(self, name: str, content: Any) -> list[Finding]:
        rendered = render(content, self._context.scope, (name,))
        config, found = read_section(ComponentConfig, {name: rendered.content})
        if found and rendered.content != content:  # a template may have made a number of a text
            as_text = render(content, self._context.scope, (name,), as_text=True)
            second, refused = read_section(ComponentConfig, {name: as_text.content})
            if len(refused) < len(found):
                config, found, rendered = second, refused, as_text
        findings = [*rendered.findings, *_unless_failed(found, rendered)]
        if config is not None and not findings:
            # Partitions stay as they are written: they are read again together with those of dagster.yml.
            self.values[name] = rendered.content or {} if name == "partitions" else getattr(config, name)
        return findings

    def _read_translation(self, content: Any) -> list[Finding]:
        findings = translation_findings(content)
        if not findings and content is not None:
            model = AssetAttributesModel.model_validate(dict(content)) if isinstance(content, Mapping) else content
            translate = self._resolve(_TRANSLATION, {_TRANSLATION: model})[_TRANSLATION]
            self.values[_TRANSLATION] = Translation(content, self._context.scope, translate)
        return findings

    def _validate_other(self, name: str, content: Any) -> Iterator[Finding]:
        """A field of a subclass: Dagster's model says what fits."""
        field = self._model.model_fields[name]
        adapter: TypeAdapter[Any] = TypeAdapter(field.rebuild_annotation())
        try:
            self._others[name] = adapter.validate_python(content)
        except ValidationError as error:
            findings = findings_of(explained(error, {}))
            about_type = [finding for finding in findings if finding.path != (_OR_TEXT,)]
            by_path = {_path_in(content, finding.path): finding for finding in reversed(about_type or findings)}
            for path, finding in sorted(by_path.items(), key=str):
                at = (name, *path, finding.path[-1]) if finding.at_key else (name, *path)
                yield self._with_example(dataclasses.replace(finding, path=at))

    def _resolve_other(self, name: str) -> list[Finding]:
        try:
            self.values.update(self._resolve(name, {**self._given, **self._others}))
        except Exception as error:  # noqa: BLE001 - a resolver of a subclass can do anything
            failed = render(self._given[name], self._context.scope, (name,)).findings
            text = str(error).strip().splitlines() or [type(error).__name__]
            return list(failed) or [Finding((name,), text[-1].strip())]
        return []

    def _resolve(self, name: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """One argument of the constructor, by Dagster's own means."""
        model = self._model.model_construct({name}, **values)
        return resolve_fields(model, self._component, self._context)

    def _with_example(self, finding: Finding) -> Finding:
        name = str(finding.path[0])
        examples = self._model.model_fields[name].examples
        if finding.hint or not examples or finding.path != (name,) or not finding.message.startswith("expected "):
            return finding
        text = yaml.safe_dump(examples[0], default_flow_style=True, width=1000).strip().removesuffix("...").strip()
        return dataclasses.replace(finding, hint=f"for example `{name}: {text}`")


def _known_fields(component: Any, base: Any) -> frozenset[str]:
    """The fields that a subclass leaves as they are."""
    types = {field.name: field.type for field in dataclasses.fields(base)}
    return frozenset(field.name for field in dataclasses.fields(component) if types.get(field.name) == field.type)


def _required_fields(component: Any) -> frozenset[str]:
    """Arguments that the constructor does not do without."""
    no_default = dataclasses.MISSING
    return frozenset(
        field.name
        for field in dataclasses.fields(component)
        if field.default is no_default and field.default_factory is no_default
    )


def _unless_failed(findings: list[Finding], rendered: Rendered) -> Iterator[Finding]:
    """Those that do not merely follow from a template that fails."""
    failed = [finding.path for finding in rendered.findings]
    for finding in findings:
        if not any(finding.path[: len(path)] == path for path in failed):
            yield finding


def _path_in(given: Any, location: ValuePath) -> ValuePath:
    """The steps of pydantic's location that lead through the content; the others name a choice of types."""
    path: list[str | int] = []
    content: Any = given
    for step in location:
        inside: Any = dict(enumerate(content)) if isinstance(content, list | tuple) else content
        if isinstance(inside, Mapping) and step in inside:
            content = inside[step]
            path.append(step)
    return tuple(path)
