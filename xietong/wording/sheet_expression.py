"""A figure's formula as a clerk types it: once with names, once with the numbers, and what those numbers come to.

The formula is the rule's own expression; here it is walked with the figure's inputs at hand, so that every number that
is printed is the one that was computed on. How the lines are laid out is in `sheet`.
"""

import ast
import inspect
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from xietong.calc.figures import Figure
from xietong.calc.names import name_of
from xietong.calc.rules import TABLES, Rule, less, line_formula
from xietong.texts import Language
from xietong.wording.formulas import chosen_name

Refer = Callable[[Figure], str]
_SIGNS: Mapping[type[ast.operator], tuple[str, int]] = {
    ast.Add: ("+", 1),
    ast.Sub: ("−", 1),
    ast.Mult: ("×", 2),
    ast.Div: ("÷", 2),
}
_ATOM = 9


class UnwrittenError(Exception):
    """The expression holds something that no calculator has a key for."""


class Expression(NamedTuple):
    """The same expression with names and with numbers, its value, how tightly it binds, and whether it picks one of
    several values by a condition."""

    names: str
    numbers: str
    value: float
    strength: int = _ATOM
    picks: bool = False


def plain(value: float) -> str:
    """Every digit of a number, without an exponent; a negative one in brackets."""
    text = f"{Decimal(repr(value)):f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return f"(−{text[1:]})" if text.startswith("-") else text


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes one figure's expression. refer: the mark of the step that a number comes from; bound: loop variables,
    each as a name of an item or as (items, name)."""

    figure: Figure
    refer: Refer
    language: Language
    rule_key: str
    bound: Mapping[str, str | tuple[str, str]] = field(default_factory=dict)

    def write(self, node: ast.expr) -> Expression:
        """The expression; raises UnwrittenError."""
        writer = _WRITERS.get(type(node))
        if writer is None:
            raise UnwrittenError(ast.unparse(node))
        return writer(self, node)

    @property
    def words(self) -> str:
        """The language that conditions are told in."""
        return "zh" if self.language == "zh" else "en"

    def over(self, bound: Mapping[str, str | tuple[str, str]]) -> "Writer":
        """The same writer with loop variables."""
        return Writer(self.figure, self.refer, self.language, self.rule_key, {**self.bound, **bound})

    def said(self, key: str) -> str:
        """What an input is called."""
        name = name_of(key)
        return (name.zh if self.language == "zh" else name.en) or key

    def number(self, key: str, shown: Figure | None, name: str = "") -> Expression:
        """One input; what was not due stands as what the rule takes it for."""
        if shown is None or shown.value is None:
            default = _default(self.rule_key, key)
            return Expression(name or self.said(key), plain(default), default)
        unit = f" [{shown.unit}]" if shown.unit else ""
        return Expression(name or self.said(key), f"{plain(shown.value)}{unit}{self.refer(shown)}", shown.value)

    def items(self, source: str) -> list[Figure]:
        """The named amounts of an input that have a value."""
        found = self.input(source)
        return [] if found is None else [child for child in found.inputs if child.value is not None]

    def input(self, key: str) -> Figure | None:
        """The figure's own input of that key."""
        return next((child for child in self.figure.inputs if child.key == key), None)

    def entry(self, source: str, part: str, group: str = "") -> Figure | None:
        """One amount or factor out of an input, wherever the figure keeps it; group: what stands in where it lacks."""
        whole = self.input(source)
        if whole is not None and whole.has(part):
            return whole.child(part)
        found = self.input(f"{source}:{part}") or self.input(f"{source}:{group}")
        if found is not None:
            return found
        factors = [child for child in self.figure.inputs if child.key.partition(":")[0] == source and source]
        if len(factors) == 1:
            return factors[0]
        return self.input(part) if any(value == (source, part) for value in self.bound.values()) else None


def _rules(key: str) -> list[Rule]:
    """Every rule of that key in any standard's table."""
    return [rule for table in TABLES.values() for rule in table.get(key, [])]


class Line(NamedTuple):
    """One of several named amounts: of which figure or rule, under what name, by what formula for all of them."""

    whole: str
    part: str
    formula: str


def line_of(figure: Figure) -> Line | None:
    """What a figure asked for as "fuel_energy:diesel" is a line of; None for any other."""
    whole, _, part = figure.key.partition(":")
    for rule in _rules(whole) if part and figure.formula else []:
        if figure.formula in (line_formula(rule.formula, part), line_formula(rule.formula, part, True)):
            return Line(whole, part, rule.formula)
    return None


