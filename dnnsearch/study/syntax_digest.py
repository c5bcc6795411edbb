"""The SHA-256 of what a module computes: its syntax tree without comments and docstrings.

`ast.dump` is not used, because its text depends on the version of Python. Here a field that is
empty does not count, so neither does a field that a version has added, and the parts of an f-string
are joined, which some versions cut at other places.
"""

import ast
import hashlib
from typing import Any

WITH_DOCSTRING = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def syntax_digest(source: str) -> str:
    """Return the SHA-256, in hex, of the syntax tree of Python source."""
    return hashlib.sha256(_text(ast.parse(source)).encode()).hexdigest()


def _text(value: Any) -> str:
    """Return a node, a list of nodes or the value of a field as text."""
    if isinstance(value, list):
        return f"[{' '.join(map(_text, value))}]"
    if isinstance(value, ast.Constant):  # without `kind`, which is the `u` of u""
        return f"{type(value.value).__name__}:{value.value!a}"
    if isinstance(value, ast.AST):
        fields = " ".join(f"{name}={_text(child)}" for name, child in _fields(value))
        return f"{type(value).__name__}({fields})"
    return ascii(value)


def _fields(node: ast.AST) -> list[tuple[str, Any]]:
    """Return the fields of a node that are not empty, without a docstring."""
    fields = dict(ast.iter_fields(node))
    if isinstance(node, WITH_DOCSTRING) and ast.get_docstring(node, clean=False) is not None:
        fields["body"] = node.body[1:]
    if isinstance(node, ast.JoinedStr):
        fields["values"] = _joined(node.values)
    return [(name, child) for name, child in fields.items() if child not in (None, 0, [])]


def _joined(parts: list[ast.expr]) -> list[ast.expr]:
    """Return the parts of an f-string with adjacent texts joined and empty ones left out."""
    joined: list[ast.expr] = []
    for part in parts:
        before = joined[-1] if joined else None
        if not isinstance(part, ast.Constant):
            joined.append(part)
        elif isinstance(before, ast.Constant):
            joined[-1] = ast.Constant(str(before.value) + str(part.value))
        elif part.value:
            joined.append(part)
    return joined
