"""What travels between the two processes: a `ProjectRef` one way, an `Answer` back, both as JSON in a file."""

from __future__ import annotations

from kedro_dagster_component.errors import ConfigurationError, IntrospectionError
from kedro_dagster_component.manifest import ProblemRecord, ProjectManifest, Record

REQUEST_FILE = "request.json"
ANSWER_FILE = "answer.json"


class Answer(Record):
    """What the subprocess found: exactly one of the three is set.

    Attributes:
        manifest: The project, where it could be read.
        problems: Mistakes in its YAML files, where they keep the rest from being read.
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
