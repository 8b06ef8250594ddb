"""Refused parts 不能计算的部分: a group's figure whose sum holds amounts of a member of which that figure was refused.

A firm that used more waste than it made has no rate; its amounts still enter the park's, which would then look better
than anybody is. Such a figure is partial, names the member and grades nothing (`evaluation.coverage`).
"""

import types
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache

from xietong.accounting.books.consolidation import Books
from xietong.calc.engine.engine import RULES
from xietong.calc.figures import Figure, worst
from xietong.park.nouns import Subject
from xietong.periods import Period
from xietong.texts import Text

REFUSED = "refused"
_NO_VALUE = ("missing", "not_applicable")
_SHOWN = 5
# What a unit's figure comes to, by its code.
OfUnit = Callable[[str], Figure]


def may_be_refused(key: str) -> bool:
    """Whether an indicator has a rule that refuses amounts which contradict each other."""
    return key in _may_refuse()


def refusal(books: Books, unit: str, key: str, period: Period, of: OfUnit) -> Figure | None:
    """A unit's own figure where its rule refused it, else None; kept, for every group that the unit is in asks."""

    def made() -> Figure | None:
        figure = of(unit)
        return figure if _is_refused(figure) else None

    return books.keep(("refused", unit, key, period), made)


def without_refused(books: Books, group: Subject, period: Period, figure: Figure, of: OfUnit) -> Figure:
    """A group's figure, partial where one of its members' own was refused."""
    if figure.status in _NO_VALUE:
        return figure
    units = [unit for unit in books.boundary.units(group.code) if unit.kind != "outlet"]
    parts = ((unit, refusal(books, unit.code, figure.key, period, of)) for unit in units)
    found = [(unit, part) for unit, part in parts if part is not None]
    if not found:
        return figure
    said = tuple(_sentence(unit, part) for unit, part in found[:_SHOWN])
    trace = {**figure.trace, REFUSED: " ".join(unit.code for unit, _ in found)}
    return replace(figure, status=worst([figure.status, "partial"]), missing=(*said, *figure.missing), trace=trace)


def _is_refused(figure: Figure) -> bool:
    """Whether a figure has no value although all that it needs is there: its rule would not have it."""
    parts = figure.inputs
    return figure.status == "missing" and bool(parts) and not any(part.status in _NO_VALUE for part in parts)


@cache
def _may_refuse() -> frozenset[str]:
    """The indicators whose rules refuse amounts that contradict each other."""
    return frozenset(key for key, rules in RULES.items() if any(_refuses(rule.function) for rule in rules))


def _refuses(function: object) -> bool:
    """Whether a rule, or what it calls in its own module, raises for amounts that cannot be."""
    seen: set[object] = set()
    waiting = [function]
    while waiting:
        each = waiting.pop()
        if not isinstance(each, types.FunctionType) or each in seen:
            continue
        seen.add(each)
        names = each.__code__.co_names
        if "UnknownValueError" in names:
            return True
        waiting += _called(each, names)
    return False


def _called(function: types.FunctionType, names: Iterable[str]) -> list[object]:
    return [function.__globals__[name] for name in names if name in function.__globals__]


def _sentence(unit: Subject, part: Figure) -> Text:
    name, name_en = f"{unit.name}（{unit.code}）", f"{unit.name_en or unit.name} ({unit.code})"
    zh, en = part.missing[0].zh.rstrip("。"), part.missing[0].en.rstrip(".")
    return Text(
        f"{name}的数自相矛盾：{zh}。合计含该数，不完整，不能据以评定；请先改正。",
        f"the amounts of {name_en} contradict each other: {en}. The total holds them, so it is not whole and grades "
        "nothing; correct them first.",
    )
