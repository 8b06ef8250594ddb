"""A rule's formula as a person reads it: once with numbers in it, once with names.

The formula is the rule's own expression (Figure.formula), so that what is shown is what was computed. An input that
was not due is left out of a sum here as the engine left it out. The sheet for a calculator is written by the same
`Wording`, with a number for whatever it stands on.
"""

from collections.abc import Callable, Mapping
from functools import cache

from xietong.calc.engine.expression_text import of_one_name
from xietong.calc.engine.rule_source import expression_in
from xietong.calc.engine.rules import TABLES
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
    Sum,
    Table,
    Total,
    UnvisitedError,
    Visitor,
)
from xietong.calc.figures import Figure
from xietong.calc.keys import group_of
from xietong.texts import Language, Text
from xietong.wording.numbers import exact

_COMPARED: Mapping[str, str] = {"<": "<", "<=": "≤", ">": ">", ">=": "≥", "less": "<"}
_OR = Text(" 或 ", " or ")
_WHERE = (Text("{} 时 {}", "{1} where {0}"), Text("，否则 ", ", else "))
# How tightly a text binds: a choice or a test, a sum, a product, a name or number.
LOOSE, SUM, PRODUCT, ATOM = 0, 1, 2, 9
MOST_TERMS = 6
Worded = tuple[str, int]


class UnreadableFormulaError(Exception):
    """The expression rests on something that is not there; the page then shows the working below only."""


class Wording(Visitor[Worded]):
    """Writes an expression for people: text, and how tightly it binds. What stands for amounts and factors is said by
    the kinds of it below; "" stands for what was not due, and is left out of sums."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def within(self, node: Node, least: int) -> str:
        """The text, in brackets where it binds more loosely than its surroundings."""
        text, strength = node.of(self)
        return f"({text})" if text and strength < least else text

    def number(self, node: Number) -> Worded:
        return f"{node.value:.15g}" if isinstance(node.value, float) else str(node.value), ATOM

    def sum(self, node: Sum) -> Worded:
        text = ""
        for sign, term in node.terms:
            shown = self.within(term, SUM if sign > 0 else PRODUCT)
            if text and shown:
                text = f"{text} {'+' if sign > 0 else '−'} {shown}"
            elif shown:
                text = shown if sign > 0 else f"−{shown}"
        return text, SUM

    def product(self, node: Product) -> Worded:
        (_, first), *rest = node.operands
        is_divided = any(power < 0 for power, _ in rest)
        text = self.within(first, PRODUCT) or ("0" if is_divided else "")
        for power, operand in rest:
            shown = self.within(operand, PRODUCT if power > 0 else PRODUCT + 1)
            if text and shown:
                text = f"{text} {'×' if power > 0 else '÷'} {shown}"
            elif power > 0 and not is_divided:
                text = ""  # nothing was due of one factor: the product is none
            else:
                raise UnreadableFormulaError
        return text, PRODUCT

    def pick(self, node: Pick) -> Worded:
        options = [each.of(self)[0] for each in node.options]
        return f"{node.how}({', '.join(text or '0' for text in options)})" if any(options) else "", ATOM

    def comparison(self, node: Comparison) -> Worded:
        left, right = self.within(node.left, SUM) or "0", self.within(node.right, SUM)
        return f"{left} {_COMPARED[node.sign]} {right}", LOOSE

    def either(self, node: Either) -> Worded:
        return _OR.in_language(self.language).join(each.of(self)[0] for each in node.tests), LOOSE

    def choice(self, node: Choice) -> Worded:
        where, otherwise = (text.in_language(self.language) for text in _WHERE)
        condition, value, rest = (each.of(self)[0] for each in (node.test, node.value, node.otherwise))
        return where.format(condition, value) + otherwise + rest, LOOSE

    def table(self, node: Table) -> Worded:
        return "; ".join(text for _, value in node.rows if (text := value.of(self)[0])), LOOSE

    def lines(self, node: Lines) -> Worded:
        return node.value.of(self)

    def merged(self, node: Merged) -> Worded:
        return "; ".join(text for source in node.sources if (text := Input(source).of(self)[0])), LOOSE


class _Names(Wording):
    """An expression with names."""

    def __init__(self, figure: Figure, name_of: Callable[[str], str], language: Language) -> None:
        super().__init__(language)
        self._figure, self._name_of = figure, name_of

    def input(self, node: Input) -> Worded:
        return self._name_of(chosen_name(input_of(self._figure, node.key), node.key)), ATOM

    def part(self, node: Part) -> Worded:
        word = node.name.word
        if node.alias or not word:
            return Input(node.source).of(self)
        is_own = node.default is None and self._figure.has(word)
        return self._name_of(word if is_own else f"{node.source}:{word}"), ATOM

    def factor(self, node: Factor) -> Worded:
        return self._name_of(node.purpose), ATOM

    def total(self, node: Total) -> Worded:
        text = f"Σ {self._name_of(node.source)}"
        return text, SUM if " + " in text else ATOM


class _Numbers(Wording):
    """An expression with the numbers that a figure's own inputs hold. Only what was not due may be "": anything else
    that is not there makes the formula unreadable, for a term that is lost would make it wrong."""

    def __init__(self, figure: Figure, language: Language) -> None:
        super().__init__(language)
        self._figure = figure

    def input(self, node: Input) -> Worded:
        return self._due(input_of(self._figure, node.key), node.key), ATOM

    def part(self, node: Part) -> Worded:
        if node.alias:
            return Input(node.source).of(self)
        text = self._due(entry_of(self._figure, node), node.source)
        return (text or ("" if node.default is None else node.default.of(self)[0])), ATOM

    def factor(self, node: Factor) -> Worded:
        return self._due(entry_of(self._figure, node), node.purpose), ATOM

    def total(self, node: Total) -> Worded:
        whole = input_of(self._figure, node.source)
        if whole is None:
            return self._due(None, node.source), ATOM
        names = counted_names(node.loop, whole)
        if node.value is None or (isinstance(node.value, Part) and node.value.alias):
            text = self._added([whole.child(name) for name in names])
        else:
            each = [of_one_name(node.value, node.loop, name, apart=True) for name in names]
            text = " + ".join(self.within(term, SUM) for term in each)
        return text, SUM if " + " in text else ATOM

    def _added(self, shown: list[Figure]) -> str:
        """A few terms written out, many as their sum."""
        if len(shown) <= MOST_TERMS:
            return " + ".join(_amount(child, self.language) for child in shown)
        summed = Figure("", sum(child.value or 0 for child in shown), shown[0].unit)
        return f"Σ({len(shown)}) {_amount(summed, self.language)}"

    def _due(self, found: Figure | None, key: str) -> str:
        if found is not None and found.value is not None:
            return _amount(found, self.language)
        defaults = _optional().get(key, frozenset())
        if found is None and len(defaults) != 1:
            raise UnreadableFormulaError(key)
        default = next(iter(defaults), 0.0)
        return "" if found is not None or not default else str(exact(default, "", self.language))


def chosen_name(figure: Figure | None, key: str) -> str:
    """The key of what stands for an input by the park's choice, added value for output value; else its own."""
    return key if figure is None else figure.trace.get("chosen", key)


