"""Asset checks of a step's datasets: evaluated where the data is, told to Dagster here.

A step that makes data evaluates the checks of it; so does a step of which nothing but checks is selected, on what is
stored. A node that fans out leaves what its keys found in their materialisations, for the op that waits for them all.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from kedro_dagster_component.compat.dagster_partitions import knows_assets
from kedro_dagster_component.plan import CheckPlan, DatasetPlan, NodePlan, StepPlan
from kedro_dagster_component.runtime.checked import CheckFailure, DataFacts, Validation, validations_before
from kedro_dagster_component.runtime.data_checks import Outcome, outcome
from kedro_dagster_component.runtime.messages import StepResult

CHECKED_KEY = "kedro/checked"
"""Metadata key under which the materialisation of one partition keeps what its checks looked at."""

Event = dg.AssetCheckResult | dg.AssetCheckEvaluation


class StepChecks:
    """The checks of one step, or of one node of it.

    Attributes:
        has_blocked: Whether one of those told so far keeps what comes behind from running.
    """

    def __init__(self, context: dg.OpExecutionContext, plan: StepPlan | NodePlan, *, has_outputs: bool = True) -> None:
        """Nothing has been looked at yet.

        Args:
            context: Dagster's.
            plan: The step, or the node.
            has_outputs: Whether the running op has the outputs of the checks: not one that runs a single key.
        """
        self.has_blocked = False
        self._context, self._plan = context, plan
        selects = has_outputs and knows_assets(context.get_step_execution_context())
        self._selected = frozenset(context.selected_asset_check_keys) if selects else frozenset()
        self._facts: dict[str, DataFacts] = {}
        self._validations: list[Validation] = []

    @property
    def wanted(self) -> frozenset[str]:
        """Names of the outputs whose facts some check looks at."""
        return frozenset(
            dataset.name
            for dataset in self._plan.outputs.values()
            if any(check.kind != "validator" for check in dataset.checks)
        )

    def take(self, result: StepResult) -> None:
        """Look at what the node left behind, of one key or of the whole."""
        self._validations += result.validations
        for dataset in self._plan.outputs.values():
            facts = _saved_facts(dataset, result)
            if facts is not None:
                self.add(dataset.name, facts)

    def add(self, name: str, facts: DataFacts, validations: Sequence[Validation] = ()) -> None:
        """Add what was found out about a part of a dataset."""
        before = self._facts.get(name)
        self._facts[name] = facts if before is None else before.joined(facts)
        self._validations += validations

    def events(self) -> Iterator[Event]:
        """What came of the checks of the outputs, and of Kedro's validation of the inputs."""
        yield from self.events_of_inputs()
        for dataset in self._plan.outputs.values():
            yield from self._of(dataset, "save")

    def events_of_error(self, error: BaseException) -> Iterator[Event]:
        """What Kedro's validation had found before a node failed, or why it failed."""
        self._validations += validations_before(error)
        yield from self.events()

    def events_of_stored(self) -> Iterator[Event]:
        """What came of checks of data that is stored, which no mode of validation tells apart."""
        for dataset in self._plan.outputs.values():
            yield from self._of(dataset, None)

    def metadata(self, dataset: DatasetPlan, result: StepResult) -> dict[str, Any]:
        """What the materialisation of one key keeps for the op that waits for all of them; empty without checks."""
        if not dataset.checks:
            return {}
        facts = _saved_facts(dataset, result)
        validations = [dataclasses.asdict(found) for found in _of_dataset(result.validations, dataset, "save")]
        return {CHECKED_KEY: {"facts": dataclasses.asdict(facts) if facts else None, "validations": validations}}

    def take_recorded(self, dataset: DatasetPlan, recorded: Mapping[str, Any]) -> None:
        """Add what the materialisation of one key has kept."""
        self._validations += [_validation(one) for one in recorded["validations"]]
        if recorded["facts"] is not None:
            self.add(dataset.name, _facts(recorded["facts"]))

    def events_of_inputs(self) -> Iterator[Event]:
        """Validation on loading: of free inputs, of what is not validated when it is saved, and of what is not valid."""
        for dataset in self._plan.inputs:
            found = _of_dataset(self._validations, dataset, "load")
            for check in dataset.checks:
                if check.kind != "validator" or not found:
                    continue
                if dataset.is_free or "save" not in check.modes or not all(one.passed for one in found):
                    result = outcome(check, None, found)
                    if result is not None:
                        yield self._event(dataset, check, result)

    def _of(self, dataset: DatasetPlan, mode: str | None) -> Iterator[Event]:
        for check in dataset.checks:
            found = _of_dataset(self._validations, dataset, mode)
            result = outcome(check, self._facts.get(dataset.name), found)
            if result is not None:
                yield self._event(dataset, check, result)

    def _event(self, dataset: DatasetPlan, check: CheckPlan, result: Outcome) -> Event:
        said = said_of(dataset, check, result)
        is_error = said["severity"] is dg.AssetCheckSeverity.ERROR
        self.has_blocked |= check.is_blocking and not result.passed and is_error
        if dg.AssetCheckKey(said["asset_key"], check.name) in self._selected:
            return dg.AssetCheckResult(**said)
        return dg.AssetCheckEvaluation(**said, blocking=check.is_blocking)


def said_of(dataset: DatasetPlan, check: CheckPlan, result: Outcome) -> dict[str, Any]:
    """What Dagster is told of a check, as a result or as an evaluation."""
    return {
        "asset_key": dg.AssetKey(dataset.asset_key),
        "check_name": check.name,
        "passed": result.passed,
        "metadata": result.metadata,
        "severity": result.severity(check),
        "description": result.description,
    }


def _of_dataset(validations: Sequence[Validation], dataset: DatasetPlan, mode: str | None) -> list[Validation]:
    return [one for one in validations if one.dataset == dataset.name and mode in {None, one.mode}]


def _saved_facts(dataset: DatasetPlan, result: StepResult) -> DataFacts | None:
    """Facts of what a node saved to a dataset, under whichever of its spellings; None where nobody asked."""
    found = [result.outputs[name].facts for name in dataset.spellings if name in result.outputs]
    facts = [one for one in found if one is not None]
    return functools.reduce(DataFacts.joined, facts) if facts else None


def _facts(recorded: Mapping[str, Any]) -> DataFacts:
    columns = recorded["columns"]
    return DataFacts(**{**recorded, "columns": tuple(columns) if columns is not None else None})


def _validation(recorded: Mapping[str, Any]) -> Validation:
    failures = tuple(CheckFailure(**{**one, "examples": tuple(one["examples"])}) for one in recorded["failures"])
    return Validation(**{**recorded, "failures": failures})
