"""Salted digests of what a project is read from: files, folders, variables, installed packages.

Salted, so that neither a password in a file nor one in a variable can be guessed from what is kept of it.
"""

from __future__ import annotations

import glob
import hashlib
import importlib.machinery
import os
import stat
import time
from collections.abc import Callable, Iterator, Mapping

LARGE_BYTES = 16 * 2**20
"""Size from which on a file is not read again where its size, times and inode are those of before."""

_SALT_BYTES = 16
_DIGEST_BYTES = 16
_CHUNK_BYTES = 2**20
_SETTLED_SECONDS = 5
"""Age from which on the times of a file tell of every later change, however coarse a filesystem's clock is."""
_LEFT_BEHIND = frozenset({"__pycache__", ".DS_Store"})
"""Names that come and go without anybody having written anything."""
_MODULE_SUFFIXES = tuple(importlib.machinery.all_suffixes())
_PACKAGE_FILES = tuple(f"__init__{suffix}" for suffix in _MODULE_SUFFIXES)
_METADATA = (".dist-info", ".egg-info")
_METADATA_FILES = ("RECORD", "METADATA", "PKG-INFO")
_PATH_FILES = (".pth", ".egg-link")
_OF_PROCESS = frozenset(
    {
        *("_", "SHLVL", "PWD", "OLDPWD", "COLUMNS", "LINES", "COLORTERM", "NO_COLOR", "FORCE_COLOR", "LS_COLORS"),
        *("HOME", "USER", "LOGNAME", "USERNAME", "MAIL", "SHELL", "HOSTNAME", "HOST", "DISPLAY", "WINDOWID", "PATH"),
        *("TMPDIR", "TEMP", "TMP", "LANG", "LANGUAGE", "PS1", "EDITOR", "PAGER", "INVOCATION_ID", "JOURNAL_STREAM"),
        *("KEDRO_LOGGING_CONFIG", "KEDRO_DISABLE_TELEMETRY", "DO_NOT_TRACK", "VIRTUAL_ENV", "VIRTUAL_ENV_PROMPT"),
    }
)
_OF_PROCESS_PREFIXES = (
    *("TERM", "LC_", "SSH_", "XDG_", "VSCODE_", "PYTHON", "PYTEST_", "COV_", "DAGSTER_", "KEDRO_DAGSTER_"),
)


class Digests:
    """Digests under one salt, as hexadecimal text. Paths may be any that Python opened."""

    def __init__(self, salt: str) -> None:
        """Take a salt of `new_salt`."""
        self._key = bytes.fromhex(salt)

    def of_text(self, text: str | None) -> str | None:
        """Of a text; None for None."""
        return None if text is None else self._of(text)

    def of_environment(self, environment: Mapping[str, str]) -> str:
        """Of all variables but those of which `is_of_process` is true."""
        return self._of(*sorted(f"{name}={value}" for name, value in environment.items() if not is_of_process(name)))

    def of_file(self, path: str) -> str | None:
        """Of a file's content, and for a large one what `is_file` may go by instead; None where none can be read."""
        try:
            status = os.stat(path)  # noqa: PTH116 - as quick as can be: there may be thousands
            if not stat.S_ISREG(status.st_mode):
                return None
            with open(path, "rb") as stream:  # noqa: PTH123
                digest = hashlib.blake2b(key=self._key, digest_size=_DIGEST_BYTES)
                while chunk := stream.read(_CHUNK_BYTES):
                    digest.update(chunk)
        except (OSError, ValueError):
            return None
        is_settled = status.st_size >= LARGE_BYTES and time.time() - status.st_ctime > _SETTLED_SECONDS
        return digest.hexdigest() + (_stamp(status) if is_settled else "")

    def is_file(self, path: str, known: str | None) -> bool:
        """Whether a file still has the content of a digest."""
        content, _, stamp = (known or "").partition(":")
        if stamp and _stamp_of(path) == f":{stamp}":
            return True
        return (self.of_file(path) or "").partition(":")[0] == content

    def of_folder(self, path: str) -> str | None:
        """Of the names in a folder, and which of them are folders; None where it cannot be listed."""
        return self._of_names(path, lambda _entry: True, _in_folder)

    def of_modules(self, path: str) -> str | None:
        """Of the names in a folder that can be imported, and which of them are packages; None where it cannot be listed."""
        return self._of_names(path, _can_be_module, _on_import_path)

    def of_distributions(self, path: str) -> str | None:
        """Of the packages installed in a folder, each with the record of its files; None where it cannot be listed."""
        try:
            with os.scandir(path) as entries:
                found = sorted((entry.name, entry.path) for entry in entries)
        except (OSError, ValueError):
            return None
        parts = []
        for name, entry in found:
            if name.endswith(_METADATA):
                parts += [name, self._of_metadata(entry)]
            elif name.endswith(_PATH_FILES):
                parts += [name, self.of_file(entry) or ""]
        return self._of(*parts)

    def of_pattern(self, pattern: str, root: str) -> str | None:
        """Of all files a path or a pattern of the user names, below folders too; None where there are none.

        Args:
            pattern: With `*` and `**` as `glob` has them.
            root: Folder that relative ones start at.
        """
        contents = [(path, self.of_file(path) or "") for path in sorted(_files_of(pattern, root))]
        return (
            self._of(*(part for path, digest in contents for part in (path, digest.partition(":")[0])))
            if contents
            else None
        )

    def _of_metadata(self, path: str) -> str:
        """Of the first file that changes with every installation; an `.egg-info` may be a file itself."""
        candidates = (*(os.path.join(path, name) for name in _METADATA_FILES), path)  # noqa: PTH118 - quick, see above
        return next(filter(None, map(self.of_file, candidates)), "")

    def _of_names(
        self, path: str, counts: Callable[[os.DirEntry[str]], bool], name: Callable[[os.DirEntry[str]], str]
    ) -> str | None:
        try:
            with os.scandir(path) as entries:
                kept = [entry for entry in entries if entry.name not in _LEFT_BEHIND and counts(entry)]
                return self._of(*sorted(map(name, kept)))
        except (OSError, ValueError):
            return None

    def _of(self, *parts: str) -> str:
        data = os.fsencode("\0".join(parts))
        return hashlib.blake2b(data, key=self._key, digest_size=_DIGEST_BYTES).hexdigest()


