"""Who asks: told from the files of the frames on the stack."""

from __future__ import annotations

import os
import site
import sysconfig
from enum import Enum
from pathlib import Path
from types import FrameType

_IMPORTING = "<frozen importlib"
_OWN = f"{Path(__file__).resolve().parent.parent}{os.sep}"
_METADATA = f"importlib{os.sep}metadata{os.sep}"
_LISTS_MODULES = "pkgutil.py"
_RESOLVERS = f"omegaconf{os.sep}resolvers{os.sep}"
_RESOLVES_LINKS = frozenset({"realpath", "_joinrealpath"})


class Origin(Enum):
    """On whose behalf something is asked.

    Attributes:
        PROJECT: The project's own code.
        ITS_LIBRARIES: A library that the project, its configuration or Kedro calls.
        NOBODY: A library that is just being imported: what it asks belongs to it.
    """

    PROJECT = "project"
    ITS_LIBRARIES = "libraries"
    NOBODY = "nobody"


class Askers:
    """Tells the parts of a process apart by their files."""

    def __init__(self, package: str | None) -> None:
        """Take the import name of a project that is installed; None for one in a folder of its own."""
        paths = sysconfig.get_paths()
        self._packages = _folders(
            [paths["purelib"], paths["platlib"], *site.getsitepackages(), site.getusersitepackages()]
        )
        self._standard = _folders([paths["stdlib"], paths["platstdlib"], os.path.dirname(os.__file__)])  # noqa: PTH120
        self._resolvers = tuple(f"{folder}{_RESOLVERS}" for folder in self._packages)
        self._kedro = tuple(f"{folder}kedro{os.sep}" for folder in self._packages)
        self._project = tuple(f"{folder}{package}{os.sep}" for folder in self._packages) if package else ()

    def is_installed(self, path: str) -> bool:
        """Whether a file belongs to Python or to an installed package that is not the project."""
        return path.startswith((*self._packages, *self._standard)) and not path.startswith(self._project)

    def is_standard(self, path: str) -> bool:
        """Whether code belongs to Python, or was made on the way by somebody further out."""
        return path.startswith("<") or (path.startswith(self._standard) and not path.startswith(self._packages))

    def is_configurations(self, path: str) -> bool:
        """Whether code does what a line of the configuration says: `oc.env` takes the very variable that is named there."""
        return path.startswith(self._resolvers)

    def is_kedros(self, path: str) -> bool:
        """Whether code is Kedro's, or this package's."""
        return path.startswith((*self._kedro, _OWN))


def on_whose_behalf(frame: FrameType | None, askers: Askers, *, for_kedro: bool = True) -> Origin:
    """Whom a call serves.

    Args:
        frame: Of the one who calls.
        askers: Of this process.
        for_kedro: Whether what Kedro and this package ask themselves counts as asked by a library.
    """
    is_first = True
    while frame is not None:
        path = frame.f_code.co_filename
        if path.startswith(_IMPORTING):
            return Origin.NOBODY
        if askers.is_kedros(path):
            return Origin.ITS_LIBRARIES if for_kedro else Origin.NOBODY
        if not askers.is_standard(path):
            if not askers.is_installed(path) or askers.is_configurations(path):
                return Origin.PROJECT if is_first else Origin.ITS_LIBRARIES
            is_first = False
        frame = frame.f_back
    return Origin.PROJECT if is_first else Origin.ITS_LIBRARIES  # a thread, whose stack does not tell who started it


def module_search(frame: FrameType | None) -> bool | None:
    """Why a folder is listed.

    Returns:
        True where modules are looked for, False where installed packages are, None for any other reason.
    """
    path = frame.f_code.co_filename if frame is not None else ""
    if _METADATA in path:
        return False
    return True if path.startswith(_IMPORTING) or path.endswith(_LISTS_MODULES) else None


def resolves_links(frame: FrameType) -> bool:
    """Whether a path is looked at on the way to what is behind it, so that all but links leave it as it is."""
    return frame.f_code.co_name in _RESOLVES_LINKS


def _folders(paths: list[str]) -> tuple[str, ...]:
    """Each with a separator behind it, as it is written and as it really is."""
    forms = {form for path in paths for form in (os.path.abspath(path), os.path.realpath(path))}  # noqa: PTH100
    return tuple(sorted(f"{form}{os.sep}" for form in forms))
