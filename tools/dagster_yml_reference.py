"""Write `docs/reference/dagster-yml.md` and its JSON schema from the models of `dagster.yml`.

    python tools/dagster_yml_reference.py [--check]

With `--check` nothing is written: the exit code is 1 where a file is out of date.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from kedro_dagster_component.config.automation import CONDITIONS
from kedro_dagster_component.config.executor_options import bundled_schemas, bundled_versions, options_schema
from tools.dagster_yml_schema import Schema, editor_schema, model_schema
from tools.dagster_yml_text import AUTOMATION, EXAMPLES, EXECUTORS, INTRODUCTION, NOTES

FOLDER = Path(__file__).parents[1] / "docs" / "reference"
_SIMPLE = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false", "null": ""}


def main(arguments: Sequence[str]) -> int:
    """Write the files, or compare them; the exit code."""
    wanted = {
        FOLDER / "dagster-yml.md": Reference(model_schema()).text(),
        FOLDER / "dagster-yml.schema.json": json.dumps(editor_schema(), indent=2, ensure_ascii=False) + "\n",
    }
    stale = [file for file, text in wanted.items() if not file.exists() or file.read_text(encoding="utf-8") != text]
    if "--check" in arguments:
        for file in stale:
            print(f"{file.name} is out of date: run python tools/dagster_yml_reference.py")
        return 1 if stale else 0
    for file in stale:
        file.write_text(wanted[file], encoding="utf-8")
        print(f"wrote {file.name}")
    return 0


class Reference:
    """The page, section by section."""

    def __init__(self, schema: Schema) -> None:
        self._sections: Mapping[str, Schema] = schema["properties"]
        self._models: Mapping[str, Schema] = schema["$defs"]
        self._anchors: dict[str, str] = {}
        self._entries: dict[str, set[str]] = {}

    def text(self) -> str:
        """Markdown."""
        self._entries = {section: set(_references(self._sections[section])) for section in EXAMPLES}
        headings = {section: list(self._models_of(section)) for section in EXAMPLES}
        for models in headings.values():
            for path, names in models:
                for name in names:
                    self._anchors.setdefault(name, _anchor(path))
        parts = [INTRODUCTION, *(self._section(section, headings[section]) for section in EXAMPLES)]
        return "\n".join(parts)

    def _section(self, section: str, models: list[tuple[str, list[str]]]) -> str:
        lines = [f"## {section}", "", self._sections[section]["description"], "", NOTES.get(section, "")]
        lines += ["```yaml", EXAMPLES[section].strip(), "```", ""]
        for path, names in models:
            own = [name for name in names if self._anchors[name] == _anchor(path)]
            if not own:
                continue
            lines += [f"### `{path}`", ""]
            for name in own:
                lines += [*self._model(name, is_one_of=len(names) > 1), ""]
        if section == "executors":
            versions = ", ".join(f"{name} {number}" for name, number in bundled_versions().items())
            lines += [EXECUTORS.format(versions=versions, kinds="\n".join(_executor_lines())), ""]
        if section == "assets":
            lines += [AUTOMATION.format(conditions="\n".join(_condition_lines())), ""]
        return "\n".join(line for line, before in zip(lines, ["x", *lines], strict=False) if line or before)

    def _models_of(self, section: str) -> Iterator[tuple[str, list[str]]]:
        """Headings of a section with the models described under each; inner ones after outer ones."""
        schema = self._sections[section]
        entry = schema.get("additionalProperties", schema)
        path = f"{section}.<name>" if "additionalProperties" in schema else section
        elsewhere = {name for other, names in self._entries.items() if other != section for name in names}
        yield from self._walk(entry, path, elsewhere)

    def _walk(self, schema: Any, path: str, seen: set[str]) -> Iterator[tuple[str, list[str]]]:
        names = [name for name in _references(schema) if name not in seen]
        if not names:
            return
        seen.update(names)
        yield path, names
        for name in names:
            for key, value in self._models[name]["properties"].items():
                yield from self._walk(value, f"{path}.{key}", seen)

    def _model(self, name: str, *, is_one_of: bool) -> Iterator[str]:
        model = self._models[name]
        required = model.get("required", [])
        kind = model["properties"].get("type", {}).get("const")
        title = f"**`type: {kind}`** " if kind and is_one_of else ""
        yield f"{title}{model['description']}"
        yield ""
        yield "| key | value | default | |"
        yield "|---|---|---|---|"
        for key, value in model["properties"].items():
            if key == "type" and is_one_of:
                continue
            default = "**required**" if key in required else _default(value)
            yield f"| `{key}` | {self._type(value)} | {default} | {_cell(value.get('description', ''))} |"

    def _type(self, schema: Schema) -> str:
        if "$ref" in schema:
            name = _last(schema["$ref"])
            return f"[mapping](#{self._anchors[name]})"
        if "anyOf" in schema:
            texts = list(dict.fromkeys(text for choice in schema["anyOf"] if (text := self._type(choice))))
            if "text" in texts and any("$ref" in choice for choice in schema["anyOf"]):
                texts = ["name", *(text for text in texts if text != "text")]
            return ", or ".join(texts)
        if "const" in schema or "enum" in schema:
            values = schema.get("enum", [schema.get("const")])
            return " or ".join(f"`{value}`" for value in values) if len(values) < 9 else "a name, see below"
        kind = schema.get("type")
        if isinstance(kind, list):
            return " or ".join(_SIMPLE[each] for each in kind)
        if kind == "array":
            inner = self._type(schema.get("items", {}))
            return f"list of {inner}" if ", or" not in inner else f"list, each {inner}"
        if kind == "object":
            values = schema.get("additionalProperties")
            inner = self._type(values) if isinstance(values, dict) and values else ""
            return f"mapping of {inner}" if inner else "mapping"
        return _SIMPLE.get(kind or "", "anything") + _bounds(schema)


def _references(schema: Any) -> list[str]:
    if isinstance(schema, list):
        return list(dict.fromkeys(name for item in schema for name in _references(item)))
    if not isinstance(schema, Mapping):
        return []
    if "$ref" in schema:
        return [_last(schema["$ref"])]
    return list(dict.fromkeys(name for value in schema.values() for name in _references(value)))


def _bounds(schema: Schema) -> str:
    words = {"minimum": "from", "maximum": "to"}
    return "".join(f" {word} {schema[key]:g}" for key, word in words.items() if key in schema)


def _default(schema: Schema) -> str:
    default = schema.get("default")
    return "" if default in (None, [], {}) else f"`{json.dumps(default)}`".replace('"', "")


def _condition_lines() -> Iterator[str]:
    for name, kind in CONDITIONS.items():
        if kind.operands:
            yield f"| `{name}` | {'a list of conditions' if kind.takes_list else 'one condition'} |"
        else:
            keys = [f"`{key}`{' (required)' if key in kind.required else ''}" for key in kind.types_by_argument]
            yield f"| `{name}` | {', '.join(keys)} |"


def _executor_lines() -> Iterator[str]:
    for kind, schema in bundled_schemas().items():
        content = options_schema(schema)
        required = content.get("required", [])
        names = [f"**`{name}`**" if name in required else f"`{name}`" for name in content["properties"]]
        yield f"| `{kind}` | {', '.join(names)} |"


def _anchor(path: str) -> str:
    return "".join(letter for letter in path.lower() if letter.isalnum() or letter in "_-")


def _last(reference: str) -> str:
    return reference.rpartition("/")[2]


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
