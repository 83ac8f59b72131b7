"""What the constructors of kedro-datasets' classes take, read from their source: importing them takes seconds.

Only what is plain is told. Of a class that takes its constructor from another one nothing is known but that it is there.
"""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.machinery import ModuleSpec
from pathlib import Path

PACKAGES = ("kedro_datasets", "kedro_datasets_experimental")
_SUBMODULES = "submod_attrs"
"""Argument of `lazy_loader.attach` that names the classes of each module of a folder."""


@dataclass(frozen=True)
class Accepted:
    """Arguments of a constructor.

    Attributes:
        names: All that have a name.
        required: Those without a default.
        any_name: Whether it takes others too (`**kwargs`).
    """

    names: frozenset[str]
    required: frozenset[str]
    any_name: bool


_ANYTHING = Accepted(frozenset(), frozenset(), any_name=True)


@cache
def accepted_by_source(type_name: str) -> Accepted | None:
    """What a class takes.

    Args:
        type_name: As in a catalog, `pandas.CSVDataset` or a whole path.

    Returns:
        None where the class is none of kedro-datasets, or lacks a requirement.
    """
    module, _, name = type_name.rpartition(".")
    file = _file_of(module, name)
    if file is None or _lacks_requirement(file):
        return None
    classes = [node for node in _parsed(file).body if isinstance(node, ast.ClassDef) and node.name == name]
    return _accepted(classes[0]) if len(classes) == 1 else None


def known_types() -> list[str]:
    """Every type of kedro-datasets as a catalog writes it, whether or not its requirements are installed."""
    root = _root(PACKAGES[0])
    if root is None:
        return []
    folders = sorted(path.parent for path in root.glob("*/__init__.py"))
    return [f"{folder.name}.{name}" for folder in folders for name in _modules_by_class(folder)]


def module_of(type_name: str) -> str | None:
    """Import path of the module that defines a class of kedro-datasets; None where there is no such class."""
    module, _, name = type_name.rpartition(".")
    file = _file_of(module, name)
    if file is None:
        return None
    package = next(package for package in PACKAGES if (root := _root(package)) and file.is_relative_to(root))
    return f"{package}.{file.parent.name}.{file.stem}"


def _file_of(module: str, name: str) -> Path | None:
    parts = module.split(".")
    package = parts.pop(0) if parts[0] in PACKAGES else PACKAGES[0]
    root = _root(package)
    if root is None or not parts:
        return None
    folder = root / parts[0]
    if len(parts) == 1 and (folder / "__init__.py").is_file():
        submodule = _modules_by_class(folder).get(name)
        return folder / f"{submodule}.py" if submodule and (folder / f"{submodule}.py").is_file() else None
    file = folder / f"{parts[-1]}.py"
    return file if len(parts) == 2 and file.is_file() else None


@cache
def _root(package: str) -> Path | None:
    spec = importlib.util.find_spec(package)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    return Path(folders[0]) if len(folders) == 1 else None


@cache
def _parsed(file: Path) -> ast.Module:
    try:
        return ast.parse(file.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return ast.Module(body=[], type_ignores=[])


@cache
def _modules_by_class(folder: Path) -> dict[str, str]:
    """Such as `{"CSVDataset": "csv_dataset"}`."""
    found: dict[str, str] = {}
    for node in ast.walk(_parsed(folder / "__init__.py")):
        if isinstance(node, ast.keyword) and node.arg == _SUBMODULES:
            try:
                table = ast.literal_eval(node.value)
            except ValueError:
                continue
            found.update({name: module for module, names in table.items() for name in names})
    return found


def _accepted(node: ast.ClassDef) -> Accepted:
    methods = {part.name: part for part in node.body if isinstance(part, ast.FunctionDef)}
    init = methods.get("__init__")
    if init is None or init.decorator_list or "__new__" in methods or node.decorator_list or node.keywords:
        return _ANYTHING
    arguments = init.args
    by_place = [*arguments.posonlyargs, *arguments.args]
    required = {argument.arg for argument in by_place[1 : len(by_place) - len(arguments.defaults)]}
    pairs = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    required |= {argument.arg for argument, default in pairs if default is None}
    names = {argument.arg for argument in [*by_place[1:], *arguments.kwonlyargs]}
    return Accepted(frozenset(names), frozenset(required), arguments.kwarg is not None)


@cache
def _lacks_requirement(file: Path) -> bool:
    """Whether a module imports something at its top that is not installed, told without importing it."""
    pending, seen = [file], {file}
    while pending:
        for name in _imports(pending.pop()):
            own = _own_file(name)
            if own is None and not _is_there(name):
                return True
            if own is not None and own not in seen and own.is_file():
                seen.add(own)
                pending.append(own)
    return False


def _imports(file: Path) -> Iterator[str]:
    """Full names of the modules that a module imports at its top."""
    package = [file.parent.parent.name, file.parent.name]
    for node in _parsed(file).body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) + 1 - node.level] if node.level else []
            yield ".".join([*above, *filter(None, [node.module])])


def _own_file(name: str) -> Path | None:
    """File of a module of kedro-datasets; None for a module of anything else."""
    package, *parts = name.split(".")
    root = _root(package) if package in PACKAGES else None
    return root.joinpath(*parts).with_suffix(".py") if root is not None else None


@cache
def _is_there(name: str) -> bool:
    """Whether a module may be importable: its top package is, and folders without code are followed down."""
    path, *below = name.split(".")
    for part in below:
        spec = _spec(path)
        if spec is None or spec.origin is not None:
            return spec is not None
        path = f"{path}.{part}"
    return _spec(path) is not None


def _spec(name: str) -> ModuleSpec | None:
    try:
        return importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None
