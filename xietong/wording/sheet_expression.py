"""A figure's formula as a clerk types it: once with names, once with the numbers, and what those numbers come to.

The formula is the rule's own expression, written and calculated with the figure's inputs at hand, so that every number
that is printed is the one that was computed on. How the lines are laid out is in `sheet`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from xietong.calc.engine.columns import calculated
from xietong.calc.engine.expression_text import of_one_name
from xietong.calc.engine.names import name_of
from xietong.calc.engine.rule_source import expression_in
from xietong.calc.engine.rules import TABLES
from xietong.calc.expressions import (
    Choice,
    Factor,
    Input,
    Lines,
    Merged,
    Node,
    Number,
    Part,
    Python,
    Table,
    Total,
    UnvisitedError,
    named,
)
from xietong.calc.figures import Figure
from xietong.texts import Language
from xietong.wording.formulas import (
    ATOM,
    SUM,
    UnreadableFormulaError,
    Worded,
    Wording,
    chosen_name,
    counted_names,
    entry_of,
    input_of,
)

Refer = Callable[[Figure], str]


class UnwrittenError(Exception):
    """The expression holds something that no calculator has a key for."""


class Expression(NamedTuple):
    """The same expression with names and with numbers, its value, and whether it picks one of several values by a
    condition."""

    names: str
    numbers: str
    value: float
    picks: bool = False


def plain(value: float) -> str:
    """Every digit of a number, without an exponent; a negative one in brackets."""
    text = f"{Decimal(repr(value)):f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return f"(−{text[1:]})" if text.startswith("-") else text


def expression_of(figure: Figure, rule_key: str, refer: Refer, language: Language) -> Expression:
    """A figure's formula written out; rule_key: whose rule it is, a line's that of its whole; refer: the mark of the
    step that a number comes from.

    Raises UnwrittenError where it cannot be typed into a calculator.
    """
    expression = expression_in(figure.formula)
    if expression is None or isinstance(expression, Lines | Table | Merged):
        raise UnwrittenError(figure.formula)
    given = _OfFigure(figure, rule_key)
    try:
        names, _ = expression.of(_Names(given, language))
        numbers, _ = expression.of(_Numbers(given, language, refer))
        value = calculated(expression, given)
    except (UnvisitedError, UnreadableFormulaError) as unfit:
        raise UnwrittenError(figure.formula) from unfit
    assert not isinstance(value, dict)
    return Expression(names, numbers, float(value), picks=isinstance(expression, Choice))


@dataclass(frozen=True, slots=True)
class _OfFigure:
    """The numbers of one figure's working; what was not due stands as what the rule takes it for."""

    figure: Figure
    rule_key: str

    def number(self, key: str) -> float:
        """One input."""
        found = input_of(self.figure, key)
        return self.default(key) if found is None or found.value is None else found.value

    def names(self, source: str) -> Iterable[str]:
        """The names that an input has amounts of."""
        whole = input_of(self.figure, source)
        return () if whole is None else whole.items()

    def amount(self, source: str, name: str, optional: bool) -> float | None:
        """One named amount."""
        found = entry_of(self.figure, Part(source, named(name), Number(0) if optional else None))
        return None if found is None else found.value

    def factor(self, purpose: str, name: object, group: object) -> float:
        """One factor."""
        stands_in = named(str(group)) if group else None
        found = entry_of(self.figure, Factor(purpose, named(str(name or "")), stands_in))
        return np.nan if found is None or found.value is None else found.value

    def python(self, text: Python, words: Mapping[str, object]) -> object:
        """What Python says of the names around it; "" where it asks for more."""
        known = {name: words.get(name, self.number(name)) for name in text.needs}
        return "" if text.run is None else text.run(**known)

    def default(self, key: str) -> float:
        """What the rule takes an absent input for; 0 for named amounts, whose sum is then empty."""
        rules = [rule for table in TABLES.values() for rule in table.get(self.rule_key, [])]
        arguments = (each for rule in rules for each in rule.arguments if each.source == key and each.optional)
        return next((each.default for each in arguments), 0.0)


class _Names(Wording):
    """The expression with names."""

    def __init__(self, given: _OfFigure, language: Language) -> None:
        super().__init__(language)
        self._figure = given.figure

    def number(self, node: Number) -> Worded:
        return plain(float(node.value)), ATOM

    def input(self, node: Input) -> Worded:
        return self._said(chosen_name(input_of(self._figure, node.key), node.key)), ATOM

    def part(self, node: Part) -> Worded:
        found = entry_of(self._figure, node)
        if node.default is None:
            is_factor = found is not None and found.kind == "factor"
            return self._said(node.source if is_factor else node.name.word), ATOM
        is_there = found is not None and found.value is not None
        return self._said(node.source if is_there else f"{node.source}:{node.name.word}"), ATOM

    def factor(self, node: Factor) -> Worded:
        return self._said(node.purpose), ATOM

    def total(self, node: Total) -> Worded:
        return f"Σ {self._said(node.source)}", ATOM

    def _said(self, key: str) -> str:
        return name_of(key).in_language(self.language) or key


class _Numbers(Wording):
    """The expression with numbers, each with its unit and the mark of the step that it comes from."""

    def __init__(self, given: _OfFigure, language: Language, refer: Refer) -> None:
        super().__init__(language)
        self._given, self._refer = given, refer

    def number(self, node: Number) -> Worded:
        return plain(float(node.value)), ATOM

    def input(self, node: Input) -> Worded:
        return self._shown(input_of(self._given.figure, node.key), self._given.default(node.key)), ATOM

    def part(self, node: Part) -> Worded:
        found = entry_of(self._given.figure, node)
        if node.default is not None and (found is None or found.value is None):
            return node.default.of(self)
        return self._shown(found, self._given.default(f"{node.source}:{node.name.word}")), ATOM

    def factor(self, node: Factor) -> Worded:
        return self._shown(entry_of(self._given.figure, node), 0.0), ATOM

    def total(self, node: Total) -> Worded:
        """Σ over named amounts: each of them, or an expression of each."""
        whole = input_of(self._given.figure, node.source)
        names = [] if whole is None else counted_names(node.loop, whole)
        value = node.value or Part(node.source, Python(node.loop.name), alias=node.loop.name)
        terms: list[Node] = [of_one_name(value, node.loop, name, apart=True) for name in names]
        written = [term.of(self) for term in terms]
        if len(written) < 2:
            return written[0] if written else ("0", ATOM)
        return " + ".join(f"({text})" if strength < SUM else text for text, strength in written), SUM

    def _shown(self, found: Figure | None, default: float) -> str:
        if found is None or found.value is None:
            return plain(default)
        unit = f" [{found.unit}]" if found.unit else ""
        return f"{plain(found.value)}{unit}{self._refer(found)}"
