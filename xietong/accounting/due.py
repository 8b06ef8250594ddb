"""What was due: without it, missing cannot be told from unused.

Where the park keeps a due list (`expected`), it decides; else due is what the subject reported in the twelve months
before the period or in the period itself. A subject owes nothing before it came or after it left, nor for months on
which its production stood still throughout, bills of what it buys excepted.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta

from xietong.accounting.statements import Statements, base_of
from xietong.park.nouns import Expected, Registry, Subject
from xietong.park.stops import Stops
from xietong.periods import Period

_NEVER = frozenset({"never", "none", "无"})


class DueList:
    """Answers, for one registry, whether an item of a subject was due in a month."""

    def __init__(self, registry: Registry, statements: Statements) -> None:
        self._subjects, self._stops = registry.subjects, Stops(registry)
        self._statements = statements
        self._listed: dict[tuple[str, str], list[Expected]] = defaultdict(list)
        for expected in registry.expected:
            self._listed[expected.subject, base_of(expected.item)].append(expected)

    def months(self, subject: str, item: str, period: Period, spans: Iterable[Period]) -> tuple[Period, ...]:
        """Those of the spans (months of the period, or the period itself) for which the item was due."""
        whose = self._subjects[subject]
        present = tuple(
            span for span in spans if is_present(whose, span) and not self._stops.excuses(subject, item, span)
        )
        if self._listed:
            listed = self._listed.get((subject, item), [])
            return tuple(span for span in present if any(_in_force(each, span) for each in listed))
        return present if self._reported_lately(subject, item, period) else ()

    def _reported_lately(self, subject: str, item: str, period: Period) -> bool:
        year_before = period.previous_year().start
        rows = self._statements.of(subject, item)
        return any(row.period.start < period.end and row.period.end > year_before for row in rows)


def is_present(subject: Subject, span: Period) -> bool:
    """Whether the subject was in the park on some day of the span."""
    return _overlaps(subject.since, subject.until, span)


def is_listed(since: date | None, until: date | None, span: Period) -> bool:
    """Whether what holds from one day up to another does on some day of the span."""
    return _overlaps(since, until, span)


def _in_force(expected: Expected, span: Period) -> bool:
    return expected.frequency not in _NEVER and _overlaps(expected.since, expected.until, span)


def _overlaps(since: date | None, until: date | None, span: Period) -> bool:
    last = (span.end - timedelta(microseconds=1)).date()
    return (since is None or since <= last) and (until is None or until > span.start.date())
