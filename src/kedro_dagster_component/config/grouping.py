"""Which nodes one step runs, as `group_nodes_by` of a component says it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

from kedro_dagster_component.config.finding import quote, refuse
from kedro_dagster_component.errors import did_you_mean

_FORMS = ("node", "namespace", "pipeline", "tag", "memory")
_SHOWN = ("node", "namespace", "namespace:2", "pipeline", "tag:<prefix>", "memory")


@dataclass(frozen=True)
class GroupingChoice:
    """What nodes of one step share.

    Attributes:
        by: `node`, `namespace`, `pipeline`, `tag` or `memory`.
        argument: Number of parts of the namespace, or prefix of the tags; empty for any other.
    """

    by: str = "node"
    argument: str = ""


def grouping_choice(text: str) -> GroupingChoice:
    """What `group_nodes_by` says; it is known to be right (see `GroupingText`)."""
    by, _, argument = text.partition(":")
    return GroupingChoice(by, argument)


def _check_grouping(text: str) -> str:
    """The text, if it is one of the choices.

    Raises:
        ValidationError: It is none.
    """
    by, colon, argument = text.partition(":")
    if by not in _FORMS:
        near = did_you_mean(by, _FORMS) or ""
        hint = near if near.startswith("did you mean") else f"write one of {', '.join(_SHOWN)}"
        raise refuse(f"nodes cannot be grouped by {quote(text)}", hint=hint, value=text)
    if by == "tag" and not argument:
        hint = "for example tag:step_, for nodes tagged step_train, step_report"
        raise refuse("'tag' needs the prefix of the tags that name groups", hint=hint, value=text)
    if by == "namespace" and colon and not (argument.isdecimal() and int(argument) > 0):
        hint = "write the number of its parts: namespace:2 groups by the first two"
        raise refuse(f"{quote(argument)} is no depth of a namespace", hint=hint, value=text)
    if by not in {"tag", "namespace"} and colon:
        raise refuse(f"'{by}' takes nothing behind a colon", hint=f"write {by}", value=text)
    return text


GroupingText = Annotated[
    str,
    AfterValidator(_check_grouping),
    WithJsonSchema({"type": "string", "pattern": "^(node|namespace(:[1-9][0-9]*)?|pipeline|tag:.+|memory)$"}),
]
"""What `group_nodes_by` may be."""