def input_of(figure: Figure, key: str) -> Figure | None:
    """A figure's own input of that key."""
    return next((child for child in figure.inputs if child.key == key), None)


def entry_of(figure: Figure, node: Part | Factor) -> Figure | None:
    """The amount or factor that a figure rests on, wherever it keeps it: under its input, with the input's key before
    it, a line's own amount under its name, or as the only one of that input or table, whatever it was looked up by."""
    source, word, group = _looked_up(node)
    whole = input_of(figure, source)
    if whole is not None and whole.has(word):
        return whole.child(word)
    is_own = isinstance(node, Part) and node.default is None
    keys = (f"{source}:{word}", f"{source}:{group}", *((word,) if is_own else ()))
    found = next((found for key in keys if (found := input_of(figure, key)) is not None), None)
    if found is not None:
        return found
    kept = [child for child in figure.inputs if group_of(child.key) == source and ":" in child.key]
    return kept[0] if len(kept) == 1 else None


def _looked_up(node: Part | Factor) -> tuple[str, str, str]:
    """(input or table, name, group) of an amount or factor."""
    if isinstance(node, Part):
        return node.source, node.name.word, ""
    return node.purpose, node.name.word, node.group.word if node.group is not None else ""


def counted_names(loop: Loop, whole: Figure) -> list[str]:
    """The names with a value that a sum runs over; raises UnreadableFormulaError where it cannot be known."""
    amounts = whole.items()
    where = loop.where
    if where is None:
        return list(amounts)
    if where.run is None or not set(where.needs) <= {loop.name, loop.amount}:
        raise UnreadableFormulaError(where.text)
    told = {name: {loop.name: name, loop.amount: amount} for name, amount in amounts.items()}
    return [name for name, known in told.items() if where.run(**{each: known[each] for each in where.needs})]


def with_names(figure: Figure, name_of: Callable[[str], str], language: Language = "zh") -> str:
    """The formula with names; "" where there is none or it cannot be put in words."""
    return _worded(figure.formula, _Names(figure, name_of, language))


def with_numbers(figure: Figure, language: Language) -> str:
    """The formula with the very numbers in it, to be followed with a calculator; "" where one of them is not known.

    Many named amounts are written as their sum.
    """
    return "" if figure.value is None else _worded(figure.formula, _Numbers(figure, language))


def _worded(formula: str, wording: Wording) -> str:
    expression = expression_in(formula) if formula else None
    try:
        return "" if expression is None else expression.of(wording)[0]
    except (UnreadableFormulaError, UnvisitedError):
        return ""


@cache
def _optional() -> Mapping[str, frozenset[float]]:
    """What some rule does without where it was not due, and what it is then taken for: only a term that is taken for
    nothing may be left out of a sum."""
    found: dict[str, set[float]] = {}
    for rule in (rule for table in TABLES.values() for each in table.values() for rule in each):
        for argument in rule.amounts:
            if argument.optional:
                found.setdefault(argument.source, set()).add(argument.default)
    return {source: frozenset(defaults) for source, defaults in found.items()}


def _amount(figure: Figure, language: Language) -> str:
    return str(exact(figure.value or 0.0, figure.unit, language))
