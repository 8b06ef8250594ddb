"""Refused parts 不能计算的部分: a group's figure whose sum holds amounts of a member of which that figure was refused.

A firm that used more waste than it made has no rate; its amounts still enter the park's, which would then look better
than anybody is. Such a figure is partial, names the member and grades nothing (`evaluation.coverage`).
"""

import types
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cache

from xietong.accounting.books.consolidation import Books
from xietong.accounting.boundary import GROUPS
from xietong.calc.engine import RULES
from xietong.calc.figures import Figure, worst
from xietong.park.nouns import Subject
from xietong.texts import Text

REFUSED = "refused"
_NO_VALUE = ("missing", "not_applicable")
_SHOWN = 5
# The figure of a unit, by code and key.
OfUnit = Callable[[str, str], Figure]


def without_refused(books: Books, group: Subject, figure: Figure, of: OfUnit) -> Figure:
    """A group's figure, partial where one of its members' own was refused; any other as it is."""
    if group.kind not in GROUPS or figure.status in _NO_VALUE:
        return figure
    if figure.key not in _may_refuse():
        return figure
    found = list(_refused(books, group, figure.key, of))
    if not found:
        return figure
    said = tuple(_sentence(unit, part) for unit, part in found[:_SHOWN])
    trace = {**figure.trace, REFUSED: " ".join(unit.code for unit, _ in found)}
    return replace(figure, status=worst([figure.status, "partial"]), missing=(*said, *figure.missing), trace=trace)


def _refused(books: Books, group: Subject, key: str, of: OfUnit) -> Iterator[tuple[Subject, Figure]]:
    for unit in books.boundary.units(group.code):
        if unit.kind != "outlet" and _is_refused(part := of(unit.code, key)):
            yield unit, part


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
