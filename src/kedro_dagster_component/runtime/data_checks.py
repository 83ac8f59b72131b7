"""What came of the checks of a dataset, by facts about its data and by Kedro's own validation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from kedro_dagster_component.plan import CheckPlan
from kedro_dagster_component.runtime.checked import CheckFailure, DataFacts, Validation

_MAX_FAILURES = 50
"""Failed checks of a validator that are shown."""


@dataclass(frozen=True)
class Outcome:
    """What came of one check.

    Attributes:
        passed: Whether the data is as it has to be.
        description: Why not, or what was found.
        metadata: What Dagster shows beside it.
        is_certain: Whether the check could tell; one that could not is a warning.
    """

    passed: bool
    description: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    is_certain: bool = True

    def severity(self, check: CheckPlan) -> dg.AssetCheckSeverity:
        """How bad a failure is."""
        return dg.AssetCheckSeverity.ERROR if check.is_error and self.is_certain else dg.AssetCheckSeverity.WARN


def outcome(check: CheckPlan, facts: DataFacts | None, validations: Sequence[Validation]) -> Outcome | None:
    """What came of a check; None where there was nothing to check, or Kedro did not validate.

    Args:
        check: The check.
        facts: Of the data; None where there is none.
        validations: By Kedro of the same dataset.
    """
    if check.kind == "validator":
        return _validated(validations)
    return _BY_FACTS[check.kind](check, facts) if facts is not None else None


def _validated(validations: Sequence[Validation]) -> Outcome | None:
    if not validations:
        return None
    failed = [one for one in validations if not one.passed]
    if not failed:
        modes = " and ".join(dict.fromkeys(one.mode for one in validations))
        return Outcome(True, f"valid on {modes}")
    failures = [failure for one in failed for failure in one.failures]
    metadata: dict[str, Any] = {"failed checks": len(failures)} if failures else {}
    if failures:
        shown = failures[:_MAX_FAILURES]
        metadata["failures"] = dg.MetadataValue.table(list(map(_record, shown)), _SCHEMA)
    return Outcome(False, failed[0].message, metadata)


def _record(failure: CheckFailure) -> dg.TableRecord:
    return dg.TableRecord(
        {
            "column": failure.column or "",
            "check": failure.check or "",
            "message": failure.message,
            "count": failure.count,
            "examples": ", ".join(failure.examples),
        }
    )


_SCHEMA = dg.TableSchema(
    [
        dg.TableColumn("column", "string"),
        dg.TableColumn("check", "string"),
        dg.TableColumn("message", "string"),
        dg.TableColumn("count", "int"),
        dg.TableColumn("examples", "string"),
    ]
)


def _not_empty(check: CheckPlan, facts: DataFacts) -> Outcome:
    found = {"rows": facts.rows} if facts.rows is not None else {}
    return Outcome(not facts.is_empty, "there is no data" if facts.is_empty else "there is data", found)


def _row_count(check: CheckPlan, facts: DataFacts) -> Outcome:
    rows = facts.rows
    if rows is None:
        return Outcome(False, f"the rows of a {facts.kind} cannot be counted", is_certain=False)
    expected = {
        name: bound for name, bound in (("at least", check.min_rows), ("at most", check.max_rows)) if bound is not None
    }
    too_few = check.min_rows is not None and rows < check.min_rows
    too_many = check.max_rows is not None and rows > check.max_rows
    wanted = " and ".join(f"{words} {bound}" for words, bound in expected.items())
    found = f"{rows} row{'' if rows == 1 else 's'}"
    return Outcome(not (too_few or too_many), f"{found}, expected {wanted}", {"rows": rows, **expected})


def _columns(check: CheckPlan, facts: DataFacts) -> Outcome:
    if facts.columns is None:
        return Outcome(False, f"a {facts.kind} has no columns that could be told", is_certain=False)
    missing = [name for name in check.columns if name not in facts.columns]
    metadata = {"columns": ", ".join(facts.columns), **({"missing": ", ".join(missing)} if missing else {})}
    names = ", ".join(f"'{name}'" for name in missing)
    return Outcome(not missing, f"there is no {names}" if missing else "all columns are there", metadata)


_BY_FACTS: Mapping[str, Callable[[CheckPlan, DataFacts], Outcome]] = {
    "not_empty": _not_empty,
    "row_count": _row_count,
    "columns": _columns,
}
"""How a check of a kind judges."""
