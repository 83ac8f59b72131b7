"""Whether the filesystem a URL names is one that fsspec knows and that is installed."""

from __future__ import annotations

import difflib
from importlib.util import find_spec

from kedro_dagster_component.config.finding import quote

_CHAIN = "::"
_SCHEME = "://"
_CLOSE = 0.5
"""How alike names are: most are short, and one wrong letter of two is half of them."""
_SOME = "fsspec knows file, s3, gs, abfs, sftp, http, memory and more"
_OWN = "fsspec"
_DISTRIBUTIONS = {"smbclient": "smbprotocol", "libarchive": "libarchive-c"}
"""Names pip knows packages by, where they are others than the import names."""


def protocol_mistake(pattern: str) -> tuple[str, str | None] | None:
    """What is wrong with the filesystems of a path.

    Args:
        pattern: A path, a URL, or a chain of them such as `zip://*.csv::s3://inbox/all.zip`.

    Returns:
        Message and hint; None for a path, and where all filesystems are there.
    """
    if _SCHEME not in pattern:
        return None
    from fsspec.registry import known_implementations, registry  # comes with Kedro; few projects need it here

    known = {*known_implementations, *registry}
    for part in pattern.split(_CHAIN):
        protocol, scheme, _ = part.partition(_SCHEME)
        if scheme and protocol not in known:
            close = difflib.get_close_matches(protocol.lower(), known, cutoff=_CLOSE)
            hint = f"did you mean {' or '.join(map(quote, close))}?" if close else _SOME
            return f"unknown filesystem {quote(protocol + _SCHEME)}", hint
        if (scheme or protocol in known) and (missing := _missing_package(protocol)) is not None:
            hint = f"install it with: pip install {missing}"
            return f"the filesystem {quote(protocol + _SCHEME)} needs the package {missing}", hint
    return None


def _missing_package(protocol: str) -> str | None:
    """The package a filesystem lacks; only filesystems of fsspec's own are imported, which is quick."""
    from fsspec.registry import get_filesystem_class, known_implementations, registry

    if protocol in registry:
        return None
    module = known_implementations[protocol]["class"].partition(".")[0]
    if module != _OWN:
        return None if find_spec(module) is not None else module.replace("_", "-")
    try:
        get_filesystem_class(protocol)
    except ImportError as error:
        cause = error.__cause__
        name = (cause.name if isinstance(cause, ImportError) else error.name) or protocol
        return _DISTRIBUTIONS.get(name, name)
    return None
