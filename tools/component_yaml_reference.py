"""Write `docs/reference/component-yaml.md` from the field help of the component.

    python tools/component_yaml_reference.py [--check]

With `--check` nothing is written: the exit code is 1 where the page is out of date.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from kedro_dagster_component import KedroProjectComponent

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "component-yaml.md"
HEAD = """\
# `component.yaml`

Every attribute has a default. Inside a Kedro project a file with nothing but `type:` works. `defs.yaml`, Dagster's newer name for the
file, works the same; `post_processing` is Dagster's own.

```yaml
type: kedro_dagster_component.KedroProjectComponent
attributes:
  project: "{{ context.project_root }}/../spaceflights"
  env: local
```

| attribute | default | meaning |
|---|---|---|
"""
TAIL = """\

## Templates

Every value can hold a template, `{{ ... }}`, as in every Dagster component; text without one stays as it is written. The variables are
`context` (`project_root` ...), `env` (`env.NAME`, `env('NAME', 'default')`), `dg`, `datetime`, those of a `template_vars_module`, and under `translation`, for each
asset, `spec`, `node` and `dataset`. A variable or an attribute that does not exist is a mistake, also where text stands around it; Dagster
would leave it out there. Use `{{ x | default('y') }}`, or `{{ node.namespace if node else 'raw' }}` where `node` can be none.

## Mistakes

A mistake stops the load in every command of `dg`, with all others of the file, with those of the [project](mistakes.md) where it is clear
which one is meant, and with those of all other instances of the code location:

```text
2 problems in the configuration

/projects/platform/src/platform/defs/kedro/component.yaml:4:3: unknown key 'enviroment'
    4 |   enviroment: local
          ^
  -> did you mean 'env'?

/projects/platform/src/platform/defs/kedro/component.yaml:5:36: op.retry_policy.max_retries: expected a whole number, got the text 'many'
    5 |   op: {retry_policy: {max_retries: many}}
                                           ^
```

Two things are told by Dagster in its own words:

- `dg check yaml`, and `dg check defs` and `dg dev` before they load anything, hold the file against its schema: place by place with line and
  caret, and for an unknown key all keys there are. `dg check defs --no-check-yaml` goes on to the text above. A file at the root of `defs/` and all but the last
  instance of a type are left out by that check, not by the load.
- What stands beside `attributes` (`type`, `post_processing` ...), and text that is no YAML.

With the environment variable `KEDRO_DAGSTER_TRACEBACK` set, errors keep their traceback.
"""


def main(arguments: Sequence[str]) -> int:
    """Write the page, or compare it; the exit code."""
    wanted = page()
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == wanted:
        return 0
    if "--check" in arguments:
        print(f"{PAGE.name} is out of date: run python tools/component_yaml_reference.py")
        return 1
    PAGE.write_text(wanted, encoding="utf-8")
    print(f"wrote {PAGE.name}")
    return 0


def page() -> str:
    """The page as Markdown: a table of all attributes, then an example of each."""
    model = KedroProjectComponent.get_model_cls()
    if model is None:
        raise TypeError("the component has no attributes")
    defaults = {field.name: default_of(field) for field in dataclasses.fields(KedroProjectComponent)}
    fields = model.model_fields
    rows = [
        f"| `{name}` | `{shown(defaults[name])}` | {(field.description or '').replace('|', chr(92) + '|')} |"
        for name, field in fields.items()
    ]
    examples = [example(name, value) for name, field in fields.items() for value in (field.examples or [])[:1]]
    return HEAD + "\n".join(rows) + "\n\nAn example of each:\n\n```yaml\n" + "".join(examples) + "```\n" + TAIL


def default_of(field: dataclasses.Field[Any]) -> Any:
    """The default of a dataclass field."""
    return field.default_factory() if callable(field.default_factory) else field.default


def shown(value: Any) -> str:
    """A default as YAML has it."""
    text = yaml.safe_dump(value, default_flow_style=True).strip()
    return text.removesuffix("...").strip()


def example(name: str, value: Any) -> str:
    """One attribute with a value."""
    return yaml.safe_dump({name: value}, sort_keys=False, width=110)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
