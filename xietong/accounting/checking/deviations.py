"""Deviations 偏差: where two complete sources of one quantity differ by more than 5 % (decision 0008, rule 4).

The order of sources says which one counts; the other stands beside it, and here are all the places in which the two do
not agree, for whoever checks meters, bills and monitoring. Sub-meters against their head are in `balances.submeters`.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from xietong.accounting.amounts import DEVIATION, Amount
from xietong.accounting.books.consolidation import EMITTED, Books
from xietong.accounting.boundary import GROUPS
from xietong.accounting.sources.statement_figures import METHOD_NAMES, name_stated
from xietong.accounting.sources.statements import DERIVED, METHODS, Line, cover
from xietong.accounting.trade.inside_trade import trade
from xietong.accounting.trade.media import Medium, media_in
from xietong.calc.rounding import share_apart, told_apart
from xietong.park.nouns import ReportedAmount, Subject
from xietong.periods import Period
from xietong.texts import Text

METERED = Text("表计", "meter")
AUTOMATIC = Text("自动监测", "automatic monitoring")
BELOW = Text("下级合计", "sum of what lies below")
OWN = Text("本级填报", "own statement")
_SOLD, _BOUGHT = Text("内部售出", "sold inside"), Text("内部购入", "bought inside")
_COMPLETE = ("ok", "estimated")


class Said(NamedTuple):
    """One source's word: what it is called and its exact amount."""

    source: Text
    exact: Decimal


class Deviation(NamedTuple):
    """Two sources of an item of a subject over a period: the one that counts, the other, and by how much it differs."""

    subject: str
    item: str
    period: Period
    unit: str
    used: Said
    other: Said
    ratio: float
    sentence: Text

    def as_json(self) -> dict[str, Any]:
        """The finding as plain values."""
        return {
            "kind": "deviation",
            "subject": self.subject,
            "item": self.item,
            "period": self.period.label,
            "unit": self.unit,
            "used": {"source": self.used.source._asdict(), "value": float(self.used.exact)},
            "other": {"source": self.other.source._asdict(), "value": float(self.other.exact)},
            "ratio": self.ratio,
            "sentence": self.sentence._asdict(),
        }


def deviations(books: Books, code: str, period: Period) -> tuple[Deviation, ...]:
    """Every deviation above 5 % of a subject and all below it, of whatever was stated inside the period."""
    found: list[Deviation] = []
    for subject in books.boundary.below(code):
        names = sorted(name for whose, name in books.statements.pairs if whose == subject.code and "#" not in name)
        for name in names:
            found += _of_item(books, subject, name, period)
        found += _of_methods(books, subject, period)
        if subject.kind in GROUPS:
            found += _of_trade(books, subject, period)
    return tuple(sorted(found, key=lambda each: (each.subject, each.item, each.period)))


def _of_trade(books: Books, group: Subject, period: Period) -> Iterator[Deviation]:
    """What tenants sold each other and what they bought of each other: the difference stays in the group's total."""
    names = [name for name in books.names if books.knows(group.code, name)]
    for medium in media_in(names):
        dealt = trade(books, group, medium, period) if medium.kind == "network" else None
        if dealt is None or not dealt.is_checked or not dealt.sold.exact or dealt.residual.exact is None:
            continue
        sold, bought, gap = dealt.sold.exact, dealt.bought.exact, dealt.residual.exact
        if bought is None or abs(gap) <= DEVIATION * sold:
            continue
        used, other, unit = Said(_SOLD, sold), Said(_BOUGHT, bought), dealt.sold.figure.unit
        yield Deviation(
            group.code,
            medium.sold,
            period=period,
            unit=unit,
            used=used,
            other=other,
            ratio=-float(gap / sold),
            sentence=_said_trade(group, medium, period, (used, other, unit)),
        )


def _said_trade(group: Subject, medium: Medium, period: Period, said: tuple[Said, Said, str]) -> Text:
    sold, bought, unit = said
    percent = share_apart(abs(float((sold.exact - bought.exact) / sold.exact)), float(DEVIATION))
    one, other = told_apart(float(sold.exact), float(bought.exact), digits=6, thousands="")
    return Text(
        f"{group.name}（{group.code}）{period.label} 的{medium.name.zh}："
        f"{sold.source.zh} {one} {unit}，"
        f"{bought.source.zh} {other} {unit}，相差 {percent}（超过 5 %）；差额算作网络损失或"
        "漏报，留在园区的能耗和碳排放合计内。请购方核对购入量，供方核对外供量和网络损失。",
        f"{medium.name.en} of {group.name_en or group.name} ({group.code}), {period.label}: {sold.source.en} "
        f"{one} {unit}, {bought.source.en} {other} {unit}, {percent} apart (more "
        "than 5 %); the difference counts as lost in the network or not reported and stays in energy and carbon. Let "
        "the buyers check what they bought, the seller what it supplied and what the network loses.",
    )


