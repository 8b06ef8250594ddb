"""Stops of production 停产 (events.csv): hours of a subject and of all below it on which nothing was due.

A declared stop and the F mark of a device usually are one stop told twice, so the longer of the two counts. Hours that
came during a stop stay in every sum; they may stand for others in the count of hours received.
"""

from collections import defaultdict
from datetime import UTC, datetime, timedelta

from xietong.calc.items import item
from xietong.park.nouns import Registry
from xietong.periods import Period

_FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
# What is bought goes on being billed while production stands still.
_BILLED = frozenset({"electricity", "heat", "steam"})
Span = tuple[datetime, datetime]


class Stops:
    """The declared stops of one registry."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._own: dict[str, list[Span]] = defaultdict(list)
        for event in registry.events:
            if event.kind == "stop":
                self._own[event.subject].append((event.start, event.end or _FOREVER))
        self._merged: dict[str, tuple[Span, ...]] = {}

    def hours(self, subject: str, start: datetime, end: datetime) -> int:
        """Whole hours between two instants on which the subject, or what it belongs to, stood still."""
        if not self._own:
            return 0
        return sum(
            max(0, (min(end, closes) - max(start, opens)) // timedelta(hours=1)) for opens, closes in self._of(subject)
        )

    def hours_within(self, subject: str, span: Period) -> int:
        """The same for a span of park time."""
        return self.hours(subject, *span.utc(self._registry.zone)) if self._own else 0

    def spans(self, subject: str) -> tuple[Span, ...]:
        """The stops of a subject and of what it belongs to, in order, as instants."""
        return self._of(subject) if self._own else ()

    def excuses(self, subject: str, name: str, span: Period) -> bool:
        """Whether no statement of an item is due for a span, because production stood still for all of it."""
        if not self._own or name == "water_fresh" or item(name.partition("#")[0]).carrier in _BILLED:
            return False
        start, end = span.utc(self._registry.zone)
        return any(opens <= start and end <= closes for opens, closes in self._of(subject))

    def _of(self, subject: str) -> tuple[Span, ...]:
        """The stops of a subject and of what it belongs to, those that touch as one."""
        if subject not in self._merged:
            self._merged[subject] = _merged(self._gathered(subject))
        return self._merged[subject]

    def _gathered(self, code: str) -> list[Span]:
        found: list[Span] = []
        seen: set[str] = set()
        while code in self._registry.subjects and code not in seen:
            seen.add(code)
            found += self._own.get(code, [])
            code = self._registry.subjects[code].parent
        return found


def _merged(spans: list[Span]) -> tuple[Span, ...]:
    merged: list[Span] = []
    for opens, closes in sorted(spans):
        if merged and opens <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], closes))
        else:
            merged.append((opens, closes))
    return tuple(merged)
