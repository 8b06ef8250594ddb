"""One statement of a quantity 一量一数: of what one line states for a span and again for the parts of it, which counts.

The parts count where they cover the whole: a year is then the sum of its halves, quarters and months, whatever is asked
(interpretation `statement-grain`). Where the whole is obtained by a better kind of method (a settlement bill over what
was estimated), or the park chose so, the whole counts and its parts share it. What does not count stands beside and is
named where it differs by more than 5 %; a span that crosses another one cannot be compared and is always named.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any, NamedTuple

from xietong.accounting.amounts import DEVIATION
from xietong.calc.engine.names import name_of
from xietong.park.nouns import ReportedAmount
from xietong.periods import Period
from xietong.texts import Text

# The kinds of methods, the best first: settled, measured or stated, derived, guessed.
_KINDS: dict[str, int] = {"bill": 0, "auto": 1, "manual": 1, "": 1, "balance": 2, "coefficient": 2, "estimate": 3}
# A row's amount in the unit of its item; None where it has none.
Measure = Callable[[ReportedAmount], Decimal | None]


class Beside(NamedTuple):
    """A statement that does not count, and why: how it stands to those that do.

    stated, counted: both amounts in the item's unit, None where they cannot be compared; outside: of a time at which
    the subject was not here. text: "" where there is nothing to be named.
    """

    row: ReportedAmount
    stated: Decimal | None
    counted: Decimal | None
    text: Text
    outside: bool = False

    @property
    def is_named(self) -> bool:
        """Whether a reader should know of it."""
        return bool(self.text.zh)

    def meets(self, period: Period) -> bool:
        """Whether it is of some of the period's days."""
        return _overlap(self.row.period, period)

    def as_json(self) -> dict[str, Any]:
        """The statement and what is to be said of it as plain values."""
        row = self.row
        of = {"kind": "beside", "subject": row.subject, "item": row.item, "period": row.period.label}
        return {**of, "outside": self.outside, "entry": row.entry, "row": row.row, "sentence": self.text._asdict()}


UNNAMED = Text("", "")


class Settled(NamedTuple):
    """The statements of a line that count, of which no two say the same quantity twice, and those beside them."""

    rows: tuple[ReportedAmount, ...]
    beside: tuple[Beside, ...] = ()


def settled(rows: Sequence[ReportedAmount], measure: Measure, prefer_whole: bool = False) -> Settled:
    """One line's statements (one a period): which count. prefer_whole: the whole counts wherever it is stated."""
    ordered = sorted(rows, key=lambda row: (row.period.start, row.period.end))
    if not any(before.period.end > after.period.start for before, after in pairwise(ordered)):
        return Settled(tuple(ordered))
    kept: list[ReportedAmount] = []
    beside: list[Beside] = []
    for row in sorted(ordered, key=lambda row: (row.period.end - row.period.start, row.period.start)):
        meeting = [each for each in kept if _overlap(each.period, row.period)]
        crossing = next((each for each in meeting if not row.period.contains(each.period)), None)
        if crossing is not None:
            beside.append(Beside(row, None, None, _said_crossing(row, crossing)))
        elif not meeting:
            kept.append(row)
        else:
            kept, aside = _nested(row, meeting, kept, measure, prefer_whole)
            beside += aside
    return Settled(tuple(sorted(kept, key=lambda row: (row.period.start, row.period.end))), tuple(beside))


def _nested(
    row: ReportedAmount, parts: list[ReportedAmount], kept: list[ReportedAmount], measure: Measure, prefer_whole: bool
) -> tuple[list[ReportedAmount], list[Beside]]:
    """A whole over some of its parts: what is kept after it, and what stands beside."""
    whole, sum_of_parts = measure(row), _sum(_tops(parts), measure)
    apart = whole is not None and sum_of_parts is not None and abs(whole - sum_of_parts) > DEVIATION * abs(whole)
    if not covers(parts, row.period):
        too_much = apart and sum_of_parts is not None and whole is not None and sum_of_parts > whole
        if not too_much:
            return [*kept, row], []
        return kept, [Beside(row, whole, sum_of_parts, _said_less(row, whole, sum_of_parts, parts))]
    shared = _shared(row, parts, (whole, sum_of_parts)) if _whole_counts(row, parts, prefer_whole) else None
    if shared is None:
        text = _said_apart(row, (whole, sum_of_parts), False) if apart or None in (whole, sum_of_parts) else UNNAMED
        return kept, [Beside(row, whole, sum_of_parts, text)]
    text = _said_apart(row, (whole, sum_of_parts), True) if apart else UNNAMED
    others = [each for each in kept if each not in parts]
    return [*others, *shared, row], [Beside(each, measure(each), None, text) for each in _tops(parts)[:1]]


