"""What points measured over months and spans, from `daily` and `hourly`: totals, hours, the newest hour, states.

A total is in the point's own unit, decimal and exact; multiplier and sign are in it. A point without rows is absent.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import pyarrow as pa

from xietong.lake.engine import quoted
from xietong.lake.store import Lake

Span = tuple[datetime, datetime]
# The columns of `hourly` that sums over outlets go by.
SUMMED = ("point", "hour", "total", "readings", "due", "invalid", "estimated", "parts")


class Summed(NamedTuple):
    """What came from one point in one span.

    total: in the point's own unit; hours: with a value; day_hours: of the park days with any row, 0 where hours were
    asked; owed: readings due; left_out: values that came and do not count; jump: the largest step of a register that
    jumped, None where there was none.
    """

    total: Decimal
    readings: int
    hours: int
    estimated: bool
    conflicts: int
    day_hours: int
    owed: int
    left_out: int
    jump: Decimal | None


_BY_MONTH = """
SELECT point, date_trunc('month', day)::DATE, sum(total), sum(readings)::BIGINT, sum(hours)::BIGINT, bool_or(estimated),
  sum(conflicts)::BIGINT,
  sum(epoch({midnight_after}) - epoch({midnight}))::BIGINT // 3600, sum(due)::BIGINT, sum(invalid)::BIGINT,
  max(maximum)
FROM daily WHERE day >= DATE '{first}' AND day < DATE '{last}' GROUP BY ALL
"""
_WHOLE = """
SELECT point, sum(total), sum(readings)::BIGINT, count(total), bool_or(estimated), sum(conflicts)::BIGINT, 0,
  sum(due)::BIGINT, sum(invalid)::BIGINT, max(maximum)
FROM hourly WHERE hour >= TIMESTAMPTZ '{first}' AND hour < TIMESTAMPTZ '{last}' GROUP BY ALL
"""
_HOURS_BY_MONTH = """
SELECT point, {number} AS month, count(total)
FROM hourly WHERE hour >= TIMESTAMPTZ '{first}' AND hour < TIMESTAMPTZ '{last}' AND point IN ({points}) GROUP BY ALL
"""
_NEWEST = """
SELECT epoch(max(hour)) FROM hourly
WHERE hour >= TIMESTAMPTZ '{first}' AND hour < TIMESTAMPTZ '{last}' AND point IN ({points})
"""
_STATES = """
SELECT point, {group}, sum(share), count(share) FROM (
  SELECT point, hour, CASE WHEN maximum <= 1 THEN total::DOUBLE / readings WHEN minimum = maximum THEN 0 END AS share
  FROM hourly WHERE readings > 0 AND point IN ({points}) AND hour >= '{first}' AND hour < '{last}')
GROUP BY ALL
"""


def totals_by_month(lake: Lake, days: tuple[date, date], span: Span) -> Mapping[tuple[str, date], Summed]:
    """What every point measured by month, from `daily`; by point and the month's first day.

    days: first park day and the one behind the last; span: the same two as instants.
    """
    zone = quoted(lake.zone.key)
    midnight, after = (f"(day::TIMESTAMP + INTERVAL {more} DAY) AT TIME ZONE {zone}" for more in (0, 1))
    question = _BY_MONTH.format(first=days[0], last=days[1], midnight=midnight, midnight_after=after)
    return {(row[0], row[1]): _summed(row[2:]) for row in _rows(lake, question, span)}


def totals_of_span(lake: Lake, span: Span) -> Mapping[str, Summed]:
    """What every point measured between two instants, from `hourly`; by point."""
    question = _WHOLE.format(first=span[0], last=span[1])
    return {row[0]: _summed(row[1:]) for row in _rows(lake, question, span)}


def hours_by_month(
    lake: Lake, points: Iterable[str], span: Span, begins: Sequence[datetime]
) -> Mapping[tuple[str, int], int]:
    """How many hours of the points have a total, estimated ones too, from `hourly`; by point and the month's place.

    begins: when each month but the first begins.
    """
    number = " + ".join(f"(hour >= TIMESTAMPTZ '{each}')::INTEGER" for each in begins) or "0"
    question = _HOURS_BY_MONTH.format(number=number, first=span[0], last=span[1], points=_listed(points))
    return {(point, place): hours for point, place, hours in _rows(lake, question, span)}


def newest_hour(lake: Lake, points: Iterable[str], span: Span) -> datetime | None:
    """The newest hour between two instants that came from any of the points, UTC, from `hourly`."""
    question = _NEWEST.format(points=_listed(points), first=span[0], last=span[1])
    ((newest,),) = _rows(lake, question, span)
    return None if newest is None else datetime.fromtimestamp(newest, UTC)


def hours_run(
    lake: Lake, points: Iterable[str], span: Span, whole: date | None = None
) -> Mapping[tuple[str, date], tuple[float | None, int]]:
    """How many hours the devices behind state points ran, and of how many that is known, from `hourly`.

    By point and the month's first day; whole: the span is no month, and this day stands for it. An hour in which a
    device was also calibrated, maintained or in alarm is not known.
    """
    by_month = f"date_trunc('month', hour AT TIME ZONE {quoted(lake.zone.key)})::DATE"
    group = by_month if whole is None else f"DATE '{whole}'"
    question = _STATES.format(group=group, points=_listed(points), first=span[0], last=span[1])
    return {(point, day): (ran, int(known)) for point, day, ran, known in _rows(lake, question, span)}


def hours_to_sum(lake: Lake, points: Iterable[str], span: Span) -> pa.Table:
    """The hours of points between two instants: the columns SUMMED of `hourly` alone and in no order.

    A year of an outlet's points is half a million rows.
    """
    question = f"""SELECT {", ".join(SUMMED)} FROM hourly
      WHERE point IN ({_listed(points)}) AND hour >= TIMESTAMPTZ '{span[0]}' AND hour < TIMESTAMPTZ '{span[1]}'"""
    return lake.ask(question, *span)


def _listed(points: Iterable[str]) -> str:
    return ", ".join(quoted(point) for point in points)


def _rows(lake: Lake, question: str, span: Span) -> list[tuple[Any, ...]]:
    table = lake.ask(question, *span)
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def _summed(row: tuple[Any, ...]) -> Summed:
    total, readings, hours, estimated, conflicts, day_hours, owed, left_out, jump = row
    return Summed(
        total or Decimal(0),
        int(readings),
        hours=int(hours or 0),
        estimated=bool(estimated),
        conflicts=int(conflicts or 0),
        day_hours=int(day_hours),
        owed=int(owed or 0),
        left_out=int(left_out or 0),
        jump=jump,
    )
