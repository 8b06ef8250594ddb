"""Park days: which day an instant belongs to, and where a day begins and ends as instants. UTC microseconds inside."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICRO = timedelta(microseconds=1)
HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US

# A clock that was never set may say 1900 or 9999: such readings are kept, in the partition of the nearer end.
FIRST_DAY, LAST_DAY = date(1970, 1, 2), date(2100, 1, 1)

Instants = NDArray[np.int64]


def to_us(at: datetime) -> int:
    """An aware instant as microseconds since 1970 UTC."""
    return (at - EPOCH) // MICRO


def from_us(at_us: int) -> datetime:
    """Microseconds since 1970 as an instant in UTC."""
    return EPOCH + timedelta(microseconds=at_us)


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which a park day begins."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def day_span_us(day: date, zone: ZoneInfo) -> tuple[int, int]:
    """Begin and end of a park day, in microseconds; 23 or 25 hours apart where clocks change."""
    return to_us(day_start(day, zone)), to_us(day_start(day + timedelta(days=1), zone))


def day_of(at: datetime, zone: ZoneInfo) -> date:
    """The park day of an instant."""
    return at.astimezone(zone).date()


def day_of_us(at_us: int, zone: ZoneInfo) -> date:
    """The park day of an instant in microseconds, between FIRST_DAY and LAST_DAY."""
    low, high = _ends_us(zone)
    return day_of(from_us(min(max(at_us, low), high)), zone)


def days_of(at_us: Instants, zone: ZoneInfo) -> pa.Array:
    """The park day of each instant, as an Arrow date32 array; FIRST_DAY or LAST_DAY for what lies beyond them."""
    return pa.array(midnights(at_us, zone)[0], pa.int32()).cast(pa.date32())


def midnights(at_us: Instants, zone: ZoneInfo) -> tuple[NDArray[np.int32], Instants]:
    """The park day of each instant as days since 1970, and the instant at which that day begins."""
    if at_us.size == 0:
        return np.zeros(0, np.int32), np.zeros(0, np.int64)
    low, high = _ends_us(zone)
    at_us = np.clip(at_us, low, high)
    near = np.unique(at_us // DAY_US)
    candidates = sorted({date(1970, 1, 1) + timedelta(days=int(n) + k) for n in near for k in (-1, 0, 1)})
    starts = np.array([day_span_us(day, zone)[0] for day in candidates], np.int64)
    numbers = np.array([(day - date(1970, 1, 1)).days for day in candidates], np.int32)
    index = np.searchsorted(starts, at_us, side="right") - 1
    return numbers[index], starts[index]


def _ends_us(zone: ZoneInfo) -> tuple[int, int]:
    return to_us(day_start(FIRST_DAY, zone)), to_us(day_start(LAST_DAY, zone))


def offsets(start: date, end: date, zone: ZoneInfo) -> list[tuple[int, int]]:
    """The zone's offsets between two days as (from which instant in µs, offset in µs), the first from −∞ on.

    A day before and after are included, so that every instant near the edges finds its own.
    """
    found: list[tuple[int, int]] = []
    instant = datetime.combine(start, time(), UTC) - timedelta(days=2)
    last = datetime.combine(end, time(), UTC) + timedelta(days=2)
    while instant <= last:
        offset = _offset_us(instant, zone)
        if not found or found[-1][1] != offset:
            found.append((to_us(instant), offset))
        instant += timedelta(minutes=15) if _changes(instant, zone) else timedelta(days=1)
    return found


def _offset_us(instant: datetime, zone: ZoneInfo) -> int:
    local = instant.astimezone(zone).utcoffset()
    return (local or timedelta()) // MICRO


def _changes(instant: datetime, zone: ZoneInfo) -> bool:
    return _offset_us(instant, zone) != _offset_us(instant + timedelta(days=1), zone)


def day_list(days: Iterable[date]) -> str:
    """Days as a DuckDB list of dates."""
    return ", ".join(f"DATE '{day}'" for day in days)
