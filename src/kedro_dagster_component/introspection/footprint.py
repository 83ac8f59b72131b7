"""What reading a project touched, and whether all of it is still the same. Both processes know it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from kedro_dagster_component.introspection.digests import Digests, kind_of, link_of
from kedro_dagster_component.manifest import Record


class Footprint(Record):
    """Everything outside itself that the reading of a project was seen to depend on. Paths are absolute.

    Attributes:
        salt: Of all digests.
        files: Digest of each file's content before it was first opened; None where there was none.
        folders: Digest of the names in each folder before it was first listed; None where there was none.
        modules: The same for folders in which modules were looked for: of the names that can be modules.
        kinds: `file`, `folder` or `nothing` for each path of which it was asked whether it is there.
        links: The same for each path of which it was asked whether it is a link: then where it leads to.
        children: Programs that were started: what these read cannot be told.
        variables: Digest of each environment variable, before the project could set it; None where there was none.
        environment: Digest of all variables at once, where somebody asked for all of them; else None.
        python: The interpreter.
        distributions: Digest of the packages installed in each folder of `sys.path`.
    """

    salt: str
    files: dict[str, str | None]
    folders: dict[str, str | None]
    modules: dict[str, str | None]
    kinds: dict[str, str]
    links: dict[str, str]
    children: tuple[str, ...]
    variables: dict[str, str | None]
    environment: str | None
    python: str
    distributions: dict[str, str | None]

    def changes(self, environment: Mapping[str, str]) -> Iterator[str]:
        """What is not as it was, in words; nothing where the project would be read as before.

        Args:
            environment: The variables of a process that would read the project now.
        """
        digests = Digests(self.salt)
        if self.python != python_in_use():
            yield "the version of Python"
        if self.environment not in {None, digests.of_environment(environment)}:
            yield "the environment variables"
        for name, known in self.variables.items():
            if digests.of_text(environment.get(name)) != known:
                yield f"the environment variable {name}"
        yield from _changed(self.kinds, kind_of)
        yield from _changed(self.links, link_of)
        yield from _changed(self.folders, digests.of_folder)
        yield from _changed(self.modules, digests.of_modules)
        yield from (path for path, known in self.files.items() if not digests.is_file(path, known))
        for folder in _changed(self.distributions, digests.of_distributions):
            yield f"the packages in {folder}"

    def agrees_with(self, other: Footprint) -> bool:
        """Whether two readings under one salt saw the same wherever both looked."""
        for name in type(self).model_fields:
            ours, theirs = getattr(self, name), getattr(other, name)
            if isinstance(ours, dict) and any(theirs.get(key, value) != value for key, value in ours.items()):
                return False
        return True

    def joined(self, other: Footprint) -> Footprint:
        """What either of two readings depends on, as this one saw it where both saw it."""
        fields: dict[str, Any] = {}
        for name in type(self).model_fields:
            ours, theirs = getattr(self, name), getattr(other, name)
            fields[name] = {**theirs, **ours} if isinstance(ours, dict) else ours or theirs
        fields["children"] = tuple(sorted({*self.children, *other.children}))
        return Footprint(**fields)


def python_in_use() -> str:
    """The interpreter of this process."""
    return f"{sys.implementation.name} {sys.version} in {sys.prefix}"


def _changed(known_by_path: Mapping[str, str | None], look: Any) -> Iterator[str]:
    return (path for path, known in known_by_path.items() if look(path) != known)
