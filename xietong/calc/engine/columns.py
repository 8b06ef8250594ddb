"""An expression calculated: over single numbers, or over columns with one number a row, by the same few lines.

A named amount that a row does not have is no number (NaN) there: it is left out of sums, and its default counts where
the rule states one. What a rule refuses before it returns (its guards) is not looked at here.
"""

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from xietong.calc.engine.rules import LAST_DIGITS
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
    Visitor,
)

# One number, or a row of them; of a test, whether it holds.
Column = float | NDArray[Any]
_COMPARED: Mapping[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Given(Protocol):
    """What an expression is calculated over."""

    def number(self, key: str) -> Column:
        """One input."""

    def names(self, source: str) -> Iterable[str]:
        """The names that an input has amounts of."""

    def amount(self, source: str, name: str, optional: bool, /) -> Column | None:
        """One named amount; None where there is none. optional: the rule has a default for it."""

    def factor(self, purpose: str, name: object, group: object) -> Column:
        """One factor; group: whose stands in, None where none does. Names may be columns of names."""

    def python(self, text: Python, words: Mapping[str, object]) -> object:
        """What a piece of Python comes to, or a column of it; words: the names of the loops around."""


def calculated(expression: Node, given: Given) -> Column | dict[str, Column]:
    """What an expression comes to: one number or column, or one a name."""
    calculation = _Calculation(given)
    with np.errstate(all="ignore"):
        if isinstance(expression, Lines):
            found = dict(calculation.over(expression.loop, expression.value))
            return {name: amount for name, amount in found.items() if not np.isnan(amount).all()}
        if isinstance(expression, Table):
            return {name: value.of(calculation) for name, value in expression.rows}
        if isinstance(expression, Merged):
            return dict(calculation.together(expression))
        return expression.of(calculation)


@dataclass(frozen=True, slots=True)
class _Calculation(Visitor[Column]):
    """Calculates nodes; words: what the names of the loops around stand for."""

    given: Given
    words: Mapping[str, object] = field(default_factory=dict)

    def over(self, loop: Loop, value: Node | None) -> Iterable[tuple[str, Column]]:
        """(name, amount) of a loop: NaN in the rows that lack the name or where it does not count."""
        for name in dict.fromkeys(name for source in loop.sources for name in self.given.names(source)):
            held = [self.own(source, name) for source in loop.sources]
            own = {loop.amount: held[0]} if len(held) == 1 else {}
            within = _Calculation(self.given, {**self.words, loop.name: name, **own})
            amount = held[0] if value is None else value.of(within)
            if loop.where is not None:
                amount = _where(self.given.python(loop.where, within.words), amount, np.nan)
            yield name, _where(np.logical_and.reduce([np.isnan(each) for each in held]), np.nan, amount)

    def together(self, node: Merged) -> Iterable[tuple[str, Column]]:
        """(name, amount) of several inputs: of a name that two of them have the later one's."""
        for name in dict.fromkeys(name for source in node.sources for name in self.given.names(source)):
            amount: Column = np.nan
            for held in (self.own(source, name) for source in node.sources):
                amount = _where(np.isnan(held), amount, held)
            yield name, amount

    def own(self, source: str, name: str, optional: bool = False) -> Column:
        """One named amount, NaN where there is none."""
        amount = self.given.amount(source, name, optional)
        return np.nan if amount is None else amount

    def number(self, node: Number) -> Column:
        return float(node.value)

    def input(self, node: Input) -> Column:
        return self.given.number(node.key)

    def part(self, node: Part) -> Column:
        amount = self.own(node.source, str(self._word(node.name)), node.default is not None)
        if node.default is None:
            return amount
        return _where(np.isnan(amount), node.default.of(self), amount)

    def factor(self, node: Factor) -> Column:
        group = None if node.group is None else self._word(node.group)
        return self.given.factor(node.purpose, self._word(node.name), group)

    def sum(self, node: Sum) -> Column:
        (sign, first), *rest = node.terms
        result = first.of(self) if sign > 0 else -first.of(self)
        for sign, term in rest:
            result = result + term.of(self) if sign > 0 else result - term.of(self)
        return result

    def product(self, node: Product) -> Column:
        (_, first), *rest = node.operands
        result = first.of(self)
        for power, operand in rest:
            result = result * operand.of(self) if power > 0 else result / operand.of(self)
        return result

    def pick(self, node: Pick) -> Column:
        result, *rest = (each.of(self) for each in node.options)
        for each in rest:
            result = _where(each < result if node.how == "min" else each > result, each, result)
        return result

    def comparison(self, node: Comparison) -> Column:
        left, right = node.left.of(self), node.right.of(self)
        if node.sign == "less":
            return left < right - LAST_DIGITS
        compared: Column = _COMPARED[node.sign](left, right)
        return compared

    def either(self, node: Either) -> Column:
        result, *rest = (each.of(self) for each in node.tests)
        for each in rest:
            result = np.logical_or(result, each)
        return result

    def choice(self, node: Choice) -> Column:
        return _where(node.test.of(self), node.value.of(self), node.otherwise.of(self))

    def total(self, node: Total) -> Column:
        result: Column = 0.0
        for _, amount in self.over(node.loop, node.value):
            result = result + _where(np.isnan(amount), 0.0, amount)
        return result

    def _word(self, name: Python) -> object:
        if name.text in self.words:
            return self.words[name.text]
        return name.word or self.given.python(name, self.words)


def _where(holds: object, value: Column, otherwise: Column) -> Column:
    """One value where something holds, row by row; of single numbers a single number."""
    if isinstance(holds, np.ndarray) and holds.ndim:
        return np.where(holds, value, otherwise)
    return value if holds else otherwise


class Factored(Protocol):
    """A table of factors as a rule sees it (rules.Factors)."""

    def __getitem__(self, key: str) -> float:
        """The factor of that key."""

    def nearest(self, key: str, group: str) -> float:
        """The factor of that key, else of its group."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Inputs with one number a row: numbers by key, named amounts by key and name (NaN where a row has none), tables
    of factors by purpose."""

    numbers: Mapping[str, Column]
    amounts: Mapping[str, Mapping[str, Column]]
    tables: Mapping[str, Factored]

    def number(self, key: str) -> Column:
        """One input's column."""
        return self.numbers[key]

    def names(self, source: str) -> Iterable[str]:
        """Every name of which any row has an amount."""
        return self.amounts.get(source, {})

    def amount(self, source: str, name: str, _optional: bool) -> Column | None:
        """The column of one named amount."""
        return self.amounts.get(source, {}).get(name)

    def factor(self, purpose: str, name: object, group: object) -> Column:
        """A factor, the same for all rows; where its name is a column, one a row."""
        if isinstance(name, np.ndarray):
            return np.array([self.factor(purpose, str(each), group) for each in name])
        table = self.tables[purpose]
        return table[str(name)] if group is None else table.nearest(str(name), str(group))

    def python(self, text: Python, words: Mapping[str, object]) -> object:
        """What Python says, once where it needs no amount, else row by row."""
        assert text.run is not None
        needs = {each: words.get(each, self._held(each)) for each in text.needs}
        if not any(isinstance(each, np.ndarray | dict) for each in needs.values()):
            return text.run(**needs)
        own = [each for each in words.values() if isinstance(each, np.ndarray) and each.ndim]
        return np.array(
            [
                text.run(**{name: _in_row(each, row) for name, each in needs.items()})
                if all(each[row] == each[row] for each in own)
                else None  # a name that the row does not have
                for row in self._rows()
            ]
        )

    def _held(self, key: str) -> object:
        if key in self.numbers:
            return self.numbers[key]
        return self.tables[key] if key in self.tables else dict(self.amounts.get(key, {}))

    def _rows(self) -> range:
        every = [*self.numbers.values(), *(column for named in self.amounts.values() for column in named.values())]
        return range(max(np.size(column) for column in every))


def _in_row(held: object, row: int) -> object:
    """What one row has: a number, the named amounts that it has, or the same for all."""
    if isinstance(held, dict):
        found = {name: _in_row(column, row) for name, column in held.items()}
        return {name: amount for name, amount in found.items() if amount == amount}
    if isinstance(held, np.ndarray) and held.ndim:
        return float(held[row])
    return held
