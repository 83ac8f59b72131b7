"""What travels between the two processes: a `ProjectRef` one way, an `Answer` back, both as JSON in a file."""

from __future__ import annotations

from pathlib import Path

from kedro_dagster_component.errors import ConfigurationError, IntrospectionError, Position, Problem
from kedro_dagster_component.manifest import ProjectManifest, Record

REQUEST_FILE = "request.json"
ANSWER_FILE = "answer.json"


class ProblemRecord(Record):
    """A `Problem` that can travel.

    Attributes:
        message: See `Problem`.
        file: Absolute path; None where no file holds the mistake.
        line: 1-based, or None.
        column: 1-based, or None.
        hint: See `Problem`.
    """

    message: str
    file: str | None = None
    line: int | None = None
    column: int | None = None
    hint: str | None = None

    @classmethod
    def of(cls, problem: Problem) -> ProblemRecord:
        """The record of a problem."""
        place = problem.position
        if place is None:
            return cls(message=problem.message, hint=problem.hint)
        return cls(
            message=problem.message, file=str(place.file), line=place.line, column=place.column, hint=problem.hint
        )

    def problem(self) -> Problem:
        """The problem this is the record of."""
        position = Position(Path(self.file), self.line, self.column) if self.file else None
        return Problem(self.message, position, self.hint)


class Answer(Record):
    """What the subprocess found: exactly one of the three is set.

    Attributes:
        manifest: The project, where it could be read.
        problems: Mistakes in its YAML files.
        error: Why it could not be read otherwise.
    """

    manifest: ProjectManifest | None = None
    problems: tuple[ProblemRecord, ...] = ()
    error: str | None = None

    def result(self) -> ProjectManifest:
        """The manifest.

        Raises:
            ConfigurationError: The project's YAML files hold mistakes.
            IntrospectionError: The project cannot be read.
        """
        if self.problems:
            raise ConfigurationError(record.problem() for record in self.problems)
        if self.manifest is None:
            raise IntrospectionError(self.error or "the process that reads the project gave no answer")
        return self.manifest
