"""Kedro's validation of datasets, watched while it happens. Kedro 1.6 and 1.7; earlier ones have none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from kedro.io import DatasetError

Observe = Callable[[str, "Exception | None"], None]
"""Told of each validation: the dataset as nodes spell it, and what the validator raised; None where it passed."""


class _ObservedValidator:
    """A validator that tells what came of it."""

    def __init__(self, spelling: str, validator: Any, observe: Observe) -> None:
        self._spelling, self._validator, self._observe = spelling, validator, observe

    def validate(self, data: Any) -> Any:
        """What the validator makes of the data.

        Raises:
            Exception: Whatever the validator raises.
        """
        try:
            validated = self._validator.validate(data)
        except Exception as error:
            self._observe(self._spelling, error)
            raise
        self._observe(self._spelling, None)
        return validated


@contextmanager
def validators_observed(catalog: Any, spellings: Iterable[str], observe: Observe) -> Iterator[None]:
    """Let the catalog's validators of some datasets tell what comes of each validation.

    Reason: the catalog only raises or logs, and validating once more would double its cost. It keeps validators that
    are resolved in `_validators`; one that cannot be resolved is left for the catalog to say so.

    Args:
        catalog: The live catalog; one without validators is left as it is.
        spellings: Datasets that the catalog has made.
        observe: Called in the thread that validates.
    """
    specs = getattr(catalog, "validator_specs", None) or {}
    validators = getattr(catalog, "_validators", None)
    if not specs or validators is None:
        yield
        return
    before = dict(validators)
    for spelling in spellings:
        validator = before.get(spelling) or (_resolved(specs[spelling]) if spelling in specs else None)
        if validator is not None:
            before[spelling] = validator
            validators[spelling] = _ObservedValidator(spelling, validator, observe)
    try:
        yield
    finally:
        validators.update({name: kept for name, kept in before.items() if name in validators})


def _resolved(spec: Any) -> Any:
    from kedro.validation import resolve_validator

    if not spec.enabled:
        return None
    try:
        return resolve_validator(spec)
    except DatasetError:
        return None
