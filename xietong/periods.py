"""Period: a span of park time, half open, as the commands write it (2025, 2025-Q1, 2025-03, 2025-03-14T07 …).

Park time is naive here on purpose: a day is a park day. `utc` is the one door to instants.
"""

import re
from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from xietong.texts import Text

# Beyond them a year is a slip: 0025 is no year of a park, and the year before the first cannot even be told.
FIRST_YEAR, LAST_YEAR = 1900, 2199


class PeriodError(ValueError):
    """A text that names no period."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


def _add_months(start: datetime, months: int) -> datetime:
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    day = min(start.day, monthrange(year, month + 1)[1])
    return start.replace(year=year, month=month + 1, day=day)


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A span [start, end) of park time; start and end are naive park-local datetimes."""

    start: datetime
    end: datetime

    @classmethod
    def parse(cls, text: str) -> "Period":
        """Read one of the forms above; raises PeriodError with a sentence otherwise."""
        for pattern, build in _FORMS:
            match = pattern.fullmatch(text.strip())
            if match:
                try:
                    found = build(*match.groups())
                except ValueError:
                    break
                if found.start.year >= FIRST_YEAR and found.end.year <= LAST_YEAR + 1:
                    return found
        raise PeriodError(
            Text(
                f"“{text}”不是期间；请写成 2025、2025-H1、2025-Q1、2025-03、2025-01..2025-06、"
                "2025-03-14 或 2025-03-14T07。",
                f'"{text}" is not a period; write 2025, 2025-H1, 2025-Q1, 2025-03, 2025-01..2025-06, '
                "2025-03-14 or 2025-03-14T07.",
            )
        )

    @classmethod
    def year(cls, year: int) -> "Period":
        """The calendar year."""
        return cls(datetime(year, 1, 1), datetime(year + 1, 1, 1))

    @classmethod
    def month(cls, year: int, month: int) -> "Period":
        """The calendar month."""
        start = datetime(year, month, 1)
        return cls(start, _add_months(start, 1))

    @property
    def label(self) -> str:
        """The shortest text that parses to this period."""
        return _label_of(self)

    def _label(self) -> str:
        if self.end - self.start == timedelta(hours=1):
            return self.start.strftime("%Y-%m-%dT%H")
        if self.end - self.start == timedelta(days=1):
            return self.start.strftime("%Y-%m-%d")
        months = self.month_count
        first = self.start.strftime("%Y-%m")
        if months == 1:
            return first
        if months == 3 and self.start.month % 3 == 1:
            return f"{self.start.year}-Q{self.start.month // 3 + 1}"
        if months == 6 and self.start.month % 6 == 1:
            return f"{self.start.year}-H{self.start.month // 6 + 1}"
        if months == 12 and self.start.month == 1:
            return str(self.start.year)
        return f"{first}..{_add_months(self.end, -1).strftime('%Y-%m')}"

    @property
    def month_count(self) -> int:
        """How many whole months the period holds; 0 for days and hours."""
        start, end = self.start, self.end
        if start.day != 1 or start.hour or end.day != 1 or end.hour:
            return 0
        return (end.year - start.year) * 12 + end.month - start.month

    def months(self) -> Iterator["Period"]:
        """The calendar months inside, in order; none for days and hours."""
        for index in range(self.month_count):
            start = _add_months(self.start, index)
            yield Period(start, _add_months(start, 1))

    def contains(self, other: "Period") -> bool:
        """Whether the other period lies wholly inside this one."""
        return self.start <= other.start and other.end <= self.end

    def previous_year(self) -> "Period":
        """The same span one year earlier (同比)."""
        return Period(_add_months(self.start, -12), _add_months(self.end, -12))

    @property
    def year_to_end(self) -> "Period":
        """The twelve months up to its end; of a span that ends with 28 February of a leap year those up to that day."""
        return Period(_add_months(self.end, -12), self.end)

    @property
    def with_year_after(self) -> "Period":
        """The span and the twelve months after it."""
        return Period(self.start, _add_months(self.end, 12))

    def utc(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Start and end as instants."""
        start, end = (at.replace(tzinfo=zone).astimezone(UTC) for at in (self.start, self.end))
        return start, end

    def __str__(self) -> str:
        return self.label


def is_skipped(at: datetime, zone: ZoneInfo) -> bool:
    """Whether clocks of the zone never show a naive time, since they go forward over it."""
    return at.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None) != at.replace(fold=0)


@lru_cache(maxsize=4096)
def _label_of(period: Period) -> str:
    """Labels are asked for once a figure and there are few periods."""
    return period._label()


def _months(year: str, first: int, count: int) -> Period:
    start = datetime(int(year), first, 1)
    return Period(start, _add_months(start, count))


def _range(first_year: str, first_month: str, last_year: str, last_month: str) -> Period:
    start, last = (
        Period.month(int(first_year), int(first_month)),
        Period.month(int(last_year), int(last_month)),
    )
    if last < start:
        raise ValueError("a range ends before it starts")
    return Period(start.start, last.end)


def _span(text: str, form: str, length: timedelta) -> Period:
    start = datetime.strptime(text, form)
    return Period(start, start + length)


_FORMS: list[tuple[re.Pattern[str], Callable[..., Period]]] = [
    (re.compile(r"(\d{4})"), lambda year: Period.year(int(year))),
    (re.compile(r"(\d{4})-H([12])"), lambda year, half: _months(year, int(half) * 6 - 5, 6)),
    (re.compile(r"(\d{4})-Q([1-4])"), lambda year, quarter: _months(year, int(quarter) * 3 - 2, 3)),
    (re.compile(r"(\d{4})-(\d{2})"), lambda year, month: Period.month(int(year), int(month))),
    (re.compile(r"(\d{4})-(\d{2})\.\.(\d{4})-(\d{2})"), _range),
    (re.compile(r"(\d{4}-\d{2}-\d{2})"), lambda text: _span(text, "%Y-%m-%d", timedelta(days=1))),
    (re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2})"), lambda text: _span(text, "%Y-%m-%dT%H", timedelta(hours=1))),
]
