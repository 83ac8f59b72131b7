"""What is found out about data that checks look at: plain, picklable, between the process of a node and Dagster's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class DataFacts:
    """What checks look at.

    Attributes:
        kind: Library and class of the data, for people.
        is_empty: Whether it holds nothing: no row, no entry, no character.
        rows: Of a table, over all chunks and partitions; None for anything else.
        columns: Of a table, those that all chunks and partitions have; None for anything else.
    """

    kind: str
    is_empty: bool
    rows: int | None = None
    columns: tuple[str, ...] | None = None

    def joined(self, other: DataFacts) -> DataFacts:
        """Facts of two parts of a dataset: their rows together, the columns that both have."""
        columns = None
        if self.columns is not None and other.columns is not None:
            columns = tuple(name for name in self.columns if name in other.columns)
        return DataFacts(
            kind=self.kind,
            rows=self.rows + other.rows if self.rows is not None and other.rows is not None else None,
            columns=columns,
            is_empty=self.is_empty and other.is_empty,
        )


@dataclass(frozen=True)
class CheckFailure:
    """One failed check of a validator, as Kedro's `CheckFailure`.

    Attributes:
        message: For people.
        check: Name of the check; None where it has none.
        column: It is about; None for the whole.
        count: How often it failed.
        examples: Some of the values that failed, as text.
    """

    message: str
    check: str | None = None
    column: str | None = None
    count: int = 1
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Validation:
    """What came of one validation of a dataset by Kedro.

    Attributes:
        dataset: Its name.
        mode: `load` or `save`.
        passed: Whether it was valid.
        message: Kedro's words where it was not.
        failures: The failed checks, where the validator tells them.
    """

    dataset: str
    mode: str
    passed: bool
    message: str = ""
    failures: tuple[CheckFailure, ...] = ()


_VALIDATIONS = "kedro_dagster_validations"
"""Attribute by which an error carries the validations that came before it, also out of a child process."""


def carry_validations(error: BaseException, validations: Sequence[Validation]) -> None:
    """Let an error of a step carry the validations that came before it."""
    if validations:
        setattr(error, _VALIDATIONS, tuple(validations))


def validations_before(error: BaseException) -> tuple[Validation, ...]:
    """The validations that came before an error of a step."""
    found: tuple[Validation, ...] = getattr(error, _VALIDATIONS, ())
    return found


@dataclass(frozen=True)
class CheckedData:
    """A dataset that was looked at without a node that makes it.

    Attributes:
        facts: Of its data.
        validation: By Kedro; None where that was not asked for, or the catalog declares none.
    """

    facts: DataFacts
    validation: Validation | None = None
