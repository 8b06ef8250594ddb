"""Who contributes most to a figure, read off its working: the largest part at each step, down to an enterprise."""

from typing import NamedTuple

from xietong.calc.figures import Figure
from xietong.texts import Text

_DENOMINATORS = frozenset({"output_value", "product"})
_DEEPEST = 12


class Contributor(NamedTuple):
    """The item and the subject below that weigh most, and the subject's share of that item."""

    item: Text
    subject: str
    name: Text
    share: float


def largest_contributor(figure: Figure, asked: str) -> Contributor | None:
    """The subject below `asked` with the largest part of the largest input; None where nothing lies below it."""
    item, parent, node = Text("", ""), figure, figure
    for _ in range(_DEEPEST):
        whose = node.trace.get("subject", asked)
        if whose != asked and node.value is not None and parent.value:
            return Contributor(item, whose, node.title, abs(node.value / parent.value))
        largest = _largest(node)
        if largest is None:
            return None
        if not largest.trace.get("subject") or largest.trace["subject"] == asked:
            item = largest.title if largest.title.zh else Text(largest.key, largest.key)
        parent, node = node if node.kind != "items" else parent, largest
    return None


def _largest(node: Figure) -> Figure | None:
    """The input that weighs most, of those in the figure's own unit if there are any, else the first with a value."""
    parts = [
        line
        for part in node.inputs
        if part.kind != "factor" and part.key not in _DENOMINATORS
        for line in (part.inputs if part.kind == "items" else (part,))
        if line.value is not None
    ]
    alike = [part for part in parts if part.unit == node.unit]
    if node.kind == "items" or alike:
        return max(alike or parts, key=lambda part: abs(part.value or 0), default=None)
    return parts[0] if parts else None
