"""One quantity in other words 同量异写: a year without a counterparty, a use or a grade, and its months with one.

`grains` holds a line's spans against each other; here a longer statement is held against shorter ones of other lines of
the same item that fill its time. Where one side leaves blank what the other side says and both come to much the same,
they are one quantity, and the parts count; else they are two and add up (docs/decisions/0040).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

from xietong.accounting.amounts import DEVIATION
from xietong.accounting.sources.grains import (
    UNNAMED,
    Beside,
    Measure,
    Settled,
    covers,
    number,
    percent_apart,
    said,
    sum_of_lines,
)
from xietong.calc.items import ANY, all_items
from xietong.calc.keys import group_of, kind_of
from xietong.park.nouns import ReportedAmount
from xietong.periods import Period
from xietong.standard.thresholds import decimal_of
from xietong.texts import Text

# How far two statements of one quantity may lie apart (ours): a slip or a late correction, no second supplier. Where
# the longer one says more than its parts, it may well be another supplier's: only the deviation of a bill is allowed.
_MUCH_THE_SAME = decimal_of("sources.much_the_same")
# Burnt in production, said or not; and what of it went into conversion.
BURNT = frozenset({"", "fuel"})
_CONSUMED = BURNT | {"conversion"}


def without_restated(rows: Iterable[ReportedAmount], measure: Measure) -> Settled:
    """The statements of one subject, of which none states in other words what shorter ones state, and those that do."""
    groups: dict[str, list[ReportedAmount]] = defaultdict(list)
    for row in rows:
        groups[group_of(row.item)].append(row)
    kept: list[ReportedAmount] = []
    beside: list[Beside] = []
    for group in groups.values():
        found = _of_item(group, measure) if len({(row.item, row.use, row.counterparty) for row in group}) > 1 else None
        kept += group if found is None else found.rows
        beside += () if found is None else found.beside
    return Settled(tuple(kept), tuple(beside))


def _of_item(rows: Sequence[ReportedAmount], measure: Measure) -> Settled:
    kept, beside = list(rows), list[Beside]()
    wide = _wide({row.period for row in rows})
    for whole in sorted((row for row in rows if row.period in wide), key=_shortness):
        parts = [part for part in kept if _is_part(whole, part)]
        if not covers(parts, whole.period):
            continue
        stated, counted = measure(whole), sum_of_lines(parts, measure)
        if stated is None or counted is None or not _alike(whole, parts, (stated, counted)):
            continue
        kept.remove(whole)
        is_apart = abs(stated - counted) > DEVIATION * stated
        beside.append(Beside(whole, stated, counted, _said_otherwise(whole, stated, counted) if is_apart else UNNAMED))
    return Settled(tuple(kept), tuple(beside))


def _wide(periods: Iterable[Period]) -> set[Period]:
    """The periods that reach over the beginning of another one."""
    ordered = sorted(periods, key=lambda period: (period.start, period.start - period.end))
    return {before for before, after in pairwise(ordered) if after.start < before.end}


def _shortness(row: ReportedAmount) -> timedelta:
    return row.period.start - row.period.end


def _is_part(whole: ReportedAmount, part: ReportedAmount) -> bool:
    """Whether a statement of a shorter span within the whole's may be of the same quantity."""
    if part.period == whole.period or not whole.period.contains(part.period):
        return False
    if part.use != whole.use and not (whole.use in BURNT and part.use in _CONSUMED):
        return False
    kind, other = (kind_of(row.item) for row in (whole, part))
    if kind != other and (kind or not _is_graded(whole)):
        return False
    return "" in (whole.counterparty, part.counterparty) or whole.counterparty == part.counterparty


def _is_graded(row: ReportedAmount) -> bool:
    """Whether the kinds of an item are never summed (grades of steam and hot water, products); kinds of waste and the
    like are held against their total in `grains`."""
    known = all_items().get(group_of(row.item))
    return known is not None and known.part in (ANY, "steam")


def _alike(whole: ReportedAmount, parts: Iterable[ReportedAmount], amounts: tuple[Decimal, Decimal]) -> bool:
    stated, counted = amounts
    says_more = whole.counterparty and not any(part.counterparty for part in parts)
    return abs(stated - counted) <= (DEVIATION if says_more else _MUCH_THE_SAME) * stated


def _said_otherwise(whole: ReportedAmount, stated: Decimal, counted: Decimal) -> Text:
    zh, en = said(whole)
    percent = percent_apart(stated, counted)
    return Text(
        f"{zh}；另按对方、用途或品级分期填报的合计 {number(counted)}，相差 {percent}（超过 5 %），视为同一数量："
        "按各分期计，该行并列不计。请核对并改正其一；如确是两笔，请在该行写明对方（counterparty）、用途或品级。",
        f"{en}; what is stated for its parts with a counterparty, use or grade comes to {number(counted)}, "
        f"{percent} apart (more than 5 %), and is taken as the same quantity: the parts count and that statement "
        "stands beside them. Check both and correct one; if they are two, name counterparty, use or grade in it.",
    )
