"""Expression: the arithmetic of one rule as a tree of a few nodes, read once where the rule is entered.

    Number        44, 0.08374                   Sum      a + b − c (signed terms)
    Input         output_value                  Product  a × b ÷ c (each over or under the line)
    Part          product['coke']               Pick     min(a, b), max(a, b)
    Factor        coal_equivalent['coke']       Choice   a where a test holds, else b
    Total         Σ of named amounts            Comparison     a < b;  Either  one test or another
    Lines, Table, Merged: several named amounts, one expression a name.

Whoever wants something of a rule visits these nodes: its text (calc.expression_text), its numbers (calc.columns),
whether it may be added up in parts (calc.additivity), its words on a page and on a sheet. How a rule's source becomes
nodes is in calc.rule_source and calc.expression_reader.
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class UnvisitedError(Exception):
    """A node that a visitor has nothing to say of."""


@dataclass(frozen=True, slots=True)
class Python:
    """What stands beside the arithmetic, as Python: the name something is looked up by, or which names count.

    text: as the rule has it ("'coke'", "fuel", "item(pollutant).carrier"); word: the name, where it is known; needs:
    the loop names, inputs and tables that `run` is called with by keyword; run: None for a fixed name, and for a text
    that no rule was entered with.
    """

    text: str
    word: str = field(default="", compare=False)
    needs: tuple[str, ...] = field(default=(), compare=False)
    run: Callable[..., Any] | None = field(default=None, compare=False, repr=False)

    def given(self, name: str, word: str) -> "Python":
        """The same with a loop's name known."""
        if self.text == name:
            return named(word)
        if self.word:
            return self
        tree = ast.parse(self.text, mode="eval")
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and node.id == name:
                node.id = repr(word)
        if self.run is None or name not in self.needs:
            return replace(self, text=ast.unparse(tree))
        needs, run = tuple(each for each in self.needs if each != name), partial(self.run, **{name: word})
        return Python(ast.unparse(tree), "" if needs else str(run()), needs, run)


def named(word: str) -> Python:
    """A fixed name."""
    return Python(repr(word), word)


class Node:
    """One piece of an expression."""

    __slots__ = ()

    def of(self, visitor: "Visitor[T]") -> T:
        """What a visitor makes of this node; raises UnvisitedError where it makes nothing of it."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Number(Node):
    """A number that the rule itself states."""

    value: float

    def of(self, visitor: "Visitor[T]") -> T:
        return visitor.number(self)


@dataclass(frozen=True, slots=True)
class Input(Node):
    """An input of the rule by its key."""

    key: str

    def of(self, visitor: "Visitor[T]") -> T:
        return visitor.input(self)


@dataclass(frozen=True, slots=True)
class Part(Node):
    """One of an input's named amounts; default: what an absent one counts for; alias: a loop's word for its own."""

    source: str
    name: Python
    default: Node | None = None
    alias: str = ""

    def of(self, visitor: "Visitor[T]") -> T:
        return visitor.part(self)


@dataclass(frozen=True, slots=True)
class Factor(Node):
    """One factor of a table; group: whose factor stands in where there is none of that name."""

    purpose: str
    name: Python
    group: Python | None = None

    def of(self, visitor: "Visitor[T]") -> T:
        return visitor.factor(self)


@dataclass(frozen=True, slots=True)
class Sum(Node):
    """Signed terms, added from left to right."""

    terms: tuple[tuple[int, Node], ...]

    def of(self, visitor: "Visitor[T]") -> T:
        return visitor.sum(self)


@dataclass(frozen=True, slots=True)
class Product(Node):
    """Operands, from left to right: multiplied where the power is 1, divided by where it is −1."""

    operands: tuple[tuple[int, Node], ...]

    def of(self, visitor: "Visitor[T]") -> T:
        return visitor.product(self)


@dataclass(frozen=True, slots=True)
class Pick(Node):
    """The smallest or the largest of several; how: "min" or "max"."""

    how: str
    options: tuple[Node, ...]

    def of(self, visitor: "Visitor[T]") -> T:
        return visitor.pick(self)


@dataclass(frozen=True, slots=True)
class Comparison(Node):
    """A comparison; sign: <, <=, >, >=, or "less" for one that the last binary digits do not decide (rules.less)."""

    sign: str
    left: Node
    right: Node

    def of(self, visitor: "Visitor[T]") -> T:
        return visitor.comparison(self)


@dataclass(frozen=True, slots=True)
class Either(Node):
    """Several tests of which one must hold."""

    tests: tuple[Node, ...]

    def of(self, visitor: "Visitor[T]") -> T:
        return visitor.either(self)


@dataclass(frozen=True, slots=True)
class Choice(Node):
    """One value where a test holds, else another."""

    test: Node
    value: Node
    otherwise: Node

    def of(self, visitor: "Visitor[T]") -> T:
        return visitor.choice(self)


@dataclass(frozen=True, slots=True)
class Loop:
    """What runs over the names of one or several inputs; name, amount: the rule's words for each; where: who counts."""

    sources: tuple[str, ...]
    name: str
    amount: str = ""
    where: Python | None = None


