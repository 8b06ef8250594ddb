"""What is owed: the reports that the park's due list asks for within a week, and those whose day has passed.

Pure: the registry and the day come in. What the absence of a report means for a figure is accounting's to say.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from xietong.accounting.sources.due import DueList
from xietong.accounting.sources.statements import Statements, base_of
from xietong.park.nouns import Expected, Registry
from xietong.periods import Period

SOON = timedelta(days=7)
_MONTHS: Mapping[str, int] = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
Stated = Mapping[tuple[str, str], set[Period]]


@dataclass(frozen=True, slots=True)
class Owed:
    """What one subject has not reported of one period: the items, and the day on which they were or are due."""

    subject: str
    period: Period
    due: date
    items: tuple[str, ...]

    def is_overdue(self, today: date) -> bool:
        """Whether its day has passed."""
        return self.due < today


def owed(registry: Registry, today: date) -> list[Owed]:
    """Everything not reported that is overdue or due within seven days of `today` (a park day), the earliest first.

    A line of the due list without a due day, or by an unknown frequency, has no deadline and is left out. What
    another kind of the item meets, or a stop of production excuses, is not owed.
    """
    stated: dict[tuple[str, str], set[Period]] = defaultdict(set)
    for row in registry.reported:
        stated[row.subject, base_of(row.item)].add(row.period)
    first = min((row.period.start for row in registry.reported), default=Period.year(today.year).start)
    dues = DueList(registry, Statements(registry.reported))
    found: dict[tuple[date, str, Period], list[str]] = defaultdict(list)
    for expected in registry.expected:
        for span in _spans(expected, first, today):
            if expected.subject not in registry.subjects or _is_stated(stated, expected, span):
                continue
            if not dues.months(expected.subject, base_of(expected.item), span, (span,)):
                continue
            found[_day(expected, span), expected.subject, span].append(expected.item)
    return [Owed(code, span, due, tuple(items)) for (due, code, span), items in sorted(found.items())]


def _spans(expected: Expected, first: datetime, today: date) -> Iterator[Period]:
    """The periods of the line whose day lies before the week's end, from when it began to be owed."""
    length = _MONTHS.get(expected.frequency)
    if length is None or expected.due_day is None:
        return
    year = expected.since.year if expected.since else first.year
    for number in range((today.year - year + 1) * 12 // length):
        span = _span(year, number * length, length)
        if _day(expected, span) >= today + SOON:
            return
        if _in_force(expected, span, first):
            yield span


def _span(year: int, month: int, length: int) -> Period:
    last = month + length - 1
    return Period(
        Period.month(year + month // 12, month % 12 + 1).start, Period.month(year + last // 12, last % 12 + 1).end
    )


def _day(expected: Expected, span: Period) -> date:
    """The tenth day after March is 10 April."""
    return span.end.date() + timedelta(days=(expected.due_day or 1) - 1)


def _in_force(expected: Expected, span: Period, first: datetime) -> bool:
    begun = expected.since < span.end.date() if expected.since else first < span.end
    return begun and (expected.until is None or expected.until > span.start.date())


def _is_stated(stated: Stated, expected: Expected, span: Period) -> bool:
    """Whether statements cover the whole span: its own, those of its parts, or one of a longer period."""
    periods = stated.get((expected.subject, base_of(expected.item)), set())
    return span in periods or covered(span, periods)


def covered(span: Period, periods: Iterable[Period]) -> bool:
    """Whether periods together cover the whole span without a break."""
    reached = span.start
    for period in sorted(periods):
        if period.start <= reached:
            reached = max(reached, period.end)
    return reached >= span.end