def expression_of(figure: Figure, line: Line | None, refer: Refer, language: Language) -> Expression:
    """A figure's formula written out; line: where it is one of several named amounts, whose formula says how.

    Raises UnwrittenError where it cannot be typed into a calculator.
    """
    writer = Writer(figure, refer, language, line.whole if line else figure.key)
    tree = _parsed(line.formula if line else figure.formula)
    if line is None:
        return writer.write(tree)
    if isinstance(tree, ast.DictComp):
        loop = tree.generators[0]
        if not isinstance(loop.target, ast.Tuple):
            raise UnwrittenError(ast.unparse(tree))
        name, amount = (ast.unparse(each) for each in loop.target.elts)
        source = ast.unparse(loop.iter).removesuffix(".items()")
        return writer.over({name: line.part, amount: (source, line.part)}).write(tree.value)
    if isinstance(tree, ast.Dict):
        written = {ast.unparse(each): value for each, value in zip(tree.keys, tree.values, strict=True) if each}
        if repr(line.part) in written:
            return writer.write(written[repr(line.part)])
    raise UnwrittenError(line.part)


def _parsed(formula: str) -> ast.expr:
    try:
        return ast.parse(formula, mode="eval").body
    except SyntaxError as error:
        raise UnwrittenError(formula) from error


def _default(rule_key: str, key: str) -> float:
    """What a rule takes an absent input for; 0 for named amounts, whose sum is then empty."""
    for rule in _rules(rule_key):
        for argument in rule.arguments:
            if argument.source == key and argument.optional:
                default = inspect.signature(rule.function).parameters[argument.name].default
                return float(default) if isinstance(default, int | float) else 0.0
    return 0.0


def _binary(writer: Writer, node: ast.expr) -> Expression:
    assert isinstance(node, ast.BinOp)
    if type(node.op) not in _SIGNS:
        raise UnwrittenError(ast.unparse(node))
    sign, strength = _SIGNS[type(node.op)]
    left, right = writer.write(node.left), writer.write(node.right)
    within = _bracketed(right, strength + isinstance(node.op, ast.Sub | ast.Div))
    first = _bracketed(left, strength)
    value = _computed(type(node.op), left.value, right.value)
    return Expression(
        f"{first.names} {sign} {within.names}", f"{first.numbers} {sign} {within.numbers}", value, strength
    )


def _computed(sign: type[ast.operator], left: float, right: float) -> float:
    if sign is ast.Add:
        return left + right
    if sign is ast.Sub:
        return left - right
    return left * right if sign is ast.Mult else left / right


def _bracketed(of: Expression, least: int) -> Expression:
    return of if of.strength >= least else Expression(f"({of.names})", f"({of.numbers})", of.value)


def _minus(writer: Writer, node: ast.expr) -> Expression:
    assert isinstance(node, ast.UnaryOp)
    if not isinstance(node.op, ast.USub):
        raise UnwrittenError(ast.unparse(node))
    of = _bracketed(writer.write(node.operand), 2)
    return Expression(f"−{of.names}", f"−{of.numbers}", -of.value, 1)


def _name(writer: Writer, node: ast.expr) -> Expression:
    assert isinstance(node, ast.Name)
    bound = writer.bound.get(node.id, "")
    if isinstance(bound, tuple):
        source, part = bound
        return writer.number(source, writer.entry(source, part), writer.said(part))
    if bound:
        raise UnwrittenError(node.id)
    found = writer.input(node.id)
    return writer.number(node.id, found, writer.said(chosen_name(found, node.id)))


def _constant(_writer: Writer, node: ast.expr) -> Expression:
    assert isinstance(node, ast.Constant)
    if not isinstance(node.value, int | float):
        raise UnwrittenError(ast.unparse(node))
    return Expression(plain(float(node.value)), plain(float(node.value)), float(node.value))


