"""Changes of a module, one at a time: an operator, a comparison, a number, a call left out, an error unraised.

A change is a replacement of text between two places of the source, so that everything else stays where it was.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_OPERATORS: dict[type[ast.operator], ast.operator] = {
    ast.Add: ast.Sub(),
    ast.Sub: ast.Add(),
    ast.Mult: ast.FloorDiv(),
    ast.FloorDiv: ast.Mult(),
    ast.Mod: ast.Mult(),
}
_COMPARISONS: dict[type[ast.cmpop], ast.cmpop] = {
    ast.Lt: ast.LtE(),
    ast.LtE: ast.Lt(),
    ast.Gt: ast.GtE(),
    ast.GtE: ast.Gt(),
    ast.Eq: ast.NotEq(),
    ast.NotEq: ast.Eq(),
    ast.In: ast.NotIn(),
    ast.NotIn: ast.In(),
    ast.Is: ast.IsNot(),
    ast.IsNot: ast.Is(),
}


class Change(NamedTuple):
    """A replacement in a file: bytes from `start` to `end` become `text`; `line` and `what` are for people."""

    path: Path
    line: int
    start: int
    end: int
    text: str
    what: str

    def source(self) -> bytes:
        """The whole file with the change in it."""
        whole = self.path.read_bytes()
        return whole[: self.start] + self.text.encode() + whole[self.end :]


def changes_of(path: Path) -> list[Change]:
    """Every change of a module, in the order of its lines."""
    whole = path.read_bytes()
    starts = [0]
    for line in whole.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    found = []
    for node in _nodes(ast.parse(whole)):
        for text in _others(node):
            start = starts[node.lineno - 1] + node.col_offset
            end = starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)
            before = " ".join(whole[start:end].decode().split())
            what = f"{before[:90]} → {' '.join(text.split())[:90]}"
            found.append(Change(path, node.lineno, start, end, text, what))
    return sorted(found, key=lambda change: (change.start, change.text))


def _nodes(node: ast.AST) -> Iterator[ast.expr | ast.stmt]:
    """What may be changed: bodies of functions and constants; sentences, annotations and decorators not."""
    for child in _children(node):
        if isinstance(child, ast.expr | ast.stmt):
            yield child
        yield from _nodes(child)


def _children(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield from node.body
    elif isinstance(node, ast.AnnAssign):
        yield from [node.value] if node.value else []
    elif not isinstance(node, ast.JoinedStr) and not _is_sentence(node):
        yield from ast.iter_child_nodes(node)


def _is_sentence(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("Text", "NamedTuple")


def _others(node: ast.expr | ast.stmt) -> Iterator[str]:
    """What a node becomes, as text; nothing for a node that is left as it is."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        other = ast.Compare(node.left, [_COMPARISONS[type(node.ops[0])]], node.comparators)
        yield f"({ast.unparse(other)})"
    elif isinstance(node, ast.BoolOp):
        other_word: ast.boolop = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield f"({ast.unparse(ast.BoolOp(other_word, node.values))})"
    elif isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS and not _is_text(node):
        yield f"({ast.unparse(ast.BinOp(node.left, _OPERATORS[type(node.op)], node.right))})"
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield f"({ast.unparse(node.operand)})"
    elif isinstance(node, ast.Constant):
        yield from _other_constant(node.value)
    elif isinstance(node, ast.stmt):
        yield from _other_statement(node)


def _is_text(node: ast.BinOp) -> bool:
    """Whether an addition joins words: it would only break."""
    parts = [each for each in ast.walk(node) if isinstance(each, ast.Constant | ast.JoinedStr)]
    return any(isinstance(each, ast.JoinedStr) or isinstance(each.value, str | bytes) for each in parts)


def _other_constant(value: object) -> Iterator[str]:
    if isinstance(value, bool):
        yield str(not value)
    elif isinstance(value, int):
        yield str(value + 1)
    elif isinstance(value, float):
        yield repr(value * 1.1 if value else 1.0)


def _other_statement(node: ast.stmt) -> Iterator[str]:
    is_call = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call | ast.Await)
    if is_call or isinstance(node, ast.Raise | ast.Continue | ast.Break | ast.AugAssign):
        yield "pass"
    elif isinstance(node, ast.Return) and node.value is not None and not _is_nothing(node.value):
        yield "return None"


def _is_nothing(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