def _whole_counts(row: ReportedAmount, parts: Iterable[ReportedAmount], prefer_whole: bool) -> bool:
    has_stocks = any(each.opening is not None or each.closing is not None for each in (row, *parts))
    return not has_stocks and (prefer_whole or _kind(row) < max(_kind(each) for each in parts))


def _kind(row: ReportedAmount) -> int:
    return _KINDS.get(row.method, 1)


def _shared(
    row: ReportedAmount, parts: Sequence[ReportedAmount], sums: tuple[Decimal | None, Decimal | None]
) -> list[ReportedAmount] | None:
    """The parts as shares of the whole; as stated where they sum to it; None where they give no shape."""
    whole, sum_of_parts = sums
    if whole is None or not sum_of_parts:
        return None
    if whole == sum_of_parts:
        return list(parts)
    ratio = whole / sum_of_parts
    note = f"按 {row.period.label} 的合计分摊 shared by the total of {row.period.label}"
    return [
        replace(
            each,
            amount=None if each.amount is None else each.amount * ratio,
            method="estimate",
            note=f"{note}（{each.amount} {each.unit}）",
        )
        for each in parts
    ]


def _tops(parts: Iterable[ReportedAmount]) -> list[ReportedAmount]:
    """The longest of the parts, which together hold all others."""
    tops: list[ReportedAmount] = []
    for each in sorted(parts, key=lambda part: (part.period.start - part.period.end, part.period.start)):
        if not any(_overlap(each.period, top.period) for top in tops):
            tops.append(each)
    return tops


def _sum(rows: Iterable[ReportedAmount], measure: Measure) -> Decimal | None:
    values = [measure(row) for row in rows]
    known = [value for value in values if value is not None]
    return sum(known, Decimal(0)) if len(known) == len(values) else None


def covers(rows: Iterable[ReportedAmount], period: Period) -> bool:
    """Whether the statements reach over every day of the period."""
    reached: datetime = period.start
    for start, end in sorted((row.period.start, row.period.end) for row in rows):
        if start <= reached:
            reached = max(reached, end)
    return reached >= period.end


def _overlap(one: Period, other: Period) -> bool:
    return one.start < other.end and other.start < one.end


# ---- a total and its kinds ----


def without_kinds_twice(rows: Sequence[ReportedAmount], measure: Measure) -> Settled:
    """An item's lines without what is stated both without a kind and by kind: for one period the statement without a
    kind is the total; kinds that fill its time in shorter spans, and come to it, count in its place."""
    totals = [row for row in rows if ":" not in row.item]
    kinds = [row for row in rows if ":" in row.item]
    if not totals or not kinds:
        return Settled(tuple(rows))
    dropped: set[int] = set()
    beside: list[Beside] = []
    for total in totals:
        meeting = [each for each in kinds if _overlap(each.period, total.period)]
        if meeting:
            aside, goes = _total_and_kinds(total, meeting, measure)
            beside.append(aside)
            dropped |= {id(each) for each in goes}
    return Settled(tuple(row for row in rows if id(row) not in dropped), tuple(beside))


def _total_and_kinds(
    total: ReportedAmount, kinds: Sequence[ReportedAmount], measure: Measure
) -> tuple[Beside, list[ReportedAmount]]:
    """What stands beside of a total and the kinds that meet its time, and the statements that do not count."""
    inside = [each for each in kinds if total.period.contains(each.period)]
    whole, by_kind = measure(total), sum_of_lines(inside, measure)
    if whole is None or by_kind is None:
        return Beside(total, whole, by_kind, UNNAMED), list(kinds)
    too_much = by_kind > (1 + DEVIATION) * whole
    finer = covers((each for each in inside if each.period != total.period), total.period)
    if finer and by_kind >= (1 - DEVIATION) * whole:
        text = _said_apart(total, (whole, by_kind), False) if too_much else UNNAMED
        return Beside(total, whole, by_kind, text), [total]
    text = _said_kinds(total, whole, by_kind) if too_much else UNNAMED
    return Beside((inside or list(kinds))[0], by_kind, whole, text), list(kinds)