def _of_item(books: Books, subject: Subject, name: str, period: Period) -> Iterator[Deviation]:
    rows = books.statements.within(subject.code, name, period)
    for span in sorted({row.period for row in rows}):
        covered = cover(rows, span)
        if covered.gaps:
            continue
        leaves = [books.statements.leaf(row) for row in covered.chosen]
        values = [leaf.exact for leaf in leaves if leaf.exact is not None]
        if len(values) < len(leaves):
            continue
        stated = (Said(_named(covered.chosen[0]), sum(values, Decimal(0))), leaves[0].figure.unit, covered.chosen)
        yield from _beside_instruments(books, subject, name, span, stated)


def _beside_instruments(
    books: Books, subject: Subject, name: str, span: Period, stated: tuple[Said, str, tuple[ReportedAmount, ...]]
) -> Iterator[Deviation]:
    said, unit, rows = stated
    if subject.kind == "outlet":
        measured, source, first = books.sources.automatic(subject.code, name, span), AUTOMATIC, True
    elif subject.kind in GROUPS or name in EMITTED:
        measured, source, first = _below(books, subject, name, span), BELOW, True
    else:
        measured, source = books.sources.metered(subject.code, name, span), METERED
        first = all(row.method in DERIVED for row in rows)
    if measured.exact is None or measured.figure.status not in _COMPLETE or measured.figure.unit != unit:
        return
    pair = (Said(source, measured.exact), said) if first else (said, Said(source, measured.exact))
    yield from _found(subject, name, span, unit, pair)


def _below(books: Books, subject: Subject, name: str, span: Period) -> Amount:
    """What lies below a subject comes to: of a group its units, of an enterprise its outlets."""
    found = books.amount(subject.code, name, span)
    own = any(part.trace.get("entry") for part in found.figure.inputs)
    return found._replace(exact=None) if own or not found.figure.inputs else found


def _of_methods(books: Books, subject: Subject, period: Period) -> Iterator[Deviation]:
    """Statements of one line by several methods: the best counts."""
    latest: dict[tuple[Period, Line], dict[str, ReportedAmount]] = defaultdict(dict)
    for row in books.stated_by(subject.code):
        if period.contains(row.period):
            slot = latest[row.period, Line(row.item, row.use, row.counterparty)]
            known = slot.get(row.method)
            if known is None or (row.recorded_at, row.row) >= (known.recorded_at, known.row):
                slot[row.method] = row
    for (span, line), by_method in latest.items():
        if len(by_method) > 1:
            yield from _ranked(books, subject, (line.item, span), by_method.values())


def _ranked(
    books: Books, subject: Subject, what: tuple[str, Period], rows: Iterable[ReportedAmount]
) -> Iterator[Deviation]:
    best, *others = sorted(rows, key=lambda row: METHODS.index(row.method if row.method in METHODS else ""))
    used = books.statements.leaf(best)
    for row in others:
        other = books.statements.leaf(row)
        if used.exact is None or other.exact is None or used.figure.unit != other.figure.unit:
            continue
        pair = Said(_named(best), used.exact), Said(_named(row), other.exact)
        yield from _found(subject, what[0], what[1], used.figure.unit, pair)


def _named(row: ReportedAmount) -> Text:
    return METHOD_NAMES.get(row.method, METHOD_NAMES[""])


def _found(subject: Subject, name: str, span: Period, unit: str, pair: tuple[Said, Said]) -> Iterator[Deviation]:
    used, other = pair
    gap, base = other.exact - used.exact, abs(used.exact)
    if abs(gap) <= DEVIATION * base:
        return
    ratio = float(gap / base) if base else 0.0
    percent = share_apart(abs(ratio), float(DEVIATION)) if base else "—"
    counted, beside = told_apart(float(used.exact), float(other.exact), digits=6, thousands="")
    label = name_stated(name)
    sentence = Text(
        f"{subject.name}（{subject.code}）{span.label} 的{label.zh}：{used.source.zh} {counted} {unit}，"
        f"{other.source.zh} {beside} {unit}，相差 {percent}（超过 5 %）；采用{used.source.zh}。"
        "请核对表计倍率、账期和监测设备。",
        f"{label.en} of {subject.name_en or subject.name} ({subject.code}) in {span.label}: {used.source.en} "
        f"{counted} {unit}, {other.source.en} {beside} {unit}, {percent} apart (more "
        f"than 5 %); the {used.source.en} counts. Check multipliers, billing dates and instruments.",
    )
    yield Deviation(subject.code, name, period=span, unit=unit, used=used, other=other, ratio=ratio, sentence=sentence)
