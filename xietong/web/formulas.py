"""A rule's formula as a person reads it: once with numbers in it, once with names.

The formula is the rule's own Python expression (Figure.formula), so that what is shown is what was computed. An input
that was not due is left out of a sum here as the engine left it out.
"""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from xietong.calc.figures import Figure
from xietong.standard.text import terms
from xietong.texts import Language
from xietong.web.numbers import exact

_SIGNS: dict[type[ast.operator], tuple[str, int]] = {
    ast.Add: ("+", 1),
    ast.Sub: ("−", 1),
    ast.Mult: ("×", 2),
    ast.Div: ("÷", 2),
}
_LEAF = 9
MOST_TERMS = 6


class UnreadableFormulaError(Exception):
    """The expression holds something this reader has no words for; the page then shows the working below only."""


@dataclass(frozen=True, slots=True)
class _Reader:
    """Renders an expression. `name` says what stands for an input, `item` for one entry of named amounts or factors,
    `total` for the sum of all entries; each gives "" for what was not due. `bound` renames loop variables."""

    name: Callable[[str], str]
    item: Callable[[str, str], str]
    total: Callable[[str], str]
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
    return str(node.value), _LEAF


def _entry(reader: _Reader, node: ast.expr) -> tuple[str, int]:
    assert isinstance(node, ast.Subscript)
    if not isinstance(node.value, ast.Name):
        raise UnreadableFormulaError(ast.unparse(node))
    part = str(node.slice.value) if isinstance(node.slice, ast.Constant) else ""
    return reader.item(node.value.id, part), _LEAF


def _call(reader: _Reader, node: ast.expr) -> tuple[str, int]:
    assert isinstance(node, ast.Call)
    called = ast.unparse(node.func)
    if called == "sum" and len(node.args) == 1:
        text = reader.total(_summed(node.args[0]))
        return text, 1 if " + " in text else _LEAF
    if called in ("max", "min"):
        inner = [text for text in (reader.read(each)[0] for each in node.args) if text]
        return f"{called}({', '.join(inner)})" if inner else "", _LEAF
    if isinstance(node.func, ast.Attribute) and node.func.attr in ("get", "nearest"):
        return reader.item(ast.unparse(node.func.value), ""), _LEAF
    raise UnreadableFormulaError(called)


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
    return _Reader(reader.name, reader.item, reader.total, {amount: source}).read(node.value)


_READERS: dict[type[ast.expr], Callable[[_Reader, ast.expr], tuple[str, int]]] = {
    ast.BinOp: _binary,
    ast.Name: _name,
    ast.Constant: _constant,
    ast.Subscript: _entry,
    ast.Call: _call,
    ast.DictComp: _each,
    ast.Dict: _table,
    ast.UnaryOp: _negative,
}


def with_names(figure: Figure, name_of: Callable[[str], str]) -> str:
    """The formula with names; "" where there is none or it cannot be put in words."""

    def item(source: str, part: str) -> str:
        if part and figure.has(part):
            return name_of(part)
        return name_of(source if source in terms()["factor"] or not part else f"{source}:{part}")

    return _rendered(figure.formula, _Reader(name_of, item, lambda source: f"Σ {name_of(source)}"))


def with_numbers(figure: Figure, language: Language) -> str:
    """The formula with the very numbers in it, to be followed with a calculator; "" where one of them is not known.

    Many named amounts are written as their sum.
    """

    def number(key: str) -> str:
        found = _input(figure, key)
        return "" if found is None or found.value is None else _amount(found, language)

    def item(source: str, part: str) -> str:
        whole = _input(figure, source)
        if whole is not None and whole.has(part):
            return _amount(whole.child(part), language)
        found = _input(figure, f"{source}:{part}") or _input(figure, part)
        if found is None or found.value is None:
            raise UnreadableFormulaError(part)
        return _amount(found, language)

    def total(source: str) -> str:
        whole = _input(figure, source)
        terms = [] if whole is None else [child for child in whole.inputs if child.value is not None]
        if len(terms) <= MOST_TERMS:
            return " + ".join(_amount(child, language) for child in terms)
        summed = Figure(source, sum(child.value or 0 for child in terms), terms[0].unit)
        return f"Σ({len(terms)}) {_amount(summed, language)}"

    if figure.value is None:
        return ""
    return _rendered(figure.formula, _Reader(number, item, total))


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
