"""A rule's formula as a person reads it: once with numbers in it, once with names.

The formula is the rule's own Python expression (Figure.formula), so that what is shown is what was computed. An input
that was not due is left out of a sum here as the engine left it out.
"""

import ast
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache

from xietong.calc.figures import Figure
from xietong.calc.rules import TABLES
from xietong.standard.text import terms
from xietong.texts import Language, Text
from xietong.wording.numbers import exact

_SIGNS: dict[type[ast.operator], tuple[str, int]] = {
    ast.Add: ("+", 1),
    ast.Sub: ("−", 1),
    ast.Mult: ("×", 2),
    ast.Div: ("÷", 2),
}
_COMPARED: dict[type[ast.cmpop], str] = {
    ast.Lt: "<",
    ast.LtE: "≤",
    ast.Gt: ">",
    ast.GtE: "≥",
    ast.Eq: "=",
    ast.NotEq: "≠",
}
_JOINED: dict[type[ast.boolop], Text] = {ast.Or: Text(" 或 ", " or "), ast.And: Text(" 且 ", " and ")}
_WHERE = (Text("{} 时 {}", "{1} where {0}"), Text("，否则 ", ", else "))
_LEAF = 9
MOST_TERMS = 6


class UnreadableFormulaError(Exception):
    """The expression holds something this reader has no words for; the page then shows the working below only."""


@dataclass(frozen=True, slots=True)
class _Reader:
    """Renders an expression. `name` says what stands for an input, `item` for one entry of named amounts or factors
    (or for the group that stands in for it), `total` for the sum of all entries; each gives "" for what was not due.
    `bound` renames loop variables."""

    name: Callable[[str], str]
    item: Callable[[str, str, str], str]
    total: Callable[[str], str]
    language: Language
    bound: Mapping[str, str] = field(default_factory=dict)

    def read(self, node: ast.expr) -> tuple[str, int]:
        """The text and how tightly it binds."""
        reader = _READERS.get(type(node))
        if reader is None:
            raise UnreadableFormulaError(ast.unparse(node))
        return reader(self, node)

    def within(self, node: ast.expr, least: int) -> str:
        """The text, in brackets where it binds more loosely than its surroundings."""
        text, strength = self.read(node)
        return f"({text})" if strength < least else text


def _binary(reader: _Reader, node: ast.expr) -> tuple[str, int]:
    assert isinstance(node, ast.BinOp)
    if type(node.op) not in _SIGNS:
        raise UnreadableFormulaError(ast.unparse(node))
    sign, strength = _SIGNS[type(node.op)]
    left = reader.within(node.left, strength)
    right = reader.within(node.right, strength + isinstance(node.op, ast.Sub | ast.Div))
    if left and right:
        return f"{left} {sign} {right}", strength
    if isinstance(node.op, ast.Mult):
        return "", strength  # nothing was due of one factor: the product is none
    if strength > 1:
        raise UnreadableFormulaError(ast.unparse(node))
    if right and sign == "−":
        return f"−{right}", 1
    return left or right, 1 if left else strength


def _name(reader: _Reader, node: ast.expr) -> tuple[str, int]:
    assert isinstance(node, ast.Name)
    return reader.name(reader.bound.get(node.id, node.id)), _LEAF


def _constant(_reader: _Reader, node: ast.expr) -> tuple[str, int]:
    assert isinstance(node, ast.Constant)
    return f"{node.value:.15g}" if isinstance(node.value, float) else str(node.value), _LEAF


def _entry(reader: _Reader, node: ast.expr) -> tuple[str, int]:
    assert isinstance(node, ast.Subscript)
    if not isinstance(node.value, ast.Name):
        raise UnreadableFormulaError(ast.unparse(node))
    part = str(node.slice.value) if isinstance(node.slice, ast.Constant) else ""
    return reader.item(node.value.id, part, ""), _LEAF


