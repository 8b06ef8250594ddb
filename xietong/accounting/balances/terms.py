"""Components of a figure: the signed amounts that an additive figure is the sum of, down to the first that are no sum.

They are read from the rules' own expressions, so a new edition of a rule brings its own components.
"""

from collections.abc import Iterator
from typing import NamedTuple

from xietong.calc.engine.names import name_of
from xietong.calc.engine.rule_source import expression_in
from xietong.calc.expressions import Input, Sum, Total, UnvisitedError, Visitor
from xietong.calc.figures import Figure
from xietong.texts import Text


class Component(NamedTuple):
    """One amount of a sum: what it is called (key: "combustion_emission:coke", or the input's name), its sign (1 or
    −1) and its own figure with its working."""

    key: str
    title: Text
    sign: int
    figure: Figure

    @property
    def value(self) -> float | None:
        """The amount with its sign; None where it is absent."""
        return None if self.figure.value is None else self.sign * self.figure.value


def components(figure: Figure) -> tuple[Component, ...]:
    """What a figure is the sum of; () where it is no sum of amounts of its own unit.

    Parts that were not due are left out, those that are absent are kept without a value.
    """
    return tuple(_components(figure, 1))


def _components(figure: Figure, sign: int) -> Iterator[Component]:
    for own, name in _terms(figure.formula):
        if not figure.has(name):
            continue
        child = figure.child(name)
        if child.kind == "items":
            yield from _lines(name, child, sign * own)
        elif child.kind == "indicator" and (parts := tuple(_components(child, sign * own))):
            yield from parts
        elif child.status != "not_applicable":
            yield Component(name, _title(child), sign * own, child)


def _lines(name: str, items: Figure, sign: int) -> Iterator[Component]:
    for line in items.inputs:
        if line.status != "not_applicable":
            yield Component(f"{name}:{line.key}", _title(line), sign, line)


def _title(figure: Figure) -> Text:
    named = name_of(figure.key)
    return named if named.en != figure.key or not figure.title.en else figure.title


def _terms(formula: str) -> list[tuple[int, str]]:
    """(sign, input) of a formula that only adds and takes off inputs; [] of any other."""
    expression = expression_in(formula)
    try:
        return [] if expression is None else expression.of(_Terms())
    except UnvisitedError:
        return []


class _Terms(Visitor[list[tuple[int, str]]]):
    """The inputs that a sum adds and takes off."""

    def input(self, node: Input) -> list[tuple[int, str]]:
        return [(1, node.key)]

    def sum(self, node: Sum) -> list[tuple[int, str]]:
        return [(sign * own, name) for sign, term in node.terms for own, name in term.of(self)]

    def total(self, node: Total) -> list[tuple[int, str]]:
        return [(1, node.source)] if node.value is None else self.unvisited(node)
