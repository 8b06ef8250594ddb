"""Due against received: for every point and day of a month how many readings were due and how many came.

Pure: days of the lake, registry and clock come in. A day on which nothing came has no row in the lake; what it owed is
worked out here from the point's interval, its dates and the declared stops. Missing is never zero.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import groupby
from typing import Any, Literal
from zoneinfo import ZoneInfo

from xietong.park.nouns import Event, Point, Registry
from xietong.park.registry.stops import Stops

HOUR_S, DAY_S = 3600, 86_400
OF_INSTRUMENTS = frozenset({"calibration", "maintenance", "fault"})
OF_THE_PLANT = frozenset({"start_up", "shut_down"})
Kind = Literal["whole", "partial", "missing", "stopped", "not_due", "ahead"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One point (or several) on one park day.

    due: readings that were due by now; received: usable ones, never more than due; invalid: such as came and cannot be
    used; estimated: hours of the day are estimates; substituted: its gaps are replaced in the emission amount;
    stopped_h: declared hours of standstill, of which nothing is due; declared: what else events.csv says of the day, by
    its kinds (an hour of calibration is due by HJ 75 and comes as invalid).
    """

    day: date
    kind: Kind
    received: int = 0
    due: int = 0
    invalid: int = 0
    estimated: bool = False
    substituted: bool = False
    stopped_h: int = 0
    declared: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """One point's month. first: the first park day of which it has anything at all; None: nothing ever came."""

    point: Point
    first: date | None
    cells: tuple[Cell, ...]

    @property
    def has_anything(self) -> bool:
        """Whether anything was due or came in the month."""
        return any(cell.due or cell.received or cell.invalid for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Gap:
    """Days one after another on which nothing came though it was due; both ends are within."""

    first: date
    last: date


class Calendar:
    """The days that are looked at, the park's zone, its declared events and the instant of looking."""

    def __init__(self, registry: Registry, days: Sequence[date], now: datetime) -> None:
        self.days, self.zone, self.now = tuple(days), registry.zone, now
        self._stops = Stops(registry)
        self._subjects = registry.subjects
        self._events: dict[str, list[Event]] = {}
        for event in registry.events:
            if event.kind in OF_INSTRUMENTS or event.kind in OF_THE_PLANT:
                self._events.setdefault(event.subject, []).append(event)

    def span(self, day: date) -> tuple[datetime, datetime]:
        """The park day as instants."""
        return midnight(day, self.zone), midnight(day + timedelta(days=1), self.zone)

    def stopped_h(self, subject: str, start: datetime, end: datetime) -> int:
        """Whole hours between two instants on which production had stopped."""
        return self._stops.hours(subject, start, end) if start < end else 0

    def declared(self, subject: str, start: datetime, end: datetime) -> tuple[str, ...]:
        """What else was declared of a subject between two instants, of its instruments or of the plant it is in."""
        if not self._events:
            return ()
        found = [each for each in self._of(subject) if each.start < end and (each.end or end) > start]
        return tuple(sorted({each.kind for each in found}))

    def _of(self, subject: str) -> Iterator[Event]:
        yield from self._events.get(subject, ())
        seen = {subject}
        while subject in self._subjects and self._subjects[subject].parent not in seen:
            subject = self._subjects[subject].parent
            seen.add(subject)
            yield from (each for each in self._events.get(subject, ()) if each.kind in OF_THE_PLANT)


@lru_cache(maxsize=4096)
def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Where a park day begins, UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def days_of_month(year: int, month: int) -> list[date]:
    """Every day of a month."""
    first = date(year, month, 1)
    after = date(year + month // 12, month % 12 + 1, 1)
    return [first + timedelta(days=number) for number in range((after - first).days)]


def line(point: Point, rows: Mapping[date, Mapping[str, Any]], first: date | None, calendar: Calendar) -> Line:
    """A point's days; rows: the lake's daily rows of the point by their day."""
    return Line(point, first, tuple(_cell(point, day, rows.get(day), first, calendar) for day in calendar.days))


def _cell(point: Point, day: date, row: Mapping[str, Any] | None, first: date | None, calendar: Calendar) -> Cell:
    start, end = calendar.span(day)
    if start >= calendar.now:
        return Cell(day, "ahead")
    declared = calendar.declared(point.subject, start, min(end, calendar.now))
    due, stopped_h = _due(point, day, first, calendar)
    if row is None:
        return Cell(day, _kind(0, due, stopped_h > 0), 0, due, stopped_h=stopped_h, declared=declared)
    is_over = point.interval_s > DAY_S or end <= calendar.now
    marked = False
    if is_over:
        # Of a whole day the lake also knows the hours that a device itself marked as stopped: it is the same stop.
        owed = int(row["due"])
        marked = due > 0 and not owed and not row["readings"]
        due = min(owed, due) if stopped_h else owed
    received = min(int(row["readings"]), due)
    kind = _kind(received, due, stopped_h > 0 or marked)
    return Cell(
        day,
        kind,
        received=received,
        due=due,
        invalid=int(row["invalid"]),
        estimated=bool(row["estimated"]),
        stopped_h=stopped_h,
        declared=declared,
    )


def _kind(received: int, due: int, is_stopped: bool) -> Kind:
    if not due:
        return "stopped" if is_stopped else "not_due"
    return "whole" if received == due else "partial" if received else "missing"


def _due(point: Point, day: date, first: date | None, calendar: Calendar) -> tuple[int, int]:
    """How many readings of a day are due by now, and the hours of declared standstill, of which none are.

    Without a date of its own a point owes from the first day of which it has anything.
    """
    since = point.since or first
    if since is None or not 0 < point.interval_s <= DAY_S:
        return 0, 0
    start, end = calendar.span(day)
    start = max(start, midnight(since, calendar.zone))
    end = min(end, calendar.now, *([midnight(point.until, calendar.zone)] if point.until else []))
    stopped_h = calendar.stopped_h(point.subject, start, end)
    seconds = max(0, int((end - start).total_seconds()))
    stopped_s = stopped_h * HOUR_S
    if point.interval_s > HOUR_S and stopped_s < seconds:  # a value of the day is due of what was left of it
        stopped_s = 0
    return max(0, seconds - stopped_s) // point.interval_s, stopped_h


def due_in_hour(point: Point, start: datetime, calendar: Calendar) -> int:
    """How many readings the hour from an instant owes by now; 0 for a point that is read less than hourly."""
    end = start + timedelta(hours=1)
    if not 0 < point.interval_s <= HOUR_S or end > calendar.now or calendar.stopped_h(point.subject, start, end):
        return 0
    begun = point.since is None or midnight(point.since, calendar.zone) <= start
    ended = point.until is not None and midnight(point.until, calendar.zone) < end
    return HOUR_S // point.interval_s if begun and not ended else 0


def gaps(cells: Iterable[Cell]) -> list[Gap]:
    """The stretches of days without anything."""
    found = []
    for is_missing, run in groupby(cells, key=lambda cell: cell.kind == "missing"):
        if is_missing:
            days = [cell.day for cell in run]
            found.append(Gap(days[0], days[-1]))
    return found


def share(cells: Iterable[Cell]) -> float | None:
    """Received ÷ due over the cells, at most 1; None where nothing was due."""
    listed = list(cells)
    due = sum(cell.due for cell in listed)
    return sum(cell.received for cell in listed) / due if due else None


def together(lines: Sequence[Line]) -> tuple[Cell, ...]:
    """Several points' cells as one line: a surplus of one never covers the gap of another."""
    return tuple(_summed(cells) for cells in zip(*(each.cells for each in lines), strict=True))


def _summed(cells: Sequence[Cell]) -> Cell:
    due, received = sum(cell.due for cell in cells), sum(cell.received for cell in cells)
    kinds = {cell.kind for cell in cells}
    kind: Kind = "ahead" if "ahead" in kinds and not due else _kind(received, due, "stopped" in kinds)
    return Cell(
        cells[0].day,
        kind,
        received=received,
        due=due,
        invalid=sum(cell.invalid for cell in cells),
        estimated=any(cell.estimated for cell in cells),
        substituted=any(cell.substituted for cell in cells),
        stopped_h=max(cell.stopped_h for cell in cells),
        declared=tuple(sorted({kind for cell in cells for kind in cell.declared})),
    )


def with_substitutes(shown: Line) -> Line:
    """The line with its gaps marked as replaced in the emission amount."""
    return replace(
        shown,
        cells=tuple(
            replace(cell, substituted=cell.kind in ("partial", "missing") and cell.due > 0) for cell in shown.cells
        ),
    )


def by_point(rows: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, dict[date, Mapping[str, Any]]]]:
    """Daily rows, sorted by point, as point → day → row."""
    for code, own in groupby(rows, key=lambda row: str(row["point"])):
        yield code, {row["day"]: row for row in own}
