"""Trend of a figure: against the span before it (环比), against the same span a year before (同比), and from the year's
first day on against the year before (累计, 累计同比). Every number is a figure of its own; nothing is stored."""

from collections.abc import Callable
from typing import NamedTuple

from xietong.accounting.figures.account import account
from xietong.calc.figures import Figure
from xietong.lake.store import Lake
from xietong.park.nouns import Registry
from xietong.periods import Period
from xietong.texts import Text

_COMPARED = ("ok", "estimated")
_LACKS = {
    "partial": Text("数据不全", "only part of the data came"),
    "missing": Text("没有数据", "no data came"),
    "not_applicable": Text("没有应报的数据", "nothing was due"),
}


class Change(NamedTuple):
    """Two figures of one key and the relative change (None where either is absent or partial, or the earlier is 0)."""

    now: Figure
    before: Figure
    period: Period
    period_before: Period
    ratio: float | None

    @property
    def reason(self) -> Text | None:
        """Why there is no ratio: which of the two spans is absent or holds only part of what was due."""
        if self.ratio is not None:
            return None
        for figure, span in ((self.now, self.period), (self.before, self.period_before)):
            if figure.status not in _COMPARED:
                word = _LACKS.get(figure.status, _LACKS["missing"])
                return Text(f"{span.label} {word.zh}", f"{span.label}: {word.en}")
        return Text(f"{self.period_before.label} 为零", f"{self.period_before.label} is zero")


class Trend(NamedTuple):
    """The changes of a key: 环比 from the span before (None for what is no whole months), 同比, and 累计同比."""

    previous: Change | None
    year: Change
    cumulative: Change


def trend(registry: Registry, lake: Lake | None, subject: str, key: str, period: Period) -> Trend:
    """The trend of a subject's figure; raises UnknownNameError for a subject or key that does not exist."""
    return trend_of(lambda span: account(registry, lake, subject, span).figure(key), period)


def trend_of(figure_of: Callable[[Period], Figure], period: Period) -> Trend:
    """The trend of anything that is a figure in every span, such as a line of a balance."""

    def change(now: Period, before: Period) -> Change:
        return change_between(figure_of, (now, before))

    so_far = Period(Period.year(period.start.year).start, period.end)
    last = span_before(period)
    return Trend(
        None if last is None else change(period, last),
        change(period, period.previous_year()),
        change(so_far, so_far.previous_year()),
    )


def compared(registry: Registry, lake: Lake | None, subject: str, key: str, spans: tuple[Period, Period]) -> Change:
    """A subject's figure of two spans, the later first; raises UnknownNameError."""
    return change_between(lambda span: account(registry, lake, subject, span).figure(key), spans)


def change_between(figure_of: Callable[[Period], Figure], spans: tuple[Period, Period]) -> Change:
    """The change of a figure between two spans, the later first."""
    now, before = (figure_of(span) for span in spans)
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
