"""Breakdown 分解: a figure of a group by sector, zone, enterprise or source, which add up to it again.

What the parts do not add up to stands as a line of its own, so that a breakdown always closes. Ratios have no parts.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import Literal, NamedTuple, get_args

from xietong.accounting.balances.terms import components
from xietong.accounting.books.consolidation import EMITTED
from xietong.accounting.figures.account import Account, account
from xietong.accounting.trade.inside_trade import leaves
from xietong.calc.figures import Figure, total
from xietong.lake.store import Lake
from xietong.park.nouns import Registry, Subject
from xietong.periods import Period
from xietong.texts import Text

By = Literal["sector", "zone", "enterprise", "source"]
KINDS: tuple[By, ...] = get_args(By)
CLOSES = 1e-9
_NOT_SUMMED = frozenset({"", "1", "%", "h", "℃", "mg/L", "mg/m3"})
_REMAINDER = Text("其余（与合计之差）", "remainder (what the parts do not add up to)")
_NOWHERE = Text("未划分", "in none")
_NO_SOURCE = Text("未注明来源", "source not stated")


class NotSummableError(ValueError):
    """A figure that is no sum, such as a ratio: its parts do not add up to it."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


class Breakdown(NamedTuple):
    """A figure, its parts in order of size (sources with their sign), and what is left between them and it."""

    subject: Subject
    key: str
    by: By
    whole: Figure
    parts: tuple[Figure, ...]
    remainder: Figure


def breakdown(registry: Registry, lake: Lake | None, subject: str, period: Period, key: str, by: By) -> Breakdown:
    """The parts of a subject's figure; raises UnknownNameError for unknown names, NotSummableError for ratios."""
    own = account(registry, lake, subject, period)
    whole = own.figure(key)
    if "/" in whole.unit or (whole.unit in _NOT_SUMMED and whole.value is not None):
        raise NotSummableError(_ratio(whole))
    parts = _sources(own, key, whole) if by == "source" else _groups(own, key, by)
    ordered = sorted(parts, key=lambda part: -abs(part.value or 0.0))
    return Breakdown(own.subject, key, by=by, whole=whole, parts=tuple(ordered), remainder=_remainder(whole, ordered))


def _remainder(whole: Figure, parts: Iterable[Figure]) -> Figure:
    listed = [part for part in parts if part.value is not None]
    if whole.value is None:
        return Figure("remainder", None, whole.unit, "not_applicable", title=_REMAINDER)
    left = whole.value - sum(part.value for part in listed if part.value is not None)
    size = max([abs(whole.value), *(abs(part.value or 0.0) for part in listed)])
    value = 0.0 if abs(left) <= CLOSES * size else left
    return Figure("remainder", value, whole.unit, whole.status, "indicator", title=_REMAINDER)


def _groups(own: Account, key: str, by: By) -> list[Figure]:
    units = [unit for unit in own.books.boundary.units(own.subject.code) if unit.code != own.subject.code]
    if by == "enterprise":
        return [part for unit in units if _says(part := _named(own.of(unit.code).figure(key), unit))]
    label = {unit.code: unit.zone if by == "zone" else unit.sector for unit in units}
    known = {
        name: each
        for each in own.books.registry.subjects.values()
        if each.kind == by
        for name in (each.code, each.name)
    }
    members: dict[str, list[Subject]] = defaultdict(list)
    for unit in units:
        group = known.get(label[unit.code])
        members[group.code if group else label[unit.code]].append(unit)
    found = [_group(own, key, code, of) for code, of in members.items()]
    return [part for part in found if _says(part)]


def _group(own: Account, key: str, code: str, units: Iterable[Subject]) -> Figure:
    """The figure of a zone or sector of the park; of a part of one, the sum of the units that are in it."""
    known = own.books.registry.subjects.get(code)
    if known is not None and own.subject.kind == "park":
        return _named(own.of(code).figure(key), known)
    parts = [_named(own.of(unit.code).figure(key), unit) for unit in units]
    title = Text(known.name, known.name_en or known.name) if known else Text(code, code) if code else _NOWHERE
    unit = next((part.unit for part in parts if part.value is not None), "")
    return replace(total(key, unit, parts), title=title, trace={"group": code})


def _named(figure: Figure, subject: Subject) -> Figure:
    trace = {**figure.trace, "subject": subject.code}
    return replace(figure, title=Text(subject.name, subject.name_en or subject.name), trace=trace)


def _says(part: Figure) -> bool:
    return part.status != "not_applicable"


def _sources(own: Account, key: str, whole: Figure) -> list[Figure]:
    """By component where the figure is a sum of several; an emission by outlet; an amount by how it was obtained."""
    parts = components(whole)
    if len(parts) > 1:
        return [replace(part.figure, key=part.key, value=part.value, title=part.title) for part in parts]
    name = key.removesuffix("_emission")
    if name in EMITTED:
        return _outlets(own, name)
    return _obtained(key, whole)


def _outlets(own: Account, name: str) -> list[Figure]:
    outlets = own.books.boundary.outlets(own.subject.code, to_works=False)
    found = [(outlet, own.books.amount(outlet.code, name, own.period).figure) for outlet in outlets]
    return [_named(figure, outlet) for outlet, figure in found if _says(figure)]


def _obtained(key: str, whole: Figure) -> list[Figure]:
    groups: dict[str, list[Figure]] = defaultdict(list)
    for leaf in leaves(whole):
        groups[leaf.source.partition(" · ")[0]].append(leaf)
    return [
        replace(total(key, whole.unit, of), title=Text(source, source) if source else _NO_SOURCE)
        for source, of in groups.items()
        if any(_says(leaf) for leaf in of)
    ]


def _ratio(whole: Figure) -> Text:
    return Text(
        f"{whole.title.zh or whole.key}（{whole.unit}）是比率，各部分不能相加；请分解它的分子或分母。",
        f"{whole.title.en or whole.key} ({whole.unit}) is a ratio, its parts do not add up; break down its numerator "
        "or denominator.",
    )
