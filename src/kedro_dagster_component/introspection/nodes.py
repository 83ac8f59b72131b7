"""Nodes as data, and the fingerprint by which a live node is compared with the manifest's."""

from __future__ import annotations

import functools
import hashlib
import inspect
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro_dagster_component.compat.kedro import node_mappings
from kedro_dagster_component.introspection.annotations import read_hints, without_partials
from kedro_dagster_component.introspection.code_versions import source_version
from kedro_dagster_component.manifest import NodeEntry, SourceRef
from kedro_dagster_component.masking import mask_text
from kedro_dagster_component.plain import encodable

if TYPE_CHECKING:
    from kedro.pipeline import Pipeline
    from kedro.pipeline.node import Node


def fingerprint_of(node: Node) -> str:
    """What tells a node from every other: 16 hexadecimal digits, the same in every process and on every machine.

    Made of the name, the function's path, inputs and outputs as the node was given them, and what it confirms. The
    arguments bound by a partial are no part of it: they may be made anew in each process (a date, an object).
    """
    inputs, outputs = node_mappings(node)
    parts = {
        "name": node.name,
        "func": function_path(node.func),
        "inputs": inputs,
        "outputs": outputs,
        "confirms": node.confirms,
    }
    text = json.dumps(parts, sort_keys=True, ensure_ascii=True, default=list)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def function_path(func: Any) -> str:
    """Import path of a node's function; never an address.

    `package.module.name` for what has a name (`<lambda>` and `make.<locals>.inner` included), `partial(...)` around
    the path of what a partial without a name calls, the path of the class for another callable object.
    """
    if isinstance(func, functools.partial) and not hasattr(func, "__name__"):
        return f"partial({function_path(func.func)})"
    name = getattr(func, "__qualname__", None) or getattr(func, "__name__", None)
    owner = func if name else type(func)
    module = getattr(owner, "__module__", None)
    path = name or type(func).__qualname__
    return f"{module}.{path}" if module else str(path)


def read_nodes(pipelines: Mapping[str, Pipeline]) -> NodeTable:
    """Every distinct node of the registered pipelines.

    Args:
        pipelines: In the order of the registry.
    """
    table = NodeTable()
    names = sorted(pipelines, key=lambda name: name != "__default__")  # stable: the others keep their order
    for name in names:
        table.add(pipelines[name].nodes)
    table.finish(pipelines)
    return table


class NodeTable:
    """Nodes by their identity, filled in one walk over the pipelines.

    Attributes:
        entries: By id, `__default__`'s order first.
        pipelines: Node ids of each pipeline in execution order.
        doubtful: Ids of nodes that are several objects, the same in everything but their function's code.
    """

    def __init__(self) -> None:
        self.entries: dict[str, NodeEntry] = {}
        self.pipelines: dict[str, tuple[str, ...]] = {}
        self.doubtful: list[str] = []
        self._first: dict[str, Node] = {}  # {fingerprint: node}
        self._tags: dict[str, set[str]] = {}  # {fingerprint: tags of all its objects}
        self._fingerprints: dict[int, str] = {}  # {id of a node object: fingerprint}
        self._alive: list[Node] = []  # keeps those ids from being given to other objects
        self._ids: dict[str, str] = {}  # {fingerprint: node id}

    def add(self, nodes: Iterable[Node]) -> None:
        """Take in nodes, in execution order."""
        for node in nodes:
            fingerprint = self._fingerprint(node)
            self._first.setdefault(fingerprint, node)
            self._tags.setdefault(fingerprint, set()).update(node.tags)

    def finish(self, pipelines: Mapping[str, Pipeline]) -> None:
        """Give ids and make the entries, once every node has been taken in."""
        self._ids = _ids({fingerprint: node.name for fingerprint, node in self._first.items()})
        members: dict[str, list[str]] = {}  # {fingerprint: pipelines}
        doubtful: dict[str, None] = {}
        for name, pipeline in pipelines.items():
            nodes = pipeline.nodes
            self.pipelines[name] = self.ids_of(nodes)
            for node in nodes:
                fingerprint = self._fingerprint(node)
                members.setdefault(fingerprint, []).append(name)
                if not _same_code(node.func, self._first[fingerprint].func):
                    doubtful[self._ids[fingerprint]] = None
        self.doubtful = list(doubtful)
        for fingerprint, node in self._first.items():
            self.entries[self._ids[fingerprint]] = _entry(
                node, self._ids[fingerprint], fingerprint, sorted(self._tags[fingerprint]), members[fingerprint]
            )

    def ids_of(self, nodes: Iterable[Node]) -> tuple[str, ...]:
        """Ids of nodes, in their order."""
        return tuple(self._ids[self._fingerprint(node)] for node in nodes)

    def _fingerprint(self, node: Node) -> str:
        key = id(node)
        if key not in self._fingerprints:
            self._fingerprints[key] = fingerprint_of(node)
            self._alive.append(node)
        return self._fingerprints[key]