def new_salt() -> str:
    """A salt nobody has used before."""
    return os.urandom(_SALT_BYTES).hex()


def kind_of(path: str) -> str:
    """`file`, `folder` or `nothing`; what cannot be looked at is nothing."""
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - quick, see above
    except (OSError, ValueError):
        return "nothing"
    return "folder" if stat.S_ISDIR(mode) else "file"


def link_of(path: str) -> str:
    """As `kind_of`, but of a link where it leads to."""
    try:
        return f"link to {os.readlink(path)}"  # noqa: PTH115 - quick, see above
    except (OSError, ValueError):
        return kind_of(path)


def is_of_process(name: str) -> bool:
    """Whether a variable belongs to a user, a terminal or one process, so that a library may look at it in passing."""
    return name in _OF_PROCESS or name.startswith(_OF_PROCESS_PREFIXES)


def _can_be_module(entry: os.DirEntry[str]) -> bool:
    name = entry.name
    if name.endswith(_MODULE_SUFFIXES):
        return name.partition(".")[0].isidentifier()
    return name.isidentifier() and entry.is_dir()


def _in_folder(entry: os.DirEntry[str]) -> str:
    return f"{entry.name}/" if entry.is_dir() else entry.name


def _on_import_path(entry: os.DirEntry[str]) -> str:
    """A package goes before a module of its name, any other folder behind it: Python asks nobody which one it is."""
    is_package = any(os.path.isfile(os.path.join(entry.path, name)) for name in _PACKAGE_FILES)  # noqa: PTH113, PTH118
    return f"{entry.name}/__init__" if is_package else _in_folder(entry)


def _stamp_of(path: str) -> str:
    try:
        return _stamp(os.stat(path))  # noqa: PTH116 - quick, see above
    except (OSError, ValueError):
        return ""


def _stamp(status: os.stat_result) -> str:
    """What differs after every change of a file's content: nobody can set the time of its last change back."""
    return f":{status.st_size}:{status.st_mtime_ns}:{status.st_ctime_ns}:{status.st_ino}:{status.st_dev}"


def _files_of(pattern: str, root: str) -> Iterator[str]:
    path = os.path.join(root, os.path.expanduser(pattern))  # noqa: PTH111, PTH118 - a pattern is no path
    for found in [path] if os.path.lexists(path) else glob.glob(path, recursive=True):  # noqa: PTH207
        if os.path.isdir(found):  # noqa: PTH112
            for folder, inside, names in os.walk(found):
                inside[:] = [name for name in inside if name not in _LEFT_BEHIND]
                yield from (os.path.join(folder, name) for name in names)  # noqa: PTH118
        else:
            yield found
