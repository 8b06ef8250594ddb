"""The text of an expression, as Python writes it (Figure.formula), and the expression of one line of several."""

from dataclasses import replace

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
    named,
)

_CHOICE, _EITHER, _TEST, _SUM, _PRODUCT, _SIGN, _ATOM = range(7)
Spelt = tuple[str, int]


class _Text(Visitor[Spelt]):
    """The text of a node and how tightly it binds."""

    def within(self, node: Node, least: int) -> str:
        """The text, in brackets where it binds more loosely than its surroundings."""
        text, strength = node.of(self)
        return f"({text})" if strength < least else text

    def number(self, node: Number) -> Spelt:
        return repr(node.value), _ATOM

    def input(self, node: Input) -> Spelt:
        return node.key, _ATOM

    def part(self, node: Part) -> Spelt:
        if node.alias:
            return node.alias, _ATOM
        if node.default is None:
            return f"{node.source}[{node.name.text}]", _ATOM
        return f"{node.source}.get({node.name.text}, {self.within(node.default, _CHOICE)})", _ATOM

    def factor(self, node: Factor) -> Spelt:
        if node.group is None:
            return f"{node.purpose}[{node.name.text}]", _ATOM
        return f"{node.purpose}.nearest({node.name.text}, {node.group.text})", _ATOM

    def sum(self, node: Sum) -> Spelt:
        (sign, first), *rest = node.terms
        text = self.within(first, _SUM) if sign > 0 else f"-{self.within(first, _SIGN)}"
        for sign, term in rest:
            text += f" {'+' if sign > 0 else '-'} {self.within(term, _PRODUCT)}"
        return text, _SUM if rest else _SIGN

    def product(self, node: Product) -> Spelt:
        (_, first), *rest = node.operands
        text = self.within(first, _PRODUCT)
        for power, operand in rest:
            text += f" {'*' if power > 0 else '/'} {self.within(operand, _SIGN)}"
        return text, _PRODUCT

    def pick(self, node: Pick) -> Spelt:
        return f"{node.how}({', '.join(self.within(each, _CHOICE) for each in node.options)})", _ATOM

    def comparison(self, node: Comparison) -> Spelt:
        if node.sign == "less":
            return f"less({self.within(node.left, _CHOICE)}, {self.within(node.right, _CHOICE)})", _ATOM
        return f"{self.within(node.left, _SUM)} {node.sign} {self.within(node.right, _SUM)}", _TEST

    def either(self, node: Either) -> Spelt:
        return " or ".join(self.within(each, _TEST) for each in node.tests), _EITHER

    def choice(self, node: Choice) -> Spelt:
        value, test = self.within(node.value, _EITHER), self.within(node.test, _EITHER)
        return f"{value} if {test} else {self.within(node.otherwise, _CHOICE)}", _CHOICE

    def total(self, node: Total) -> Spelt:
        if node.value is None:
            return f"sum({node.source}.values())", _ATOM
        return f"sum(({self.within(node.value, _CHOICE)} {_over(node.loop)}))", _ATOM

    def lines(self, node: Lines) -> Spelt:
        return f"{{{node.loop.name}: {self.within(node.value, _CHOICE)} {_over(node.loop)}}}", _ATOM

    def table(self, node: Table) -> Spelt:
        rows = ", ".join(f"{name!r}: {self.within(value, _CHOICE)}" for name, value in node.rows)
        return f"{{{rows}}}", _ATOM

    def merged(self, node: Merged) -> Spelt:
        return _together(node.sources), _ATOM


def _over(loop: Loop) -> str:
    sources = loop.sources[0] if len(loop.sources) == 1 else _together(loop.sources)
    over = f"for {loop.name}, {loop.amount} in {sources}.items()" if loop.amount else f"for {loop.name} in {sources}"
    return over if loop.where is None else f"{over} if {loop.where.text}"


def _together(sources: tuple[str, ...]) -> str:
    return f"{{{', '.join(f'**{source}' for source in sources)}}}"


def text_of(node: Node) -> str:
    """The expression as Python."""
    return node.of(_Text())[0]


class _OfOneName(Visitor[Node]):
    """The same expression with a loop's name known.

    The loop's own amount stands under the name itself; where that is no name of Python (0.95MPa), or where amounts of
    several inputs must be told apart, as items['0.95MPa'].
    """

    def __init__(self, loop: Loop, name: str, apart: bool) -> None:
        self._loop, self._name = loop, name
        self._is_apart = apart or not name.isidentifier()

    def unvisited(self, node: Node) -> Node:
        return node

    def part(self, node: Part) -> Node:
        if not node.alias:
            default = None if node.default is None else node.default.of(self)
            return replace(node, name=self._known(node.name), default=default)
        return Part(node.source, named(self._name)) if self._is_apart else Input(self._name)

    def factor(self, node: Factor) -> Node:
        group = None if node.group is None else self._known(node.group)
        return replace(node, name=self._known(node.name), group=group)

    def _known(self, name: Python) -> Python:
        return name.given(self._loop.name, self._name)

    def sum(self, node: Sum) -> Node:
        return Sum(tuple((sign, term.of(self)) for sign, term in node.terms))

    def product(self, node: Product) -> Node:
        return Product(tuple((power, operand.of(self)) for power, operand in node.operands))

    def pick(self, node: Pick) -> Node:
        return replace(node, options=tuple(each.of(self) for each in node.options))

    def comparison(self, node: Comparison) -> Node:
        return replace(node, left=node.left.of(self), right=node.right.of(self))

    def either(self, node: Either) -> Node:
        return Either(tuple(each.of(self) for each in node.tests))

    def choice(self, node: Choice) -> Node:
        return Choice(node.test.of(self), node.value.of(self), node.otherwise.of(self))


def of_one_name(value: Node, loop: Loop, name: str, apart: bool = False) -> Node:
    """What a loop's expression is for one name; apart: amounts of several inputs must be told apart."""
    return value.of(_OfOneName(loop, name, apart))


def line_of(node: Node, name: str, apart: bool = False) -> Node | None:
    """The expression of one of several named amounts; None where there is none of its own."""
    if isinstance(node, Table):
        return dict(node.rows).get(name)
    if isinstance(node, Lines) and node.loop.amount:
        return of_one_name(node.value, node.loop, name, apart)
    return None
