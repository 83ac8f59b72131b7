"""What Kedro's own validation of datasets says while a node runs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from kedro_dagster_component.compat.kedro_validation import validators_observed
from kedro_dagster_component.manifest import dataset_name
from kedro_dagster_component.masking import MASK, is_secret_key, mask_text
from kedro_dagster_component.runtime.checked import CheckFailure, Validation, carry_validations


class ValidationRecorder:
    """Collects the validations of one node."""

    def __init__(self, outputs: Collection[str]) -> None:
        """Record nothing yet.

        Args:
            outputs: Of the node, as it spells them: those are validated when they are saved, all others on loading.
        """
        self._outputs = frozenset(outputs)
        self.validations: list[Validation] = []

    def observed(self, catalog: Any, spellings: Collection[str]) -> AbstractContextManager[None]:
        """While this is open, the validators of a catalog are heard."""
        return validators_observed(catalog, spellings, self._observe)

    def _observe(self, spelling: str, error: Exception | None) -> None:
        mode = "save" if spelling in self._outputs else "load"
        self.validations.append(validation(spelling, mode, error))

    @contextmanager
    def told_by_errors(self) -> Iterator[None]:
        """An error that leaves here carries the validations (`validations_before`)."""
        try:
            yield
        except Exception as error:
            carry_validations(error, self.validations)
            raise


def validated(catalog: Any, spelling: str, data: Any) -> Validation | None:
    """Validate data that is loaded already; None where the catalog declares no validator, or none can be made."""
    from kedro.validation import validate_dataset

    spec = catalog.validator_specs.get(spelling)
    if spec is None:
        return None
    result = validate_dataset(catalog, spelling, data, on=spec.on[0])
    return Validation(
        dataset=dataset_name(spelling),
        mode=spec.on[0],
        passed=bool(result),
        message=mask_text(result.message or ""),
        failures=_failures(result.failures),
    )


def validation(spelling: str, mode: str, error: Exception | None) -> Validation:
    """One validation as plain data.

    Args:
        spelling: The dataset as nodes spell it.
        mode: `load` or `save`.
        error: What the validator raised; None where it passed.
    """
    return Validation(
        dataset=dataset_name(spelling),
        mode=mode,
        passed=error is None,
        message="" if error is None else mask_text(str(error)),
        failures=_failures(getattr(error, "failures", None) or ()),
    )


def _failures(found: Iterable[Any]) -> tuple[CheckFailure, ...]:
    """Failures without secrets: Dagster stores them and shows them."""
    return tuple(
        CheckFailure(
            message=mask_text(str(one.message)),
            check=one.check,
            column=str(one.column) if one.column is not None else None,
            count=one.failure_count,
            examples=tuple(_shown(example, one.column) for example in one.failure_examples),
        )
        for one in found
    )


def _shown(example: Any, column: Any) -> str:
    is_secret = column is not None and is_secret_key(str(column))
    return MASK if is_secret else mask_text(repr(example))