def sum_of_lines(rows: Iterable[ReportedAmount], measure: Measure) -> Decimal | None:
    """What the statements of several lines come to, of each line the longest spans; None where one has no amount."""
    lines: dict[tuple[str, str, str], list[ReportedAmount]] = {}
    for row in rows:
        lines.setdefault((row.item, row.use, row.counterparty), []).append(row)
    return _sum((row for line in lines.values() for row in _tops(line)), measure)


# ---- sentences ----


def said(row: ReportedAmount) -> tuple[str, str]:
    """Whose statement of what, and what it says."""
    amount = "" if row.amount is None else f" {row.amount.normalize():f} {row.unit}"
    name = name_of(row.item)
    return f"{row.subject} 的{name.zh}：{row.period.label} 填报{amount}", (
        f"{name.en} of {row.subject}: {row.period.label} is stated as{amount}"
    )


def number(value: Decimal | None) -> str:
    """An amount in a sentence."""
    return "—" if value is None else f"{value.normalize():f}" if abs(value) < 10**9 else f"{value:.6g}"


def percent_apart(one: Decimal | None, other: Decimal | None) -> str:
    """How far two amounts are apart, in a sentence."""
    return "—" if one is None or not other else f"{abs(one - other) / abs(other) * 100:.1f} %"


def _said_apart(row: ReportedAmount, sums: tuple[Decimal | None, Decimal | None], whole_counts: bool) -> Text:
    """A statement and the sum of its parts, both shown, and which of the two counts."""
    (zh, en), (whole, parts) = said(row), sums
    percent = percent_apart(parts, whole) if whole_counts else percent_apart(whole, parts)
    counts = Text("按各分期计，该行并列不计", "the parts count and that statement stands beside them")
    if whole_counts:
        counts = Text("按该行计，各分期按比例分摊", f"that statement of {number(whole)} counts and its parts share it")
    return Text(
        f"{zh}，其各分期合计 {number(parts)}，相差 {percent}（超过 5 %）；{counts.zh}。请核对并改正其一。",
        f"{en}, while its parts sum to {number(parts)}, {percent} apart (more than 5 %): {counts.en}. Check both and "
        "correct one.",
    )


def _said_less(
    row: ReportedAmount, whole: Decimal | None, counted: Decimal | None, parts: Iterable[ReportedAmount]
) -> Text:
    zh, en = said(row)
    labels = [part.period.label for part in _tops(parts)]
    return Text(
        f"{zh}，而其中 {labels[0]} 等 {len(labels)} 期已合计 {number(counted)}，多于全期；该行并列不计，"
        "没有填报的分期按缺报。请核对并补报。",
        f"{en}, while {labels[0]} and so on, {len(labels)} parts of it, already sum to {number(counted)}, "
        f"more than its {number(whole)}: it stands beside them, and what is not stated is missing. Check and report.",
    )


def _said_crossing(row: ReportedAmount, other: ReportedAmount) -> Text:
    zh, en = said(row)
    return Text(
        f"{zh}，与 {other.period.label} 的填报有一段重叠，不能分开；按较短的 {other.period.label} 计，该行并列不计。"
        "请按月重新填报。",
        f"{en}, which overlaps the statement of {other.period.label} in part and cannot be split: the "
        f"shorter, {other.period.label}, counts and the other stands beside it. Report it again by months.",
    )


def _said_kinds(total: ReportedAmount, whole: Decimal, by_kind: Decimal) -> Text:
    zh, en = said(total)
    percent = percent_apart(by_kind, whole)
    return Text(
        f"{zh}（不分种类），而各种类合计 {number(by_kind)}，相差 {percent}（超过 5 %）；按不分种类的合计计。请核对。",
        f"{en} without a kind, while its kinds sum to {number(by_kind)}, {percent} apart (more than 5 %): "
        "the total without a kind counts. Check both.",
    )