@dataclass(frozen=True, slots=True)
class Total(Node):
    """The sum of all named amounts of an input, or of an expression of each of them."""

    loop: Loop
    value: Node | None = None

    @property
    def source(self) -> str:
        """The input that the sum runs over."""
        return self.loop.sources[0]

    def of(self, visitor: "Visitor[T]") -> T:
        return visitor.total(self)


@dataclass(frozen=True, slots=True)
class Lines(Node):
    """One amount a name, all by the same expression."""

    loop: Loop
    value: Node

    def of(self, visitor: "Visitor[T]") -> T:
        return visitor.lines(self)


@dataclass(frozen=True, slots=True)
class Table(Node):
    """Amounts written out one by one: (name, expression)."""

    rows: tuple[tuple[str, Node], ...]

    def of(self, visitor: "Visitor[T]") -> T:
        return visitor.table(self)


@dataclass(frozen=True, slots=True)
class Merged(Node):
    """The named amounts of several inputs together."""

    sources: tuple[str, ...]

    def of(self, visitor: "Visitor[T]") -> T:
        return visitor.merged(self)


class Visitor(Generic[T]):
    """Makes something of an expression, node by node; what a visitor does not define it has nothing to say of."""

    def unvisited(self, node: Node) -> T:
        """What is made of a node that this visitor does not define."""
        raise UnvisitedError(repr(node))

    def number(self, node: Number) -> T:
        """Of a number of the rule's own."""
        return self.unvisited(node)

    def input(self, node: Input) -> T:
        """Of an input."""
        return self.unvisited(node)

    def part(self, node: Part) -> T:
        """Of one named amount."""
        return self.unvisited(node)

    def factor(self, node: Factor) -> T:
        """Of a factor."""
        return self.unvisited(node)

    def sum(self, node: Sum) -> T:
        """Of signed terms."""
        return self.unvisited(node)

    def product(self, node: Product) -> T:
        """Of a product or a quotient."""
        return self.unvisited(node)

    def pick(self, node: Pick) -> T:
        """Of the smallest or largest."""
        return self.unvisited(node)

    def comparison(self, node: Comparison) -> T:
        """Of a comparison."""
        return self.unvisited(node)

    def either(self, node: Either) -> T:
        """Of tests of which one must hold."""
        return self.unvisited(node)

    def choice(self, node: Choice) -> T:
        """Of one value or another."""
        return self.unvisited(node)

    def total(self, node: Total) -> T:
        """Of a sum over named amounts."""
        return self.unvisited(node)

    def lines(self, node: Lines) -> T:
        """Of one amount a name."""
        return self.unvisited(node)

    def table(self, node: Table) -> T:
        """Of amounts written out."""
        return self.unvisited(node)

    def merged(self, node: Merged) -> T:
        """Of several inputs' amounts together."""
        return self.unvisited(node)


def children(node: Node) -> Iterator[Node]:
    """The nodes that a node holds, from left to right."""
    for name in getattr(node, "__dataclass_fields__", ()):
        yield from _nodes(getattr(node, name))


def _nodes(held: object) -> Iterator[Node]:
    if isinstance(held, Node):
        yield held
    elif isinstance(held, tuple):
        for each in held:
            yield from _nodes(each)


def walked(node: Node) -> Iterator[Node]:
    """The node and all that it holds, each where it stands."""
    yield node
    for child in children(node):
        yield from walked(child)


def inputs_of(node: Node) -> frozenset[str]:
    """The inputs that an expression names; tables of factors are none."""
    found: set[str] = set()
    for each in walked(node):
        if isinstance(each, Input):
            found.add(each.key)
        elif isinstance(each, Part):
            found.add(each.source)
        elif isinstance(each, Total | Lines):
            found.update(each.loop.sources)
        elif isinstance(each, Merged):
            found.update(each.sources)
    return frozenset(found)