def _part(writer: Writer, node: ast.expr) -> str:
    """The name of an item that an index or an argument stands for; "" for one that must be worked out."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    bound = writer.bound.get(node.id, "") if isinstance(node, ast.Name) else ""
    return bound if isinstance(bound, str) else ""


def _subscript(writer: Writer, node: ast.expr) -> Expression:
    assert isinstance(node, ast.Subscript)
    source, part = ast.unparse(node.value), _part(writer, node.slice)
    found = writer.entry(source, part)
    is_factor = found is not None and found.kind == "factor"
    return writer.number(f"{source}:{part}", found, writer.said(source) if is_factor else writer.said(part))


def _call(writer: Writer, node: ast.expr) -> Expression:
    assert isinstance(node, ast.Call)
    called = ast.unparse(node.func)
    if called == "sum":
        return _sum(writer, node.args[0])
    if called in ("max", "min"):
        parts = [writer.write(each) for each in node.args]
        names, numbers = (", ".join(each) for each in zip(*((part.names, part.numbers) for part in parts), strict=True))
        value = (max if called == "max" else min)(part.value for part in parts)
        return Expression(f"{called}({names})", f"{called}({numbers})", value)
    if called == "less":
        one, other = (_bracketed(writer.write(each), 1) for each in node.args)
        return _compared(one, "<", other, less(one.value, other.value))
    if isinstance(node.func, ast.Attribute) and node.func.attr in ("get", "nearest"):
        source, part = ast.unparse(node.func.value), _part(writer, node.args[0])
        found = writer.entry(source, part, _part(writer, node.args[1]) if node.func.attr == "nearest" else "")
        if node.func.attr == "get" and (found is None or found.value is None):
            default = writer.write(node.args[1])
            return default._replace(names=writer.said(f"{source}:{part}"))
        return writer.number(f"{source}:{part}", found, writer.said(source))
    raise UnwrittenError(called)


_COMPARED: Mapping[type[ast.cmpop], tuple[str, Callable[[float, float], bool]]] = {
    ast.Lt: ("<", operator.lt),
    ast.LtE: ("≤", operator.le),
    ast.Gt: (">", operator.gt),
    ast.GtE: ("≥", operator.ge),
}
_WHERE = {"zh": ("{} 时 {}", "，否则 ", " 或 "), "en": ("{1} where {0}", ", else ", " or ")}


def _compared(one: Expression, sign: str, other: Expression, holds: bool) -> Expression:
    """A comparison: its value is whether it holds."""
    return Expression(f"{one.names} {sign} {other.names}", f"{one.numbers} {sign} {other.numbers}", float(holds), 0)


def _comparison(writer: Writer, node: ast.expr) -> Expression:
    assert isinstance(node, ast.Compare)
    known = _COMPARED.get(type(node.ops[0]))
    if known is None or len(node.ops) > 1:
        raise UnwrittenError(ast.unparse(node))
    one, other = (_bracketed(writer.write(each), 1) for each in (node.left, node.comparators[0]))
    return _compared(one, known[0], other, known[1](one.value, other.value))


def _either(writer: Writer, node: ast.expr) -> Expression:
    assert isinstance(node, ast.BoolOp)
    if not isinstance(node.op, ast.Or):
        raise UnwrittenError(ast.unparse(node))
    parts, join = [writer.write(each) for each in node.values], _WHERE[writer.words][2]
    names, numbers = (join.join(each) for each in zip(*((part.names, part.numbers) for part in parts), strict=True))
    return Expression(names, numbers, max(part.value for part in parts), 0)


def _choice(writer: Writer, node: ast.expr) -> Expression:
    """One value where a condition holds, else another."""
    assert isinstance(node, ast.IfExp)
    where, otherwise, _ = _WHERE[writer.words]
    test, body, rest = (writer.write(each) for each in (node.test, node.body, node.orelse))
    names = where.format(test.names, body.names) + otherwise + rest.names
    numbers = where.format(test.numbers, body.numbers) + otherwise + rest.numbers
    return Expression(names, numbers, body.value if test.value else rest.value, 0, picks=True)


def _sum(writer: Writer, node: ast.expr) -> Expression:
    """Σ over named amounts: each of them, or an expression of each."""
    if isinstance(node, ast.GeneratorExp):
        loop = node.generators[0]
        source = ast.unparse(loop.iter).removesuffix(".items()")
        target = [ast.unparse(each) for each in loop.target.elts] if isinstance(loop.target, ast.Tuple) else []
        if len(target) != 2:
            target = [ast.unparse(loop.target), ""]
        parts = [
            _bracketed(writer.over({target[0]: child.key, target[1]: (source, child.key)}).write(node.elt), 1)
            for child in writer.items(source)
        ]
        said = f"Σ {writer.said(source)}"
    else:
        source = ast.unparse(node).removesuffix(".values()")
        parts = [writer.number(child.key, child) for child in writer.items(source)]
        said = f"Σ {writer.said(source)}"
    if not parts:
        return Expression(said, "0", 0.0)
    value = 0.0
    for part in parts:
        value += part.value
    return Expression(
        said, " + ".join(part.numbers for part in parts), value, 1 if len(parts) > 1 else parts[0].strength
    )


_WRITERS: Mapping[type[ast.expr], Callable[[Writer, ast.expr], Expression]] = {
    ast.BinOp: _binary,
    ast.UnaryOp: _minus,
    ast.Name: _name,
    ast.Constant: _constant,
    ast.Subscript: _subscript,
    ast.Call: _call,
    ast.Compare: _comparison,
    ast.BoolOp: _either,
    ast.IfExp: _choice,
}
