"""Python's own nodes read into those of an expression; whatever is no arithmetic of a rule is refused."""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import CodeType, FunctionType
from typing import Any

from xietong.calc.expressions import (
    Choice,
    Comparison,
    Either,
    Factor,
    Input,
    Lines,
    Loop,
    Merged,
    Node,
    Number,
    Part,
    Pick,
    Product,
    Python,
    Sum,
    Table,
    Total,
    named,
)

_FITS = (
    "a rule is guards, local names and one returned expression of + - * /, sum(x.values()), x[name], "
    "x.get(name, number), factors.nearest(name, group), min, max, one value if … else another, or one line a name"
)
_COMPARED: Mapping[type[ast.cmpop], str] = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}


class UnfitRuleError(ValueError):
    """A rule whose source is no expression that can be shown, checked and calculated column by column."""

    def __init__(self, what: ast.AST) -> None:
        super().__init__(f"{ast.unparse(what)!r} does not fit: {_FITS}")


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads Python into nodes. space: the rule's module; inputs: what it may name (None: anything); purposes: which of
    them are tables of factors; loop: the names that a loop around has given."""

    space: Mapping[str, Any]
    inputs: frozenset[str] | None
    purposes: frozenset[str]
    loop: Loop | None = None

    def read(self, node: ast.expr) -> Node:
        """The node; raises UnfitRuleError."""
        reader = _READERS.get(type(node))
        if reader is None:
            raise UnfitRuleError(node)
        return reader(self, node)

    def source(self, node: ast.expr) -> str:
        """The input or table that a name stands for."""
        if not isinstance(node, ast.Name) or (self.inputs is not None and node.id not in self.inputs):
            raise UnfitRuleError(node)
        return node.id

    def python(self, node: ast.expr) -> Python:
        """A name or condition that Python itself works out."""
        if isinstance(node, ast.Constant):
            return named(str(node.value))
        words = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
        bound = set() if self.loop is None else {self.loop.name, self.loop.amount}
        needs = tuple(sorted(words & (bound | (self.inputs or set()))))
        run = None if self.inputs is None else _function(node, needs, self.space)
        return Python(ast.unparse(node), needs=needs, run=run)


def _function(node: ast.expr, needs: tuple[str, ...], space: Mapping[str, Any]) -> Callable[..., Any]:
    """A piece of a rule's source as a function of the names it needs, in the rule's own module."""
    named = [ast.arg(each) for each in needs]
    arguments = ast.arguments(posonlyargs=[], args=named, kwonlyargs=[], kw_defaults=[], defaults=[])
    tree = ast.fix_missing_locations(ast.Expression(ast.Lambda(arguments, node)))
    code = compile(tree, "<rule>", "eval")
    inner = next(each for each in code.co_consts if isinstance(each, CodeType))
    assert isinstance(space, dict)
    return FunctionType(inner, space)


def _binary(reader: Reader, node: ast.expr) -> Node:
    assert isinstance(node, ast.BinOp)
    left, right = reader.read(node.left), reader.read(node.right)
    if isinstance(node.op, ast.Add | ast.Sub):
        sign = 1 if isinstance(node.op, ast.Add) else -1
        return Sum((*(left.terms if isinstance(left, Sum) else ((1, left),)), (sign, right)))
    if isinstance(node.op, ast.Mult | ast.Div):
        power = 1 if isinstance(node.op, ast.Mult) else -1
        return Product((*(left.operands if isinstance(left, Product) else ((1, left),)), (power, right)))
    raise UnfitRuleError(node)


def _negative(reader: Reader, node: ast.expr) -> Node:
    assert isinstance(node, ast.UnaryOp)
    if not isinstance(node.op, ast.USub):
        raise UnfitRuleError(node)
    return Sum(((-1, reader.read(node.operand)),))


def _name(reader: Reader, node: ast.expr) -> Node:
    assert isinstance(node, ast.Name)
    loop = reader.loop
    if loop is not None and node.id == loop.amount:
        return Part(loop.sources[0], Python(loop.name, needs=(loop.name,)), alias=node.id)
    if node.id in reader.purposes or (loop is not None and node.id == loop.name):
        raise UnfitRuleError(node)
    return Input(reader.source(node))


def _constant(_reader: Reader, node: ast.expr) -> Node:
    assert isinstance(node, ast.Constant)
    if not isinstance(node.value, int | float) or isinstance(node.value, bool):
        raise UnfitRuleError(node)
    return Number(node.value)


def _entry(reader: Reader, node: ast.expr) -> Node:
    assert isinstance(node, ast.Subscript)
    source, name = reader.source(node.value), reader.python(node.slice)
    return Factor(source, name) if source in reader.purposes else Part(source, name)


def _call(reader: Reader, node: ast.expr) -> Node:
    assert isinstance(node, ast.Call)
    called = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
    caller = _CALLERS.get((isinstance(node.func, ast.Attribute), called, len(node.args)))
    if called in ("min", "max") and not node.keywords:
        return Pick(called, tuple(reader.read(each) for each in node.args))
    if caller is None or node.keywords:
        raise UnfitRuleError(node)
    return caller(reader, node)


def _looked_up(reader: Reader, node: ast.Call) -> Node:
    """items.get(name, number)."""
    assert isinstance(node.func, ast.Attribute)
    source, name = reader.source(node.func.value), reader.python(node.args[0])
    if source in reader.purposes:
        raise UnfitRuleError(node)
    return Part(source, name, reader.read(node.args[1]))


def _nearest(reader: Reader, node: ast.Call) -> Node:
    """factors.nearest(name, group)."""
    assert isinstance(node.func, ast.Attribute)
    name, group = (reader.python(each) for each in node.args)
    return Factor(reader.source(node.func.value), name, group)


def _less(reader: Reader, node: ast.Call) -> Node:
    return Comparison("less", *(reader.read(each) for each in node.args))


def _sum(reader: Reader, node: ast.Call) -> Node:
    """sum(items.values()), or the sum of an expression of each of them."""
    summed = node.args[0]
    if isinstance(summed, ast.GeneratorExp):
        within = _looping(reader, summed, summed.generators)
        assert within.loop is not None
        return Total(within.loop, within.read(summed.elt))
    over = summed.func if isinstance(summed, ast.Call) else None
    if not isinstance(over, ast.Attribute) or over.attr != "values":
        raise UnfitRuleError(node)
    return Total(Loop((reader.source(over.value),), ""))


_CALLERS: Mapping[tuple[bool, str, int], Callable[[Reader, ast.Call], Node]] = {
    (True, "get", 2): _looked_up,
    (True, "nearest", 2): _nearest,
    (False, "less", 2): _less,
    (False, "sum", 1): _sum,
}


def _looping(reader: Reader, whole: ast.expr, generators: list[ast.comprehension]) -> Reader:
    """The reader inside of `for name in items` or `for name, amount in items.items()`."""
    loop = generators[0]
    if len(generators) > 1 or len(loop.ifs) > 1:
        raise UnfitRuleError(whole)
    over, target = loop.iter, loop.target
    named = [target]
    if isinstance(over, ast.Call) and isinstance(over.func, ast.Attribute) and over.func.attr == "items":
        over, named = over.func.value, list(target.elts) if isinstance(target, ast.Tuple) else []
    words = [each.id for each in named if isinstance(each, ast.Name)]
    if not words or len(words) != len(named) or len(words) > 2 or (len(words) == 2) == (over is loop.iter):
        raise UnfitRuleError(whole)
    sources = _merged_sources(reader, over) if isinstance(over, ast.Dict) else (reader.source(over),)
    bound = Loop(sources, words[0], words[-1] if len(words) > 1 else "")
    where = replace(reader, loop=bound).python(loop.ifs[0]) if loop.ifs else None
    return replace(reader, loop=replace(bound, where=where))


def _merged_sources(reader: Reader, node: ast.Dict) -> tuple[str, ...]:
    if any(key is not None for key in node.keys):
        raise UnfitRuleError(node)
    return tuple(reader.source(each) for each in node.values)


def _each(reader: Reader, node: ast.expr) -> Node:
    """{name: expression for name, amount in items.items()}."""
    assert isinstance(node, ast.DictComp)
    within = _looping(reader, node, node.generators)
    assert within.loop is not None
    if ast.unparse(node.key) != within.loop.name:
        raise UnfitRuleError(node)
    return Lines(within.loop, within.read(node.value))


def _table(reader: Reader, node: ast.expr) -> Node:
    """{"name": expression, …} or {**items, **others}."""
    assert isinstance(node, ast.Dict)
    if None in node.keys:
        return Merged(_merged_sources(reader, node))
    names = [key.value if isinstance(key, ast.Constant) else None for key in node.keys]
    if not all(isinstance(name, str) for name in names):
        raise UnfitRuleError(node)
    return Table(tuple((str(name), reader.read(value)) for name, value in zip(names, node.values, strict=True)))


def _choice(reader: Reader, node: ast.expr) -> Node:
    assert isinstance(node, ast.IfExp)
    return Choice(reader.read(node.test), reader.read(node.body), reader.read(node.orelse))


def _comparison(reader: Reader, node: ast.expr) -> Node:
    assert isinstance(node, ast.Compare)
    sign = _COMPARED.get(type(node.ops[0]))
    if sign is None or len(node.ops) > 1:
        raise UnfitRuleError(node)
    return Comparison(sign, reader.read(node.left), reader.read(node.comparators[0]))


def _either(reader: Reader, node: ast.expr) -> Node:
    assert isinstance(node, ast.BoolOp)
    if not isinstance(node.op, ast.Or):
        raise UnfitRuleError(node)
    return Either(tuple(reader.read(each) for each in node.values))


_READERS: Mapping[type[ast.expr], Callable[[Reader, ast.expr], Node]] = {
    ast.BinOp: _binary,
    ast.UnaryOp: _negative,
    ast.Name: _name,
    ast.Constant: _constant,
    ast.Subscript: _entry,
    ast.Call: _call,
    ast.DictComp: _each,
    ast.Dict: _table,
    ast.IfExp: _choice,
    ast.Compare: _comparison,
    ast.BoolOp: _either,
}
