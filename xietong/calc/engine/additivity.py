"""Whether an expression is a sum of amounts times factors: only then f(a + b) = f(a) + f(b), with factors as they are.

A rule says so of itself (`@additive`) and is refused where its expression says otherwise. Then a period whose
factors change may be computed month by month, and a group whose units have factors of their own unit by unit.
"""

from collections.abc import Mapping

from xietong.calc.engine.expression_text import text_of
from xietong.calc.expressions import (
    Factor,
    Input,
    Lines,
    Loop,
    Node,
    Number,
    Part,
    Product,
    Python,
    Sum,
    Table,
    Total,
    Visitor,
)


class NotAdditiveError(ValueError):
    """A rule that says it is additive and whose expression is no sum of amounts times factors."""

    def __init__(self, key: str, node: Node | str) -> None:
        what = node if isinstance(node, str) else text_of(node)
        super().__init__(
            f"{key} says that it is additive, but {what} is no amount times factors: a minimum, a condition, a "
            "quotient of amounts, a constant beside amounts or a default other than 0 cannot be computed in parts "
            "and added"
        )


def require_additive(key: str, expression: Node, defaults: Mapping[str, float]) -> None:
    """Raise NotAdditiveError where an expression is no sum of amounts times factors; defaults: of its inputs, which
    would count once for every part."""
    for source, default in defaults.items():
        if default:
            raise NotAdditiveError(key, f"{source} = {default:g}")
    if expression.of(_Degree(key, frozenset(defaults))) != 1:
        raise NotAdditiveError(key, expression)


class _Degree(Visitor[int]):
    """How many amounts are multiplied in a node: 1 for an amount, 0 for factors and numbers."""

    def __init__(self, key: str, amounts: frozenset[str]) -> None:
        self._key, self._amounts = key, amounts

    def unvisited(self, node: Node) -> int:
        raise NotAdditiveError(self._key, node)

    def number(self, _node: Number) -> int:
        return 0

    def input(self, _node: Input) -> int:
        return 1

    def part(self, node: Part) -> int:
        self._require_fixed(node.name)
        if node.default not in (None, Number(0.0)):
            raise NotAdditiveError(self._key, node)
        return 1

    def factor(self, node: Factor) -> int:
        for name in (node.name, node.group):
            self._require_fixed(name)
        return 0

    def sum(self, node: Sum) -> int:
        degrees = {term.of(self) for _, term in node.terms}
        if len(degrees) > 1:
            raise NotAdditiveError(self._key, node)
        return degrees.pop()

    def product(self, node: Product) -> int:
        over = sum(operand.of(self) for power, operand in node.operands if power > 0)
        under = sum(operand.of(self) for power, operand in node.operands if power < 0)
        if over > 1 or under:
            raise NotAdditiveError(self._key, node)
        return over

    def total(self, node: Total) -> int:
        return self._over(node.loop, node.value)

    def lines(self, node: Lines) -> int:
        return self._over(node.loop, node.value)

    def table(self, node: Table) -> int:
        degrees = {value.of(self) for _, value in node.rows}
        if degrees != {1}:
            raise NotAdditiveError(self._key, node)
        return 1

    def _over(self, loop: Loop, value: Node | None) -> int:
        """Of every name alike; which names count must not hang on how much there is of them."""
        if loop.where is not None and (
            loop.amount in loop.where.needs or any(sign in loop.where.text for sign in ("<", ">"))
        ):
            raise NotAdditiveError(self._key, loop.where.text)
        return 1 if value is None else value.of(self)

    def _require_fixed(self, name: Python | None) -> None:
        """What is looked up must not hang on an amount."""
        if name is not None and self._amounts & set(name.needs):
            raise NotAdditiveError(self._key, name.text)
