"""Touched: which accounts a changed statement can change, so that no others are computed anew.

Only a registry that differs in nothing but what was reported is followed row by row; any other difference touches every
account. A row counts for the periods that it meets, and, where it makes the item due or no longer so, for the twelve
months after it; for the subject, all above and below it, and whom its rows name as the other party.
"""

from collections.abc import Iterable
from datetime import datetime
from itertools import takewhile
from typing import NamedTuple

from xietong.accounting.sources.due import root_of
from xietong.park.nouns import Registry, ReportedAmount
from xietong.periods import Period

Wanted = tuple[str, Period]


class _Change(NamedTuple):
    """A subject whose statements of a span differ; due: they also make months after them due or no longer so."""

    subject: str
    start: datetime
    end: datetime


def touched(before: Registry, after: Registry, wanted: Iterable[Wanted]) -> list[Wanted]:
    """Those of the wanted accounts (subject, period) that may differ between two registries."""
    asked = list(wanted)
    if not _alike(before, after):
        return asked
    changes = [_change(row, before, after) for row in _differing(before.reported, after.reported)]
    among = {each.subject: _related(before, after, each.subject) for each in changes}
    return [
        (code, period)
        for code, period in asked
        if any(code in among[each.subject] and each.start < period.end and period.start < each.end for each in changes)
    ]


def related(before: Registry, after: Registry) -> frozenset[str] | None:
    """The subjects of which any figure may differ between two registries; None: any subject."""
    if not _alike(before, after):
        return None
    named = {row.subject for row in _differing(before.reported, after.reported)}
    return frozenset().union(*(_related(before, after, subject) for subject in named))


def _alike(before: Registry, after: Registry) -> bool:
    """Whether nothing but what was reported differs."""
    return all(getattr(before, name) == getattr(after, name) for name in before.facts if name != "reported")


def _differing(before: tuple[ReportedAmount, ...], after: tuple[ReportedAmount, ...]) -> list[ReportedAmount]:
    """The rows that stand in only one of the two: what both begin and end with is passed over first."""
    same = sum(1 for _ in takewhile(bool, (one == other for one, other in zip(before, after, strict=False))))
    before, after = before[same:], after[same:]
    tail = sum(
        1 for _ in takewhile(bool, (one == other for one, other in zip(before[::-1], after[::-1], strict=False)))
    )
    old, new = (set(rows[: len(rows) - tail]) for rows in (before, after))
    return [*(old - new), *(new - old)]


def _change(row: ReportedAmount, before: Registry, after: Registry) -> _Change:
    was, now = (_spans(registry, row) for registry in (before, after))
    # A row of a span that holds it may be shared by its parts, or count in their place.
    around = [row.period, *(each for each in was | now if each.contains(row.period))]
    whole = Period(min(each.start for each in around), max(each.end for each in around))
    if was == now and row.period.month_count == 1:
        return _Change(row.subject, whole.start, whole.end)
    # The item became due, or no longer is: for a year after the row, and for any month that a wider row explains.
    return _Change(row.subject, whole.start, whole.with_year_after.end)


def _spans(registry: Registry, row: ReportedAmount) -> set[Period]:
    """The periods for which the subject stated the item."""
    item = root_of(row.item)
    return {each.period for each in registry.reported if each.subject == row.subject and root_of(each.item) == item}


def _related(before: Registry, after: Registry, subject: str) -> frozenset[str]:
    """The subject, all below it, whatever gathers it or receives from it, and whom its rows or others' rows name."""
    rows = (*before.reported, *after.reported)
    parties = {row.counterparty for row in rows if row.subject == subject}
    parties |= {row.subject for row in rows if row.counterparty == subject}
    own = {subject, *(code for code in parties if code in after.subjects)}
    inside = {each.code for code in own for each in after.below(code)}
    inside |= {after.subjects[code].discharges_to for code in inside}
    above = {code for code in after.subjects if any(each.code in inside for each in after.below(code))}
    return frozenset(inside | above)
