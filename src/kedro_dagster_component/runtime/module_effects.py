"""What importing a module does beside defining its own names, told from its source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

_OF_THEIR_OWN = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_CHANGED = (ast.Store, ast.Del)


def does_more_than_define(file: Path) -> bool:
    """Whether a module calls something for its effect when it is imported, or sets what belongs to another object.

    Such are `OmegaConf.register_new_resolver(...)`, `np.random.seed(1)`, `os.environ["A"] = "b"` and `shared.limit = 3`. A
    call whose value gets a name counts for none, as `logging.getLogger(__name__)` does. What cannot be parsed may do
    anything.
    """
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return True
    return any(_has_effect(one) for one in _at_import(tree))


def _at_import(node: ast.AST) -> Iterator[ast.AST]:
    """What is run by an import, blocks within blocks, but for the program that a module may be as well."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _OF_THEIR_OWN) or (isinstance(child, ast.If) and "__name__" in ast.dump(child.test)):
            continue
        yield child
        yield from _at_import(child)


def _has_effect(node: ast.AST) -> bool:
    if isinstance(node, ast.Expr):
        return not isinstance(node.value, ast.Constant)
    return isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, _CHANGED)
