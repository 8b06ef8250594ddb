"""What was due: without it, missing cannot be told from unused.

Where the park keeps a due list (`expected`), it decides; else due is what the subject reported in the twelve months
before the period or in the period itself. A subject owes nothing before it came or after it left, nor for months on
which its production stood still throughout, bills of what it buys excepted.

An item has one due, whatever kind or use it is stated under: steam of another grade than last month's meets it. Kinds
that the subject states beside each other, month by month, are each due.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta

from xietong.accounting.sources.grains import covers
from xietong.accounting.sources.statements import Statements, base_of, spans_of
from xietong.calc.keys import group_of, without_use
from xietong.park.nouns import Expected, Registry
from xietong.park.registry.presence import here_of
from xietong.park.registry.stops import Stops
from xietong.periods import Period

_NEVER = frozenset({"never", "none", "无"})


class DueList:
    """Answers, for one registry, whether an item of a subject was due in a month."""

    def __init__(self, registry: Registry, statements: Statements) -> None:
        self._subjects, self._stops = registry.subjects, Stops(registry)
        self._statements = statements
        self._here = here_of(registry.subjects)
        self._listed: dict[tuple[str, str], list[Expected]] = defaultdict(list)
        for expected in registry.expected:
            self._listed[expected.subject, base_of(expected.item)].append(expected)
        self._kinds: dict[tuple[str, str], list[str]] = defaultdict(list)
        for subject, name in statements.pairs:
            self._kinds[subject, root_of(name)].append(name)

    def months(self, subject: str, item: str, period: Period, spans: Iterable[Period]) -> tuple[Period, ...]:
        """Those of the spans (months of the period, or the period itself) for which the item was due."""
        here = self._here.get(subject)
        present = tuple(
            span
            for span in spans
            if (here is None or here.presence.meets(span)) and not self._stops.excuses(subject, item, span)
        )
        if self._listed:
            listed = self._listed.get((subject, item), [])
            present = tuple(span for span in present if any(_in_force(each, span) for each in listed))
        elif not self._reported_lately(subject, item, period):
            present = ()
        return tuple(span for span in present if not self._is_met(subject, item, span)) if present else ()

    def days(self, subject: str, month: Period) -> Period:
        """The days of a month on which a subject was in the park: no others are due of it."""
        here = self._here.get(subject)
        return month if here is None else here.presence.of(month)

    def _reported_lately(self, subject: str, item: str, period: Period) -> bool:
        year_before = period.previous_year().start
        rows = [*self._statements.of(subject, item), *(each.row for each in self._statements.beside(subject, item))]
        return any(row.period.start < period.end and row.period.end > year_before for row in rows)

    def _is_met(self, subject: str, item: str, span: Period) -> bool:
        """Whether another kind or use of the item is stated for all of the span, one that takes this one's place."""
        others = [name for name in self._kinds.get((subject, root_of(item)), ()) if name != item]
        return any(self._stands_in(subject, item, other, span) for other in others)

    def _stands_in(self, subject: str, item: str, other: str, span: Period) -> bool:
        """Whether the other kind is stated for the span and was never stated beside this one."""
        own = self._statements.of(subject, item)
        rows = [row for row in self._statements.of(subject, other) if row not in own]
        if not covers(rows, span):
            return False
        months = {month for row in own for month in spans_of(row.period)}
        return not any(month in months for row in rows for month in spans_of(row.period))


def root_of(name: str) -> str:
    """The item behind a name, without its kind and use ("steam_purchased:1.0MPa_230C" → "steam_purchased")."""
    return group_of(without_use(name))


def is_listed(since: date | None, until: date | None, span: Period) -> bool:
    """Whether what holds from one day up to another does on some day of the span."""
    return _overlaps(since, until, span)


def _in_force(expected: Expected, span: Period) -> bool:
    return expected.frequency not in _NEVER and _overlaps(expected.since, expected.until, span)


def _overlaps(since: date | None, until: date | None, span: Period) -> bool:
    last = (span.end - timedelta(microseconds=1)).date()
    return (since is None or since <= last) and (until is None or until > span.start.date())
