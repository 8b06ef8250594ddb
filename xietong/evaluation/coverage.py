"""How much of an indicator's data came, by weight: each part weighs what it had a year earlier.

Of a group's amount the share is known (`accounting.books.consolidation`); from there it is carried up: a sum has its
parts' shares weighted by last year's amounts, a ratio the lowest of its parts. Of a figure that holds amounts which
contradict each other nothing counts as received: it grades nothing.
"""

import math

from xietong.accounting.figures.refusals import REFUSED
from xietong.calc.figures import Figure

_WHOLE = ("ok", "estimated", "not_applicable")


def share_received(figure: Figure, before: Figure | None) -> float:
    """The share of a figure's data that came, 0 to 1; before: the same figure a year earlier, None where there is none.

    A part that is wholly absent weighs what it had last year; where no part has a last year, all weigh the same.
    """
    if figure.status in _WHOLE:
        return 1.0
    if REFUSED in figure.trace:
        return 0.0
    known = figure.trace.get("coverage_weight") or figure.trace.get("coverage_number")
    if known:
        return float(known)
    parts = [part for part in figure.inputs if part.kind != "factor"]
    if not parts or (figure.value is None and figure.kind != "items"):
        return 0.0
    shares = [share_received(part, _same(part, before)) for part in parts]
    if not _is_sum(figure, parts):
        return min(shares)
    weights = [_weight(_same(part, before)) for part in parts]
    if not any(weights):
        weights = [1.0] * len(parts)
    return math.fsum(share * weight for share, weight in zip(shares, weights, strict=True)) / math.fsum(weights)


def _is_sum(figure: Figure, parts: list[Figure]) -> bool:
    """Whether the parts are of the figure's own kind: named amounts, or amounts in its own unit."""
    return figure.kind == "items" or all(part.kind == "items" or part.unit == figure.unit for part in parts)


def _same(part: Figure, before: Figure | None) -> Figure | None:
    return before.child(part.key) if before is not None and before.has(part.key) else None


def _weight(before: Figure | None) -> float:
    if before is None:
        return 0.0
    if before.kind == "items":
        return math.fsum(abs(value) for value in before.items().values())
    return abs(before.value or 0.0)
