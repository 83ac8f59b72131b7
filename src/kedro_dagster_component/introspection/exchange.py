"""What travels between the two processes: a `Request` one way, an `Answer` back, both as JSON in a file."""

from __future__ import annotations

from kedro_dagster_component.errors import ConfigurationError, IntrospectionError
from kedro_dagster_component.introspection.footprint import Footprint
from kedro_dagster_component.manifest import ProblemRecord, ProjectManifest, ProjectRef, Record

REQUEST_FILE = "request.json"
ANSWER_FILE = "answer.json"
NOT_WRITTEN = 74
"""Exit code of a subprocess that has no place for its answer; `EX_IOERR` of sysexits.h."""


class Request(Record):
    """What the subprocess is asked.

    Attributes:
        ref: Which project, and how to open it.
        keys_of: A dataset as the catalog spells it, whose partition keys in storage are asked for; None asks for the
            manifest.
        salt: For the digests of a footprint; None asks for none.
    """

    ref: ProjectRef
    keys_of: str | None = None
    salt: str | None = None


class Answer(Record):
    """What the subprocess found: exactly one of the first four is set.

    Attributes:
        manifest: The project, where it could be read.
        keys: Partition keys in storage, where those of a dataset were asked for.
        problems: Mistakes in its YAML files, where they keep the rest from being read.
        error: Why it could not be read otherwise.
        footprint: What the manifest depends on, where that was asked for and could be told.
    """

    manifest: ProjectManifest | None = None
    keys: tuple[str, ...] | None = None
    problems: tuple[ProblemRecord, ...] = ()
    error: str | None = None
    footprint: Footprint | None = None

    def checked(self) -> Answer:
        """This answer, unless it says that there is none.

        Raises:
            ConfigurationError: The project's YAML files hold mistakes.
            IntrospectionError: The project cannot be read.
        """
        if self.problems:
            raise ConfigurationError(record.problem() for record in self.problems)
        if self.manifest is None and self.keys is None:
            raise IntrospectionError(self.error or "the process that reads the project gave no answer")
        return self
