"""Trend of a figure: against the span before it (环比), against the same span a year before (同比), and from the year's
first day on against the year before (累计, 累计同比). Every number is a figure of its own; nothing is stored."""

from typing import NamedTuple

from xietong.accounting.accounts import account
from xietong.accounting.metered import LakeTables
from xietong.calc.figures import Figure
from xietong.park.nouns import Registry
from xietong.periods import Period

_COMPARED = ("ok", "estimated")


class Change(NamedTuple):
    """Two figures of one key and the relative change (None where either is absent or partial, or the earlier is 0)."""

    now: Figure
    before: Figure
    period: Period
    period_before: Period
    ratio: float | None


class Trend(NamedTuple):
    """The changes of a key: 环比 from the span before (None for what is no whole months), 同比, and 累计同比."""

    previous: Change | None
    year: Change
    cumulative: Change


def trend(registry: Registry, lake: LakeTables | None, subject: str, key: str, period: Period) -> Trend:
    """The trend of a subject's figure; raises UnknownNameError for a subject or key that does not exist."""

    def change(now: Period, before: Period) -> Change:
        return compared(registry, lake, subject, key, (now, before))

    so_far = Period(Period.year(period.start.year).start, period.end)
    last = span_before(period)
    return Trend(
        None if last is None else change(period, last),
        change(period, period.previous_year()),
        change(so_far, so_far.previous_year()),
    )


def compared(
    registry: Registry, lake: LakeTables | None, subject: str, key: str, spans: tuple[Period, Period]
) -> Change:
    """A subject's figure of two spans, the later first; raises UnknownNameError."""
    now, before = (account(registry, lake, subject, span).figure(key) for span in spans)
    return Change(now, before, *spans, _ratio(now, before))


def span_before(period: Period) -> Period | None:
    """The span of as many months right before; None for days and hours."""
    count = period.month_count
    if not count:
        return None
    months = period.start.year * 12 + period.start.month - 1 - count
    return Period(Period.month(months // 12, months % 12 + 1).start, period.start)


def _ratio(now: Figure, before: Figure) -> float | None:
    """The relative change; a partial figure is compared with nothing."""
    if now.status not in _COMPARED or before.status not in _COMPARED or now.unit != before.unit:
        return None
    if now.value is None or not before.value:
        return None
    return (now.value - before.value) / abs(before.value)