def _call(reader: _Reader, node: ast.expr) -> tuple[str, int]:
    assert isinstance(node, ast.Call)
    called = ast.unparse(node.func)
    if called == "sum" and len(node.args) == 1:
        text = reader.total(_summed(node.args[0]))
        return text, 1 if " + " in text else _LEAF
    if called in ("max", "min"):
        inner = [text for text in (reader.read(each)[0] for each in node.args) if text]
        return f"{called}({', '.join(inner)})" if inner else "", _LEAF
    if called == "less":
        return f"{reader.within(node.args[0], 1)} < {reader.within(node.args[1], 1)}", 0
    if isinstance(node.func, ast.Attribute) and node.func.attr in ("get", "nearest"):
        return _looked_up(reader, ast.unparse(node.func.value), node), _LEAF
    raise UnreadableFormulaError(called)


def _looked_up(reader: _Reader, source: str, node: ast.Call) -> str:
    """items.get(part, default): the entry, or the default where it is not due; factors.nearest(part, group)."""
    part, group = (str(each.value) if isinstance(each, ast.Constant) else "" for each in node.args)
    is_get = isinstance(node.func, ast.Attribute) and node.func.attr == "get"
    return reader.item(source, part, "" if is_get else group) or (reader.read(node.args[1])[0] if is_get else "")


def _choice(reader: _Reader, node: ast.expr) -> tuple[str, int]:
    """One value where a condition holds, else another."""
    assert isinstance(node, ast.IfExp)
    where, otherwise = (text.in_language(reader.language) for text in _WHERE)
    condition, value, rest = (reader.read(each)[0] for each in (node.test, node.body, node.orelse))
    return where.format(condition, value) + otherwise + rest, 0


def _comparison(reader: _Reader, node: ast.expr) -> tuple[str, int]:
    assert isinstance(node, ast.Compare)
    sign = _COMPARED.get(type(node.ops[0]))
    if sign is None or len(node.ops) > 1:
        raise UnreadableFormulaError(ast.unparse(node))
    return f"{reader.within(node.left, 1) or '0'} {sign} {reader.within(node.comparators[0], 1)}", 0


def _joined(reader: _Reader, node: ast.expr) -> tuple[str, int]:
    assert isinstance(node, ast.BoolOp)
    return _JOINED[type(node.op)].in_language(reader.language).join(reader.read(each)[0] for each in node.values), 0


def _summed(node: ast.expr) -> str:
    """What a sum runs over: items.values(), or items.items() where only some of them count."""
    over = node.generators[0].iter if isinstance(node, ast.GeneratorExp) else node
    return ast.unparse(over).removesuffix(".values()").removesuffix(".items()")


def _negative(reader: _Reader, node: ast.expr) -> tuple[str, int]:
    assert isinstance(node, ast.UnaryOp)
    if not isinstance(node.op, ast.USub):
        raise UnreadableFormulaError(ast.unparse(node))
    text = reader.within(node.operand, 2)
    return f"−{text}" if text else "", 1


def _table(reader: _Reader, node: ast.expr) -> tuple[str, int]:
    """{"part": expression, …}: the parts one after the other."""
    assert isinstance(node, ast.Dict)
    return "; ".join(text for value in node.values if (text := reader.read(value)[0])), 0


def _each(reader: _Reader, node: ast.expr) -> tuple[str, int]:
    """{part: expression for part, amount in items.items()}: the expression, said of the items as such."""
    assert isinstance(node, ast.DictComp)
    source = ast.unparse(node.generators[0].iter).removesuffix(".items()")
    target = node.generators[0].target
    amount = ast.unparse(target.elts[1]) if isinstance(target, ast.Tuple) else ""
    return replace(reader, bound={amount: source}).read(node.value)


_READERS: dict[type[ast.expr], Callable[[_Reader, ast.expr], tuple[str, int]]] = {
    ast.BinOp: _binary,
    ast.Name: _name,
    ast.Constant: _constant,
    ast.Subscript: _entry,
    ast.Call: _call,
    ast.DictComp: _each,
    ast.Dict: _table,
    ast.UnaryOp: _negative,
    ast.IfExp: _choice,
    ast.Compare: _comparison,
    ast.BoolOp: _joined,
}


def chosen_name(figure: Figure | None, key: str) -> str:
    """The key of what stands for an input by the park's choice, added value for output value; else its own."""
    return key if figure is None else figure.trace.get("chosen", key)


