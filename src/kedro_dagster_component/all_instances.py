"""The mistakes of all component instances of a code location, told together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import dagster as dg

from kedro_dagster_component.assembly import build_instance
from kedro_dagster_component.compat.dagster import instances_behind
from kedro_dagster_component.errors import ConfigurationError, KedroDagsterError, Problem

if TYPE_CHECKING:
    from kedro_dagster_component.component import KedroProjectComponent


def build_or_tell_all(
    component: KedroProjectComponent, context: dg.ComponentLoadContext, kind: type[KedroProjectComponent]
) -> dg.Definitions:
    """Definitions of one instance; where it has mistakes, those of the instances that come after it are told too.

    Dagster stops at the first component that fails, and those before it had no mistakes.

    Args:
        component: The instance.
        context: Dagster's.
        kind: The component class, of which `component` may be a subclass.

    Raises:
        KedroDagsterError: With the mistakes of this instance and of all behind it.
    """
    try:
        return build_instance(component, context)
    except KedroDagsterError as error:
        others = list(_errors_behind(context, kind))
        if not others:
            raise
        problems = [problem for each in (error, *others) for problem in _problems(each)]
        raise ConfigurationError(problems) from error


def _errors_behind(context: dg.ComponentLoadContext, kind: type[KedroProjectComponent]) -> Iterator[KedroDagsterError]:
    for component, own_context in instances_behind(context, kind):
        try:
            build_instance(component, own_context)
        except KedroDagsterError as error:
            yield error
        except Exception:  # noqa: BLE001, S112 - overridden methods may raise anything; it is told when its turn comes
            continue


def _problems(error: KedroDagsterError) -> Sequence[Problem]:
    return error.problems if isinstance(error, ConfigurationError) else [Problem(str(error))]