def _ids(names: Mapping[str, str]) -> dict[str, str]:
    """Node ids by fingerprint: the name, with a part of the fingerprint behind it where nodes share it."""
    counts: dict[str, int] = {}
    for name in names.values():
        counts[name] = counts.get(name, 0) + 1
    return {
        fingerprint: name if counts[name] == 1 else f"{name}-{fingerprint[:8]}" for fingerprint, name in names.items()
    }


def _entry(node: Node, node_id: str, fingerprint: str, tags: list[str], pipelines: list[str]) -> NodeEntry:
    func = without_partials(node.func)
    return NodeEntry(
        id=node_id,
        name=node.name,
        namespace=node.namespace or None,
        func=function_path(node.func),
        inputs=tuple(dict.fromkeys(node.inputs)),
        outputs=tuple(node.outputs),
        confirms=tuple(node.confirms),
        tags=tuple(tags),
        pipelines=tuple(pipelines),
        description=encodable(mask_text(inspect.getdoc(func) or "")) or None,
        signature=_signature(func),
        is_generator=inspect.isgeneratorfunction(node.func),  # the runner's own question
        source=_source(func),
        fingerprint=fingerprint,
        code_version=source_version(_code(func), [function_path(node.func), *node_mappings(node)]),
        hints=read_hints(node),
    )


def _signature(func: Callable[..., Any]) -> str | None:
    """`name(a, *args, b)`: defaults and annotations are left out, their text may hold anything."""
    marks: dict[Any, str] = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    try:
        parameters = inspect.signature(func).parameters.values()
    except (TypeError, ValueError):
        return None
    name = getattr(func, "__name__", None) or type(func).__name__
    return f"{name}({', '.join(marks.get(parameter.kind, '') + parameter.name for parameter in parameters)})"


def _source(func: Any) -> SourceRef | None:
    code = _code(func)
    if code is None or not _is_file(code.co_filename):
        return None
    return SourceRef(file=str(Path(code.co_filename).absolute()), line=code.co_firstlineno)


def _code(func: Any) -> Any:
    try:
        target = inspect.unwrap(func)
    except ValueError:  # a wrapper of itself
        target = func
    for candidate in (target, getattr(target, "__func__", None), getattr(type(target), "__call__", None)):  # noqa: B004
        code = getattr(candidate, "__code__", None)
        if code is not None:
            return code
    return None


@functools.cache
def _is_file(name: str) -> bool:
    return Path(name).is_file()


def _same_code(one: Any, other: Any) -> bool:
    """Whether two functions of one path do the same, as far as can be told without running them."""
    if one is other:
        return True
    if isinstance(one, functools.partial) and isinstance(other, functools.partial):
        return _same_arguments(one, other) and _same_code(one.func, other.func)
    return bool(_code(one) == _code(other))


def _same_arguments(one: functools.partial[Any], other: functools.partial[Any]) -> bool:
    try:
        return bool(one.args == other.args and one.keywords == other.keywords)
    except Exception:  # noqa: BLE001 - bound objects may compare as they like, arrays refuse to
        return True