def with_names(figure: Figure, name_of: Callable[[str], str], language: Language = "zh") -> str:
    """The formula with names; "" where there is none or it cannot be put in words."""

    def item(source: str, part: str, _group: str) -> str:
        if source in terms()["factor"] or not part:
            return name_of(source)
        return name_of(part if figure.has(part) else f"{source}:{part}")

    def name(key: str) -> str:
        return name_of(chosen_name(_input(figure, key), key))

    return _rendered(figure.formula, _Reader(name, item, lambda source: f"Σ {name_of(source)}", language))


def with_numbers(figure: Figure, language: Language) -> str:
    """The formula with the very numbers in it, to be followed with a calculator; "" where one of them is not known.

    Many named amounts are written as their sum.
    """
    if figure.value is None:
        return ""
    numbers = _Numbers(figure, language)
    return _rendered(figure.formula, _Reader(numbers.of, numbers.of_entry, numbers.of_sum, language))


@dataclass(frozen=True, slots=True)
class _Numbers:
    """The numbers that a figure's own inputs hold. Only what was not due may be "": anything else that is not there
    makes the formula unreadable, for a term that is lost would make it wrong."""

    figure: Figure
    language: Language

    def of(self, key: str) -> str:
        """One input."""
        return self._due(_input(self.figure, key), key)

    def of_entry(self, source: str, part: str, group: str) -> str:
        """One of an input's named amounts, or one factor of a table."""
        whole = _input(self.figure, source)
        if whole is not None and whole.has(part):
            return _amount(whole.child(part), self.language)
        keys = (f"{source}:{part}", f"{source}:{group}", part)
        found = next((found for key in keys if (found := _input(self.figure, key)) is not None), None)
        return self._due(found or self._only_one_of(source), source)

    def _only_one_of(self, source: str) -> Figure | None:
        """The one entry of an input or table that the figure rests on, whatever name it was looked up by."""
        found = [child for child in self.figure.inputs if child.key.partition(":")[0] == source and ":" in child.key]
        return found[0] if len(found) == 1 else None

    def of_sum(self, source: str) -> str:
        """All of an input's named amounts."""
        whole = _input(self.figure, source)
        if whole is None:
            return self._due(None, source)
        terms = [child for child in whole.inputs if child.value is not None]
        if len(terms) <= MOST_TERMS:
            return " + ".join(_amount(child, self.language) for child in terms)
        summed = Figure(source, sum(child.value or 0 for child in terms), terms[0].unit)
        return f"Σ({len(terms)}) {_amount(summed, self.language)}"

    def _due(self, found: Figure | None, key: str) -> str:
        if found is not None and found.value is not None:
            return _amount(found, self.language)
        defaults = _optional().get(key, frozenset())
        if found is None and len(defaults) != 1:
            raise UnreadableFormulaError(key)
        default = next(iter(defaults), 0.0)
        return "" if found is not None or not default else str(exact(default, "", self.language))


@cache
def _optional() -> Mapping[str, frozenset[float]]:
    """What some rule does without where it was not due, and what it is then taken for: only a term that is taken for
    nothing may be left out of a sum."""
    found: dict[str, set[float]] = {}
    for rule in (rule for table in TABLES.values() for each in table.values() for rule in each):
        for argument in rule.amounts:
            if argument.optional:
                default = inspect.signature(rule.function).parameters[argument.name].default
                found.setdefault(argument.source, set()).add(
                    float(default) if isinstance(default, int | float) else 0.0
                )
    return {source: frozenset(defaults) for source, defaults in found.items()}


def _rendered(formula: str, reader: _Reader) -> str:
    if not formula:
        return ""
    try:
        return reader.read(ast.parse(formula, mode="eval").body)[0]
    except (UnreadableFormulaError, SyntaxError):
        return ""


def _input(figure: Figure, key: str) -> Figure | None:
    return next((child for child in figure.inputs if child.key == key), None)


def _amount(figure: Figure, language: Language) -> str:
    return str(exact(figure.value or 0.0, figure.unit, language))
